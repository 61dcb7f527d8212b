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
    spellings = {twins[0]: twins for twins in _twins(parent, parts)}
    for groups in _extended(parent, list(spellings), ()):
        yield tuple(tuple(part for lead in group for part in spellings[lead]) for group in groups)


def _twins(parent: Path, parts: list[Part]) -> list[list[Part]]:
    """The children, each with all the ways in which it is spelled."""
    found: list[list[Part]] = []
    for part in parts:
        for twins in found:
            if compare_children(parent, twins[0], part) is Order.SAME:
                twins.append(part)
                break
        else:
            found.append([part])
    return found


def _sorted(parent: Path, parts: list[Part]) -> Grouping | None:
    """The one order of children of which neighbours are comparable; no other agrees with it."""
    ordered = _by_sign(parent, parts)
    groups: list[list[Part]] = []
    for part in ordered:
        if groups and compare_children(parent, groups[-1][-1], part) is Order.SAME:
            groups[-1].append(part)
        elif groups and not _all_before(parent, groups[-1], part):
            return None
        else:
            groups.append([part])
    return tuple(map(tuple, groups))


def _by_sign(parent: Path, parts: list[Part]) -> list[Part]:
    def sign(a: Part, b: Part) -> int:
        return _SIGNS.get(compare_children(parent, a, b), 0)

    return sorted(parts, key=cmp_to_key(sign))


def _all_before(parent: Path, group: list[Part], part: Part) -> bool:
    return all(_is_before(parent, each, part) for each in group)


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
    first = [p for p in parts if not any(_is_before(parent, q, p) for q in parts)]
    for number, lead in enumerate(first):
        yield from _coinciding((lead,), first[number + 1 :])


def _is_before(parent: Path, a: Part, b: Part) -> bool:
    return compare_children(parent, a, b) is Order.BEFORE


def _coinciding(group: tuple[Part, ...], rest: list[Part]) -> Iterator[tuple[Part, ...]]:
    """`group` alone, and with every choice of `rest` that may be the same child."""
    yield group
    for number, part in enumerate(rest):
        if all(may_coincide(part, each) for each in group):
            yield from _coinciding((*group, part), rest[number + 1 :])
