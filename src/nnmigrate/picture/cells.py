"""What an invoke does for one statement while the model stands at one place."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from nnmigrate.classes import dataclass
from nnmigrate.picture.course import Course
from nnmigrate.picture.model import Kind
from nnmigrate.program import Statement, Told
from nnmigrate.schedule import START, Failure
from nnmigrate.schedule.values import Get, Operation, Swap, Wait, Write

Key = tuple[int, float, int]
"""Sorts by what happens first: the position of the model, then the place in the simulator's log."""

BODY = START - 1
"""The position of statements beside the invokes: before all of them."""

_GRADIENTS = frozenset(["backward", "grad"])


@dataclass(frozen=True)
class Cell:
    """Some operations of one statement.

    Args:
        lane: the invoke at run time.
        statement: the innermost statement.
        turns: of the loops around it.
        operations: in the order in which they are executed.
        key: when.
        executed: whether they are; the first one that is not is what the invoke asks for in vain.
        failure: the first thing that goes wrong with them.
    """

    lane: int
    statement: Statement
    turns: tuple[tuple[str, int], ...]
    operations: tuple[Operation, ...]
    key: Key
    executed: bool = True
    failure: Failure | None = None

    @property
    def position(self) -> int:
        """Where the model stands."""
        return self.key[0]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What its operations do, the most telling first."""
        told = (
            (Kind.BARRIER, self._has(Wait)),
            (Kind.WRITE, self._has(Swap, Write)),
            (Kind.READ, self._has(Get)),
            (Kind.GRADIENT, self.gradient),
        )
        return tuple(kind for kind, there in told if there)

    @property
    def gradient(self) -> bool:
        """Whether it computes or reads gradients."""
        steps = (*self.statement.steps, *self.statement.turn)
        entered = self.statement.opens is not None and self.statement.opens.kind == "backward"
        return entered or any(isinstance(s, Told) and s.what in _GRADIENTS for s in steps)

    def _has(self, *kinds: type[Operation]) -> bool:
        return any(isinstance(operation, kinds) for operation in self.operations)


def cells_of(course: Course) -> list[Cell]:
    """What all invokes do, each in its own order."""
    log = {site: place for place, site in enumerate(course.outcome.times)}
    return [
        cell
        for lane, invoke in enumerate(course.unrolled.trace.invokes)
        for cell in _cells(course, log, lane, invoke.operations)
    ]


def _cells(
    course: Course, log: dict[int, int], lane: int, operations: tuple[Operation, ...]
) -> Iterator[Cell]:
    times, origins = course.outcome.times, course.unrolled.origins
    failures = {failure.site: failure for failure in reversed(course.outcome.failures)}

    def together(operation: Operation) -> tuple[object, ...]:
        origin = origins[operation.site]
        waits = operation.site if isinstance(operation, Wait) else None
        return id(origin.innermost), origin.turns, times.get(operation.site), waits

    last: Key = (START, -1.0, lane)
    for _, grouped in groupby(operations, together):
        group = tuple(grouped)
        first = group[0].site
        executed = first in times
        key = (times[first], float(log[first]), lane) if executed else _after(last)
        origin = origins[first]
        failure = next((failures[o.site] for o in group if o.site in failures), None)
        yield Cell(lane, origin.innermost, origin.turns, group, key, executed, failure)
        last = (times[group[-1].site], float(log[group[-1].site]), lane) if executed else key


def _after(key: Key) -> Key:
    """A little later, and before anything else that happens."""
    return key[0], key[1] + 1 / 1024, key[2]


def arrival(cells: list[Cell], cell: Cell) -> Key:
    """When an invoke comes to the barrier that a cell is the call of: behind what it did last."""
    own = [each for each in cells if each.lane == cell.lane]
    before = own[: own.index(cell)]
    if not before:
        return START, -1.0, cell.lane
    last = before[-1]
    return _after((last.key[0], last.key[1] + len(last.operations) - 1, last.key[2]))
