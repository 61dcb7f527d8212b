"""Stops of a run that nnsight 0.4 could ask of anything: of the package, of any value."""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.program import Access, Block, Invoke, Program, Statement, Step, Told, Trace
from nnmigrate.program.steps import flat
from nnmigrate.program.values import Envoy, Traced, Tracer
from nnmigrate.spans import Edit, Span

from .editing import movable
from .stepping import tracer_of

_OF_MODULE = pattern(r"\.(?:output|inputs?)\b[\s\S]*\Z")


@dataclass(frozen=True)
class Stop:
    """A stop that 0.5 does not know.

    Args:
        trace: the trace that is stopped.
        statement: the statement.
        span: the call.
        value: the characters of the value that is asked, if one is.
    """

    trace: Trace
    statement: Statement
    span: Span
    value: Span | None


def stops(program: Program) -> Iterator[Stop]:
    """The stops in each trace; what a session holds besides its traces is none of them."""
    for trace in program.traces:
        if trace.kind not in ("trace", "generate"):
            continue
        for invoke in trace.invokes:
            yield from _in_invoke(program, trace, invoke)


def _in_invoke(program: Program, trace: Trace, invoke: Invoke) -> Iterator[Stop]:
    for statement in invoke.body.walk():
        for step in (*statement.steps, *statement.turn):
            if not isinstance(step, Told):
                continue
            if step.what == "nnsight.stop":
                yield Stop(trace, statement, step.span, None)
            elif step.what == "stop" and isinstance(step.receiver, (Traced, Envoy)):
                text = program.text(step.span)
                end = step.span.start + text.rindex(".")
                yield Stop(trace, statement, step.span, Span(step.span.start, end))


def edits_of(program: Program, stop: Stop) -> tuple[Edit, ...] | None:
    """`tracer.stop()` in the statement's place, behind the value if nothing has read it yet."""
    if stop.statement.span != stop.span or not movable(stop.statement):
        return None
    named = tracer_of(program, stop.trace)
    if named is None:
        return None
    tracer, header = named
    text = f"{tracer}.stop()"
    if stop.value is not None and not _is_read_before(program, stop):
        text = f"{program.text(stop.value)}{program.newline}{stop.statement.indent}{text}"
    return tuple(sorted((*header, Edit(stop.span, text))))


def _is_read_before(program: Program, stop: Stop) -> bool:
    """Whether the value has been there before the statement: nothing need be waited for."""
    if stop.value is not None and _OF_MODULE.search(program.text(stop.value)) is None:
        return True
    own = [step.provider for step in stop.statement.steps if isinstance(step, Access)]
    steps = flat(_surely_before(stop.trace.body, stop.statement))
    before = {step.provider for step in steps if isinstance(step, Access)}
    return bool(own) and all(provider in before for provider in own)


def _surely_before(block: Block, stop: Statement) -> Iterator[Step]:
    """What has been done wherever a statement is reached: no branch or loop that is over."""
    for statement in block.statements:
        if statement.span.start >= stop.span.start:
            return
        yield from statement.steps
        for inner in statement.blocks:
            if statement.kind == "With" or inner.span.holds(stop.span):
                yield from _surely_before(inner, stop)


def is_session(told: Told) -> bool:
    """Whether it is a session that is stopped, which 0.5 cannot do."""
    return isinstance(told.receiver, Tracer) and told.receiver.kind == "session"
