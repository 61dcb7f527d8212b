"""What the modules and items that a loop's variable names are, at one turn of the loop."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice, product

from nnmigrate.patterns import pattern
from nnmigrate.program.model import Trace
from nnmigrate.program.steps import BarrierCall, Collect, Item, Loop, Mutation
from nnmigrate.schedule import providers, rankings
from nnmigrate.schedule import values as schedule
from nnmigrate.schedule.values import Index, Provider

Turns = Mapping[str, tuple[Loop, int]]

# Of the loops around a trace no more turns than this are told apart.
MAX_OUTER_TURNS = 32

_COUNTED = pattern(r"(-?)(loop\d+\.)([+-]\d+)")
_KEYED = pattern(r"(loop\d+\.)(?:(.*)\0(.*))?", re.DOTALL)


def turned(loop: Loop, turn: int) -> dict[str, tuple[Loop, int]]:
    """One turn of a loop, and of the loops over each of the things that it goes over at once."""
    every = {loop.key: (loop, turn)}
    for part in loop.parts:
        every = {**turned(part, turn), **every}
    return every


def numbered(turns: Turns) -> tuple[tuple[str, int], ...]:
    """The turns by the loops' keys alone."""
    parts = {key for loop, _ in turns.values() for key in turned(loop, 0) if key != loop.key}
    return tuple((key, turn) for key, (_, turn) in turns.items() if key not in parts)


def item_key(step: Item | Mutation | BarrierCall | Collect, turns: Turns) -> str | int | None:
    """An item's key; for a loop's counter the number that it has at this turn, or its text."""
    keyed = _KEYED.fullmatch(step.counter) if step.counter else None
    if keyed is None or keyed[1] not in turns:
        return step.key
    loop, turn = turns[keyed[1]]
    number = turn if loop.numbers is None else loop.numbers[turn]
    return number if keyed[2] is None else f"{keyed[2]}{number}{keyed[3]}"


def may_be(counter: str, key: str | int) -> bool:
    """Whether a literal key may be that of an item at some turn of a loop.

    Args:
        counter: a step's; one without counts the items that are there.
        key: the literal.
    """
    keyed = _KEYED.fullmatch(counter)
    if keyed is None or keyed[2] is None:
        return isinstance(key, int)
    number = str(key).removeprefix(keyed[2]).removesuffix(keyed[3])
    return number.isdecimal() and key == f"{keyed[2]}{number}{keyed[3]}"


def is_open(turns: Turns) -> bool:
    """Whether it is not known how often one of these loops turns."""
    return any(loop.turns is None for loop, _ in turns.values())


def at_turn(provider: Provider, turns: Turns) -> Provider:
    """A provider as it is at a turn of the loops around it."""
    path = (_index(part, turns) if isinstance(part, Index) else part for part in provider.path)
    return replace(provider, path=tuple(path))


def _index(index: Index, turns: Turns) -> Index:
    counted = _COUNTED.fullmatch(index.key)
    if counted is not None and counted[2] in turns:
        loop, turn = turns[counted[2]]
        if loop.numbers is not None:
            number = loop.numbers[turn] * (-1 if counted[1] else 1) + int(counted[3])
            return Index(str(number), number)
        if loop.zero and int(counted[3]) == 0:
            # `-0` is the first one, behind which the last one comes.
            return Index(f"{index.key}{turn}") if counted[1] else _nth(turn)
    key, sequence = index.key, index.sequence
    for name, (loop, turn) in turns.items():
        if loop.whole and key == f"{name}module" and sequence is not None:
            return _nth(turn)
        if name in key:
            key = key.replace(name, f"{name}{turn}.")
        if sequence is not None and sequence[0] == name:
            sequence = (name, turn)
        elif sequence is not None and sequence[0].startswith(f"-{name}"):
            sequence = (sequence[0], -turn)
    return Index(key, index.value, sequence)


def _nth(turn: int) -> Index:
    """The module at a turn of a loop over all of a list: in every such loop the same one."""
    return Index(f"nth{turn}", None, ("nth", turn))


def turns_around(trace: Trace) -> tuple[Turns, ...]:
    """The turns of the loops around a trace that count numbers which are known.

    Returns:
        At least one; a loop of which the numbers are not known is in none of them.
    """
    loops = [loop for each in trace.loops if (loop := each.loop) is not None and loop.numbers]
    ways = islice(product(*map(_each_turn, loops)), MAX_OUTER_TURNS + 1)
    every = tuple({key: at for turn in way for key, at in turn.items()} for way in ways)
    return every if len(every) <= MAX_OUTER_TURNS else ({},)


def orders_around(
    trace: Trace, unrolled: schedule.Trace
) -> tuple[tuple[Mapping[Provider, int], ...], ...]:
    """The orders that a trace's modules can have, at each turn of the loops around it.

    Args:
        trace: as the program has it.
        unrolled: the same for the schedule.

    Raises:
        TooManyOrders: see `schedule.rankings`.
    """
    asked = list(dict.fromkeys(providers(unrolled)))
    every: dict[tuple[Provider, ...], tuple[Mapping[Provider, int], ...]] = {}
    for turns in turns_around(trace):
        named = tuple(at_turn(provider, turns) for provider in asked)
        if named not in every:
            pairs = list(zip(asked, named, strict=True))
            every[named] = tuple({one: rank[two] for one, two in pairs} for rank in rankings(named))
    return tuple(every.values())


def _each_turn(loop: Loop) -> Iterator[dict[str, tuple[Loop, int]]]:
    for turn in range(len(loop.numbers or ())):
        yield turned(loop, turn)
