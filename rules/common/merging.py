"""Lets a trace fill a collection of its own, and merges it into the caller's object behind it.

Two ways: the changes go to a fresh collection, which is merged (`redirected`); or the object itself
travels, under a second name that is saved, and is copied back (`copied_back`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program import Mutation, Program
from nnmigrate.program.values import Container
from nnmigrate.spans import Edit, Span

from .editing import expression_of, fresh_name
from .outer import Change, Outer

_INDENT = "    "


@dataclass(frozen=True)
class Merged:
    """The changes that bring an outer object's changes back.

    Args:
        edits: what happens in the trace.
        first: the line at the start of its body.
        lines: the lines behind the trace.
        last: the line at the end of its body.
    """

    edits: tuple[Edit, ...]
    first: str
    lines: tuple[str, ...]
    last: str = ""


# What the variables of a loop that merges a collection are called.
_TURNS = ("_k", "_v", "_i", "_item")


def own_name(path: str) -> str:
    """What the trace's own collection is to be called: `_acts` for `self.acts`."""
    name = "_" + path.rpartition(".")[2].lstrip("_")
    return f"_kept{name}" if name in _TURNS else name


# --- a fresh collection ---------------------------------------------------------------------------


def redirected(program: Program, outer: Outer, taken: set[str]) -> Merged | None:
    """Lets the changes go to a fresh collection, and merges that behind the trace.

    Returns:
        The changes; None where they are no mere additions, or the trace reads the object.
    """
    if (
        outer.reads
        or outer.mentions
        or outer.keyed
        or any(change.helper for change in outer.changes)
    ):
        return None
    names = set(taken)
    name = fresh_name(program, own_name(outer.path), names)
    loop = [fresh_name(program, wish, names) for wish in _TURNS]
    for plan in (_additions, _by_key, _attributes, _nested):
        merged = plan(program, outer, _Names(name, *loop))
        if merged is not None:
            taken.add(name)
            return merged
    return None


@dataclass(frozen=True)
class _Names:
    """Fresh names: the trace's own collection, and the variables of the loop that merges it."""

    own: str
    key: str
    value: str
    index: str
    item: str


def _additions(program: Program, outer: Outer, names: _Names) -> Merged | None:
    """`append`, `extend`, `add`, `update` and `+=` of lists and sets."""
    if not all(_adds(change, outer.kind) for change in outer.changes):
        return None
    displays = {_is_dict(program, change) for change in outer.changes}
    if any(displays):
        return None
    edits = tuple(_renamed(change, outer.path, names.own) for change in outer.changes)
    methods = {change.mutation.method for change in outer.changes}
    sets = any(_is_set(program, change) for change in outer.changes)
    if outer.kind == "set" or "add" in methods or sets:
        return Merged(edits, f"{names.own} = set().save()", (f"{outer.path}.update({names.own})",))
    augmented = all(change.mutation.how == "augment" for change in outer.changes)
    merge = f"{outer.path} += {names.own}" if augmented else f"{outer.path}.extend({names.own})"
    return Merged(edits, f"{names.own} = list().save()", (merge,))


def _adds(change: Change, kind: str) -> bool:
    mutation = change.mutation
    if mutation.depth:
        return False
    if mutation.how == "augment":
        return mutation.path == mutation.base and kind in ("list", "deque", "set", "")
    if kind == "set":
        return mutation.method in ("add", "update")
    return mutation.method in ("append", "extend", "add") and kind in ("list", "deque", "set", "")


def _is_dict(program: Program, change: Change) -> bool:
    """Whether what is put in is written as a dictionary, or as what makes one."""
    mutation = change.mutation
    if isinstance(mutation.value, Container):
        return mutation.value.keyed
    text = "" if mutation.value_span is None else program.text(mutation.value_span)
    return text.startswith("{") and isinstance(expression_of(text), (cst.Dict, cst.DictComp))


