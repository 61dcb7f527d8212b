"""Which barriers of a plan are needed, as far as that is clear without running the trace again.

Most are: a trace of many invokes would otherwise be run once more for each of its barriers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from nnmigrate.schedule.plans import Barrier, Plan
from nnmigrate.schedule.scheduler import Outcome
from nnmigrate.schedule.timeline import spans
from nnmigrate.schedule.values import Trace, Wait


class Needed:
    """The barriers of a plan whose uses would come too early without them.

    A use that comes before its definition in the trace as it is comes before it without the
    barrier as well, unless another barrier of the plan holds up its invoke: what makes the
    definition comes no earlier for any barrier.

    Args:
        trace: the trace as it is.
        runs: what happens in it, in each order of the modules.
        plan: the plan.
        uses: by a use and its definition, the use's invoke, and which of its operations it is.
    """

    def __init__(
        self,
        trace: Trace,
        runs: Sequence[Outcome],
        plan: Plan,
        uses: Mapping[tuple[int, int], tuple[int, int]],
    ) -> None:
        """Look at everything once."""
        operations = [each for invoke in trace.invokes for each in invoke.operations]
        # Those that the trace has already hold up its invokes in their own way.
        waits = any(isinstance(operation, Wait) for operation in operations)
        hopeless = {each.use for each in plan.infeasible}
        self._early = {
            sites: use
            for sites, use in uses.items()
            if not waits
            and sites[0] not in hopeless
            and any(_is_early(*sites, run.times) for run in runs)
        }
        self._calls: dict[int, list[tuple[int, int]]] = {}
        places = spans(trace)
        for barrier in plan.barriers:
            self._call(barrier, barrier.producer.invoke, places[barrier.producer][1])
            for where in barrier.consumers:
                self._call(barrier, where.invoke, places[where][0])

    def is_clear(self, barrier: Barrier) -> bool:
        """Whether it is clear that a barrier is needed; the plan may have lost others meanwhile."""
        pairs = ((use, made) for use in barrier.uses for made in barrier.definitions)
        return any(
            self._is_free(barrier, *self._early[pair]) for pair in pairs if pair in self._early
        )

    def _call(self, barrier: Barrier, invoke: int, index: int) -> None:
        self._calls.setdefault(invoke, []).append((index, barrier.number))

    def _is_free(self, barrier: Barrier, invoke: int, index: int) -> bool:
        """Whether no other barrier is called in an invoke before an operation."""
        called = self._calls.get(invoke, ())
        return all(number == barrier.number or at > index for at, number in called)


def _is_early(use: int, made: int, times: Mapping[int, int]) -> bool:
    """Whether a use is executed when the modules have not come to its definition."""
    return use in times and times[use] < times.get(made, inf)
