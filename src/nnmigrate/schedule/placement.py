"""Where barriers have to stand for every use to see the definition that the text means.

A barrier is needed where a use runs before the definition is shared, and does no harm where all
that call it meet at the position of the definition: the users arrive no later, and nobody's next
access is earlier. What is planned is carried out on the values and simulated, in every order that
the modules can have; nothing is returned that does not stand this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from nnmigrate.classes import dataclass
from nnmigrate.schedule.needed import Needed
from nnmigrate.schedule.orders import TooManyOrders
from nnmigrate.schedule.plans import (
    Barrier,
    Infeasible,
    NeedsContainer,
    Place,
    Plan,
    Reason,
    Unsafe,
    place,
    put_sites,
    with_plan,
)
from nnmigrate.schedule.scheduler import Failure, Outcome, Seen, simulate
from nnmigrate.schedule.sequential import every_order, expected
from nnmigrate.schedule.timeline import Timeline
from nnmigrate.schedule.values import Define, Operation, Provider, Trace, Use

Orders = Sequence[Mapping[Provider, int]]


def plan(trace: Trace, orders: Orders | None = None) -> Plan:
    """Find the barriers and containers that a trace needs on 0.5 to mean what its text says.

    Args:
        trace: the trace as it is written; barriers that it has are left where they are.
        orders: the orders of the modules to allow for; all possible ones if not given.

    Returns:
        A plan under which every use that it does not list as infeasible sees what the text means
        and nothing fails that did not fail before. It is empty for a trace that already works.
    """
    crossings = _crossings(trace)
    if not crossings:
        return Plan()
    try:
        case = _Case(trace, every_order(trace, orders), crossings)
    except TooManyOrders:
        return Plan(infeasible=tuple(each.infeasible(Reason.ORDER_UNKNOWN) for each in crossings))
    return case.plan()


@dataclass(frozen=True)
class _Spot:
    """An operation and where it is."""

    invoke: int
    index: int
    operation: Operation

    def place(self, inside: bool = False) -> Place:
        return place(self.invoke, self.operation, inside)

    def places(self, opened: frozenset[Place]) -> tuple[Place, ...]:
        """Where a call beside the operation can stand: at its statement, or inside that if a loop.

        All calls that one loop needs go inside it as soon as one does.
        """
        outer, inner = self.place(), self.place(inside=True)
        if outer == inner:
            return (outer,)
        return (inner,) if outer in opened else (outer, inner)


@dataclass(frozen=True)
class _Crossing:
    """A use of what another invoke, further up in the text, defines."""

    use: _Spot
    definition: _Spot

    @property
    def sites(self) -> tuple[int, int]:
        return self.use.operation.site, self.definition.operation.site

    def infeasible(self, reason: Reason, sink: Place | None = None) -> Infeasible:
        return Infeasible(*self.sites, reason, sink)


def _crossings(trace: Trace) -> list[_Crossing]:
    """All crossings, by the text; of one statement those of the last definition first.

    A barrier for the last one is one for the earlier ones too.
    """
    spots = {
        operation.site: _Spot(number, index, operation)
        for number, invoke in enumerate(trace.invokes)
        for index, operation in enumerate(invoke.operations)
    }
    written = expected(trace)
    seen = {**{use: (sight,) for use, sight in written.uses.items()}, **written.takes}
    pairs = (
        _Crossing(spots[use], spots[sight])
        for use, sights in seen.items()
        for sight in sights
        if isinstance(sight, int) and sight in spots
    )
    return [each for each in pairs if each.use.invoke != each.definition.invoke]


class _Case:
    """One trace, the orders that its modules can have, and what happens in each."""

    def __init__(self, trace: Trace, orders: Orders, crossings: list[_Crossing]) -> None:
        self.trace = trace
        self.orders = orders
        self.crossings = crossings
        self.runs = [simulate(trace, rank) for rank in orders]
        self.meant = expected(trace)

    def plan(self) -> Plan:
        """The plan with the fewest barriers that stands the simulation."""
        given_up: frozenset[int] = frozenset()
        while True:
            for merged in (True, False):
                drafted = self._drafted(given_up, merged)
                candidate = self._with_containers(drafted)
                wrong = self.wrong(candidate)
                if not wrong:
                    return self._least(candidate)
            given_up |= wrong

    def _drafted(self, given_up: frozenset[int], merged: bool) -> Plan:
        closed = _Draft(self, given_up, merged, frozenset()).plan()
        opened = frozenset(_opened(closed))
        return _Draft(self, given_up, merged, opened).plan() if opened else closed

    def _with_containers(self, drafted: Plan) -> Plan:
        """Add a container for every use that is in time and yet sees something else."""
        hopeless = {each.use for each in drafted.infeasible}
        wrong = self.wrong(drafted) - hopeless
        needs = [
            NeedsContainer(*each.sites, each.use.operation.name, self._unsafe(each))
            for each in self.crossings
            if each.sites[0] in wrong and isinstance(each.use.operation, Use)
        ]
        return replace(drafted, containers=tuple(needs))

    def _unsafe(self, crossing: _Crossing) -> Unsafe:
        definition, use = crossing.definition, crossing.use
        assert isinstance(definition.operation, Define)
        if definition.operation.nothing:
            return Unsafe.NOTHING
        name = definition.operation.name
        captured = dict(self.trace.invokes[use.invoke].captured)
        if name in self.trace.outer or name in captured:
            return Unsafe.OUTER
        binders = self._binders(name)
        if len(set(binders)) > 1:
            return Unsafe.SEVERAL_PRODUCERS
        return Unsafe.REBOUND if len(binders) > 1 else Unsafe.FOREIGN

    def _binders(self, name: str) -> list[int]:
        return [
            number
            for number, invoke in enumerate(self.trace.invokes)
            for operation in invoke.operations
            if isinstance(operation, Define) and operation.name == name
        ]

    def wrong(self, candidate: Plan) -> frozenset[int]:
        """The uses that do not fare as they should under a plan, in some order."""
        changed = with_plan(self.trace, candidate)
        puts = put_sites(self.trace, candidate)
        hopeless = {each.use for each in candidate.infeasible}
        sites: set[int] = set()
        for rank, before in zip(self.orders, self.runs, strict=True):
            after = simulate(changed, rank)
            sites |= self._unseen(before, after, puts)
            known = {(failure.fault, failure.site) for failure in before.failures}
            for failure in after.failures:
                if failure.site not in hopeless and (failure.fault, failure.site) not in known:
                    sites |= _blamed(candidate, failure)
        return frozenset(sites - hopeless)

    def _unseen(self, before: Outcome, after: Outcome, puts: Mapping[int, int]) -> set[int]:
        """The crossing uses that do not see what the text means, unless they were out of reach."""
        sites = {each.sites[0] for each in self.crossings}
        return {
            site
            for site in sites
            if not _reaches(self.meant, after, site, puts)
            and (_reached(after, site) or _reached(before, site))
        }

    def _least(self, candidate: Plan) -> Plan:
        """Leave out what another barrier of the plan makes superfluous."""
        spots = {each.sites: (each.use.invoke, each.use.index) for each in self.crossings}
        needed = Needed(self.trace, self.runs, candidate, spots)
        for barrier in reversed(candidate.barriers):
            if needed.is_clear(barrier):
                continue
            rest = tuple(each for each in candidate.barriers if each != barrier)
            smaller = replace(candidate, barriers=rest)
            if not self.wrong(smaller):
                candidate = smaller
        return candidate


def _opened(drafted: Plan) -> Iterator[Place]:
    """The loops that have a call inside."""
    for barrier in drafted.barriers:
        for where in (barrier.producer, *barrier.consumers):
            if where.step is not None:
                yield replace(where, step=None)


def _reached(outcome: Outcome, site: int) -> bool:
    return site in outcome.times


def _reaches(meant: Outcome, after: Outcome, site: int, puts: Mapping[int, int]) -> bool:
    """Whether a use or take sees what is meant, by name or through a container."""
    if site not in meant.uses:
        return set(after.takes.get(site, ())) == set(meant.takes[site])
    definition = meant.uses[site]
    if site in after.takes:
        return isinstance(definition, int) and after.takes[site] == (puts[definition],)
    return after.uses.get(site, Seen.UNREACHED) == definition


def _blamed(candidate: Plan, failure: Failure) -> set[int]:
    """The uses whose barriers may have made an invoke miss something."""
    own = [each for each in candidate.barriers if failure.invoke in _invokes(each)]
    return {use for barrier in own or candidate.barriers for use in barrier.uses}


def _invokes(barrier: Barrier) -> set[int]:
    return {barrier.producer.invoke, *(where.invoke for where in barrier.consumers)}


class _Draft:
    """Barriers by position alone: every use is looked at once, after the barriers before it."""

    def __init__(
        self, case: _Case, given_up: frozenset[int], merged: bool, opened: frozenset[Place]
    ) -> None:
        self.case = case
        self.opened = opened
        self.given_up = given_up
        self.merged = merged
        self.lines = [
            Timeline(case.trace, rank, run)
            for rank, run in zip(case.orders, case.runs, strict=True)
        ]
        self.barriers: list[Barrier] = []
        self.infeasible: list[Infeasible] = []

    def plan(self) -> Plan:
        for crossing in sorted(self.case.crossings, key=self._turn):
            if crossing.sites[0] in self.given_up:
                self.infeasible.append(crossing.infeasible(Reason.CONFLICT))
            elif not self._in_time(crossing) and not self._synchronize(crossing):
                self.infeasible.append(self._explained(crossing))
        return Plan(tuple(self.barriers), (), tuple(self.infeasible))

    def _turn(self, crossing: _Crossing) -> tuple[int, int, int]:
        """Uses by the text, and of one place the one that has to wait longest first."""
        use, definition = crossing.use, crossing.definition
        start = self.lines[0].start(use.place(inside=True))
        return use.invoke, start, -self.lines[0].reached(definition.invoke, definition.index)

    def _in_time(self, crossing: _Crossing) -> bool:
        """Whether the use comes after the definition, in every order.

        At one position the invokes go on in the order of the text, so the definition's is first.
        """
        use, made = crossing.use, crossing.definition
        return all(
            line.reached(use.invoke, use.index) >= line.reached(made.invoke, made.index)
            for line in self.lines
        )

    def _synchronize(self, crossing: _Crossing) -> bool:
        """Add a barrier, or a caller to one, if there is a place where nobody misses anything."""
        for producer in crossing.definition.places(self.opened):
            for consumer in crossing.use.places(self.opened):
                if self.merged and self._joined(crossing, producer, consumer):
                    return True
                if self._works(producer, (consumer,)):
                    self._add(crossing, producer, consumer)
                    return True
        return False

    def _works(self, producer: Place, consumers: tuple[Place, ...]) -> bool:
        return all(line.meet(producer, consumers) is not None for line in self.lines)

    def _add(self, crossing: _Crossing, producer: Place, consumer: Place) -> None:
        use, definition = crossing.sites
        number = len(self.barriers)
        self.barriers.append(Barrier(number, producer, (consumer,), (use,), (definition,)))
        self._note(producer, (consumer,))

    def _note(self, producer: Place, consumers: tuple[Place, ...]) -> None:
        for line in self.lines:
            line.wait(producer, consumers)

    def _joined(self, crossing: _Crossing, producer: Place, consumer: Place) -> bool:
        """Let the use call the barrier that already stands behind the definition."""
        for index, barrier in enumerate(self.barriers):
            if barrier.producer != producer or consumer.invoke in _invokes(barrier):
                continue
            consumers = (*barrier.consumers, consumer)
            if self._no_later(barrier, consumer):
                self.barriers[index] = _grown(barrier, consumers, crossing.sites)
                self._note(producer, consumers)
                return True
        return False

    def _no_later(self, barrier: Barrier, consumer: Place) -> bool:
        """Whether a further caller holds up nobody: it arrives where the others meet, or before."""
        return all(
            line.meet(barrier.producer, barrier.consumers)
            == line.meet(barrier.producer, (*barrier.consumers, consumer))
            for line in self.lines
        )

    def _explained(self, crossing: _Crossing) -> Infeasible:
        sink = next(self._sinks(crossing), None)
        return crossing.infeasible(self._reason(crossing), sink)

    def _reason(self, crossing: _Crossing) -> Reason:
        use, made = crossing.use, crossing.definition
        place_, source = use.places(self.opened)[-1], made.places(self.opened)[-1]
        works = [line.meet(source, (place_,)) is not None for line in self.lines]
        if any(works):
            return Reason.ORDER_UNKNOWN
        for line in self.lines:
            position = line.reached(made.invoke, made.index)
            if line.coming(use.invoke, use.index) < position:
                return Reason.BACKWARD
            if line.coming(use.invoke, line.start(place_)) < position:
                return Reason.SAME_STATEMENT
        return Reason.PRODUCER_GOES_ON

    def _sinks(self, crossing: _Crossing) -> Iterator[Place]:
        """The later statements of the using invoke before which a call, or nothing, is enough."""
        use, made = crossing.use, crossing.definition
        for operation in self.case.trace.invokes[use.invoke].operations[use.index :]:
            where = place(use.invoke, operation)
            if operation.statement != use.operation.statement and self._works(
                made.place(), (where,)
            ):
                yield where


def _grown(barrier: Barrier, consumers: tuple[Place, ...], sites: tuple[int, int]) -> Barrier:
    use, definition = sites
    definitions = tuple(dict.fromkeys((*barrier.definitions, definition)))
    return replace(barrier, consumers=consumers, uses=(*barrier.uses, use), definitions=definitions)
