"""Collections' displays, comprehensions and loops: what is in them, and how often they turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from nnmigrate.program.steps import Loop, Repeat
from nnmigrate.program.values import (
    Constant,
    Container,
    Counter,
    Envoy,
    Items,
    Numbers,
    Traced,
    Value,
    Zipped,
)
from nnmigrate.program.walk import UNKNOWN, Walk, evaluates
from nnmigrate.schedule.values import Index


@evaluates(cst.List, cst.Tuple, cst.Set)
def _sequence(walk: Walk, node: cst.List | cst.Tuple | cst.Set) -> Value:
    values = tuple(walk.evaluate(element.value) for element in node.elements)
    kind = type(node).__name__.lower()
    if isinstance(node, cst.Set) or any(isinstance(e, cst.StarredElement) for e in node.elements):
        return Container(kind=kind, element=_common(values), empty=not values)
    if not values:
        return Container(kind=kind, empty=True)
    return Items(kind=kind, items=values)


@evaluates(cst.Dict)
def _dict(walk: Walk, node: cst.Dict) -> Value:
    values = []
    for element in node.elements:
        if isinstance(element, cst.DictElement):
            walk.evaluate(element.key)
        values.append(walk.evaluate(element.value))
    return Container(kind="dict", element=_common(values), empty=not values)


def _common(values: Sequence[Value]) -> Value | None:
    """What the items of a collection have in common."""
    traced = [part for value in values for part in _traced_parts(value)]
    if traced:
        return Traced(saved=all(value.saved for value in traced))
    return None


def _traced_parts(value: Value) -> Iterator[Traced]:
    """The values of the model that a value is or holds."""
    if isinstance(value, Traced):
        yield value
    elif isinstance(value, Container) and value.element is not None:
        yield from _traced_parts(value.element)
    elif isinstance(value, Items):
        for item in value.items:
            yield from _traced_parts(item)


@evaluates(cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)
def _comprehension(walk: Walk, node: cst.BaseComp) -> Value:
    iterable = walk.evaluate(node.for_in.iter)
    loop = loop_over(walk, iterable)
    # Before Python 3.12 a comprehension is a function of its own, and nnsight shares that frame's
    # names.
    walk.foreign += 1
    walk.loops.append(loop)
    with walk.collecting() as steps:
        element = _turn(walk, node, node.for_in, iterable, loop)
    walk.loops.pop()
    walk.foreign -= 1
    walk.note(Repeat(walk.site(), walk.span(node), loop, tuple(steps)))
    kinds = {cst.ListComp: "list", cst.SetComp: "set", cst.DictComp: "dict"}
    return Container(kind=kinds.get(type(node), "generator"), element=element)


def _turn(
    walk: Walk, node: cst.BaseComp, clause: cst.CompFor, iterable: Value, loop: Loop
) -> Value:
    """One turn of a comprehension's `for` clause; its variables are hidden from the outside."""
    outer = dict(walk.frame.values), dict(walk.frame.versions), walk.frame.bindings
    walk.frame.bindings = {}
    bind_target(walk, clause.target, element_of(iterable, loop), "for")
    for condition in clause.ifs:
        walk.evaluate(condition.test)
    if clause.inner_for_in is not None:
        inner = walk.evaluate(clause.inner_for_in.iter)
        result = _turn(walk, node, clause.inner_for_in, inner, loop_over(walk, inner))
    elif isinstance(node, cst.DictComp):
        walk.evaluate(node.key)
        result = walk.evaluate(node.value)
    else:
        result = walk.evaluate(node.elt)  # type: ignore[attr-defined]  # all but DictComp have it
    walk.frame.values, walk.frame.versions, walk.frame.bindings = outer
    return result


def loop_over(walk: Walk, iterable: Value) -> Loop:
    """The loop that iterating over a value makes."""
    key = f"loop{walk.site()}."
    if isinstance(iterable, Numbers) and iterable.numbers is not None:
        return Loop(key, len(iterable.numbers), iterable.numbers)
    if isinstance(iterable, Items):
        return Loop(key, len(iterable.items), _integers(iterable.items))
    if isinstance(iterable, Zipped):
        return _loop_over_all(walk, key, iterable.parts)
    return Loop(key)


def _loop_over_all(walk: Walk, key: str, parts: Sequence[Value]) -> Loop:
    """The loop over several things at once: it turns as often as the shortest does."""
    loops = [loop_over(walk, part) for part in parts]
    turns = min((loop.turns for loop in loops if loop.turns is not None), default=None)
    if turns is None:
        return Loop(key)
    numbers = next((loop.numbers for loop in loops if loop.numbers is not None), None)
    if any(isinstance(part, Numbers) and part.counted for part in parts):
        numbers = tuple(range(turns))
    return Loop(key, turns, None if numbers is None else numbers[:turns])


def _integers(items: Sequence[Value]) -> tuple[int, ...] | None:
    numbers = [item.value for item in items if isinstance(item, Constant)]
    if len(numbers) == len(items) and all(type(number) is int for number in numbers):
        return tuple(number for number in numbers if isinstance(number, int))
    return None


def element_of(iterable: Value, loop: Loop) -> Value:
    """What a loop's variable stands for."""
    if isinstance(iterable, Numbers) or _integers_of(iterable):
        return Counter(loop=loop.key, ascending=_ascending(loop))
    if isinstance(iterable, Envoy):
        index = Index(f"{loop.key}module", None, (loop.key, 0))
        return Envoy(model=iterable.model, path=(*iterable.path, index), proved=iterable.proved)
    if isinstance(iterable, Zipped):
        return Items(items=tuple(element_of(part, loop) for part in iterable.parts))
    if isinstance(iterable, Container) and iterable.element is not None:
        return iterable.element
    if isinstance(iterable, Traced):
        return Traced(origin=iterable.origin, view=True)
    return UNKNOWN


def _integers_of(value: Value) -> bool:
    return isinstance(value, Items) and _integers(value.items) is not None


def _ascending(loop: Loop) -> bool:
    return loop.numbers is None or list(loop.numbers) == sorted(loop.numbers)


def bind_target(walk: Walk, node: cst.BaseExpression, value: Value, how: str) -> None:
    """Binds the names of an assignment's, a for's or a with's target."""
    if isinstance(node, cst.Name):
        walk.bind(node, how, value)
    elif isinstance(node, (cst.Tuple, cst.List)):
        for number, element in enumerate(node.elements):
            inner = how if how in ("for", "with") else "unpack"
            bind_target(walk, element.value, _unpacked(value, number), inner)
    elif isinstance(node, cst.StarredElement):
        bind_target(walk, node.value, UNKNOWN, how)
    else:
        walk.evaluate(node)


def _unpacked(value: Value, number: int) -> Value:
    if isinstance(value, Items) and number < len(value.items):
        return value.items[number]
    if isinstance(value, Traced):
        return Traced(origin=value.origin, view=True)
    if isinstance(value, Container) and value.element is not None:
        return value.element
    return UNKNOWN
