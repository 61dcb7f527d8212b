"""Code as it would be: fixes are understood and simulated before they are offered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias, TypeVar

from nnmigrate.program import Bind, NotPython, Program, Read, Trace, build
from nnmigrate.program.memory import remembered
from nnmigrate.program.outside import (
    empty_collections,
    names_by_chance,
    names_of_run_before,
    outer_names,
)
from nnmigrate.spans import Edit, apply_edits

Outcome = TypeVar("Outcome")
Changed: TypeAlias = tuple[Program, Trace]
Edits: TypeAlias = tuple[Edit, ...]


class Tries:
    """The changes that are tried for a trace, one after the other, each made when it is wanted."""

    def __init__(self, ways: Iterator[Edits]) -> None:
        """Nothing is made yet."""
        self._made: list[Edits] = []
        self._ways = ways

    def at(self, number: int) -> Edits:
        """The change that is tried as that one, counted from 0; none where there are fewer."""
        while len(self._made) <= number:
            following = next(self._ways, None)
            if following is None:
                return ()
            self._made.append(following)
        return self._made[number]

    def number(self, edits: Edits) -> int | None:
        """As which a change is tried, if it is."""
        number = 0
        while following := self.at(number):
            if following == edits:
                return number
            number += 1
        return None


Ways: TypeAlias = Callable[[Program, Trace], Tries]


def changed_by(program: Program, trace: Trace, edits: Sequence[Edit]) -> Changed | None:
    """The changed program and its trace of the same number; None where there is none."""
    return _with_trace(program, trace, built(program, tuple(edits)))


def tried(
    program: Program,
    trace: Trace,
    edits: Edits,
    ways: Ways,
    outcome: Callable[[Changed], Outcome | None],
) -> Outcome | None:
    """What comes of a change of a trace, if it does any good.

    What is tried first is tried together with what is tried first for all other traces: they will
    be carried out in one round, and a program of many traces is understood once for all of them.
    What is tried second is tried with what is tried second, and so on. If it does not work there
    and that may be because of the others, it is tried alone.

    Args:
        program: the program.
        trace: one of its traces.
        edits: the change.
        ways: what is tried for a trace.
        outcome: what a changed trace comes to; None where it is no better.
    """
    number = ways(program, trace).number(edits)
    proposed, changed = together(program, ways, number or 0)
    beside = _with_trace(program, trace, changed) if proposed.get(trace) == edits else None
    found = None if beside is None else outcome(beside)
    if found is not None:
        return found
    if beside is not None and _stands_as_before(program, trace, *beside):
        return None
    alone = changed_by(program, trace, edits)
    return None if alone is None else outcome(alone)


def _stands_as_before(program: Program, trace: Trace, changed: Program, after: Trace) -> bool:
    """Whether all that a trace depends on, besides its own text, is as it was."""
    steps = (*trace.statement.all_steps, *after.statement.all_steps)
    names = {step.name for step in steps if isinstance(step, (Bind, Read))}
    asked = (outer_names, empty_collections, names_by_chance, names_of_run_before)
    return all(names & ask(program, trace) == names & ask(changed, after) for ask in asked)


@remembered
def together(
    program: Program, ways: Ways, number: int
) -> tuple[Mapping[Trace, Edits], Program | None]:
    """What is tried as that one for each trace, and the program after all of it.

    There is none of it where only one trace has something to be tried.
    """
    wanted = [(tuple(sorted(ways(program, each).at(number))), each) for each in program.traces]
    proposed: dict[Trace, Edits] = {}
    end = 0
    # In the order of the text: the traces of a function come behind those around it.
    for edits, trace in sorted((one for one in wanted if one[0]), key=lambda one: one[0]):
        if edits[0].span.start >= end:
            proposed[trace] = edits
            end = edits[-1].span.end + 1
    if len(proposed) < 2:
        return {}, None
    return proposed, built(program, tuple(edit for edits in proposed.values() for edit in edits))


def _with_trace(program: Program, trace: Trace, changed: Program | None) -> Changed | None:
    if changed is None or len(changed.traces) != len(program.traces):
        return None
    return changed, changed.traces[program.traces.index(trace)]


@lru_cache(maxsize=64)
def built(program: Program, edits: tuple[Edit, ...]) -> Program | None:
    """The changed program; None where the edits overlap, or give no Python."""
    try:
        return build(apply_edits(program.code, edits), program.options, program)
    except (NotPython, ValueError):
        return None
