"""What Python's own functions make of collections, numbers and lists of modules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import libcst as cst

from nnmigrate.program.held import held_module, is_module, named
from nnmigrate.program.indexes import literal_key
from nnmigrate.program.joins import element, is_kept, is_something_else, mixes
from nnmigrate.program.names import COLLECTIONS, is_module_name
from nnmigrate.program.steps import Told
from nnmigrate.program.values import (
    UNKNOWN,
    Constant,
    Container,
    Envoy,
    Items,
    Numbers,
    Selected,
    Traced,
    Value,
    Zipped,
    followed,
    is_traced,
)
from nnmigrate.program.walk import Arguments, Walk
from nnmigrate.schedule.values import Index

Keywords = tuple[tuple[str, Value], ...]

# A loop over more numbers than this is treated like one whose numbers are not known.
MAX_KNOWN_TURNS = 256


def first_of(arguments: Arguments) -> Value:
    """What is given first."""
    return arguments.positional[0] if arguments.positional else UNKNOWN


def last_of(node: cst.Call, arguments: Arguments) -> tuple[cst.BaseExpression, Value] | None:
    """What is given last without a name, and what it stands for."""
    if node.args and arguments.positional and not node.args[-1].star:
        return node.args[-1].value, arguments.positional[-1]
    return None


def any_traced(arguments: Arguments) -> bool:
    """Whether a call is given a value of the model."""
    values = (*arguments.positional, *(value for _, value in arguments.keywords))
    return any(map(is_traced, values))


def builtin(walk: Walk, node: cst.Call, name: str, arguments: Arguments) -> Value:
    """A call of a function of Python's own."""
    return followed(_made_by(walk, node, name, arguments))


def _made_by(walk: Walk, node: cst.Call, name: str, arguments: Arguments) -> Value:
    values = arguments.positional
    if name == "range":
        return _range(values)
    if name in ("enumerate", "zip", "reversed", "sorted") and values:
        return _iterated(name, values, arguments.keywords)
    if name in COLLECTIONS:
        return collection(name, arguments)
    if name == "getattr" and isinstance(first := first_of(arguments), Envoy):
        return _child_by_name(walk, node, first, *values[1:])
    if name in ("exit", "quit", "SystemExit"):
        walk.note(Told(walk.site(), walk.span(node), "exit", UNKNOWN))
    counts = name == "len" and not any(isinstance(value, Traced) for value in values)
    if name in _NO_NODES or counts:
        return UNKNOWN
    return walk.computed(node) if any_traced(arguments) else UNKNOWN


def _child_by_name(walk: Walk, node: cst.Call, module: Envoy, *names: Value) -> Value:
    """`getattr(module, name)`: a module below it, and which one where the name is a literal."""
    name = next((value.value for value in names[:1] if isinstance(value, Constant)), None)
    if isinstance(name, str):
        return replace(module, path=(*module.path, name)) if is_module_name(name) else UNKNOWN
    return replace(module, path=(*module.path, Index(walk.new_version(walk.text(node)))))


# What looks at a proxy itself rather than at its value: no node of 0.4's graph comes of it.
_NO_NODES = frozenset("print isinstance type id hasattr callable str repr".split())


def _range(values: tuple[Value, ...]) -> Numbers:
    numbers = [value.value for value in values if isinstance(value, Constant)]
    integers = [number for number in numbers if isinstance(number, int)]
    upwards, downwards = len(values) < 3, False
    for step in values[2:]:
        upwards, downwards = _has_sign(step, 1), _has_sign(step, -1)
    if len(integers) != len(values) or not 1 <= len(integers) <= 3 or 0 in integers[2:]:
        return Numbers(ascending=upwards, zero=_from_zero(values), falling=downwards)
    counted = range(*integers)
    known = tuple(counted) if len(counted) <= MAX_KNOWN_TURNS else None
    zero = _from_zero(values)
    return Numbers(numbers=known, ascending=upwards, zero=zero, falling=downwards)


def _from_zero(values: tuple[Value, ...]) -> bool:
    """Whether the numbers are 0, 1, 2 and so on."""
    start, step = Constant(value=0), Constant(value=1)
    return len(values) == 1 or (
        len(values) > 1 and (values[0], *values[2:]) in ((start,), (start, step))
    )


def _has_sign(value: Value, sign: int) -> bool:
    return isinstance(value, Constant) and isinstance(value.value, int) and value.value * sign > 0


def _iterated(name: str, values: tuple[Value, ...], keywords: Keywords) -> Value:
    plain = not keywords
    if name == "enumerate":
        return Zipped(parts=(Numbers(counted=plain and len(values) == 1), values[0]))
    if name == "zip":
        return Zipped(parts=values)
    if name == "reversed":
        return backwards(values[0]) if plain else UNKNOWN
    down = keywords == (("reverse", Constant(value=True)),)
    return _sorted(values[0], down=down) if plain or down else UNKNOWN


