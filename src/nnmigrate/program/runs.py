"""What one run of a trace does, as `unroll` gives it."""

from __future__ import annotations

from collections.abc import Mapping

from nnmigrate.classes import dataclass
from nnmigrate.program.model import Statement
from nnmigrate.program.steps import Access, Bind, Collect, Compute, Mutation, Save, Step, Write
from nnmigrate.schedule import values as schedule
from nnmigrate.spans import Span


class NotFollowed(Exception):
    """The trace does something that the schedule does not model; the message says what."""


@dataclass(frozen=True)
class Origin:
    """Where an operation comes from.

    Args:
        step: the step of the program.
        invoke: the number of the invoke among the trace's.
        statement: the statement of the invoke's body that the step belongs to.
        innermost: the innermost statement that it belongs to.
        turns: which turn of which loop, by the loops' keys.
    """

    step: Step
    invoke: int
    statement: Statement
    innermost: Statement
    turns: tuple[tuple[str, int], ...]

    @property
    def reach(self) -> Span | None:
        """The characters from which the step takes values."""
        step = self.step
        if isinstance(step, Bind):
            return step.expression
        if isinstance(step, Mutation):
            return step.value_span
        if isinstance(step, Collect):
            return step.span
        if isinstance(step, Write) or (isinstance(step, Access) and step.swap):
            return self.innermost.span
        return step.span if isinstance(step, (Compute, Save)) else None


@dataclass(frozen=True)
class Unrolled:
    """One run of a trace.

    Args:
        trace: for the schedule.
        origins: where the operations come from, by their sites.
        instances: for each invoke at run time the number of the invoke that it is a turn of.
        turns: for each invoke at run time the turns of the loops around it.
        complete: every loop's number of turns was known.
    """

    trace: schedule.Trace
    origins: Mapping[int, Origin]
    instances: tuple[int, ...]
    turns: tuple[tuple[tuple[str, int], ...], ...]
    complete: bool
