"""Collections' displays, comprehensions and loops: what is in them, and how often they turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import libcst as cst

from nnmigrate.program.held import is_module, modules_of_turns, named, paths_of, some_module
from nnmigrate.program.indexes import literal_key, sequence_of
from nnmigrate.program.joins import is_something_else
from nnmigrate.program.steps import Collect, Loop, Repeat
from nnmigrate.program.values import (
    UNKNOWN,
    Constant,
    Container,
    Counter,
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
from nnmigrate.program.walk import Frame, Walk, evaluates
from nnmigrate.program.wholes import take_whole
from nnmigrate.schedule.values import Index, Path


@evaluates(cst.List, cst.Tuple, cst.Set)
def _sequence(walk: Walk, node: cst.List | cst.Tuple | cst.Set) -> Value:
    values = tuple(walk.evaluate(element.value) for element in node.elements)
    kind = type(node).__name__.lower()
    starred = any(isinstance(e, cst.StarredElement) for e in node.elements)
    for number, (element, value) in enumerate(zip(node.elements, values, strict=True)):
        _collect(walk, node, element.value, value, None if starred else number)
        if isinstance(element, cst.StarredElement):
            take_whole(walk, element.value, value)
    if isinstance(node, cst.Set) or starred:
        mixed = any(map(is_something_else, values))
        return followed(
            Container(kind=kind, element=_common(values), empty=not values, mixed=mixed)
        )
    if not values:
        return Container(kind=kind, empty=True)
    return followed(Items(kind=kind, items=values))


@evaluates(cst.Dict)
def _dict(walk: Walk, node: cst.Dict) -> Value:
    values, known = [], []
    for element in node.elements:
        key: Value = UNKNOWN
        if isinstance(element, cst.DictElement):
            key = walk.evaluate(element.key)
        values.append(walk.evaluate(element.value))
        if isinstance(element, cst.StarredDictElement):
            take_whole(walk, element.value, values[-1])
        literal, counter = literal_key([key])
        _collect(walk, node, element.value, values[-1], literal, counter)
        if literal is not None:
            known.append((literal, values[-1]))
    mixed = any(map(is_something_else, values))
    common = _common(values)
    if len(known) < len(values):
        known = [pair for pair in known if not is_module(pair[1])]  # not all that it holds
    return followed(
        Container(kind="dict", element=common, empty=not values, mixed=mixed, known=tuple(known))
    )


def _collect(
    walk: Walk,
    node: cst.BaseExpression,
    element: cst.BaseExpression,
    value: Value,
    key: str | int | None = None,
    counter: str = "",
    *,
    counted: bool = False,
) -> None:
    """Notes that an item goes into a collection, if it has to do with the model."""
    if any(_traced_parts(value)):
        span, whole = walk.positions.whole(element), walk.positions.whole(node)
        walk.note(Collect(walk.site(), span, whole, key, counter, counted))


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
    take_whole(walk, node.for_in.iter, iterable)
    # Before Python 3.12 a comprehension is a function of its own, and nnsight shares that frame's
    # names.
    outer = walk.frame
    walk.frame = Frame("comprehension", "", -1, outer)
    lazy = isinstance(node, cst.GeneratorExp)
    walk.foreign += 1
    walk.comprehending += 1
    walk.generating += lazy
    element, loop = _clause(walk, node, node.for_in, iterable)
    walk.generating -= lazy
    walk.comprehending -= 1
    walk.foreign -= 1
    walk.frame = outer
    kinds = {cst.ListComp: "list", cst.SetComp: "set", cst.DictComp: "dict"}
    kind = kinds.get(type(node), "generator")
    if not isinstance(element, Envoy):
        return Container(kind=kind, element=element)
    return _modules_of(node, element, loop) or Container(kind=kind, element=some_module([element]))


def _modules_of(node: cst.BaseComp, module: Envoy, loop: Loop) -> Value | None:
    """The modules that a comprehension over one thing gives, where it is known which."""
    clause = node.for_in
    if clause.ifs or clause.inner_for_in is not None or isinstance(clause.target, cst.Tuple):
        return None
    return modules_of_turns(node, module, loop)


def _clause(
    walk: Walk, node: cst.BaseComp, clause: cst.CompFor, iterable: Value
) -> tuple[Value, Loop]:
    """The turns of a comprehension's `for` clause, and what it evaluates at each."""
    loop = loop_over(walk, iterable)
    if clause.ifs:
        # It is not known which of the turns give an item.
        loop = Loop(loop.key)
    walk.loops.append(loop)
    with walk.collecting() as steps:
        element = _turn(walk, node, clause, element_of(iterable, loop))
    walk.loops.pop()
    walk.note(Repeat(walk.site(), walk.span(node), loop, tuple(steps)))
    return element, loop


