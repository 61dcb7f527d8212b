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
    """What `hasattr(x, "value")` asks."""
    if not isinstance(test, cst.Call) or len(test.args) != 2:
        return None
    what, name = (argument.value for argument in test.args)
    if not isinstance(test.func, cst.Name) or test.func.value != "hasattr":
        return None
    literal = isinstance(name, cst.SimpleString) and name.evaluated_value == "value"
    return walk.text(what) if literal else None


@contextmanager
def guarded(walk: Walk, test: cst.BaseExpression) -> Iterator[None]:
    """Walks what is done only for what has a `value`: on 0.5 it is not done."""
    asked = asked_for_value(walk, test)
    if asked is not None:
        walk.guarded.append(asked)
    yield
    if asked is not None:
        walk.guarded.pop()
