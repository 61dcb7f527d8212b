"""Values that cross from one invoke to another: how they fare on 0.5, and what makes them arrive.

The rules about invokes share this: each trace is unrolled once, run by the schedule's simulators,
and given one plan, since barriers and containers that serve one value must not harm another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace

from nnmigrate.classes import dataclass
from nnmigrate.program import Access, Item, Program, Read, Step, Trace
from nnmigrate.program.as_written import unroll_as_written
from nnmigrate.program.memory import remembered
from nnmigrate.program.outside import (
    empty_collections,
    names_by_chance,
    names_of_run_before,
    outer_names,
)
from nnmigrate.program.turns import orders_around
from nnmigrate.program.unroll import NotFollowed, Origin, Unrolled, unroll
from nnmigrate.schedule import (
    Difference,
    Effect,
    Fault,
    Plan,
    Repair,
    TooManyOrders,
    differences,
    expected,
    instances,
    plan,
    repaired,
    simulate,
    since_3_12,
)
from nnmigrate.schedule import values as schedule
from nnmigrate.schedule.values import Provider, Write
from nnmigrate.spans import Span

BEFORE_3_12 = "on Python 3.10 and 3.11, where a comprehension has a frame of its own"
SINCE_3_12 = "on Python 3.12 and later, where a comprehension has no frame of its own"

Orders = tuple[Mapping[Provider, int], ...]


@dataclass(frozen=True)
class Run:
    """One way that a trace may go.

    Args:
        unrolled: its operations.
        differences: what fares differently on 0.5, by site.
        plan: what makes its crossing values arrive.
        repair: what to do with the barriers that it has.
        turns: the orders that its modules can have, at each turn of the loops around the trace.
        pythons: the Pythons on which an operation fares differently, where not on all, by site.
    """

    unrolled: Unrolled
    differences: Mapping[int, Difference]
    plan: Plan
    repair: Repair
    turns: tuple[Orders, ...]
    pythons: Mapping[int, str] = field(default_factory=dict)

    def origin(self, site: int) -> Origin:
        """Where the operation of a site comes from."""
        return self.unrolled.origins[site]


@dataclass(frozen=True)
class Crossing:
    """A name or item that is used in another invoke than the one that made it, and does not arrive.

    Args:
        step: the use.
        name: what is used.
        difference: the worst that happens to it.
        origin: one of its occurrences.
        definitions: the steps that it means.
        by_chance: it arrives, unless 0.5 has kept an unsaved value of an earlier turn by chance.
        again: it arrives when a notebook's cell runs for the first time, and not later.
        pythons: the Pythons on which it does not arrive; empty for all.
    """

    step: Step
    name: str
    difference: Difference
    origin: Origin
    definitions: tuple[Origin, ...]
    by_chance: bool = False
    again: bool = False
    pythons: str = ""


def runs(program: Program, trace: Trace) -> tuple[Run, ...]:
    """The ways that a trace may go; none where it is not followed."""
    return _runs(program, trace, outer_names(program, trace))


@remembered
def runs_as_written(program: Program, trace: Trace) -> tuple[Run, ...]:
    """The ways that a trace may have gone on 0.4; none where it is not followed.

    They differ from `runs` where something stands beside the invokes that uses what they make. Of
    these runs only the operations and the orders of the modules are known.
    """
    if not trace.explicit or not runs(program, trace):
        return runs(program, trace)
    try:
        outer, empty = outer_names(program, trace), empty_collections(program, trace)
        ways = unroll_as_written(trace, outer, empty)
        return tuple(
            Run(each, {}, Plan(), Repair(), orders_around(trace, each.trace)) for each in ways
        )
    except (NotFollowed, TooManyOrders):
        return runs(program, trace)


def why_not_followed(program: Program, trace: Trace) -> str | None:
    """Why nothing is known of when a trace's invokes do things; None where it is known."""
    followed = _followed(program, trace, outer_names(program, trace))
    return followed if isinstance(followed, str) else None


def _runs(program: Program, trace: Trace, outer: frozenset[str]) -> tuple[Run, ...]:
    followed = _followed(program, trace, outer)
    return () if isinstance(followed, str) else followed


