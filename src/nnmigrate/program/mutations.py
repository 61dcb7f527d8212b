"""Notes that an object which is reached by a name is changed."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from nnmigrate.program.expressions import path_of
from nnmigrate.program.joins import element
from nnmigrate.program.steps import Mutation
from nnmigrate.program.values import UNKNOWN, Barrier, Container, Items, Value, is_traced
from nnmigrate.program.walk import Walk


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
    way = path_of(target)
    if way is None and isinstance(target, cst.Call) and isinstance(target.func, cst.Attribute):
        way = path_of(target.func.value)  # `d.setdefault(k, []).append(v)` changes inside d
    if way is None:
        return
    if isinstance(target, cst.Name):
        _fill(walk, target.value, UNKNOWN if value is None else value[1])
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


def _fill(walk: Walk, name: str, value: Value) -> None:
    """A collection into which a value of the model is put gives one when an item is read."""
    owner = walk.frame.owner(name)
    held = None if owner is None else owner.values[name]
    if owner is None or not isinstance(held, (Container, Items)):
        return
    if isinstance(held, Items):
        # Which items it has, and how many, is not known any more.
        held = Container(held.saved, held.kind, element(held))
    if is_traced(value) or isinstance(value, Barrier):
        held = replace(held, element=value, empty=False)
    owner.values[name] = held


def _depth(node: cst.BaseExpression) -> int:
    depth = 0
    while isinstance(node, (cst.Attribute, cst.Subscript, cst.Call)):
        depth += not isinstance(node, cst.Attribute)
        node = node.func if isinstance(node, cst.Call) else node.value
    return depth
