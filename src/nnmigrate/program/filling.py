"""What is put into collections, so that it is known what comes out of them."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from nnmigrate.program.expressions import owner_of
from nnmigrate.program.joins import element, is_kept, is_something_else, mixes
from nnmigrate.program.values import (
    UNKNOWN,
    Container,
    Items,
    Unknown,
    Value,
    Zipped,
    followed,
)
from nnmigrate.program.walk import Walk

# Methods whose argument holds the items rather than being one.
_SPREADING = frozenset("extend extendleft update".split())

# Methods that give an item of a dictionary, which may then be changed in its place.
_REACHING = frozenset("setdefault get".split())


def fill(
    walk: Walk,
    target: cst.BaseExpression,
    value: Value | None,
    *,
    method: str = "",
    key: str | int | None = None,
) -> None:
    """A collection into which a value of the model is put gives one when an item is read.

    Args:
        walk: the walk.
        target: the collection: a name, an attribute, or an item of one.
        value: what is put in; None where something else happens to the collection.
        method: the method that does it.
        key: the item's key where it is a literal.
    """
    if method in _SPREADING and isinstance(value, (Container, Items)):
        value = element(value)
    target, depth = _root(target)
    if isinstance(target, cst.Name):
        _fill_name(walk, target.value, value, depth, key)
    elif isinstance(target, cst.Attribute) and isinstance(target.value, cst.Name):
        owner = (owner_of(walk, target.value), target.attr.value)
        held = walk.facts.attributes.get(owner)
        if held is None and value is not None and is_kept(value):
            held = Container(kind="")
        if held is not None:
            walk.facts.attributes[owner] = put(held, value, depth, key)


def _root(target: cst.BaseExpression) -> tuple[cst.BaseExpression, int]:
    """The name or attribute that a way through items starts from, and how many there are."""
    depth = 0
    while (holder := holder_of(target)) is not None:
        target, depth = holder, depth + 1
    return target, depth


def holder_of(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """The collection of which an expression gives an item: `acts` of `acts[k]`, `acts.get(k)`."""
    if isinstance(node, cst.Subscript):
        return node.value
    function = node.func if isinstance(node, cst.Call) else None
    if isinstance(function, cst.Attribute) and function.attr.value in _REACHING:
        return function.value
    return None


def _fill_name(
    walk: Walk, name: str, value: Value | None, depth: int, key: str | int | None
) -> None:
    owner = walk.frame.owner(name)
    held = None if owner is None else owner.values[name]
    if owner is None or held is None:
        return
    if isinstance(held, Unknown) and name in owner.parameters and not walk.inlining:
        if value is not None and is_kept(value):
            # The caller's own object, which is known at the call.
            walk.facts.fill_parameter(owner.path, name, put(Container(kind=""), value, depth))
        return
    filled = put(held, value, depth, key)
    owner.values[name] = filled
    if owner is not walk.frame.function and value is not None and is_kept(value):
        walk.facts.fill(owner.path, name, filled)


def put(held: Value, value: Value | None, depth: int = 0, key: str | int | None = None) -> Value:
    """A collection with something more in it.

    Args:
        held: what it was.
        value: what is put in; None where something else happens to it.
        depth: how many items lead from it to where that is put.
        key: the key, where it is a literal.
    """
    if value is not None and followed(Zipped(parts=(held, value))) is UNKNOWN:
        value = UNKNOWN
    if isinstance(held, (Container, Items)) and depth:
        return held if value is None or not is_kept(value) else _put_below(held, value, depth)
    if isinstance(held, Items):
        # Which items it has, and how many, is not known any more.
        held = Container(held.saved, held.kind, element(held), mixed=mixes(held))
    if value is None or not isinstance(held, Container):
        return held
    known = tuple(pair for pair in held.known if key is not None and pair[0] != key)
    if key is not None:
        known = (*known, (key, value))
    if is_kept(value):
        mixed = held.mixed or is_something_else(held.element)
        return replace(held, element=value, empty=False, mixed=mixed, known=known)
    if held.element is None and isinstance(value, (Container, Items)):
        return replace(held, element=value, known=known)
    return replace(held, mixed=held.mixed or is_something_else(value), known=known)


def extended(held: Container | Items, value: Value) -> Value:
    """A collection to which another one is added in its place (`+=`, `|=`)."""
    inner = element(value) if isinstance(value, (Container, Items)) else None
    return held if inner is None or not is_kept(inner) else put(held, inner)


def _put_below(held: Container | Items, value: Value, depth: int) -> Value:
    """A collection with something more in one of its collections."""
    inner = element(held)
    into = inner if isinstance(inner, (Container, Items)) else Container()
    if isinstance(held, Items):
        held = Container(held.saved, held.kind)
    # What stood there at first under a literal key may be the one that has more in it now.
    known = tuple(pair for pair in held.known if not isinstance(pair[1], (Container, Items)))
    return replace(held, element=put(into, value, depth - 1), empty=False, known=known)
