"""Walks assignments: the value first, then the targets from left to right, as Python does."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from nnmigrate.program.displays import bind_target
from nnmigrate.program.expressions import access, base, literal_key, module_index
from nnmigrate.program.mutations import mutated
from nnmigrate.program.names import INPUTS
from nnmigrate.program.steps import Told, Write
from nnmigrate.program.values import Container, Envoy, Instance, Items, Traced, Value, is_traced
from nnmigrate.program.walk import UNKNOWN, Walk


def assign(walk: Walk, node: cst.Assign) -> None:
    """`a = b = value`."""
    value = walk.evaluate(node.value)
    for target in node.targets:
        _store(walk, node, target.target, value, node.value)


def annotate(walk: Walk, node: cst.AnnAssign) -> None:
    """`a: T = value`, or only `a: T`."""
    if node.value is not None:
        value = walk.evaluate(node.value)
        _store(walk, node, node.target, value, node.value)
    elif isinstance(node.target, cst.Name):
        walk.bind(node.target, "declare", UNKNOWN)


def augment(walk: Walk, node: cst.AugAssign) -> None:
    """`a += value`: the target is read, the value evaluated, the target written."""
    target = node.target
    old = walk.evaluate(target)
    value = walk.evaluate(node.value)
    if is_traced(old) or is_traced(value):
        walk.computed(node)
    if isinstance(target, cst.Name):
        new = old if isinstance(old, (Container, Items)) else _sum(old, value)
        walk.bind(target, "augment", new, walk.positions.whole(node.value))
    elif isinstance(old, Traced):
        _store_into_traced(walk, node, target, old)
    elif isinstance(target, (cst.Attribute, cst.Subscript)):
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
    targets = node.target
    parts = [e.value for e in targets.elements] if isinstance(targets, cst.Tuple) else [targets]
    for target in parts:
        if isinstance(target, cst.Name):
            walk.bind(target, "delete", UNKNOWN)
        elif isinstance(target, (cst.Attribute, cst.Subscript)):
            base(walk, target.value)
            how = "delattr" if isinstance(target, cst.Attribute) else "delitem"
            mutated(walk, node, target.value, how)


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
    elif isinstance(target, (cst.Tuple, cst.List)):
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
    if all(isinstance(element.value, cst.Name) for element in target.elements):
        bind_target(walk, target, value, "unpack")
        return
    for element in target.elements:
        _store(walk, node, element.value, UNKNOWN, expression)


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
    elif isinstance(receiver, Traced):
        if name == "grad":
            walk.note(Told(walk.site(), walk.span(target), "grad", receiver))
        walk.note(Write(walk.site(), walk.span(node), receiver.origin))
    else:
        if isinstance(receiver, Instance):
            text = walk.text(target)
            walk.attributes[receiver.name, name] = _named(value, text)
        key = (target.attr, name)
        mutated(walk, node, target.value, "setattr", key=key, value=(expression, value))


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
        module_index(walk, target.slice[0], indexes[0])
        return
    literal, counter = literal_key(indexes)
    key = (target.slice[0] if len(indexes) == 1 else target.slice[-1], literal)
    mutated(
        walk,
        node,
        target.value,
        "setitem",
        key=key,
        counter=counter,
        value=(expression, value),
    )
