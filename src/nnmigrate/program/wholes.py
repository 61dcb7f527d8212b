"""Collections of which all items are taken at once: `sum(hs)`, `torch.stack(hs)`, `for h in hs`."""

from __future__ import annotations

import libcst as cst

from nnmigrate.program.expressions import path_of
from nnmigrate.program.steps import Item
from nnmigrate.program.values import Container, Value
from nnmigrate.program.walk import Arguments, Walk

# Python's own functions that go through what they are given first, now or when they are asked.
_GO_THROUGH = frozenset(
    "all any enumerate list map max min reversed set sorted sum tuple zip filter".split()
)


def taken_by_builtin(walk: Walk, node: cst.Call, name: str, arguments: Arguments) -> None:
    """Notes what a call of one of Python's own functions takes of collections."""
    if name in _GO_THROUGH:
        taken_by_call(walk, node, arguments)


def taken_by_call(walk: Walk, node: cst.Call, arguments: Arguments) -> None:
    """Notes that a call takes all items of the collections that it is given."""
    plain = [each.value for each in node.args if each.keyword is None and not each.star]
    for given, value in zip(plain, arguments.positional, strict=False):
        take_whole(walk, given, value)


def taken_by_method(walk: Walk, receiver: cst.BaseExpression, value: Value, name: str) -> None:
    """Notes that `acts.values()` and `acts.items()` give all items."""
    if name in ("values", "items"):
        take_whole(walk, receiver, value)


def take_whole(walk: Walk, node: cst.BaseExpression, value: Value) -> None:
    """Notes that inside a trace all items of a collection are taken, if a name leads to it."""
    if not walk.tracing or not isinstance(value, Container) or isinstance(node, cst.Subscript):
        return
    way = path_of(node)
    if way is not None:
        walk.note(Item(walk.site(), walk.span(node), *way, None, whole=True))