def returning_numbers(value: Value) -> Value | None:
    """What stands in the text, if numbers in it go back to smaller ones; the numbers themselves go.

    `[3, 0]`, and pairs such as `[("mlp", 3), ("attn", 0)]`: as layers they are asked for in an
    order in which they do not run.
    """
    rows = value.items if isinstance(value, Items) else ()
    if _go_back(rows):
        return Numbers(ascending=False, returns=True)
    lengths = {len(row.items) if isinstance(row, Items) else 0 for row in rows}
    if len(lengths) != 1 or 0 in lengths:
        return None
    columns = list(zip(*(row.items for row in rows if isinstance(row, Items)), strict=True))
    if not any(map(_go_back, columns)):
        return None
    back = Numbers(ascending=False, returns=True)
    return Zipped(parts=tuple(back if _go_back(column) else UNKNOWN for column in columns))


def _go_back(values: Sequence[Value]) -> bool:
    numbers = [each.value for each in values if isinstance(each, Constant)]
    whole = [number for number in numbers if type(number) is int and number >= 0]
    return len(whole) == len(values) and whole != sorted(whole)


def backwards(value: Value) -> Value:
    """`reversed(...)`, `xs[::-1]`."""
    if isinstance(value, Envoy):
        return Selected(modules=value, ascending=False, falling=True)
    if isinstance(value, Selected):
        return replace(value, ascending=value.falling, falling=value.ascending, whole=False)
    if isinstance(value, Numbers):
        numbers = value.numbers and value.numbers[::-1]
        return Numbers(numbers=numbers, ascending=value.falling, falling=value.ascending)
    if isinstance(value, Items):
        return Items(kind="list", items=value.items[::-1])
    return _in_some_order(value)


def _sorted(value: Value, *, down: bool) -> Value:
    if isinstance(value, Envoy):
        return Selected(modules=value, ascending=False)
    if isinstance(value, Selected):
        return replace(value, ascending=False, falling=False, whole=False)
    if isinstance(value, Numbers):
        numbers = value.numbers and tuple(sorted(value.numbers, reverse=down))
        return Numbers(numbers=numbers, ascending=not down, falling=down)
    if isinstance(value, Items):
        plain = [i.value for i in value.items if isinstance(i, Constant)]
        whole = [each for each in plain if isinstance(each, int)]
        if len(whole) == len(value.items):
            return Items(items=tuple(Constant(value=n) for n in sorted(whole, reverse=down)))
    return _in_some_order(value)


def _in_some_order(value: Value) -> Value:
    if isinstance(value, (Items, Container)):
        keys = isinstance(value, Container) and value.keyed
        return Container(element=None if keys else element(value), mixed=mixes(value))
    return UNKNOWN


def taken(walk: Walk, node: cst.Call, receiver: Value, arguments: Arguments) -> Value:
    """What a method of a collection gives of its items: perhaps another module at every call."""
    method = cst.ensure_type(node.func, cst.Attribute).attr.value
    value = _taken(receiver, method, arguments)
    return named(value, f"{walk.text(node)}#{walk.site()}") if is_module(value) else value


def _taken(receiver: Value, method: str, arguments: Arguments) -> Value:
    if method == "copy" and isinstance(receiver, (Container, Items)):
        return receiver
    if not isinstance(receiver, Container):
        return UNKNOWN
    key, _ = literal_key(arguments.positional[:1])
    item = receiver.item(key if method in ("get", "pop") and receiver.keyed else None)
    item = item or held_module(receiver)
    if receiver.element is None and is_module(item) and method in ("items", "values"):
        pairs = tuple(Items(items=(Constant(value=k), module)) for k, module in receiver.known)
        return Items(items=pairs if method == "items" else tuple(v for _, v in receiver.known))
    if item is None:
        return UNKNOWN
    if method in ("get", "pop", "popleft", "setdefault"):
        return item
    if method == "values":
        return Container(element=item)
    pair = Items(items=(UNKNOWN, item))
    return {"items": Container(element=pair), "popitem": pair}.get(method, UNKNOWN)


def collection(name: str, arguments: Arguments) -> Value:
    """What `list(...)`, `dict(...)` and their like make."""
    first = first_of(arguments)
    if name in ("list", "tuple"):
        if isinstance(first, (Envoy, Selected, Zipped)):
            return first
        if isinstance(first, Numbers) and first.numbers is not None:
            return Items(kind=name, items=tuple(Constant(value=n) for n in first.numbers))
        if isinstance(first, Items):
            return Items(kind=name, items=first.items)
    if arguments.keywords and name in ("dict", "OrderedDict"):
        values = [value for _, value in arguments.keywords]
        kept = next((value for value in values if is_kept(value)), None)
        mixed = any(map(is_something_else, values))
        return Container(kind=name, element=kept, mixed=mixed, known=arguments.keywords)
    if not isinstance(first, (Container, Items)):
        return Container(kind=name, empty=not arguments.positional)
    if isinstance(first, Container) and first.keyed and name not in ("dict", "OrderedDict"):
        return Container(kind=name)  # its keys
    return Container(kind=name, element=element(first), mixed=mixes(first))
