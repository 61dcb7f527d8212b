"""nnsight 0.5's scheduler, as a pure function.

Written from `Interleaver` and `Mediator` (nnsight 0.5.15, intervention/interleaver.py) and
`Barrier` (intervention/tracing/tracer.py): every invoke is a thread that runs to its next access or
barrier and stops there; the model's modules answer in the order in which they run, the invokes of
one module in the order in which they are written. Names travel through one frame that all invokes
share: a thread pushes its names whenever it stops, and takes those that it has not yet whenever it
goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from itertools import chain

from nnmigrate.classes import dataclass
from nnmigrate.schedule.values import (
    Define,
    Get,
    Invoke,
    Operation,
    Provider,
    Put,
    Swap,
    Take,
    Trace,
    Use,
    Wait,
    Write,
)

START = -1
"""The position before any module has run; other positions are ranks of providers."""


class Seen(Enum):
    """What a use of a name saw when it was not a definition of the trace."""

    OUTER = "outer"
    UNDEFINED = "undefined"
    UNREACHED = "unreached"


Sight = int | Seen


class Fault(Enum):
    """Why an operation fails on 0.5."""

    UNDEFINED_NAME = "undefined name"
    MISSING_ITEM = "missing item"
    NOT_PROVIDED = "not provided"
    ITERATION_MISSED = "iteration missed"
    OUT_OF_ORDER_GET = "out of order get"
    OUT_OF_ORDER_SWAP = "out of order swap"
    PARKED_BARRIER = "parked barrier"
    LATE_WRITE = "late write"


@dataclass(frozen=True)
class Failure:
    """One thing that goes wrong.

    Args:
        invoke: number of the invoke in the trace.
        subject: the provider, barrier, name or container.
    """

    fault: Fault
    invoke: int
    site: int
    subject: Provider | str

    @property
    def raises(self) -> bool:
        """Whether it ends the trace.

        Generation that ends early only warns, and the rest of the invoke is skipped. A change in
        place that a barrier holds up until the model has gone on is without effect, silently.
        """
        return self.fault not in (Fault.ITERATION_MISSED, Fault.LATE_WRITE)


@dataclass(frozen=True)
class Meeting:
    """All whom a barrier waits for have come, and go on.

    Args:
        position: the rank of the provider whose turn it is, or `START`.
        calls: the sites of the `Wait`s, the last to arrive at the end.
    """

    barrier: str
    position: int
    calls: tuple[int, ...]


@dataclass(frozen=True)
class Outcome:
    """What happens when a trace runs.

    Args:
        uses: for every `Use` site, the site of the definition that it saw, or why it saw none.
        takes: for every `Take` site that was reached, the sites of the items that it found.
        times: for every operation that was reached, the rank of the provider whose turn it was, or
            `START`; in the order in which the operations were executed, all invokes together.
        failures: in the order in which they come up; the simulation goes on as if each had not
            happened.
        shared: what the names stand for that the trace gives back, if they are saved.
        meetings: the barriers that everybody came to, in the order in which that happened.
    """

    uses: Mapping[int, Sight]
    takes: Mapping[int, tuple[int, ...]]
    failures: tuple[Failure, ...] = ()
    times: Mapping[int, int] = field(default_factory=dict)
    shared: Mapping[str, Sight] = field(default_factory=dict)
    meetings: tuple[Meeting, ...] = ()

    @property
    def first(self) -> Failure | None:
        """The failure that ends the trace: what the user sees."""
        return next((failure for failure in self.failures if failure.raises), None)


def simulate(trace: Trace, rank: Mapping[Provider, int]) -> Outcome:
    """Run a trace on 0.5.

    Names that are neither bound in the trace nor in `trace.outer` are undefined: builtins belong in
    `outer` if the trace mentions them at all.

    Args:
        trace: the trace as it would be written for 0.5.
        rank: the order of all providers of the trace (`orders.rankings`).

    Raises:
        KeyError: if `rank` or `trace.barriers` lacks what the trace names.
    """
    return _Run(trace, rank).outcome()


def captured_sites(trace: Trace) -> dict[str, int]:
    """The bindings that the trace's body ends up with, as far as its invokes have captured them."""
    return {name: site for invoke in trace.invokes for name, site in invoke.captured}


