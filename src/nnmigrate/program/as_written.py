"""A trace as 0.4 ran it: what stands beside the invokes happens where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from nnmigrate.program.conditions import Choice, choices
from nnmigrate.program.model import Statement, Trace
from nnmigrate.program.runs import Unrolled
from nnmigrate.program.steps import Bind, Step
from nnmigrate.program.turns import Turns
from nnmigrate.program.unroll import Place, Sink, Unroller


def unroll_as_written(
    trace: Trace, outer: Iterable[str], empty: Iterable[str] = ()
) -> tuple[Unrolled, ...]:
    """The runs that a trace may have had on 0.4.

    Args:
        trace: a trace with invokes.
        outer: as for `unroll`.
        empty: as for `unroll`.

    Raises:
        NotFollowed: as for `unroll`.
    """
    bound = frozenset(outer)
    return tuple(_AsWritten(trace, choice, empty).run(bound) for choice in choices(trace))


class _AsWritten(Unroller):
    """Counts what stands behind an invoke as its last statements: it has no module of its own."""

    def __init__(self, trace: Trace, choice: Choice, empty: Iterable[str]) -> None:
        super().__init__(trace, choice, empty)
        steps = trace.statement.all_steps
        self.bound = frozenset(s.name for s in steps if isinstance(s, Bind) and not s.foreign)

    def _level_steps(self, steps: Iterable[Step], statement: Statement, turns: Turns) -> None:
        if not self.invokes:
            super()._level_steps(steps, statement, turns)
            return
        sink, last = Sink(self.instances[-1]), self.invokes[-1]
        place = Place(len(last.operations), statement, statement)
        self._steps(sink, place, steps, turns)
        operations = (*last.operations, *sink.operations)
        self.invokes[-1] = replace(last, operations=operations)
