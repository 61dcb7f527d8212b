"""Walks assignments: the value first, then the targets from left to right, as Python does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from nnmigrate.program.annotations import annotated
from nnmigrate.program.displays import bind_target, unpacked
from nnmigrate.program.expressions import (
    access,
    base,
    is_modules_shape,
    object_of,
    unknown_module,
)
from nnmigrate.program.filling import extended
from nnmigrate.program.indexes import literal_key
from nnmigrate.program.joins import joined
from nnmigrate.program.mutations import mutated
from nnmigrate.program.names import INPUTS
from nnmigrate.program.steps import Told, Write
from nnmigrate.program.values import (
    UNKNOWN,
    Container,
    Envoy,
    Instance,
    Items,
    Traced,
    Unknown,
    Value,
    is_traced,
)
from nnmigrate.program.walk import Walk
from nnmigrate.program.wholes import take_whole


def assign(walk: Walk, node: cst.Assign) -> None:
    """`a = b = value`."""
    value = walk.evaluate(node.value)
    for target in node.targets:
        _store(walk, node, target.target, value, node.value)


def annotate(walk: Walk, node: cst.AnnAssign) -> None:
    """`a: T = value`, or only `a: T`."""
    if node.value is not None:
        value = walk.evaluate(node.value)
        if isinstance(value, Unknown):
            promised = annotated(walk, node.annotation)
            value = promised.with_save() if value.saved else promised
        _store(walk, node, node.target, value, node.value)
    elif isinstance(node.target, cst.Name):
        _declare(walk, node, node.target)


def _declare(walk: Walk, node: cst.AnnAssign, target: cst.Name) -> None:
    """`a: T` binds nothing; in a class's body it tells what `self.a` is."""
    value = _named(annotated(walk, node.annotation), target.value)
    walk.bind(target, "declare", value)
    if walk.frame.kind == "class" and isinstance(walk.frame.instance, Instance):
        owner = walk.frame.instance
        if isinstance(value, Envoy):
            remember(walk, owner.name, target.value, replace(value, model=f"self.{target.value}"))


def augment(walk: Walk, node: cst.AugAssign) -> None:
    """`a += value`: the target is read, the value evaluated, the target written."""
    target = node.target
    old = walk.evaluate(target)
    value = walk.evaluate(node.value)
    take_whole(walk, node.value, value)
    if is_traced(old) or is_traced(value):
        walk.computed(node)
    if isinstance(target, cst.Name):
        new = extended(old, value) if isinstance(old, (Container, Items)) else _sum(old, value)
        walk.bind(target, "augment", new, walk.positions.whole(node.value))
    elif isinstance(old, Traced):
        _store_into_traced(walk, node, target, old)
    else:
        mutated(walk, node, target, "augment", value=(node.value, value))


def _sum(old: Value, value: Value) -> Value:
    return Traced() if is_traced(old) or is_traced(value) else UNKNOWN


def _store_into_traced(
    walk: Walk, node: cst.CSTNode, target: cst.BaseExpression, old: Traced
) -> None:
    """`X.output += v` sets the output; `X.output[0] += v` writes into it."""
    if isinstance(target, cst.Attribute):
        with walk.collecting():
            envoy = walk.evaluate(target.value)
        if isinstance(envoy, Envoy):
            access(walk, target, envoy, target.attr.value, swap=True)
            return
    walk.note(Write(walk.site(), walk.span(node), old.origin))


def delete(walk: Walk, node: cst.Del) -> None:
    """`del a, b[c]`."""
    for target in _single(node.target):
        if isinstance(target, cst.Name):
            walk.bind(target, "delete", UNKNOWN)
        elif isinstance(target, cst.Attribute):
            base(walk, target.value)
            key = (target.attr, target.attr.value)
            mutated(walk, node, target.value, "delattr", key=key)
        else:
            _delete_item(walk, node, cst.ensure_type(target, cst.Subscript))