def _is_set(program: Program, change: Change) -> bool:
    """`seen |= {w}`."""
    span = change.mutation.value_span
    text = "" if span is None or change.mutation.how != "augment" else program.text(span)
    return text.startswith("{") and isinstance(expression_of(text), (cst.Set, cst.SetComp))


def _by_key(program: Program, outer: Outer, names: _Names) -> Merged | None:
    """`x[k] = v` of whatever can be indexed, and `update` of dictionaries."""
    updates = False
    for change in outer.changes:
        mutation = change.mutation
        update = _updates(program, outer, change)
        updates = updates or update
        item = mutation.how == "setitem" and _is_key(program, outer, mutation)
        if mutation.depth or not (item or update):
            return None
    edits = tuple(_renamed(change, outer.path, names.own) for change in outer.changes)
    if updates or outer.kind in ("dict", "defaultdict", "OrderedDict"):
        lines: tuple[str, ...] = (f"{outer.path}.update({names.own})",)
    else:
        lines = _loop(names, f"{outer.path}[{names.key}] = {names.value}")
    return Merged(edits, f"{names.own} = dict().save()", lines)


def _is_key(program: Program, outer: Outer, mutation: Mutation) -> bool:
    """Whether an item's key can be one of a dictionary's: arrays also take masks and lists."""
    if outer.kind in ("ndarray", "tensor") and not isinstance(mutation.key, int):
        return mutation.counter != ""
    return _hashable(program, mutation.key_span)


def _updates(program: Program, outer: Outer, change: Change) -> bool:
    """`x.update(...)` and `x |= {...}` of what is a dictionary."""
    mutation = change.mutation
    known = outer.kind in ("dict", "defaultdict", "OrderedDict")
    if mutation.method == "update":
        return known or _is_dict(program, change) or (not outer.kind and mutation.value is None)
    plain = mutation.how == "augment" and mutation.path == mutation.base
    return plain and (known or (not outer.kind and _is_dict(program, change)))


def _attributes(program: Program, outer: Outer, names: _Names) -> Merged | None:
    """`self.h = v`, in a loop or under a condition: the last value counts."""
    if any(change.mutation.how != "setattr" for change in outer.changes):
        return None
    owner, _, attribute = outer.path.rpartition(".")
    edits = []
    for change in outer.changes:
        target, key = change.mutation.target, change.mutation.key_span
        assert target is not None
        assert key is not None
        edits.append(Edit(Span(target.start, key.end), f'{names.own}["{attribute}"]'))
    lines = _loop(names, f"setattr({owner}, {names.key}, {names.value})")
    return Merged(tuple(edits), f"{names.own} = dict().save()", lines)


def _nested(program: Program, outer: Outer, names: _Names) -> Merged | None:
    """`x[k].append(v)`, `x[k][i] = v`, and the same behind `x.setdefault(k, ...)`."""
    (shape, *others) = {_shape(program, change) for change in outer.changes}
    if shape is None or others:
        return None
    how, default = shape
    inner, merge = _INNER[how]
    edits, way = [], f"{outer.path}[{names.key}]"
    if default:
        way = f"{outer.path}.setdefault({names.key}, {default})"
    for change in outer.changes:
        target = change.mutation.target
        assert target is not None
        key = _key_of(program, target)
        made = f"{names.own}.setdefault({key}, {inner})"
        edits.append(Edit(target, made))
    lines = _loop(names, merge(way, names.value))
    if not default and how == "setitem":
        # Lists and tensors have items as well, but no `update`.
        inner_loop = f"for {names.index}, {names.item} in {names.value}.items():"
        assignment = f"{way}[{names.index}] = {names.item}"
        lines = (lines[0], _INDENT + inner_loop, 2 * _INDENT + assignment)
    return Merged(tuple(edits), f"{names.own} = dict().save()", lines)


