"""Statements that mean several steps on 0.4 without a with: `X.all()`, `X.iter[2].output`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nnmigrate.findings import Applicability, Fix
from nnmigrate.program import Invoke, Program, Statement, Told, Trace
from nnmigrate.spans import Edit, Span

from .cursors import shown
from .editing import merged, removed
from .neighbours import hindrance, is_entered
from .step_names import kept, part_of, renamed
from .stepped import OutOfStep, Stepping, Undecided, others, stepping_of, tracer_beside
from .stepping import Chunk, header_of, in_order, may_be_wrapped, rewritten


def wrapped(
    program: Program, trace: Trace, invoke: Invoke, statement: Statement, stepping: Stepping
) -> Fix:
    """The fix of `X.all()` that is not entered: the statements that it means go into a block.

    Raises:
        Undecided: there is none.
        Lost: there is none, because of a name.
    """
    tracer, naming = tracer_beside(program, trace, invoke)
    body = invoke.body.statements
    if statement not in body:
        raise Undecided("it stands in a condition or a loop")
    first = body.index(statement)
    asked = {first: stepping}
    if stepping.told.what == "all":
        asked = _asked(program, body)
    first, last = min(asked), max(_last(one, body, at) for at, one in asked.items())
    whole = body[first : last + 1]
    why = hindrance(program, trace, body, whole, stepping.block)
    if why is not None:
        raise OutOfStep(why)
    chunks = []
    header = header_of(program, f"{tracer}.{stepping.block}")
    for at, one in enumerate(whole, first):
        chunks.append(_chunk(program, one, asked.get(at), header))
        moved = [each for number, each in asked.items() if number <= at]
        if any(all(a in others(each, [one]) for each in moved) for a in shown([one])):
            raise Undecided("other modules, which 0.4 left at the first step, are read beside it")
    inner = [chunk.statement for chunk in chunks if not chunk.dropped]
    known = _check(trace, inner)
    parts = [
        part_of(one, 0 if one in inner else None)
        for one in body
        if one not in whole or one in inner
    ]
    names = kept(program, trace, invoke, parts)
    span = Span(whole[0].line.start, whole[-1].line.end)
    chunks = [renamed(chunk, names) for chunk in chunks]
    outside = [edit for edit in names.edits if not span.holds(edit.span)]
    outside += [removed(one) for one in names.gone if one not in whole]
    edits = [*naming, *names.above, *outside, rewritten(program, invoke.statement, chunks, whole)]
    applicability = Applicability.SAFE if known else Applicability.UNSAFE
    return Fix("Iterate by the tracer", merged(edits), applicability)


def _asked(program: Program, body: Sequence[Statement]) -> dict[int, Stepping]:
    """Each `X.all()` of a body that is not entered, by the number of its statement."""
    asked: dict[int, Stepping] = {}
    for at, statement in enumerate(body):
        for step in statement.all_steps:
            found = stepping_of(program, step) if isinstance(step, Told) else None
            if found is None or found.told.what != "all" or is_entered(statement):
                continue
            if at in asked or found.told not in statement.steps:
                raise Undecided("two of them stand beside each other")
            asked[at] = found
    return asked


def _chunk(program: Program, statement: Statement, own: Stepping | None, header: str) -> Chunk:
    if own is None:
        return Chunk(statement, header=header)
    if own.told.span == statement.span:
        return Chunk(statement, dropped=True)
    behind = program.code[own.told.span.end : statement.span.end]
    if not re.match(r"\s*\.\s*\w", behind):
        raise Undecided("what it gives is kept or handed on")
    return Chunk(statement, (Edit(own.cut, ""),), header)


def _last(stepping: Stepping, body: Sequence[Statement], first: int) -> int:
    """The last statement that has to do with X, which stays moved for the rest of the body."""
    if stepping.told.what == "iter[]":
        return first
    last = first
    for number in range(first, len(body)):
        steps = [a for a in shown([body[number]]) if a.provider.path != ("generator",)]
        if any(access not in others(stepping, [body[number]]) for access in steps):
            last = number
    return last


def _check(trace: Trace, inner: Sequence[Statement]) -> bool:
    """Whether it is known that the statements can be one block."""
    if not shown(inner):
        raise Undecided("nothing is read of it")
    if not may_be_wrapped(inner):
        raise Undecided("a statement of the body cannot stand in a block")
    known = in_order(trace, inner)
    if known is False:
        raise OutOfStep("the modules are read in another order than they run in")
    return known is True
