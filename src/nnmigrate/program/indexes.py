"""Which module of a list a subscript stands for."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from nnmigrate.program.values import Constant, Countdown, Counter, Label, Selected, Value
from nnmigrate.program.walk import Walk, children
from nnmigrate.schedule.values import Index


def module_index(walk: Walk, element: cst.CSTNode, index: Value) -> Index:
    """The index into a list of modules that an evaluated subscript stands for."""
    if isinstance(index, Constant) and isinstance(index.value, int):
        return Index(str(index.value), index.value)
    if isinstance(index, Counter):
        key = f"{index.loop}{index.offset:+d}"
        return Index(key, None, None if index.offset else sequence_of(index.loop, index))
    if isinstance(index, Countdown):
        return _going_down(walk, element, index)
    return Index(open_key(walk, element))


def index_from_start(walk: Walk, node: cst.Subscript, index: Value) -> Index:
    """The index into a list that has a part of each of some modules, from the first one on."""
    if isinstance(index, Constant) and isinstance(index.value, int) and index.value < 0:
        return Index(open_key(walk, node))  # how many there are is not known
    return module_index(walk, node.slice[0], index)


def open_key(walk: Walk, node: cst.CSTNode) -> str:
    """Names what an expression comes to: the same one for as long as its names mean the same."""
    if _calls(walk, node):
        return f"{walk.text(node)}#{walk.site()}"  # a call may give another one every time
    return " ".join((walk.text(node), *_versions(walk, node)))


def sequence_of(loop: str, counted: Counter | Selected) -> tuple[str, int] | None:
    """The sequence that a loop's variable goes along, upwards or downwards; see `Index`."""
    if counted.ascending:
        return loop, 0
    return (f"-{loop}", 0) if counted.falling else None


def literal_key(indexes: Sequence[Value]) -> tuple[str | int | None, str]:
    """An item's key where it is a literal, and otherwise the loop whose counter is in it."""
    if len(indexes) != 1:
        return None, ""
    index = indexes[0]
    if isinstance(index, Constant) and isinstance(index.value, (int, str)):
        return index.value, ""
    if isinstance(index, Counter) and not index.offset:
        return None, index.loop
    if isinstance(index, Label):
        return None, index.counter
    return None, ""


def _going_down(walk: Walk, element: cst.CSTNode, index: Countdown) -> Index:
    """What is a number less a loop's variable; see `Index` for the sequence that it goes along."""
    if index.base is not None:
        key = f"-{index.loop}{index.base:+d}"
        return Index(key, None, (key, 0) if index.falling else None)
    key = open_key(walk, element)
    # Where another name is bound anew in a loop, or something else is called, nothing is known.
    looped = sum("/loop" in version for version in _versions(walk, element))
    if not index.falling or looped != 1 or _calls(walk, element) - {"len"}:
        return Index(key)
    return Index(f"{key}/{index.loop}", None, (f"-{index.loop}{key.partition('#')[0]}", 0))


def _versions(walk: Walk, node: cst.CSTNode) -> Sequence[str]:
    """The bindings of the names in an expression."""
    names = {child.value for child in _below(node) if isinstance(child, cst.Name)}
    return [walk.version(name) for name in sorted(names)]


def _calls(walk: Walk, node: cst.CSTNode) -> set[str]:
    """What is called in an expression."""
    return {walk.text(child.func) for child in _below(node) if isinstance(child, cst.Call)}


def _below(node: cst.CSTNode) -> list[cst.CSTNode]:
    found = [node]
    for current in found:
        found += children(current)
    return found