@remembered
def _followed(program: Program, trace: Trace, outer: frozenset[str]) -> tuple[Run, ...] | str:
    """The ways that a trace may go, or why they are not followed."""
    if trace.kind == "session":
        return ()
    try:
        unrolled = unroll(trace, outer, empty_collections(program, trace))
        return tuple(_run(trace, each) for each in unrolled)
    except NotFollowed as error:
        return str(error)
    except TooManyOrders:
        return "too little is known of the order of its modules"


def _run(source: Trace, unrolled: Unrolled) -> Run:
    trace = unrolled.trace
    turns = orders_around(source, unrolled.trace)
    orders = tuple(order for turn in turns for order in turn)
    found, pythons = _on_each_python(trace, turns)
    if trace.barriers:
        repair = repaired(trace, orders)
        return Run(unrolled, found, repair.plan, repair, turns, pythons)
    return Run(unrolled, found, plan(trace, orders), Repair(), turns, pythons)


def _on_each_python(
    trace: schedule.Trace, turns: tuple[Orders, ...]
) -> tuple[Mapping[int, Difference], Mapping[int, str]]:
    """What fares differently on 0.5 on some Python, and on which where not on all."""
    older = _merged([differences(trace, turn) for turn in turns])
    inlined = since_3_12(trace)
    if inlined is None:
        return older, {}
    newer = _merged([differences(inlined, turn) for turn in turns])
    worst = _merged([older, newer])
    pythons = {
        site: BEFORE_3_12 if older.get(site) is each else SINCE_3_12
        for site, each in worst.items()
        if _effect(older, site) is not _effect(newer, site)
    }
    return worst, pythons


def _effect(found: Mapping[int, Difference], site: int) -> Effect | None:
    return found[site].effect if site in found else None


def _merged(turns: Sequence[Mapping[int, Difference]]) -> Mapping[int, Difference]:
    """What fares worst at any turn; what is certain at one turn happens."""
    worst: dict[int, Difference] = {}
    for turn in turns:
        for site, here in turn.items():
            known = worst.get(site, here)
            worst[site] = max(known, here, key=lambda each: (each.certain, each.effect))
    return worst


def trouble(program: Program, trace: Trace) -> int | None:
    """How many operations of a trace fare differently on 0.5; None where it is not followed."""
    every = runs(program, trace)
    bad = (Effect.RAISES, Effect.SILENT)
    if not every:
        return None
    return sum(d.effect in bad for run in every for d in run.differences.values())


def held_up(program: Program, trace: Trace) -> int:
    """How many operations of a trace are missed, as a barrier at the wrong place makes them."""
    missed = (Fault.NOT_PROVIDED, Fault.PARKED_BARRIER, Fault.LATE_WRITE)
    faults = (d.fault for run in runs(program, trace) for d in run.differences.values())
    return sum(fault in missed for fault in faults)


_MISSED = (Fault.OUT_OF_ORDER_GET, Fault.OUT_OF_ORDER_SWAP, Fault.NOT_PROVIDED)


def late_accesses(program: Program, trace: Trace) -> list[tuple[Access, Fault]]:
    """The accesses that come too late in every order that the modules may have, each once.

    Not those that a barrier holds up, which goes or moves; nor those of which a helper may do
    without, or without what they come too late for.
    """
    found: dict[int, tuple[Access, Fault]] = {}
    for run in runs(program, trace):
        unsure = _unsure(run)
        for site, difference in run.differences.items() if not run.repair.removed else ():
            if difference.certain and difference.fault in _MISSED and site in run.unrolled.origins:
                step = run.origin(site).step
                if isinstance(step, Access) and site not in unsure:
                    found.setdefault(step.site, (step, difference.fault))
    return list(found.values())


def _unsure(run: Run) -> frozenset[int]:
    """The operations from the first access on that a helper does under a condition of its own."""
    found: set[int] = set()
    for invoke in run.unrolled.trace.invokes:
        unsure = False
        for operation in invoke.operations:
            step = run.origin(operation.site).step
            unsure = unsure or (isinstance(step, Access) and step.maybe)
            if unsure:
                found.add(operation.site)
    return frozenset(found)