class _Thread:
    """One invoke: where it stands, its names, and the modules that went by while it waited."""

    def __init__(self, number: int, invoke: Invoke, outer: frozenset[str]) -> None:
        self.number = number
        self.operations = invoke.operations
        self.next = 0
        # The last position that its own accesses have taken it to, barriers left aside.
        self.reached = START
        self.missed: set[int] = set()
        self.parked = False
        self.original: dict[str, Sight] = dict.fromkeys(outer, Seen.OUTER)
        self.original.update(invoke.captured)
        self.own = {op.name for op in invoke.operations if isinstance(op, Define)}
        self.refreshed: dict[str, Sight] = {}
        # The trace's frame holds these names from the start, so the first pull binds them.
        self.names = dict(self.original)
        # Those that a push shares.
        self.shared: dict[str, Sight] = {}

    @property
    def pending(self) -> Operation | None:
        """The access or barrier that the thread has stopped at."""
        return self.operations[self.next] if self.next < len(self.operations) else None

    def sight(self, name: str) -> Sight:
        """What the invoke sees of a name; a newer global hides one that it has pulled."""
        if name in self.refreshed:
            return self.refreshed[name]
        return self.names.get(name, Seen.UNDEFINED)

    def bind(self, define: Define) -> None:
        """Bind a name; None is shared only where it differs from what the name was outside."""
        self.names[define.name] = define.site
        if not define.nothing or define.name in self.original:
            self.shared[define.name] = define.site
        else:
            self.shared.pop(define.name, None)