def _turn(walk: Walk, node: cst.BaseComp, clause: cst.CompFor, item: Value) -> Value:
    bind_target(walk, clause.target, item, "for")
    for condition in clause.ifs:
        walk.evaluate(condition.test)
    if clause.inner_for_in is not None:
        inner = walk.evaluate(clause.inner_for_in.iter)
        return _clause(walk, node, clause.inner_for_in, inner)[0]
    if isinstance(node, cst.DictComp):
        key = walk.evaluate(node.key)
        value = walk.evaluate(node.value)
        _collect(walk, node, node.value, value, *literal_key([key]))
        return value
    assert isinstance(node, (cst.ListComp, cst.SetComp, cst.GeneratorExp))
    value = walk.evaluate(node.elt)
    counted = isinstance(node, cst.ListComp) and not clause.ifs
    _collect(walk, node, node.elt, value, counted=counted)
    return value


def loop_over(walk: Walk, iterable: Value) -> Loop:
    """The loop that iterating over a value makes."""
    key = f"loop{walk.site()}."
    if isinstance(iterable, Numbers) and iterable.numbers is not None:
        return Loop(key, len(iterable.numbers), iterable.numbers)
    if isinstance(iterable, Items):
        columns = _columns(iterable.items)
        if columns and any(map(_integers_of, columns)):
            return _loop_over_all(walk, key, columns)
        numbers = _integers(iterable.items)
        ways, spelled = _modules_among(iterable.items, columns)
        return Loop(key, len(iterable.items), numbers, modules=ways, spelled=spelled)
    if isinstance(iterable, Zipped):
        return _loop_over_all(walk, key, iterable.parts)
    zero = isinstance(iterable, Numbers) and (iterable.zero or iterable.counted)
    returns = isinstance(iterable, Numbers) and iterable.returns
    proxy, whole = isinstance(iterable, Traced), _is_whole(iterable)
    return Loop(key, proxy=proxy, whole=whole, zero=zero, returns=returns)


def _modules_among(
    items: Sequence[Value], columns: Sequence[Items]
) -> tuple[tuple[Path, ...], int]:
    """The ways to the modules among what stands in the text, and the length of that to any."""
    rows: list[Sequence[Value]] = [column.items for column in columns] or [items]
    found = [(row, module) for row in rows if (module := some_module(row)) is not None]
    if len(found) != 1:
        return (), 0
    return paths_of(found[0][0]), len(found[0][1].path)


def _is_whole(iterable: Value) -> bool:
    """Whether a loop goes over a whole list of modules, or over a part of each of them."""
    return isinstance(iterable, Envoy) or (isinstance(iterable, Selected) and iterable.whole)


def _loop_over_all(walk: Walk, key: str, parts: Sequence[Value]) -> Loop:
    """The loop over several things at once: it turns as often as the shortest does."""
    loops = [loop_over(walk, part) for part in parts]
    turns = min((loop.turns for loop in loops if loop.turns is not None), default=None)
    cut = [_cut(loop, part, turns) for loop, part in zip(loops, parts, strict=True)]
    # What counts for the loop itself goes by its key; what else counts keeps a key of its own.
    counts = [n for n, part in enumerate(parts) if _counts(part)]
    main = next((n for n in counts if cut[n].numbers is not None), counts[0] if counts else -1)
    named = tuple(
        loop if number in counts and number != main else replace(loop, key=key)
        for number, loop in enumerate(cut)
    )
    proxy, whole = any(loop.proxy for loop in loops), any(loop.whole for loop in loops)
    zero = bool(counts) and named[main].zero
    numbers = named[main].numbers if counts else None
    over = [loop for loop in cut if loop.modules]
    modules, spelled = (over[0].modules, over[0].spelled) if len(over) == 1 else ((), 0)
    returns = any(loop.returns for loop in named)
    return Loop(key, turns, numbers, named, proxy, whole, zero, modules, spelled, returns)


def _counts(value: Value) -> bool:
    """Whether a loop over a value has a counter."""
    return isinstance(value, Numbers) or _integers_of(value)


def _cut(loop: Loop, part: Value, turns: int | None) -> Loop:
    """One of several loops that turn together."""
    if turns is None:
        return loop
    numbers = None if loop.numbers is None else loop.numbers[:turns]
    if isinstance(part, Numbers) and part.counted:
        numbers = tuple(range(turns))
    return replace(loop, turns=turns, numbers=numbers, modules=loop.modules[:turns])


