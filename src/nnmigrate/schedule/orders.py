"""The orders in which a forward pass can reach the providers that a trace names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cmp_to_key
from itertools import islice, product
from sys import maxsize

from nnmigrate.classes import dataclass
from nnmigrate.schedule.modules import Stage, compare_children, may_coincide, stage
from nnmigrate.schedule.values import Index, Order, Path, Point, Provider

MOST_ORDERS = 100
"""How many orders are looked at; four indexes of which nothing is known have 75."""

Ranking = Mapping[Provider, int]
Part = str | Index
Grouping = tuple[tuple[Part, ...], ...]

_SIGNS = {Order.BEFORE: -1, Order.SAME: 0, Order.AFTER: 1}


class TooManyOrders(Exception):
    """So little is known of the modules' order that looking at every case is pointless."""


def rankings(providers: Iterable[Provider]) -> tuple[Ranking, ...]:
    """Every order that agrees with `modules.compare`, as ranks; one provider has one rank.

    Orders are chosen module by module among its children, so two layers never interleave.

    Returns:
        Exactly one ranking when everything is comparable.

    Raises:
        TooManyOrders: if there are more than `MOST_ORDERS`.
    """
    known = list(dict.fromkeys(providers))
    depth = max((len(provider.path) for provider in known), default=0)
    states = [_State({provider: provider.path for provider in known}, dict.fromkeys(known, ()))]
    for level in range(depth):
        states = _limited(_expanded(states, level))
    return tuple(_rank(state) for state in states)


@dataclass(frozen=True)
class _State:
    """What is decided when the modules down to some depth are in order.

    `paths` names a module by one path where several index expressions turned out to mean the same;
    `steps` is the place of each module on a provider's path among the children of its parent.
    """

    paths: Mapping[Provider, Path]
    steps: Mapping[Provider, tuple[int, ...]]


def _limited(states: Iterator[_State]) -> list[_State]:
    some = list(islice(states, MOST_ORDERS + 1))
    if len(some) > MOST_ORDERS:
        raise TooManyOrders
    return some


def _expanded(states: list[_State], level: int) -> Iterator[_State]:
    for state in states:
        families = _families(state, level)
        choices = [
            list(islice(_groupings(parent, parts), MOST_ORDERS + 1))
            for parent, parts in families.items()
        ]
        for way in product(*choices):
            yield _advanced(state, level, dict(zip(families, way, strict=True)))


def _families(state: _State, level: int) -> dict[Path, list[Part]]:
    """The modules at a depth that is on the way to a provider, by parent."""
    found: dict[Path, dict[Part, None]] = {}
    for path in state.paths.values():
        if len(path) > level:
            found.setdefault(path[:level], {})[path[level]] = None
    return {parent: list(parts) for parent, parts in found.items()}


def _advanced(state: _State, level: int, chosen: Mapping[Path, Grouping]) -> _State:
    places = {
        (parent, part): (number, group[0])
        for parent, groups in chosen.items()
        for number, group in enumerate(groups)
        for part in group
    }
    paths, steps = dict(state.paths), dict(state.steps)
    for provider, path in state.paths.items():
        if len(path) > level:
            number, same = places[path[:level], path[level]]
            paths[provider] = (*path[:level], same, *path[level + 1 :])
            steps[provider] = (*steps[provider], number)
    return _State(paths, steps)


def _rank(state: _State) -> Ranking:
    keys = {provider: _key(provider, steps) for provider, steps in state.steps.items()}
    ranks = {key: rank for rank, key in enumerate(sorted(set(keys.values())))}
    return {provider: ranks[key] for provider, key in keys.items()}


def _key(provider: Provider, steps: tuple[int, ...]) -> tuple[Stage, tuple[int, ...]]:
    """Sorts like the forward pass: a module's input before its children, its output after."""
    end = -1 if provider.point is Point.INPUT else maxsize
    return stage(provider), (*steps, end)


def _groupings(parent: Path, parts: list[Part]) -> Iterator[Grouping]:
    """The orders of a module's children; children in one group are one child."""
    in_order = _sorted(parent, parts)
    if in_order is not None:
        yield in_order
        return
    yield from _extended(parent, parts, ())


def _sorted(parent: Path, parts: list[Part]) -> Grouping | None:
    """The one order of children that are all comparable, without looking at every pair."""
    ordered = _by_sign(parent, parts)
    groups: list[list[Part]] = []
    for part in ordered:
        if groups and compare_children(parent, groups[-1][-1], part) is Order.SAME:
            groups[-1].append(part)
        elif groups and not _all_before(parent, groups[-1], part):
            return None
        else:
            groups.append([part])
    return tuple(tuple(group) for group in groups) if _total(parent, groups) else None


def _by_sign(parent: Path, parts: list[Part]) -> list[Part]:
    def sign(a: Part, b: Part) -> int:
        return _SIGNS.get(compare_children(parent, a, b), 0)

    return sorted(parts, key=cmp_to_key(sign))


def _all_before(parent: Path, group: list[Part], part: Part) -> bool:
    return all(compare_children(parent, each, part) is Order.BEFORE for each in group)


def _total(parent: Path, groups: list[list[Part]]) -> bool:
    """Whether neighbours in order mean all in order: true of numbers, looked at for names."""
    numbers = [p for group in groups for p in group if isinstance(p, Index)]
    if len(numbers) == sum(map(len, groups)) and len({_kind(p) for p in numbers}) == 1:
        return True
    return all(
        _all_before(parent, first, part)
        for i, first in enumerate(groups)
        for later in groups[i + 1 :]
        for part in later
    )


def _kind(index: Index) -> object:
    """Indexes of one kind are totally ordered."""
    if index.value is not None:
        return index.value < 0
    return index.sequence[0] if index.sequence else index.key


def _extended(parent: Path, parts: list[Part], placed: Grouping) -> Iterator[Grouping]:
    """Put the remaining parts after the placed ones in every way that the known pairs allow."""
    if not parts:
        yield placed
        return
    for group in _next_groups(parent, parts):
        rest = [part for part in parts if part not in group]
        yield from _extended(parent, rest, (*placed, group))


def _next_groups(parent: Path, parts: list[Part]) -> Iterator[tuple[Part, ...]]:
    """The sets of parts that can come next as one child."""
    first = [p for p in parts if not any(_is(parent, q, p, Order.BEFORE) for q in parts)]
    for number, lead in enumerate(first):
        twins = [p for p in parts if p != lead and _is(parent, p, lead, Order.SAME)]
        if any(twin in first[:number] for twin in twins):
            continue
        later = [p for p in first[number + 1 :] if p not in twins]
        yield from _coinciding(parent, (lead, *twins), later)


def _is(parent: Path, a: Part, b: Part, order: Order) -> bool:
    return a != b and compare_children(parent, a, b) is order


def _coinciding(
    parent: Path, group: tuple[Part, ...], rest: list[Part]
) -> Iterator[tuple[Part, ...]]:
    """`group` alone, and with every choice of `rest` that may be the same child."""
    yield group
    for number, part in enumerate(rest):
        if all(may_coincide(part, each) or _is(parent, part, each, Order.SAME) for each in group):
            yield from _coinciding(parent, (*group, part), rest[number + 1 :])
