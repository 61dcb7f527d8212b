"""Conditions by which code asks whether something is a proxy of 0.4 or a tensor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import libcst as cst

from nnmigrate.program.walk import Walk


def is_guard(walk: Walk, node: cst.IfExp) -> bool:
    """`h.value if hasattr(h, "value") else h`."""
    asked, body = asked_for_value(walk, node.test), node.body
    return (
        isinstance(body, cst.Attribute)
        and asked == walk.text(body.value) == walk.text(node.orelse)
        and body.attr.value == "value"
    )


def asked_for_value(walk: Walk, test: cst.BaseExpression) -> str | None:
    """What a condition asks for a `value`, alone or among other conditions.

    That is `hasattr(x, "value")`, `getattr(x, "value", None)`, or that this is not None.
    """
    if isinstance(test, cst.BooleanOperation) and isinstance(test.operator, cst.And):
        return asked_for_value(walk, test.left) or asked_for_value(walk, test.right)
    if isinstance(test, cst.Comparison):
        return _asked(walk, test.left, "getattr") if _is_not_none(test) else None
    return _asked(walk, test, "hasattr") or _asked(walk, test, "getattr")


def _asked(walk: Walk, node: cst.BaseExpression, function: str) -> str | None:
    """What `hasattr(x, "value")` or `getattr(x, "value", None)` asks."""
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Name):
        return None
    given = [argument.value for argument in node.args]
    if node.func.value != function or len(given) != (2 if function == "hasattr" else 3):
        return None
    what, name, *other = given
    literal = isinstance(name, cst.SimpleString) and name.evaluated_value == "value"
    return walk.text(what) if literal and all(map(_is_none, other)) else None


def _is_not_none(test: cst.Comparison) -> bool:
    """`... is not None`."""
    (first, *more) = test.comparisons
    return not more and isinstance(first.operator, cst.IsNot) and _is_none(first.comparator)


def _is_none(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "None"


@contextmanager
def guarded(walk: Walk, test: cst.BaseExpression) -> Iterator[None]:
    """Walks what is done only for what has a `value`: on 0.5 it is not done."""
    asked = asked_for_value(walk, test)
    if asked is not None:
        walk.guarded.append(asked)
    yield
    if asked is not None:
        walk.guarded.pop()