def given_back_otherwise(program: Program, trace: Trace) -> frozenset[str]:
    """The names that stand for another value at the end of a trace than at the end of its text.

    An invoke shares again what it has taken from another one, though that has bound it anew.
    """
    found: set[str] = set()
    for run in runs(program, trace):
        names = expected(run.unrolled.trace).shared
        made = {name: site for name, site in names.items() if isinstance(site, int)}
        for rank in (order for orders in run.turns for order in orders):
            outcome = simulate(run.unrolled.trace, rank)
            if outcome.first is None:  # a trace that fails gives nothing back
                came = outcome.shared
                found |= {name for name, site in made.items() if came.get(name) != site}
    return frozenset(found)


def late_writes(program: Program, trace: Trace) -> int:
    """How many changes in place come when the model has gone on, though the value came in time."""
    return sum(_late_writes(run) for run in runs(program, trace))


def _late_writes(run: Run) -> int:
    every = [op for invoke in run.unrolled.trace.invokes for op in invoke.operations]
    writes = [op for op in every if isinstance(op, Write)]
    late: set[int] = set()
    for rank in (order for orders in run.turns for order in orders) if writes else ():
        times = simulate(run.unrolled.trace, rank).times
        for write in writes:
            due = rank[write.provider]
            if times.get(write.got) == due < times.get(write.site, due):
                late.add(write.site)
    return len(late)


def crossings(program: Program, trace: Trace) -> list[Crossing]:
    """The uses of a trace that do not see what they mean, each once, in the order of the text."""
    outer = outer_names(program, trace)
    found = _worst(runs(program, trace))
    lucky = names_by_chance(program, trace) if found else frozenset()
    if lucky:
        outer -= lucky
        certain = _worst(_runs(program, trace, outer))
        found = {s: replace(c, by_chance=True) for s, c in found.items()} | certain
    before = names_of_run_before(program, trace) if found else frozenset()
    if before:
        at_first = _worst(_runs(program, trace, outer - before))
        found = {s: replace(c, again=True) for s, c in found.items()} | at_first
    return _once_a_statement(sorted(found.values(), key=_order))


def on_pythons(consequence: str, crossing: Crossing) -> str:
    """What happens to a use, and on which Pythons where not on all."""
    return f"{consequence}, {crossing.pythons}" if crossing.pythons else consequence


def _order(crossing: Crossing) -> tuple[bool, bool, Span]:
    return crossing.by_chance, crossing.again, crossing.step.span


def _worst(every: Sequence[Run]) -> dict[int, Crossing]:
    worst: dict[int, Crossing] = {}
    for run in every:
        for crossing in _crossings(run):
            known = worst.get(crossing.step.site)
            if known is None or known.difference.effect < crossing.difference.effect:
                worst[crossing.step.site] = crossing
    return worst


def _crossings(run: Run) -> Iterator[Crossing]:
    instance = instances(run.unrolled.trace)
    for site, difference in run.differences.items():
        origin = run.unrolled.origins.get(site)
        if origin is None or not isinstance(origin.step, (Read, Item)):
            continue
        meant = [run.unrolled.origins.get(s) for s in difference.expected if isinstance(s, int)]
        definitions = tuple(each for each in meant if each is not None)
        here = instance[site]
        # An item that the invoke has made itself may have been set anew by another one meanwhile.
        sights = (*difference.expected, *difference.seen)
        if any(instance.get(s, here) != here for s in sights if isinstance(s, int)):
            name = origin.step.name if isinstance(origin.step, Read) else origin.step.path
            pythons = run.pythons.get(site, "")
            yield Crossing(origin.step, name, difference, origin, definitions, pythons=pythons)


def _once_a_statement(found: Sequence[Crossing]) -> list[Crossing]:
    """The first use of each name in each statement speaks for the others, and for its items."""
    seen: set[tuple[int, str]] = set()
    kept = []
    for crossing in found:
        name = crossing.name.split(".")[0]
        place = (crossing.origin.innermost.span.start, name)
        if place not in seen:
            seen.add(place)
            kept.append(crossing)
    return sorted(kept, key=lambda each: each.step.span)