# What the inner collection is made of, and how it is merged, by how it is changed.
_INNER: dict[str, tuple[str, Callable[[str, str], str]]] = {
    "append": ("[]", lambda way, value: f"{way}.extend({value})"),
    "extend": ("[]", lambda way, value: f"{way}.extend({value})"),
    "add": ("set()", lambda way, value: f"{way}.update({value})"),
    "setitem": ("{}", lambda way, value: f"{way}.update({value})"),
}


def _shape(program: Program, change: Change) -> tuple[str, str] | None:
    """How an inner collection is changed, and what `setdefault` makes of a missing one."""
    mutation, target = change.mutation, change.mutation.target
    how = mutation.method or mutation.how
    if target is None or mutation.depth != 1 or how not in _INNER:
        return None
    if how == "setitem" and not _hashable(program, mutation.key_span):
        return None
    node = cst.parse_expression(program.text(target))
    if isinstance(node, cst.Subscript):
        hashable = len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Index)
        return (how, "") if hashable else None
    if isinstance(node, cst.Call) and len(node.args) == 2:
        default = program.text(target)[:0] + cst.Module([]).code_for_node(node.args[1].value)
        made = {"setitem": ("{}", "dict()"), "add": ("set()",)}.get(how, ("[]", "list()"))
        return (how, default) if default in made else None
    return None


def _key_of(program: Program, target: Span) -> str:
    node = cst.parse_expression(program.text(target))
    if isinstance(node, cst.Call):
        return cst.Module([]).code_for_node(node.args[0].value)
    assert isinstance(node, cst.Subscript)
    return cst.Module([]).code_for_node(node.slice[0].slice)


def _loop(names: _Names, statement: str) -> tuple[str, ...]:
    header = f"for {names.key}, {names.value} in {names.own}.items():"
    return header, _INDENT + statement


def _renamed(change: Change, path: str, name: str) -> Edit:
    target = change.mutation.target
    assert target is not None
    return Edit(Span(target.start, target.start + len(path)), name)


def _hashable(program: Program, key: Span | None) -> bool:
    """Whether an item's key can be a dictionary's: slices cannot before Python 3.12."""
    assert key is not None
    node = cst.parse_expression(f"_[{program.text(key)}]")
    assert isinstance(node, cst.Subscript)
    return all(
        isinstance(element.slice, cst.Index)
        and not isinstance(element.slice.value, (cst.List, cst.Dict, cst.Set, cst.ListComp))
        for element in node.slice
    )


# --- the object itself ----------------------------------------------------------------------------


def copied_back(program: Program, outer: Outer, taken: set[str]) -> Merged | None:
    """Saves the object under a second name, and copies it back behind the trace.

    Returns:
        The changes; None where the object's kind, and so the way to copy it, is not known.
    """
    name = fresh_name(program, own_name(outer.path), taken)
    if outer.kind == "plain" and "." in outer.path:
        taken.add(name)
        return Merged((), "", (f"{outer.path} = {name}",), f"{name} = {outer.path}.save()")
    lines = tuple(_copy(outer, name))
    if not lines or any(change.assigns for change in outer.changes):
        return None
    taken.add(name)
    return Merged((), f"{name} = {outer.path}.save()", lines)


def _copy(outer: Outer, name: str) -> Iterator[str]:
    """Lines that are right for the same object (local trace) and for another one (remote)."""
    path = outer.path
    if outer.kind == "list":
        yield f"{path}[:] = {name}"
    elif outer.kind == "ndarray":
        yield f"{path}[...] = {name}"
    elif outer.kind == "tensor":
        yield from _unless_same(path, name, f"{path}.copy_({name})")
    elif outer.kind in ("dict", "set", "defaultdict", "OrderedDict", "Counter"):
        yield from _unless_same(path, name, f"{path}.clear()", f"{path}.update({name})")
    elif outer.kind == "deque":
        yield from _unless_same(path, name, f"{path}.clear()", f"{path}.extend({name})")


def _unless_same(path: str, name: str, *statements: str) -> Sequence[str]:
    return (f"if {name} is not {path}:", *(_INDENT + statement for statement in statements))
