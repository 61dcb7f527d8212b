"""What the modules and items that a loop's variable names are, at one turn of the loop."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice, product

from nnmigrate.patterns import pattern
from nnmigrate.program.model import Trace
from nnmigrate.program.steps import (
    Access,
    BarrierCall,
    Collect,
    Item,
    Loop,
    Mutation,
    Step,
    flat,
)
from nnmigrate.schedule import providers, rankings
from nnmigrate.schedule import values as schedule
from nnmigrate.schedule.values import Index, Path, Provider

Turns = Mapping[str, tuple[Loop, int]]

# Of the loops around a trace no more turns than this are told apart.
MAX_OUTER_TURNS = 32

# A loop of which it is not known how often it turns is looked at for this many turns.
SYMBOLIC_TURNS = 2

# With a module of a larger number a trace would be too long to be followed.
_LARGEST_NUMBER = 32

_COUNTED = pattern(r"(-?)(loop\d+\.)([+-]\d+)")
_ONE_OF = pattern(r"(loop\d+\.)of(?: \d+)?")
_NUMBER = pattern(r"(?<!\d)\d{1,4}(?!\d)")
_KEYED = pattern(r"(loop\d+\.)(?:(.*)\0(.*)\0(.*))?", re.DOTALL)


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
    return number if keyed[2] is None else f"{keyed[2]}{number:{keyed[3]}}{keyed[4]}"


def may_be(counter: str, key: str | int) -> bool:
    """Whether a literal key may be that of an item at some turn of a loop.

    Args:
        counter: a step's; one without counts the items that are there.
        key: the literal.
    """
    keyed = _KEYED.fullmatch(counter)
    if keyed is None or keyed[2] is None:
        return isinstance(key, int)
    number = str(key).removeprefix(keyed[2]).removesuffix(keyed[4])
    return number.isdecimal() and key == f"{keyed[2]}{int(number):{keyed[3]}}{keyed[4]}"


def is_open(turns: Turns) -> bool:
    """Whether it is not known how often one of these loops turns."""
    return any(loop.turns is None for loop, _ in turns.values())


def at_turn(provider: Provider, turns: Turns) -> Provider:
    """A provider as it is at a turn of the loops around it."""
    return replace(provider, path=path_at(provider.path, turns))


def path_at(path: Path, turns: Turns) -> Path:
    """The way to a module as it is at a turn of the loops around it."""
    for part in path:
        one_of = _ONE_OF.fullmatch(part.key) if isinstance(part, Index) else None
        if one_of is not None and one_of[1] in turns:
            loop, turn = turns[one_of[1]]
            if loop.modules:
                return (*loop.modules[turn], *path[loop.spelled :])
    return tuple(_index(part, turns) if isinstance(part, Index) else part for part in path)


def _index(index: Index, turns: Turns) -> Index:
    counted = _COUNTED.fullmatch(index.key)
    if counted is not None and counted[2] in turns:
        loop, turn = turns[counted[2]]
        if loop.numbers is not None:
            number = loop.numbers[turn] * (-1 if counted[1] else 1) + int(counted[3])
            return Index(str(number), number)
        if loop.zero and counted[1]:
            return Index(str(int(counted[3]) - turn), int(counted[3]) - turn)
        if loop.zero and int(counted[3]) == 0:
            return _nth(turn)
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
    return Index(f"nth{turn}", turn, ("nth", turn))


def turns_of(loop: Loop, open_turns: int) -> int:
    """How many turns of a loop to look at; `open_turns` is what the function of that name gives."""
    if loop.turns is not None:
        return loop.turns
    return open_turns if loop.whole or loop.zero else SYMBOLIC_TURNS


def open_turns(trace: Trace) -> int:
    """How many turns to look at of a loop over all of a list, of which the length is not known.

    So many that it goes beyond each module and item that is asked for by its number: whether a
    module is that of an earlier or a later turn makes the difference.
    """
    every = flat(trace.statement.all_steps)
    numbers = [number for step in every for number in _numbers_in(step)]
    last = max((n for n in numbers if n <= _LARGEST_NUMBER), default=0)
    return max(SYMBOLIC_TURNS, last + 2)


def _numbers_in(step: Step) -> Iterator[int]:
    if isinstance(step, Access):
        for part in step.provider.path:
            if isinstance(part, Index) and part.value is not None:
                yield part.value
    elif isinstance(step, (Item, Mutation)) and step.key is not None:
        yield from map(int, _NUMBER.findall(str(step.key)))


def turns_around(trace: Trace) -> tuple[Turns, ...]:
    """The turns of the loops around a trace that count numbers, or go over modules, in view.

    Returns:
        At least one; any other loop is in none of them.
    """
    loops = [each.loop for each in trace.loops if each.loop is not None and _every(each.loop)]
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
    for turn in range(len(_every(loop))):
        yield turned(loop, turn)


def _every(loop: Loop) -> tuple[object, ...]:
    return loop.numbers or loop.modules