def _integers(items: Sequence[Value]) -> tuple[int, ...] | None:
    numbers = [item.value for item in items if isinstance(item, Constant)]
    if len(numbers) == len(items) and all(type(number) is int for number in numbers):
        return tuple(number for number in numbers if isinstance(number, int))
    return None


def element_of(iterable: Value, loop: Loop) -> Value:
    """What a loop's variable stands for."""
    if _counts(iterable):
        ascending = not isinstance(iterable, Numbers) or iterable.ascending
        falling = isinstance(iterable, Numbers) and iterable.falling and loop.numbers is None
        return Counter(loop=loop.key, ascending=_ascending(loop, ascending), falling=falling)
    if isinstance(iterable, Envoy):
        return _module_of(loop, Selected(modules=iterable))
    if isinstance(iterable, Selected):
        return _module_of(loop, iterable)
    if isinstance(iterable, Zipped):
        loops = loop.parts or (loop,) * len(iterable.parts)
        pairs = zip(iterable.parts, loops, strict=True)
        return Items(items=tuple(element_of(part, each) for part, each in pairs))
    if isinstance(iterable, Container) and not iterable.keyed:
        return named(iterable.item(None) or UNKNOWN, f"{loop.key}of")
    if isinstance(iterable, Items):
        if loop.parts:
            return element_of(Zipped(parts=_columns(iterable.items)), loop)
        return named(_any_of(iterable.items), f"{loop.key}of")
    if isinstance(iterable, Traced):
        return Traced(origin=iterable.origin, view=True)
    return UNKNOWN


def _any_of(items: Sequence[Value]) -> Value:
    """What a loop over a literal list is at: another value of the model at every turn."""
    if items and all(isinstance(item, Traced) for item in items):
        return Traced(saved=all(item.saved for item in items))
    columns = _columns(items)
    if columns:
        return Items(items=tuple(_any_of(column.items) for column in columns))
    return some_module(items) or UNKNOWN


def _columns(items: Sequence[Value]) -> tuple[Items, ...]:
    """The first things of several tuples, the second ones, and so on: `[(3, 0), (1, 2)]`."""
    rows = [item.items for item in items if isinstance(item, Items)]
    if not rows or len(rows) != len(items) or len({len(row) for row in rows}) != 1:
        return ()
    return tuple(Items(items=column) for column in zip(*rows, strict=True))


def _module_of(loop: Loop, some: Selected) -> Envoy:
    """The module that a loop over some of a list of modules is at."""
    index = Index(f"{loop.key}module", None, sequence_of(loop.key, some))
    return replace(some.modules, path=(*some.modules.path, index, *some.below))


def _integers_of(value: Value) -> bool:
    return isinstance(value, Items) and _integers(value.items) is not None


def _ascending(loop: Loop, otherwise: bool) -> bool:
    """Whether a loop counts strictly upwards: equal numbers are one module, not a later one."""
    if loop.numbers is None:
        return otherwise
    return all(left < right for left, right in zip(loop.numbers, loop.numbers[1:], strict=False))


def bind_target(walk: Walk, node: cst.BaseExpression, value: Value, how: str) -> None:
    """Binds the names of an assignment's, a for's or a with's target."""
    if isinstance(node, cst.Name):
        walk.bind(node, how, value)
    elif isinstance(node, (cst.Tuple, cst.List)):
        inner = how if how in ("for", "with") else "unpack"
        for element, item in zip(node.elements, unpacked(value, node.elements), strict=True):
            bind_target(walk, element.value, item, inner)
    else:
        walk.evaluate(node)


def unpacked(value: Value, targets: Sequence[cst.BaseElement]) -> list[Value]:
    """What each of several targets gets of a value."""
    count = len(targets)
    stars = [n for n, target in enumerate(targets) if isinstance(target, cst.StarredElement)]
    star = stars[0] if stars else count
    items: list[Value] = []
    for number in range(count):
        place = number if number < star else number - count
        items.append(_starred(value) if number == star else _unpacked(value, place))
    return items


def _starred(value: Value) -> Value:
    traced = is_traced(value) or (isinstance(value, Container) and value.element is not None)
    return Container(element=_unpacked(value, 0) if traced else None)


def _unpacked(value: Value, number: int) -> Value:
    if isinstance(value, Items) and -len(value.items) <= number < len(value.items):
        return value.items[number]
    if isinstance(value, Traced):
        return Traced(origin=value.origin, view=True)
    if isinstance(value, Container) and value.element is not None:
        return value.element
    return UNKNOWN
