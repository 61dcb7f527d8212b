"""Makes the picture of a trace from what the program says and the simulator tells."""

from __future__ import annotations

from collections.abc import Sequence

from nnmigrate.findings import Finding, Severity
from nnmigrate.picture.course import Course, course_of
from nnmigrate.picture.entries import Entry, happenings, in_body, thinned
from nnmigrate.picture.labels import Rows, arguments_of, module_labels, one_line, rows_of
from nnmigrate.picture.model import Lane, Picture
from nnmigrate.picture.outline import outline
from nnmigrate.picture.table import Table
from nnmigrate.picture.telling import Teller, of_finding, within
from nnmigrate.program import Block, Program, Statement, Trace
from nnmigrate.schedule.values import Get, Provider, Swap

# So many invokes of a loop have columns.
_MOST_LANES = 6


def picture_of(
    program: Program, trace: Trace, findings: Sequence[Finding] = (), rows: Rows | None = None
) -> Picture:
    """The picture of one trace, as 0.5 runs it.

    Args:
        program: the code.
        trace: one of its traces.
        findings: what the rules find in the program; those of other traces are left out.
        rows: gives the line of a character of the code, where that is no file of its own.
    """
    span = trace.statement.span
    own = within(findings, span.start, span.end)
    course = course_of(program, trace)
    rows = rows or rows_of(program.code)
    if isinstance(course, str):
        return outline(program, trace, own, course, rows)
    return _simulated(program, trace, own, course, rows)


def _simulated(
    program: Program, trace: Trace, findings: Sequence[Finding], course: Course, rows: Rows
) -> Picture:
    labels = module_labels(_texts(program, course))
    titles = _titles(trace, course)
    teller = Teller(program, course, labels, findings, titles, rows)
    told = happenings(course, teller)
    body = list(_body(trace, findings))
    first = course.outcome.first
    shown = _shown_lanes(len(titles), first.invoke if first is not None else None)
    lanes = tuple(_lanes(teller, trace, shown, bool(body)))
    places = {lane: place + bool(body) for place, lane in enumerate(shown)} | {-1: 0}
    entries = thinned([e for e in (*body, *told.entries) if e.lane in places], told.values, shown)
    table = Table(teller, places, told)
    for entry in entries:
        table.add(entry)
    return table.picture(
        title=one_line(program, trace.entered.call),
        line=teller.line_at(trace.statement.span.start),
        lanes=lanes,
        notes=course.notes,
    )


def _texts(program: Program, course: Course) -> dict[Provider, str]:
    """What the code calls each module's value, first."""
    texts: dict[Provider, str] = {}
    for invoke in course.unrolled.trace.invokes:
        for operation in invoke.operations:
            if isinstance(operation, Get | Swap):
                span = course.unrolled.origins[operation.site].step.span
                texts.setdefault(operation.provider, program.text(span))
    return texts


def _titles(trace: Trace, course: Course) -> list[str]:
    """What to call the invokes at run time."""
    if not trace.explicit:
        return ["the trace"]
    numbers = course.unrolled.instances
    titles = []
    for place, number in enumerate(numbers):
        turn = numbers[:place].count(number) + 1
        again = f", turn {turn}" if numbers.count(number) > 1 else ""
        titles.append(f"invoke {number + 1}{again}")
    return titles


def _shown_lanes(count: int, first_to_fail: int | None) -> list[int]:
    """The invokes that get columns: all, or of many the first ones, the last, and what fails."""
    if count <= _MOST_LANES:
        return list(range(count))
    kept = {*range(_MOST_LANES - 2), count - 1}
    return sorted(kept if first_to_fail is None else {*kept, first_to_fail})


def _lanes(teller: Teller, trace: Trace, shown: Sequence[int], body: bool) -> list[Lane]:
    program, course, rows = teller.program, teller.course, teller.rows
    start = rows(trace.statement.span.start)
    lanes = [Lane("trace body", "runs before all invokes", start, body=True)] if body else []
    before = -1
    for number in shown:
        invoke = trace.invokes[course.unrolled.instances[number]]
        call = trace.entered.call if invoke.implicit else None
        opens = invoke.statement.opens
        call = opens.call if call is None and opens is not None else call
        prompt = arguments_of(program, call) if call is not None else ""
        line = rows(invoke.statement.span.start)
        lanes.append(Lane(teller.titles[number], prompt, line, hidden=number - before - 1))
        before = number
    return lanes


# --- beside the invokes ---------------------------------------------------------------------------


def _body(trace: Trace, findings: Sequence[Finding]) -> list[Entry]:
    """The statements beside the invokes of which there is something to say."""
    if not trace.explicit:
        return []
    found = []
    wrong = (Severity.ERROR, Severity.SILENT)
    told = [f for f in findings if f.code.startswith("NNS1") and f.severity in wrong]
    for number, statement in enumerate(_beside(trace, trace.body)):
        here = [f for f in told if statement.span.holds(f.span)]
        if here:
            found.append(in_body(statement, number, of_finding(here[0])))
    return found


def _beside(trace: Trace, block: Block) -> list[Statement]:
    """The statements of a trace's body that are no invokes and hold none."""
    invokes = {id(invoke.statement) for invoke in trace.invokes}
    found: list[Statement] = []
    for statement in block.statements:
        inside = [each for each in statement.walk() if id(each) in invokes]
        if not inside:
            found.append(statement)
        elif id(statement) not in invokes:
            for inner in statement.blocks:
                found += _beside(trace, inner)
    return found