class _Run:
    """The state of a simulation."""

    def __init__(self, trace: Trace, rank: Mapping[Provider, int]) -> None:
        self.rank = rank
        outer = trace.outer & _mentioned(trace)
        self.threads = [_Thread(i, v, outer) for i, v in enumerate(trace.invokes)]
        self.frame: dict[str, Sight] = {**captured_sites(trace)}
        self.sizes = dict(trace.barriers)
        self.arrived: dict[str, dict[int, int]] = {}
        self.meetings: list[Meeting] = []
        self.items: dict[str, list[Put]] = {}
        self.puts = _puts(trace)
        self.uses: dict[int, Sight] = {}
        self.takes: dict[int, tuple[int, ...]] = {}
        self.times: dict[int, int] = {}
        self.failures: list[Failure] = []

    def outcome(self) -> Outcome:
        """Start every thread, let the model run, and see which threads still wait."""
        for thread in self.threads:
            self._pull(thread)
            self._advance(thread, START)
            self._handle(thread, START)
        for position in self._positions():
            for thread in self.threads:
                if thread.pending is not None and not thread.parked:
                    self._handle(thread, position)
        for thread in self.threads:
            self._finish(thread)
        failures, meetings = tuple(self.failures), tuple(self.meetings)
        return Outcome(self.uses, self.takes, failures, self.times, self.frame, meetings)

    def _positions(self) -> list[int]:
        return sorted({self._wanted(op) for t in self.threads for op in t.operations} - {START})

    def _wanted(self, operation: Operation) -> int:
        """The rank of the provider that an access is for; `START` for other operations."""
        if isinstance(operation, Get | Swap):
            return self.rank[operation.provider]
        return START

    def _handle(self, thread: _Thread, position: int) -> None:
        """Serve a thread at a position, and all whom it frees from a barrier, in text order."""
        waiting = [thread]
        while waiting:
            current = waiting.pop()
            if current.parked:
                self._resume(current, position)
            self._serve(current, position)
            if isinstance(current.pending, Wait) and not current.parked:
                waiting.extend(reversed(self._arrive(current, current.pending, position)))

    def _serve(self, thread: _Thread, position: int) -> None:
        """Answer a thread's accesses until it has to wait for something else."""
        while isinstance(access := thread.pending, Get | Swap):
            wanted = self._wanted(access)
            if wanted in thread.missed:
                fault = (
                    Fault.OUT_OF_ORDER_GET if isinstance(access, Get) else Fault.OUT_OF_ORDER_SWAP
                )
                self._fail(thread, access, fault, access.provider)
            elif wanted != position:
                thread.missed.add(position)
                return
            self._resume(thread, position)

    def _arrive(self, thread: _Thread, wait: Wait, position: int) -> list[_Thread]:
        """Count a thread that calls a barrier; return those that it sets free."""
        thread.parked = True
        arrived = self.arrived.setdefault(wait.barrier, {})
        arrived[thread.number] = wait.site
        if len(arrived) != self.sizes[wait.barrier]:
            return []
        self.arrived[wait.barrier] = {}
        self.meetings.append(Meeting(wait.barrier, position, tuple(arrived.values())))
        return [self.threads[number] for number in sorted(arrived)]

    def _resume(self, thread: _Thread, position: int) -> None:
        """Go on behind the event that the thread had stopped at."""
        event = thread.operations[thread.next]
        if isinstance(event, Get | Swap):
            thread.reached = max(thread.reached, self._wanted(event))
        self.times[event.site] = position
        if not isinstance(event, Get | Swap) or event.foreign is None:
            self._pull(thread)
        elif isinstance(event, Get) and event.comprehension:
            self._refresh(thread, {name for name, _ in event.foreign})
        thread.parked = False
        thread.next += 1
        self._advance(thread, position)

    def _advance(self, thread: _Thread, position: int) -> None:
        """Run a thread to its next event, or its end, and share its names."""
        while thread.pending is not None and not isinstance(thread.pending, Get | Swap | Wait):
            self.times[thread.pending.site] = position
            self._execute(thread, thread.pending)
            thread.next += 1
        self._push(thread, thread.pending)

    def _execute(self, thread: _Thread, operation: Operation) -> None:
        if isinstance(operation, Define):
            thread.bind(operation)
        elif isinstance(operation, Use):
            self._look_up(thread, operation)
        elif isinstance(operation, Put):
            self.items.setdefault(operation.container, []).append(operation)
        elif isinstance(operation, Take):
            self._take(thread, operation)
        elif isinstance(operation, Write):
            self._write(thread, operation)

    def _write(self, thread: _Thread, write: Write) -> None:
        """Change a value in place; it is late if the thread would have come in time by itself."""
        in_time = max(self.rank[write.provider], thread.reached)
        if self.times[write.site] > in_time:
            self._fail(thread, write, Fault.LATE_WRITE, write.provider)

    def _look_up(self, thread: _Thread, use: Use) -> None:
        sight = thread.sight(use.name)
        self.uses[use.site] = sight
        if sight is Seen.UNDEFINED:
            self._fail(thread, use, Fault.UNDEFINED_NAME, use.name)

    def _take(self, thread: _Thread, take: Take) -> None:
        there = found(take, self.items.get(take.container, []))
        self.takes[take.site] = there
        wanted = found(take, self.puts[take.site])
        if (wanted and not there) or (take.key is None and set(wanted) - set(there)):
            self._fail(thread, take, Fault.MISSING_ITEM, take.container)

    def _push(self, thread: _Thread, event: Operation | None) -> None:
        """Share names: those of the frame that makes the access, which may be a helper's."""
        if isinstance(event, Get | Swap) and event.foreign is not None:
            self.frame.update(event.foreign)
            return
        self.frame.update(thread.shared)

    def _pull(self, thread: _Thread) -> None:
        """Take the shared names that the thread has not; they stay as they are from then on."""
        if self.frame.keys() <= thread.names.keys():
            return
        new = {name: sight for name, sight in self.frame.items() if name not in thread.names}
        thread.names.update(new)
        thread.shared.update(new)
        for name in new if thread.refreshed else ():
            thread.refreshed.pop(name, None)

    def _refresh(self, thread: _Thread, locals_: set[str]) -> None:
        """A comprehension puts what it takes among the invoke's globals, over what is there."""
        for name, sight in self.frame.items():
            if name not in locals_ and name not in thread.original and name not in thread.own:
                thread.refreshed[name] = sight

    def _finish(self, thread: _Thread) -> None:
        """The model has run: what a thread still waits for does not come."""
        event = thread.pending
        if isinstance(event, Get | Swap):
            missed = event.provider.iteration != 0
            fault = Fault.ITERATION_MISSED if missed else Fault.NOT_PROVIDED
            self._fail(thread, event, fault, event.provider)
        elif isinstance(event, Wait):
            self._fail(thread, event, Fault.PARKED_BARRIER, event.barrier)
        for operation in thread.operations[thread.next :]:
            if isinstance(operation, Use):
                self.uses[operation.site] = Seen.UNREACHED

    def _fail(
        self, thread: _Thread, operation: Operation, fault: Fault, subject: Provider | str
    ) -> None:
        self.failures.append(Failure(fault, thread.number, operation.site, subject))


def found(take: Take, there: list[Put]) -> tuple[int, ...]:
    """The items that a `Take` reads of those put so far: its key's last, and all of no key."""
    if take.key is None:
        return tuple(put.site for put in there)
    exact = [put.site for put in there if put.key == take.key]
    return (*exact[-1:], *(put.site for put in there if put.key is None))


def _mentioned(trace: Trace) -> frozenset[str]:
    operations = chain.from_iterable(invoke.operations for invoke in trace.invokes)
    return frozenset(each.name for each in operations if isinstance(each, Define | Use))


def _puts(trace: Trace) -> dict[int, list[Put]]:
    """For every `Take`, the items that go into its container further up in the text."""
    earlier: dict[str, list[Put]] = {}
    result: dict[int, list[Put]] = {}
    for operation in chain.from_iterable(invoke.operations for invoke in trace.invokes):
        if isinstance(operation, Put):
            earlier.setdefault(operation.container, []).append(operation)
        elif isinstance(operation, Take):
            result[operation.site] = list(earlier.get(operation.container, []))
    return result
