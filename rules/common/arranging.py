"""The order of statements whose steps are known: by their steps, and by the modules' in each."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from math import inf

from nnmigrate.classes import dataclass
from nnmigrate.program import Statement, Trace
from nnmigrate.schedule.values import Order

from .cursors import Uncounted, is_next, shown
from .stepping import Chunk, follows, in_order
from .touching import Touched, accesses_of, may_change_places, touched_by


@dataclass(frozen=True)
class Placed:
    """A statement and the steps that it belongs to, first and last; `inf` is behind all steps."""

    chunk: Chunk
    first: float
    last: float


def arranged(trace: Trace, placed: Sequence[Placed]) -> list[Chunk]:
    """The statements by their steps, those of one step in the order of the modules."""
    ordered = sorted(placed, key=lambda one: one.first)
    stays = all(a.last <= b.first or a.chunk.dropped for a, b in itertools.pairwise(ordered))
    loops = any(one.first != one.last for one in placed)
    moved = [one for one in ordered if one.first < inf] != [o for o in placed if o.first < inf]
    if not stays or (moved and (loops or trace.kind == "trace")):
        raise Uncounted("a step is read behind a later one")
    arranged: list[Chunk] = []
    for first in dict.fromkeys(one.first for one in ordered):
        group = [one.chunk for one in ordered if one.first == first]
        arranged += forward(trace, group)
    _check_exchanges(trace, [one.chunk for one in placed], arranged)
    return arranged


def forward(trace: Trace, chunks: list[Chunk]) -> list[Chunk]:
    """Statements of one step in the order in which its pass runs the modules."""
    done: list[Chunk] = []
    for chunk in chunks:
        at = len(done)
        for number, other in enumerate(done):
            if _comes_before(chunk, other):
                at = number
                break
        if not all(_exchangeable(trace, chunk, other) for other in done[at:]):
            raise Uncounted("the modules are read in another order than they run in")
        done.insert(at, chunk)
    if in_order(trace, [chunk.statement for chunk in done]) is False:
        raise Uncounted("the modules are read in another order than they run in")
    return done


def _comes_before(chunk: Chunk, other: Chunk) -> bool:
    mine, theirs = shown([chunk.statement]), shown([other.statement])
    return bool(mine and theirs) and follows(theirs[-1], mine[0]) is Order.AFTER


def _check_exchanges(trace: Trace, before: Sequence[Chunk], after: Sequence[Chunk]) -> None:
    """Nothing may pass by what it has to do with."""
    place = {id(chunk.statement): number for number, chunk in enumerate(after)}
    numbers = [place[id(chunk.statement)] for chunk in before]
    if numbers == sorted(numbers):
        return
    for number, one in enumerate(before):
        for other in before[number + 1 :]:
            passes = place[id(one.statement)] > place[id(other.statement)]
            if passes and not _exchangeable(trace, one, other):
                raise Uncounted("a step is read behind a later one, and needs what is made there")


def _exchangeable(trace: Trace, one: Chunk, other: Chunk) -> bool:
    if one.dropped or other.dropped:
        return True
    return may_change_places(_touched(trace, one.statement), _touched(trace, other.statement))


def _touched(trace: Trace, statement: Statement) -> Touched:
    plain = replace(statement, steps=tuple(step for step in statement.steps if not is_next(step)))
    return touched_by(plain, accesses_of(trace))
