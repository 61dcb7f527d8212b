"""Collections of which items are taken at once: `sum(hs)`, `torch.stack(hs)`, `for h in hs`."""

from __future__ import annotations

import libcst as cst

from nnmigrate.program.expressions import path_of
from nnmigrate.program.indexes import literal_key
from nnmigrate.program.names import MUTATORS
from nnmigrate.program.steps import Item
from nnmigrate.program.values import Container, Value
from nnmigrate.program.walk import Arguments, Walk

# Python's own functions that go through what they are given first, now or when they are asked, or
# count it.
_GO_THROUGH = frozenset(
    """
    all any dict enumerate filter frozenset iter len list map max min reversed set sorted sum tuple
    zip
    """.split()
)
_METHODS = frozenset("values items keys copy".split())
# What fills a collection from another one.
_FILLING = frozenset("extend extendleft update".split())


def taken_by_builtin(walk: Walk, node: cst.Call, name: str, arguments: Arguments) -> None:
    """Notes what a call of one of Python's own functions takes of collections."""
    if name in _GO_THROUGH:
        taken_by_call(walk, node, arguments)
    if name == "getattr" and len(node.args) > 1 and walk.tracing:
        key, way = literal_key(arguments.positional[1:2])[0], path_of(node.args[0].value)
        if isinstance(key, str) and way is not None:
            walk.note(Item(walk.site(), walk.span(node), *way, key))


def taken_by_call(walk: Walk, node: cst.Call, arguments: Arguments) -> None:
    """Notes that a call takes all items of the collections that it is given."""
    if not walk.tracing:
        return
    plain = [each.value for each in node.args if each.keyword is None and not each.star]
    named = [each.value for each in node.args if each.keyword is not None]
    for given, value in zip(plain, arguments.positional, strict=False):
        take_whole(walk, given, value)
    for given, (_, value) in zip(named, arguments.keywords, strict=False):
        take_whole(walk, given, value)


def taken_by_method(
    walk: Walk, node: cst.Call, receiver: cst.BaseExpression, value: Value, arguments: Arguments
) -> None:
    """Notes that `acts.values()` gives all items, and `acts.get("a")` one."""
    name = cst.ensure_type(node.func, cst.Attribute).attr.value
    if name in _METHODS:
        take_whole(walk, receiver, value)
    elif name == "get" and arguments.positional and walk.tracing and isinstance(value, Container):
        way = path_of(receiver)
        if way is not None and not isinstance(receiver, cst.Subscript):
            key, counter = literal_key(arguments.positional[:1])
            walk.note(Item(walk.site(), walk.span(node), *way, key, counter))
    elif name in _FILLING or (name not in MUTATORS and not isinstance(value, Container)):
        # What is not in view most likely looks at what it is given.
        taken_by_call(walk, node, arguments)


def take_whole(walk: Walk, node: cst.BaseExpression, value: Value) -> None:
    """Notes that inside a trace all items of a collection are taken, if a name leads to it."""
    if not walk.tracing or not isinstance(value, Container):
        return
    for part in _chosen(node):
        way = None if isinstance(part, cst.Subscript) else path_of(part)
        if way is not None:
            walk.note(Item(walk.site(), walk.span(part), *way, None, whole=True))


def _chosen(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    """What an expression may stand for: `a if c else b`, `a or b`, `c := a`."""
    if isinstance(node, cst.IfExp):
        return [*_chosen(node.body), *_chosen(node.orelse)]
    if isinstance(node, cst.BooleanOperation):
        return [*_chosen(node.left), *_chosen(node.right)]
    return _chosen(node.value) if isinstance(node, cst.NamedExpr) else [node]
