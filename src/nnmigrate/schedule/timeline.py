"""At which position of the forward pass an invoke stands before each of its operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from sys import maxsize

from nnmigrate.schedule.plans import Place, place
from nnmigrate.schedule.scheduler import START, Outcome
from nnmigrate.schedule.values import Get, Operation, Provider, Swap, Trace, Wait, Write


class Timeline:
    """The positions of all invokes in one order of the modules, with the barriers planned so far.

    Args:
        run: the simulation of the trace in that order: where its own barriers meet.
    """

    def __init__(self, trace: Trace, rank: Mapping[Provider, int], run: Outcome) -> None:
        """Start without planned barriers."""
        events = [
            [_position(operation, rank, run) for operation in invoke.operations]
            for invoke in trace.invokes
        ]
        self._reached = [list(_running(positions)) for positions in events]
        self._spans = spans(trace)
        self._next = [
            _coming([_due(operation, rank) for operation in invoke.operations], reached)
            for invoke, reached in zip(trace.invokes, self._reached, strict=True)
        ]

    def reached(self, invoke: int, index: int) -> int:
        """The last position that the invoke has reached when it executes its operation `index`."""
        return self._reached[invoke][index]

    def coming(self, invoke: int, index: int) -> int:
        """The position of the invoke's first access at or after operation `index`.

        A change in place counts like an access: it has no effect once the model has gone on. What
        is out of order anyway does not count.
        """
        return self._next[invoke][index]

    def start(self, where: Place) -> int:
        """Index of the first operation of a place."""
        return self._spans[where][0]

    def end(self, where: Place) -> int:
        """Index behind the last operation of a place."""
        return self._spans[where][1]

    def meet(self, producer: Place, consumers: tuple[Place, ...]) -> int | None:
        """Where a barrier's callers would go on, or None if one then misses its next access.

        All go on where the last of them arrives; an access at that very position is still served.
        """
        callers = list(self._callers(producer, consumers))
        position = max(self.reached(*caller) for caller in callers)
        missed = any(self.coming(*caller) < position for caller in callers)
        return None if missed else position

    def wait(self, producer: Place, consumers: tuple[Place, ...]) -> None:
        """Take note of a barrier: nobody is earlier than where all meet."""
        position = self.meet(producer, consumers)
        for invoke, index in self._callers(producer, consumers):
            reached = self._reached[invoke]
            while position is not None and index < len(reached) and reached[index] < position:
                reached[index] = position
                index += 1

    def _callers(self, producer: Place, consumers: tuple[Place, ...]) -> Iterator[tuple[int, int]]:
        yield producer.invoke, self.end(producer)
        for where in consumers:
            yield where.invoke, self.start(where)


def spans(trace: Trace) -> dict[Place, tuple[int, int]]:
    """Where the operations of every statement, and of every step inside one, begin and end."""
    spans: dict[Place, tuple[int, int]] = {}
    for number, invoke in enumerate(trace.invokes):
        for index, operation in enumerate(invoke.operations):
            for where in (place(number, operation), place(number, operation, inside=True)):
                spans[where] = (spans.get(where, (index, index))[0], index + 1)
    return spans


def _position(operation: Operation, rank: Mapping[Provider, int], run: Outcome) -> int:
    if isinstance(operation, Wait):
        return run.times.get(operation.site, START)
    return _asked(operation, rank)


def _asked(operation: Operation, rank: Mapping[Provider, int]) -> int:
    return rank[operation.provider] if isinstance(operation, Get | Swap) else START


def _due(operation: Operation, rank: Mapping[Provider, int]) -> int:
    """By which position an operation has to be executed."""
    return rank[operation.provider] if isinstance(operation, Get | Swap | Write) else START


def _running(positions: list[int]) -> Iterator[int]:
    """The greatest position before each operation, and behind the last."""
    reached = START
    for position in positions:
        yield reached
        reached = max(reached, position)
    yield reached


def _coming(positions: list[int], reached: list[int]) -> list[int]:
    """The next position behind each operation that is still to come when it is asked for."""
    following = [maxsize]
    for position, before in zip(reversed(positions), reversed(reached[:-1]), strict=True):
        following.append(position if position >= max(before, 0) else following[-1])
    return following[::-1]
