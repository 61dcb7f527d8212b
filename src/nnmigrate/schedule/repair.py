"""Barriers that a trace already has, and that do not do what it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field, replace

from nnmigrate.classes import dataclass
from nnmigrate.schedule.orders import TooManyOrders
from nnmigrate.schedule.placement import Orders, plan
from nnmigrate.schedule.plans import Place, Plan, holds, with_plan
from nnmigrate.schedule.scheduler import Fault, simulate
from nnmigrate.schedule.sequential import every_order, expected
from nnmigrate.schedule.values import Operation, Trace, Wait


@dataclass(frozen=True)
class Repair:
    """What to do with the barriers of a trace.

    Args:
        plan: the barriers that the trace needs once it has none.
        kept: numbers of planned barriers with the name of the existing one that is the same
            already.
        removed: the existing barriers that go; each either does nothing or stands elsewhere in the
            plan.
    """

    plan: Plan = field(default_factory=Plan)
    kept: tuple[tuple[int, str], ...] = ()
    removed: tuple[str, ...] = ()


def repaired(trace: Trace, orders: Orders | None = None) -> Repair:
    """Find out which barriers of a trace have to go or move, and what is to stand instead.

    Returns:
        Nothing to do if the trace works as it stands, or works no better without its barriers and
        with the planned ones; otherwise the plan for the trace without them.
    """
    try:
        cases = every_order(trace, orders)
    except TooManyOrders:
        return Repair()
    bare = without_barriers(trace)
    planned = plan(bare, cases)
    if not _trouble(trace, cases) - _trouble(with_plan(bare, planned), cases):
        return Repair()
    kept = tuple(_same(trace, bare, planned))
    stay = {name for _, name in kept}
    return Repair(planned, kept, tuple(n for n in _called(trace) if n not in stay))


def without_barriers(trace: Trace) -> Trace:
    """The trace without its calls of barriers."""
    invokes = tuple(
        replace(invoke, operations=tuple(o for o in invoke.operations if not isinstance(o, Wait)))
        for invoke in trace.invokes
    )
    return replace(trace, invokes=invokes, barriers=())


def _called(trace: Trace) -> list[str]:
    steps = (each for invoke in trace.invokes for each in invoke.operations)
    return list(dict.fromkeys(each.barrier for each in steps if isinstance(each, Wait)))


def _trouble(trace: Trace, cases: Orders) -> set[tuple[Fault | None, int]]:
    """What goes wrong in a trace: failures by site, and the sites that see something else.

    A plan has calls of barriers of its own sites, and none where somebody waits for ever.
    """
    meant = expected(trace)
    trouble: set[tuple[Fault | None, int]] = set()
    for rank in cases:
        run = simulate(trace, rank)
        trouble |= {(failure.fault, failure.site) for failure in run.failures}
        trouble |= {(None, site) for site, seen in meant.uses.items() if run.uses[site] != seen}
        trouble |= {
            (None, site)
            for site, seen in meant.takes.items()
            if set(run.takes.get(site, ())) != set(seen)
        }
    return trouble


def _same(trace: Trace, bare: Trace, planned: Plan) -> Iterator[tuple[int, str]]:
    """The planned barriers that the trace has already, at the very same gaps between operations."""
    sizes = dict(trace.barriers)
    existing: dict[frozenset[tuple[int, int]], str] = {}
    for name in _called(trace):
        gaps = [gap for i, v in enumerate(trace.invokes) for gap in _gaps(i, v.operations, name)]
        if len(gaps) == len(set(gaps)) == sizes[name]:
            existing[frozenset(gaps)] = name
    for barrier in planned.barriers:
        calls = {_after(bare, barrier.producer)} | {_before(bare, c) for c in barrier.consumers}
        if frozenset(calls) in existing:
            yield barrier.number, existing[frozenset(calls)]


def _gaps(number: int, operations: Sequence[Operation], name: str) -> Iterator[tuple[int, int]]:
    """Before how many-th operation, barriers not counted, an invoke calls a barrier."""
    index = 0
    for operation in operations:
        if not isinstance(operation, Wait):
            index += 1
        elif operation.barrier == name:
            yield number, index


def _after(trace: Trace, where: Place) -> tuple[int, int]:
    return where.invoke, _indexes(trace, where)[-1] + 1


def _before(trace: Trace, where: Place) -> tuple[int, int]:
    return where.invoke, _indexes(trace, where)[0]


def _indexes(trace: Trace, where: Place) -> list[int]:
    operations = trace.invokes[where.invoke].operations
    return [i for i, operation in enumerate(operations) if holds(where, operation)]
