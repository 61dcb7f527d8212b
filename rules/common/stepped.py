"""Statements that mean several steps of a generation on 0.4: `with X.all():`, `X.iter[2]`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nnmigrate.findings import Applicability, Fix
from nnmigrate.program import Access, Bind, Dialect, Invoke, Program, Read, Statement, Told, Trace
from nnmigrate.program.values import Envoy
from nnmigrate.spans import Edit, Span

from .cursors import is_below, nexts_of, shown
from .editing import fresh_name, merged
from .stepping import Chunk, in_order, indented, may_be_wrapped, rewritten, tracer_of, unit_of

_CALL = re.compile(r"\.\s*(all\s*\(\s*\)|iter\s*\[(?P<steps>[^\n]*)\])$")


class Undecided(Exception):
    """There is no fix; the message says why."""


@dataclass(frozen=True)
class Stepping:
    """`X.all()` or `X.iter[...]`.

    Args:
        told: the step.
        envoy: what X stands for.
        cut: the characters behind X.
        receiver: X's characters.
        block: what the tracer is asked for instead: `all()` or `iter[...]`.
    """

    told: Told
    envoy: Envoy
    cut: Span
    receiver: str
    block: str

    @property
    def from_first(self) -> bool:
        """Whether the first step is one of those meant."""
        return self.block == "all()" or re.match(r"iter\[\s*(0\s*)?:", self.block) is not None


def stepping_of(program: Program, told: Told) -> Stepping | None:
    """What a step means, if it is `all()` or `iter[...]` of a proved envoy."""
    receiver = told.receiver
    if told.what not in ("all", "iter[]") or not isinstance(receiver, Envoy):
        return None
    text = program.text(told.span)
    found = _CALL.search(text)
    if not receiver.proved or found is None:
        return None
    # A tuple is a list of steps on 0.4 alone.
    steps = found["steps"]
    block = "all()" if steps is None else f"iter[{steps}]"
    cut = Span(told.span.start + found.start(), told.span.end)
    return Stepping(told, receiver, cut, text[: found.start()], block)


def others(stepping: Stepping, statements: Sequence[Statement]) -> list[Access]:
    """The accesses to modules that X did not move on 0.4."""
    envoy = stepping.envoy
    return [
        access
        for access in shown(statements)
        if access.model != envoy.model or is_below(access.provider.path, envoy.path) is not True
    ]


def accumulates(statement: Statement) -> str | None:
    """A name that a body binds anew from what it was: 0.4 ran the body once, 0.5 at every step."""
    read: set[str] = set()
    for inner in statement.blocks[0].statements:
        for step in inner.all_steps:
            if isinstance(step, Read):
                read.add(step.name)
            elif isinstance(step, Bind) and (step.name in read or step.how == "augment"):
                return step.name
    return None


# --- with X.all(): --------------------------------------------------------------------------------


def entered_by_tracer(
    program: Program, trace: Trace, invoke: Invoke, statement: Statement, stepping: Stepping
) -> Fix:
    """The fix of `with X.all():`.

    Raises:
        Undecided: there is none.
    """
    tracer, naming = _tracer(program, trace, invoke)
    entered = statement.opens
    assert entered is not None
    body = statement.blocks[0].statements
    if entered.items != 1 or entered.call != stepping.told.span:
        raise Undecided("more than one thing is entered")
    order = in_order(trace, body)
    if order is False:
        raise Undecided("the modules are read in another order than they run in")
    edits = [*naming, Edit(entered.call, f"{tracer}.{stepping.block}")]
    target = _target(program, statement, stepping)
    edits += target
    if any(inner.opens is not None for one in body for inner in one.walk()):
        raise Undecided("another block stands in it")
    if others(stepping, body):
        if entered.name is not None or program.dialect is not Dialect.OLD:
            raise Undecided(
                "other modules, which 0.4 left at the first step, are read in the block"
            )
        step = fresh_name(program, "step")
        edits.append(Edit(Span(entered.call.end, entered.call.end), f" as {step}"))
        edits += _guards(program, trace, statement, stepping, step)
    sure = order is not None and accumulates(statement) is None
    applicability = Applicability.SAFE if sure else Applicability.UNSAFE
    return Fix("Iterate by the tracer", _joined(edits), applicability)


def _joined(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """The edits, an insertion right behind a replacement made part of it."""
    done: list[Edit] = []
    for edit in merged(edits):
        if done and edit.span.start == edit.span.end == done[-1].span.end:
            done[-1] = Edit(done[-1].span, done[-1].content + edit.content)
        else:
            done.append(edit)
    return tuple(done)


def _tracer(program: Program, trace: Trace, invoke: Invoke) -> tuple[str, tuple[Edit, ...]]:
    if trace.kind not in ("trace", "generate") or invoke.helper or invoke.body.inline:
        raise Undecided("it does not stand in the body of a trace of its own")
    if any(nexts_of(statement) for statement in invoke.body.statements):
        raise Undecided("`.next()` stands beside it")
    named = tracer_of(program, trace)
    if named is None:
        raise Undecided("the trace has no tracer with a name")
    return named


def _target(program: Program, statement: Statement, stepping: Stepping) -> list[Edit]:
    """The edits that put X in the place of what `as` bound to it."""
    entered = statement.opens
    assert entered is not None
    behind = re.compile(r"\s+as\s+[^\s:,]+").match(program.code, entered.call.end)
    if entered.name is None:
        if behind:
            raise Undecided("what `as` binds is no name")
        return []
    inside = [step for s in statement.blocks[0].statements for step in s.all_steps]
    if any(isinstance(step, Bind) and step.name == entered.name for step in inside):
        raise Undecided(f"`{entered.name}` is bound anew")
    if not re.fullmatch(r"[\w.]+(\[-?\w+\][\w.]*)*", stepping.receiver) or behind is None:
        raise Undecided(f"`{entered.name}` stands for a module that has no plain name")
    reads = {step.span for step in inside if isinstance(step, Read) and step.name == entered.name}
    edits = [Edit(Span(entered.call.end, behind.end()), "")]
    return [*edits, *(Edit(span, stepping.receiver) for span in reads)]


def _guards(
    program: Program, trace: Trace, statement: Statement, stepping: Stepping, step: str
) -> list[Edit]:
    """The edits that let the modules that were not moved be read at the first step only."""
    body = statement.blocks[0].statements
    if not stepping.from_first:
        raise Undecided("other modules, which 0.4 left at the first step, are read in the block")
    guarded = [one for one in body if others(stepping, [one])]
    rest = [one for one in body if one not in guarded]
    if any(len(others(stepping, [one])) != len(shown([one])) for one in guarded):
        raise Undecided("one statement reads the module and another one that 0.4 did not move")
    if any("generator" in a.provider.path for a in shown(guarded)) or in_order(trace, body) is None:
        raise Undecided("other modules are read in the block")
    bound = {s.name for one in guarded for s in one.all_steps if isinstance(s, Bind)}
    if _reads(rest, bound) or not may_be_wrapped(guarded):
        raise Undecided("what is read of another module, which 0.4 did not move, is used there")
    unit = unit_of(statement, body[0])
    return [_guard(program, one, unit, step) for one in guarded]


def _reads(statements: Sequence[Statement], names: set[str]) -> bool:
    steps = (step for statement in statements for step in statement.all_steps)
    return any(isinstance(step, (Read, Bind)) and step.name in names for step in steps)


def _guard(program: Program, statement: Statement, unit: str, step: str) -> Edit:
    text = program.text(statement.line)
    header = f"{statement.indent}if {step} == 0:{program.newline}"
    return Edit(statement.line, header + indented(text, unit))


# --- X.all().output -------------------------------------------------------------------------------


def wrapped(
    program: Program, trace: Trace, invoke: Invoke, statement: Statement, stepping: Stepping
) -> Fix:
    """The fix of `X.all()` that is not entered: the statements that it means go into a block.

    Raises:
        Undecided: there is none.
    """
    tracer, naming = _tracer(program, trace, invoke)
    body = invoke.body.statements
    if statement not in body:
        raise Undecided("it stands in a condition or a loop")
    first = body.index(statement)
    last = first if stepping.told.what == "iter[]" else _last(stepping, body, first)
    alone = stepping.told.span == statement.span
    whole = body[first : last + 1]
    inner = whole[1:] if alone else whole
    _check(program, trace, stepping, statement, inner)
    chunks = [Chunk(one, header=f"with {tracer}.{stepping.block}:") for one in whole]
    cut = Edit(stepping.cut, "")
    chunks[0] = Chunk(statement, dropped=True) if alone else _cut(chunks[0], cut)
    edits = [*naming, rewritten(program, invoke.statement, chunks, whole)]
    sure = in_order(trace, inner) is True and not others(stepping, inner)
    applicability = Applicability.SAFE if sure else Applicability.UNSAFE
    return Fix("Iterate by the tracer", merged(edits), applicability, trace.statement.span)


def _cut(chunk: Chunk, cut: Edit) -> Chunk:
    return Chunk(chunk.statement, (cut,), chunk.header)


def _last(stepping: Stepping, body: Sequence[Statement], first: int) -> int:
    """The last statement that has to do with X, which stays moved for the rest of the body."""
    last = first
    for number in range(first, len(body)):
        if len(others(stepping, [body[number]])) < len(shown([body[number]])):
            last = number
    return last


def _check(
    program: Program,
    trace: Trace,
    stepping: Stepping,
    statement: Statement,
    inner: Sequence[Statement],
) -> None:
    if not shown(inner):
        raise Undecided("nothing is read of it")
    if statement.shared or not may_be_wrapped(inner):
        raise Undecided("a statement of the body cannot stand in a block")
    if others(stepping, inner):
        raise Undecided("other modules, which 0.4 left at the first step, are read beside it")
    if in_order(trace, inner) is False:
        raise Undecided("the modules are read in another order than they run in")
    behind = program.code[stepping.told.span.end : statement.span.end]
    if stepping.told.span != statement.span and not re.match(r"\s*\.\s*\w", behind):
        raise Undecided("what it gives is kept or handed on")
    tolds = [
        step
        for one in (statement, *inner)
        for step in one.all_steps
        if isinstance(step, Told) and step.what in ("all", "iter[]") and step is not stepping.told
    ]
    if any(isinstance(told.receiver, Envoy) for told in tolds):
        raise Undecided("two of them stand beside each other")