def _single(target: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """The targets that are no tuples or lists of others, from left to right."""
    if isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _single(element.value)
    else:
        yield target


def _delete_item(walk: Walk, node: cst.Del, target: cst.Subscript) -> None:
    receiver = base(walk, target.value)
    indexes = [walk.evaluate(element) for element in target.slice]
    if not isinstance(receiver, (Traced, Envoy)):
        literal, counter = literal_key(indexes)
        key = (_key_of(target), literal)
        mutated(walk, node, target.value, "delitem", key=key, counter=counter)


def _key_of(target: cst.Subscript) -> cst.CSTNode:
    return target.slice[0] if len(target.slice) == 1 else target.slice[-1]


# --- storing --------------------------------------------------------------------------------------


def _store(
    walk: Walk,
    node: cst.CSTNode,
    target: cst.BaseExpression,
    value: Value,
    expression: cst.BaseExpression,
) -> None:
    """Stores a value into one target of an assignment."""
    if isinstance(target, cst.Name):
        walk.bind(target, "assign", _named(value, target.value), walk.positions.whole(expression))
    elif isinstance(target, cst.Attribute):
        _store_attribute(walk, node, target, value, expression)
    elif isinstance(target, cst.Subscript):
        _store_item(walk, node, target, value, expression)
    else:
        assert isinstance(target, (cst.Tuple, cst.List))
        _unpack(walk, node, target, value, expression)


def _named(value: Value, name: str) -> Value:
    """A model that has just been made is called by the name that it is bound to."""
    if isinstance(value, Envoy) and not value.model and not value.path:
        return replace(value, model=name)
    return value


def _unpack(
    walk: Walk,
    node: cst.CSTNode,
    target: cst.Tuple | cst.List,
    value: Value,
    expression: cst.BaseExpression,
) -> None:
    """`a, b[0] = value`; where the items stand in the text, each target has an expression."""
    take_whole(walk, expression, value)
    items = unpacked(value, target.elements)
    parts = _items_of(expression, len(target.elements))
    for element, item, part in zip(target.elements, items, parts, strict=True):
        inner = element.value
        if isinstance(inner, cst.Name):
            bind_target(walk, inner, _named(item, inner.value), "unpack")
        else:
            _store(walk, node, inner, item, part)


def _items_of(expression: cst.BaseExpression, count: int) -> list[cst.BaseExpression]:
    """The expressions of a tuple's items if it has as many; otherwise the whole for each."""
    elements = expression.elements if isinstance(expression, (cst.Tuple, cst.List)) else ()
    if len(elements) == count and not any(isinstance(e, cst.StarredElement) for e in elements):
        return [element.value for element in elements]
    return [expression] * count


def _store_attribute(
    walk: Walk,
    node: cst.CSTNode,
    target: cst.Attribute,
    value: Value,
    expression: cst.BaseExpression,
) -> None:
    receiver, name = base(walk, target.value), target.attr.value
    if isinstance(receiver, Envoy):
        if name == "output" or name in INPUTS:
            access(walk, target, receiver, name, swap=True)
    elif name == "grad" and (isinstance(receiver, Traced) or is_modules_shape(receiver)):
        # What is written is the gradient, not the value.
        walk.note(Told(walk.site(), walk.span(target), "grad", receiver))
    elif isinstance(receiver, Traced):
        walk.note(Write(walk.site(), walk.span(node), receiver.origin))
    elif not value.saved and (module := unknown_module(walk, target, receiver)) is not None:
        access(walk, target, module, name, swap=True)
    else:
        if isinstance(receiver, Instance):
            remember(walk, receiver.name, name, _named(value, walk.text(target)))
        elif isinstance(target.value, cst.Name) and is_traced(value):
            remember(walk, object_of(target.value), name, value)
        key = (target.attr, name)
        mutated(walk, node, target.value, "setattr", key=key, value=(expression, value))


def remember(walk: Walk, owner: str, name: str, value: Value) -> None:
    """Any method may find what any other has left."""
    key = (owner, name)
    before = walk.facts.attributes.get(key)
    version = f"{name}@{walk.site()}"
    walk.facts.attributes[key] = value if before is None else joined(before, value, version)


def _store_item(
    walk: Walk,
    node: cst.CSTNode,
    target: cst.Subscript,
    value: Value,
    expression: cst.BaseExpression,
) -> None:
    receiver = base(walk, target.value)
    indexes = [walk.evaluate(element) for element in target.slice]
    if isinstance(receiver, Traced):
        walk.note(Write(walk.site(), walk.span(node), receiver.origin))
        return
    if isinstance(receiver, Envoy):
        return
    literal, counter = literal_key(indexes)
    key = (_key_of(target), literal)
    mutated(
        walk,
        node,
        target.value,
        "setitem",
        key=key,
        counter=counter,
        value=(expression, value),
    )
