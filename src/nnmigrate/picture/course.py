"""Which of the ways that a trace may go is drawn, and what the simulator says of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from nnmigrate.classes import dataclass
from nnmigrate.program import Program, Trace
from nnmigrate.program.outside import (
    empty_collections,
    names_by_chance,
    names_of_run_before,
    outer_names,
)
from nnmigrate.program.turns import orders_around
from nnmigrate.program.unroll import NotFollowed, Unrolled, unroll
from nnmigrate.schedule import (
    Difference,
    Effect,
    Fault,
    Outcome,
    TooManyOrders,
    differences,
    expected,
    simulate,
)
from nnmigrate.schedule.values import Provider

Ranking = Mapping[Provider, int]

_BAD = (Effect.RAISES, Effect.SILENT)
_LATE = (Fault.OUT_OF_ORDER_GET, Fault.OUT_OF_ORDER_SWAP, Fault.NOT_PROVIDED)
_UNCERTAIN = "The order of its modules is not known for certain: drawn is one of {} that may be."


@dataclass(frozen=True)
class Course:
    """One way that a trace goes on 0.5.

    Args:
        unrolled: its operations.
        rank: the order of the modules.
        outcome: what 0.5 does, as the simulator has it.
        meant: what the order of the text gives.
        differences: between the two, by site.
        in_every_order: the same, over all orders that the modules may have.
        notes: on the choice of this way among others.
    """

    unrolled: Unrolled
    rank: Ranking
    outcome: Outcome
    meant: Outcome
    differences: Mapping[int, Difference]
    in_every_order: Mapping[int, Difference]
    notes: tuple[str, ...]


def course_of(program: Program, trace: Trace) -> Course | str:
    """The way that a trace goes, the worst one of several; or why it is not followed."""
    # What an earlier turn has bound and not saved is there only by chance; a notebook's cell is
    # drawn as it runs for the first time.
    outer = outer_names(program, trace) - names_by_chance(program, trace)
    outer -= names_of_run_before(program, trace)
    try:
        ways = unroll(trace, outer, empty_collections(program, trace))
        turns = [turn for way in ways for turn in _turns(trace, way)]
    except NotFollowed as error:
        return str(error)
    except TooManyOrders:
        return "too little is known of the order of its modules"
    chosen = [min(turn, key=_choice) for turn in turns]
    worst = min(chosen, key=_gravity)
    notes = list(worst.notes)
    if len(ways) > 1:
        notes.append("The trace branches on a condition: one of the ways that it may go is drawn.")
    if not worst.unrolled.complete:
        notes.append("It is not known how often a loop turns: it is drawn with two turns.")
    elif len(ways) == 1 and any(_gravity(each) > _gravity(worst) for each in chosen):
        notes.append("At other turns of the loop around the trace it goes better than drawn.")
    return replace(worst, notes=tuple(notes))


def _turns(trace: Trace, way: Unrolled) -> Iterator[list[Course]]:
    """For each turn of the loops around a trace, how it goes in each order of the modules."""
    meant = expected(way.trace)
    for possible in orders_around(trace, way.trace):
        # Ways to put modules in order may come to one order of what the trace asks for.
        orders = list({tuple(rank.items()): rank for rank in possible}.values())
        every = differences(way.trace, orders)
        notes = () if len(orders) == 1 else (_UNCERTAIN.format(len(orders)),)
        yield [
            Course(way, rank, simulate(way.trace, rank), meant, _found(way, rank), every, notes)
            for rank in orders
        ]


def _found(way: Unrolled, rank: Ranking) -> Mapping[int, Difference]:
    return differences(way.trace, [rank])


def _choice(course: Course) -> tuple[int, int]:
    """What decides between orders of the modules.

    The order that an invoke itself goes by is believed, as the rules do: an access that is late in
    some orders alone is none in the order to be drawn. Of what is left the worst is drawn.
    """
    late = (failure.site for failure in course.outcome.failures if failure.fault in _LATE)
    doubtful = sum(not course.in_every_order[site].certain for site in late)
    return doubtful, _gravity(course)


def _gravity(course: Course) -> int:
    """What raises comes first, then what is silently wrong."""
    if course.outcome.first is not None:
        return 0
    return 1 if any(each.effect in _BAD for each in course.differences.values()) else 2
