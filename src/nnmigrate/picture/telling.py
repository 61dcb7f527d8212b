"""Says in words what goes wrong with a mark: the exception, and how it comes about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from nnmigrate.classes import dataclass
from nnmigrate.findings import Finding, Severity
from nnmigrate.picture.cells import Cell
from nnmigrate.picture.course import Course
from nnmigrate.picture.labels import Rows
from nnmigrate.picture.model import Problem, State
from nnmigrate.program import Program
from nnmigrate.schedule import START, Effect, Failure, Fault, Seen, Sight, instances
from nnmigrate.schedule.values import Define, Get, Operation, Provider, Swap, Take, Use, Wait

_STUCK = "TypeError: cannot unpack non-iterable NoneType object"
_SHARED = (Fault.UNDEFINED_NAME, Fault.MISSING_ITEM)
_HELD = (Fault.NOT_PROVIDED, Fault.PARKED_BARRIER, Fault.LATE_WRITE)


@dataclass(frozen=True)
class Words:
    """What is said of a mark.

    Args:
        codes: of the findings that say so too.
    """

    state: State
    headline: str
    says: str
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Teller:
    """Says what happens to the cells of a course.

    Args:
        program: the code.
        course: how it goes.
        labels: of the modules.
        findings: those of the trace.
        titles: of the invokes at run time.
        rows: gives the line of a character of the code.
    """

    program: Program
    course: Course
    labels: Mapping[Provider, str]
    findings: Sequence[Finding]
    titles: Sequence[str]
    rows: Rows

    def words(self, cell: Cell) -> Words | None:
        """What goes wrong in a cell; None where nothing does."""
        if cell.failure is not None:
            return self._failing(cell, cell.failure)
        for operation in cell.operations:
            difference = self.course.differences.get(operation.site)
            if difference is not None and difference.effect is Effect.SILENT:
                return self._stale(operation, difference.expected, difference.seen)
        return None

    # --- what raises ------------------------------------------------------------------------------

    def _failing(self, cell: Cell, failure: Failure) -> Words:
        operation = next(o for o in cell.operations if o.site == failure.site)
        codes = self._codes(operation, failure.fault)
        state = State.LATE if failure.fault is Fault.LATE_WRITE else State.FAILS
        headline = self._headline(cell, failure, operation)
        return Words(state, headline, self._how(cell, failure, operation), codes)

    def _headline(self, cell: Cell, failure: Failure, operation: Operation) -> str:
        fault, text = failure.fault, self._text(operation)
        if fault in _SHARED:
            return self._found_words(operation) or self._unbound(failure, operation)
        return {
            Fault.OUT_OF_ORDER_GET: f"OutOfOrderError: Value was missed for `{text}`",
            Fault.OUT_OF_ORDER_SWAP: f"ValueError: Setting `{text}` is out of scope",
            Fault.NOT_PROVIDED: f"ValueError: Execution complete but `{text}` was not provided",
            Fault.PARKED_BARRIER: _STUCK,
            Fault.LATE_WRITE: "no effect: the change comes too late",
        }.get(fault, "a warning: the model has ended, the rest of the invoke is skipped")

    def _found_words(self, operation: Operation) -> str:
        span = self.course.unrolled.origins[operation.site].step.span
        wanted = ("NNS101", "NNS102")
        return next(
            (f.consequence for f in self.findings if f.span == span and f.code in wanted), ""
        )

    def _unbound(self, failure: Failure, operation: Operation) -> str:
        if failure.fault is Fault.MISSING_ITEM:
            return "KeyError, IndexError or AttributeError: the item is missing"
        name = failure.subject
        invoke = self.course.unrolled.trace.invokes[failure.invoke]
        if any(isinstance(o, Define) and o.name == name for o in invoke.operations):
            return f"UnboundLocalError: cannot access local variable '{name}'"
        return f"NameError: name '{name}' is not defined"

    def _how(self, cell: Cell, failure: Failure, operation: Operation) -> str:
        fault = failure.fault
        if fault in _SHARED:
            return self._too_early(cell, operation)
        if fault is Fault.PARKED_BARRIER and isinstance(operation, Wait):
            return self._never_opens(operation.barrier)
        if fault is Fault.LATE_WRITE:
            return f"the model has gone on{self._past(failure.subject)} when the value is changed"
        if isinstance(operation, Get | Swap):
            return f"it has passed: {self._meanwhile(cell)}"
        return ""

    def _never_opens(self, barrier: str) -> str:
        trace = self.course.unrolled.trace
        size = dict(trace.barriers)[barrier]
        calling = sum(
            any(isinstance(o, Wait) and o.barrier == barrier for o in invoke.operations)
            for invoke in trace.invokes
        )
        if calling < size:
            return f"the barrier waits for {size} invokes and {calling} call it: it never opens"
        return f"of {size} invokes that the barrier waits for not all come: it never opens"

    def _too_early(self, cell: Cell, operation: Operation) -> str:
        meant = self.course.meant
        sites = meant.takes.get(operation.site) or [meant.uses.get(operation.site)]
        made = [self._making(site) for site in sites if isinstance(site, int)]
        needed = f"needed {self._when(cell.position)}"
        return f"{needed}; {made[-1]}" if made and made[-1] else needed

    def _making(self, site: int) -> str:
        lane = instances(self.course.unrolled.trace).get(site)
        if lane is None:
            return ""
        position = self.course.outcome.times.get(site)
        if position is None:
            return f"{self.titles[lane]} does not get there"
        return f"{self.titles[lane]} makes it {self._when(position)}"

    def _meanwhile(self, cell: Cell) -> str:
        """What an invoke was doing when the module that it asks for went by."""
        operations = self.course.unrolled.trace.invokes[cell.lane].operations
        wanted = next(o for o in cell.operations if o == self._failed(cell))
        rank = self.course.rank[wanted.provider] if isinstance(wanted, Get | Swap) else START
        times = self.course.outcome.times
        for operation in operations[: operations.index(wanted)]:
            if times.get(operation.site, START) > rank:
                if isinstance(operation, Wait):
                    return "this invoke was held at the barrier when it came"
                if isinstance(operation, Get | Swap):
                    return f"this invoke was waiting for {self.labels[operation.provider]} by then"
        return "the model had gone on"

    def _failed(self, cell: Cell) -> Operation | None:
        site = cell.failure.site if cell.failure else None
        return next((o for o in cell.operations if o.site == site), None)

    # --- what is silently wrong -------------------------------------------------------------------

    def _stale(self, operation: Operation, meant: Sequence[Sight], seen: Sequence[Sight]) -> Words:
        name = self._text(operation)
        codes = self._codes(operation, None)
        wrong = [sight for sight in seen if sight not in meant]
        lines = [line for sight in meant if isinstance(sight, int) and (line := self._line(sight))]
        right = f"; line {lines[-1]} is meant" if lines else ""
        return Words(
            State.STALE,
            f"`{name}` is stale: {self._origin(wrong)}",
            "0.5 raises nothing" + right,
            codes,
        )

    def _origin(self, wrong: Sequence[Sight]) -> str:
        if Seen.OUTER in wrong:
            return "the value from before the trace"
        site = next((sight for sight in wrong if isinstance(sight, int)), None)
        if site is None:
            return "an item is missing"
        lane = instances(self.course.unrolled.trace).get(site)
        if lane is None:
            return "the value from the trace's body"
        return f"the value of line {self._line(site)} ({self.titles[lane]})"

    # --- small words ------------------------------------------------------------------------------

    def _when(self, position: int) -> str:
        label = self.label_at(position)
        return f"at {label}" if label else "before the model runs"

    def line_at(self, offset: int) -> str:
        """The line of a character of the code."""
        return self.rows(offset)

    def _past(self, provider: Provider | str) -> str:
        return f" past {self.labels[provider]}" if isinstance(provider, Provider) else ""

    def label_at(self, position: int) -> str:
        """The module whose turn it is at a position; empty before the first."""
        ranked = (one for one, rank in self.course.rank.items() if rank == position)
        return next((self.labels[one] for one in ranked), "")

    def _text(self, operation: Operation) -> str:
        if isinstance(operation, Use):
            return operation.name
        text = self.program.text(self.course.unrolled.origins[operation.site].step.span)
        return " ".join(text.split())

    def _line(self, site: int) -> str:
        origin = self.course.unrolled.origins.get(site)
        if origin is None:
            return ""
        return self.line_at(origin.innermost.span.start)

    def _codes(self, operation: Operation, fault: Fault | None) -> tuple[str, ...]:
        statement = self.course.unrolled.origins[operation.site].innermost
        shared = isinstance(operation, Use | Take)
        wanted = {"NNS101", "NNS102", "NNS205"} if shared else {"NNS106", "NNS107"}
        found = [
            f.code for f in self.findings if f.code in wanted and statement.span.overlaps(f.span)
        ]
        if fault in _HELD or (fault is None and not found):
            found += [f.code for f in self.findings if f.code == "NNS103"]
        return tuple(dict.fromkeys(found))


def of_finding(finding: Finding) -> Words:
    """What a finding says that the simulator knows nothing of."""
    states = {Severity.ERROR: State.FAILS, Severity.SILENT: State.STALE}
    state = states.get(finding.severity, State.FINE)
    return Words(state, finding.consequence, finding.message, (finding.code,))


def unmarked(finding: Finding, line: str) -> Problem:
    """A finding that is on no mark."""
    words = of_finding(finding)
    word = finding.severity.value
    return Problem(None, line, words.state, words.headline, words.says, words.codes, word=word)


def within(findings: Iterable[Finding], start: int, end: int) -> list[Finding]:
    """The findings whose places lie between two offsets."""
    return [f for f in findings if start <= f.span.start and f.span.end <= end]
