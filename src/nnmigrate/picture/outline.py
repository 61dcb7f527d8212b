"""The picture of a trace that is not simulated: what stands in it, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from nnmigrate.findings import Finding, Severity
from nnmigrate.picture.labels import Rows, arguments_of, module_labels, one_line, source_of
from nnmigrate.picture.model import Axis, Kind, Lane, Mark, Picture, Problem, Row, RowKind
from nnmigrate.picture.telling import of_finding, unmarked
from nnmigrate.program import (
    Access,
    BarrierCall,
    Invoke,
    Program,
    Statement,
    Step,
    Told,
    Trace,
    Write,
    flat,
)
from nnmigrate.schedule.values import Provider

_GRADIENTS = ("backward", "grad")
_WRONG = (Severity.ERROR, Severity.SILENT)


def outline(
    program: Program, trace: Trace, findings: Sequence[Finding], why: str, rows: Rows
) -> Picture:
    """What a trace does, without a word on when.

    Args:
        program: the code.
        trace: one of its traces.
        findings: those of the trace.
        why: why it is not simulated.
        rows: gives the line of a character of the code.
    """
    drawn = _Outline(program, rows, [f for f in findings if f.severity in _WRONG])
    accesses = (s for s in trace.statement.all_steps if isinstance(s, Access))
    drawn.labels = module_labels({each.provider: program.text(each.span) for each in accesses})
    for lane, invoke in enumerate(trace.invokes):
        for statement in _statements(invoke):
            drawn.add(lane, statement)
    others = [f for f in findings if f.severity not in _WRONG]
    return Picture(
        one_line(program, trace.entered.call),
        rows(trace.statement.span.start),
        tuple(_lane(program, trace, i, rows, n) for n, i in enumerate(trace.invokes)),
        tuple(drawn.rows),
        tuple(drawn.marks),
        problems=(*drawn.problems, *map(drawn.unmarked, (*drawn.left, *others))),
        notes=(f"Not simulated: {_reason(why)}. The rows follow the text.",),
        simulated=False,
    )


class _Outline:
    """The rows, one statement after the other."""

    def __init__(self, program: Program, place: Rows, left: list[Finding]) -> None:
        self.program, self.place, self.left = program, place, left
        self.labels: Mapping[Provider, str] = {}
        self.rows: list[Row] = []
        self.marks: list[Mark] = []
        self.problems: list[Problem] = []

    def add(self, lane: int, statement: Statement) -> None:
        """Adds a statement, if it has to do with the model, or something is wrong with it."""
        steps = tuple(flat((*statement.steps, *statement.turn)))
        kinds = _kinds(steps, statement)
        here = [f for f in self.left if _is_of(f, statement)]
        if not kinds and not here:
            return
        named = [self.labels[s.provider] for s in steps if isinstance(s, Access)]
        row = len(self.rows)
        self.rows.append(Row(RowKind.MARKS, Axis.TEXT, named[0] if named else ""))
        line = self.place(statement.span.start)
        text = source_of(self.program, statement)
        mark = Mark(lane, row, kinds or (Kind.BODY,), line, text)
        if here:
            self.left = [f for f in self.left if f not in here]
            words, number = of_finding(here[0]), len(self.problems) + 1
            problem = Problem(number, line, words.state, words.headline, words.says, words.codes)
            self.problems.append(problem)
            mark = replace(
                mark,
                state=problem.state,
                headline=problem.headline,
                says=problem.says,
                number=problem.number,
            )
        self.marks.append(mark)

    def unmarked(self, finding: Finding) -> Problem:
        """What a finding says that is on no mark."""
        return unmarked(finding, self.place(finding.span.start))


def _reason(why: str) -> str:
    return "the trace goes over the tokens of a generation" if "iterate" in why else why


def _is_of(finding: Finding, statement: Statement) -> bool:
    """Whether a finding is of a statement itself, not of what stands in its suite."""
    end = statement.blocks[0].span.start if statement.blocks else statement.span.end
    return statement.span.start <= finding.span.start < end


def _statements(invoke: Invoke) -> Iterator[Statement]:
    for statement in invoke.body.statements:
        yield from statement.walk()


def _kinds(steps: Sequence[Step], statement: Statement) -> tuple[Kind, ...]:
    accesses = [step for step in steps if isinstance(step, Access)]
    writes = any(step.swap for step in accesses) or any(isinstance(s, Write) for s in steps)
    gradient = any(isinstance(s, Told) and s.what in _GRADIENTS for s in steps)
    entered = statement.opens.kind if statement.opens is not None else ""
    told = (
        (Kind.BARRIER, any(isinstance(step, BarrierCall) for step in steps)),
        (Kind.WRITE, writes),
        (Kind.READ, bool(accesses)),
        (Kind.GRADIENT, gradient or entered == "backward"),
        (Kind.STEPS, entered == "iterate"),
    )
    return tuple(kind for kind, there in told if there)


def _lane(program: Program, trace: Trace, invoke: Invoke, rows: Rows, number: int) -> Lane:
    opens = invoke.statement.opens
    call = trace.entered.call if invoke.implicit or opens is None else opens.call
    title = f"invoke {number + 1}" if trace.explicit else "the trace"
    return Lane(title, arguments_of(program, call), rows(invoke.statement.span.start))
