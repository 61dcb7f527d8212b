"""Notes that an object which is reached by a name is changed."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from nnmigrate.program.expressions import path_of
from nnmigrate.program.filling import fill
from nnmigrate.program.steps import Item, Mutation, Told
from nnmigrate.program.values import UNKNOWN, Barrier, Container, Method, Unknown, Value
from nnmigrate.program.walk import Arguments, Walk


def mutated(
    walk: Walk,
    node: cst.CSTNode,
    target: cst.BaseExpression,
    how: str,
    *,
    method: str = "",
    key: tuple[cst.CSTNode, str | int | None] | None = None,
    counter: str = "",
    value: tuple[cst.BaseExpression, Value] | None = None,
) -> None:
    """Notes that the object `target` is changed, if it is reached by a name."""
    if isinstance(target, cst.IfExp):
        for each in (target.body, target.orelse):
            _changed_either_way(walk, node, each, how, method)
        return
    way = path_of(target)
    if way is None and isinstance(target, cst.Call) and isinstance(target.func, cst.Attribute):
        way = path_of(target.func.value)  # `d.setdefault(k, []).append(v)` changes inside d
    if way is None:
        return
    _mark_reached(walk, target)
    put_in = None if value is None else value[1]
    fill(walk, target, put_in, method=method, key=key[1] if key else None)
    walk.note(
        Mutation(
            site=walk.site(),
            span=walk.span(node),
            base=way[0],
            path=way[1],
            how=how,
            method=method,
            key=key[1] if key else None,
            counter=counter,
            depth=_depth(target),
            target=walk.positions.whole(target),
            key_span=walk.span(key[0]) if key else None,
            value_span=walk.positions.whole(value[0]) if value else None,
            value=value[1] if value else None,
            foreign=bool(walk.foreign),
        )
    )
    walk.touch(way[0])


def _changed_either_way(
    walk: Walk, node: cst.CSTNode, target: cst.BaseExpression, how: str, method: str
) -> None:
    """`(a if c else b).append(h)` changes one of them."""
    way = path_of(target)
    if way is not None:
        walk.note(replace(_change_of(walk, node, way[1], how, method), foreign=True, by="caller"))


def _change_of(walk: Walk, node: cst.CSTNode, path: str, how: str, method: str = "") -> Mutation:
    """A change of an object of which only the way to it is known."""
    base, foreign = path.partition(".")[0], bool(walk.foreign)
    return Mutation(walk.site(), walk.span(node), base, path, how, method, foreign=foreign)


def _mark_reached(walk: Walk, target: cst.BaseExpression) -> None:
    """An item that is changed in its place is not read for its own sake."""
    span = walk.span(target)
    for number in range(len(walk.steps) - 1, -1, -1):
        step = walk.steps[number]
        if isinstance(step, Item) and step.span == span:
            walk.steps[number] = replace(step, reached=True)
        if step.span.end <= span.start:
            return


def _depth(node: cst.BaseExpression) -> int:
    depth = 0
    while isinstance(node, (cst.Attribute, cst.Subscript, cst.Call)):
        depth += not isinstance(node, cst.Attribute)
        node = node.func if isinstance(node, cst.Call) else node.value
    return depth


def bound_method_called(
    walk: Walk,
    node: cst.Call,
    method: Method,
    value: tuple[cst.BaseExpression, Value] | None,
) -> None:
    """Notes that `add(h)` changes a collection, where `add` is the `append` of one.

    A function that is given such a method cannot name the collection: there the name stands for it.
    """
    path = method.path
    if isinstance(node.func, cst.Name):
        owner = walk.frame.owner(node.func.value)
        if owner is not None and node.func.value in owner.parameters:
            path = node.func.value
    change = _change_of(walk, node, path, "method", method.name)
    walk.note(replace(change, value=value[1] if value else None, aliased=True))
    walk.touch(change.base)


def given_away(walk: Walk, node: cst.Call, callee: Value, arguments: Arguments) -> None:
    """Notes that a function out of view is given a barrier, or a collection without items.

    It may call the one as often as it likes, and fill the other.
    """
    values = (*arguments.positional, *(value for _, value in arguments.keywords))
    if any(isinstance(value, Barrier) for value in values):
        walk.note(Told(walk.site(), walk.span(node), "barrier", UNKNOWN))
    for argument in node.args if isinstance(callee, Unknown) else ():
        name = argument.value
        if not isinstance(name, cst.Name) or argument.star:
            continue
        held = walk.lookup(name.value)
        if isinstance(held, Container) and held.empty and held.element is None:
            walk.note(replace(_change_of(walk, node, name.value, "given"), aliased=True))
