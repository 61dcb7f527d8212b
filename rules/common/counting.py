"""Where the statements of an invoke go when `.next()` is counted: each to the block of its step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import libcst as cst

from nnmigrate.findings import Applicability, Fix
from nnmigrate.program import (
    Access,
    BarrierCall,
    Bind,
    Invoke,
    Program,
    Read,
    Statement,
    Told,
    Trace,
)
from nnmigrate.program.literals import whole_number
from nnmigrate.program.values import Envoy
from nnmigrate.schedule.values import Point
from nnmigrate.spans import Edit, Span

from .arranging import Placed, arranged, forward
from .cursors import Cursors, Uncounted, alone, call_of_next, followed, nexts_of, shown
from .editing import fresh_name, merged
from .step_names import NOTHING_LOST, Kept, Part, kept, part_of, renamed
from .stepping import (
    Chunk,
    header_of,
    loops_over_steps,
    may_be_wrapped,
    rewritten,
    steps_made,
    tracer_of,
)

# What has a place of its own among the steps, or steps itself.
_UNMOVABLE = frozenset("stop backward grad all iter[] tracer.all tracer.iter[] tracer.stop".split())
_MANY = 200


def counted(program: Program, trace: Trace, invoke: Invoke) -> Fix:
    """The fix that writes the steps as blocks.

    Raises:
        Uncounted: there is none; the message says why.
        Lost: there is none, because of a name.
    """
    statements = invoke.body.statements
    if trace.kind not in ("trace", "generate") or invoke.body.inline:
        raise Uncounted("it does not stand in the body of a trace of its own")
    if any(statement.shared for statement in statements) or len(statements) > _MANY:
        raise Uncounted("two statements share a line")
    for step in invoke.statement.all_steps:
        if isinstance(step, BarrierCall) or (isinstance(step, Told) and step.what in _UNMOVABLE):
            raise Uncounted(f"`{program.text(step.span)}` stands beside it")
    named = tracer_of(program, trace)
    if named is None:
        raise Uncounted("the trace has no tracer with a name")
    placed = _placed(program, trace, invoke, named[0])
    made = steps_made(program, trace)
    asked = max((one.last for one in placed if one.last < inf), default=0)
    if made is not None and asked >= made:
        raise Uncounted(
            f"there are {made} steps, and step {int(asked)} counted from 0 is asked for"
        )
    chunks = arranged(trace, placed)
    if all(chunk.dropped for chunk in chunks):
        raise Uncounted("nothing else is done")
    names = kept(program, trace, invoke, _parts(program, chunks))
    if names != NOTHING_LOST:
        chunks = arranged(trace, _placed(program, trace, invoke, named[0], names))
    edits = [*named[1], *names.above, *_edits(program, invoke, chunks)]
    return Fix("Name the steps", merged(edits), Applicability.UNSAFE, trace.statement.span)


def _edits(program: Program, invoke: Invoke, chunks: Sequence[Chunk]) -> list[Edit]:
    """Rewrites the body from the first to the last statement that does not stay as it is."""
    before = invoke.body.statements
    kept = [
        chunk.statement is old and not (chunk.header or chunk.edits or chunk.dropped)
        for chunk, old in zip(chunks, before, strict=True)
    ]
    first, last = kept.index(False), len(kept) - kept[::-1].index(False)
    return [rewritten(program, invoke.statement, chunks[first:last], before[first:last])]


def _parts(program: Program, chunks: Sequence[Chunk]) -> list[Part]:
    """What is run in which block of steps."""
    parts: list[Part] = []
    number, before = 0, ""
    for chunk in chunks:
        statement = chunk.statement
        number += chunk.header != before or not chunk.header
        before = "" if chunk.dropped else chunk.header
        if chunk.dropped:
            continue
        if statement.blocks and nexts_of(statement):
            parts.append(Part((*statement.steps, *statement.turn)))
            inner = statement.blocks[0].statements
            parts += [part_of(one, number, turned=True) for one in inner if not alone(program, one)]
        else:
            parts.append(part_of(statement, number if chunk.header else None))
    return parts


def _placed(
    program: Program, trace: Trace, invoke: Invoke, tracer: str, names: Kept = NOTHING_LOST
) -> list[Placed]:
    cursors, at = Cursors(), 0.0
    begun = False
    placed: list[Placed] = []
    for statement in invoke.body.statements:
        if statement.blocks and nexts_of(statement):
            one, cursors = _loop(program, trace, statement, cursors, tracer, names)
        else:
            steps, cursors = followed(program, statement, cursors)
            one = _straight(program, trace, statement, steps, tracer)
            one = replace(one, chunk=renamed(one.chunk, names))
            if not shown([statement]):
                one = replace(one, first=at, last=at)
                one = replace(one, chunk=_headed(program, one.chunk, at, tracer, begun=begun))
        at, begun = one.last, begun or bool(shown([statement]))
        placed.append(one)
    placed = _ending(placed)
    if not may_be_wrapped(one.chunk.statement for one in placed if one.chunk.header):
        raise Uncounted("a statement of the body cannot stand in a block")
    return placed


def _headed(program: Program, chunk: Chunk, at: float, tracer: str, *, begun: bool) -> Chunk:
    """A chunk with the header of its step.

    The first step needs none on 0.5; 0.7.0 miscounts behind what is read outside of such a block.
    """
    first = begun and loops_over_steps(program)
    inside = (0 < at < inf or (first and at == 0)) and not chunk.dropped
    header = header_of(program, f"{tracer}.iter[{int(at)}]") if inside else ""
    return replace(chunk, header=header)


def _ending(placed: list[Placed]) -> list[Placed]:
    """What follows the last access needs no step: it stays behind the blocks."""
    count = len(placed)
    while count and not shown([placed[count - 1].chunk.statement]):
        count -= 1
    rest = [Placed(replace(one.chunk, header=""), inf, inf) for one in placed[count:]]
    return [*placed[:count], *rest]


def _straight(
    program: Program, trace: Trace, statement: Statement, steps: set[int], tracer: str
) -> Placed:
    """The place of a statement that is no loop with `.next()` in it."""
    if len(steps) > 1:
        raise Uncounted("one statement reads several steps")
    at = float(next(iter(steps), 0))
    if at < 0:
        raise Uncounted("the step would be negative")
    if any(_is_behind(trace, access) for access in shown([statement])):
        if at:
            raise Uncounted("the generator's own value has no such step")
        at = inf
    edits = tuple(Edit(call_of_next(program, told)[0], "") for told in nexts_of(statement))
    dropped = alone(program, statement)
    chunk = Chunk(statement, () if dropped else edits, dropped=dropped)
    chunk = _headed(program, chunk, at, tracer, begun=bool(shown([statement])))
    return Placed(chunk, at, at)


def _is_behind(trace: Trace, access: Access) -> bool:
    """Whether something is there only when all steps are over."""
    path = access.provider.path
    if "streamer" in path:
        raise Uncounted("the streamer has steps of its own")
    if trace.kind == "generate":
        return path[:1] == ("generator",)
    # One forward pass: what holds a module that is called several times ends last.
    moved = [
        told.receiver
        for told in nexts_of(trace.statement)
        if isinstance(told.receiver, Envoy) and told.receiver.model == access.model
    ]
    holds = any(len(path) < len(m.path) and m.path[: len(path)] == path for m in moved)
    return holds and access.provider.point is Point.OUTPUT


# --- loops ----------------------------------------------------------------------------------------


def _loop(
    program: Program,
    trace: Trace,
    loop: Statement,
    cursors: Cursors,
    tracer: str,
    names: Kept,
) -> tuple[Placed, Cursors]:
    """The place of a loop that moves cursors at every turn."""
    if loop.kind != "For" or len(loop.blocks) != 1 or loop.blocks[0].inline:
        raise Uncounted("how often it is moved is decided when the program runs")
    body = loop.blocks[0].statements
    steps, after = _turns(program, loop, cursors)
    turns = loop.loop.turns if loop.loop is not None else None
    if not steps and turns is not None:
        for _ in range(min(turns, _MANY)):
            cursors = _turn(program, body, cursors)[1]
        return Placed(Chunk(loop, dropped=True), 0, 0), cursors
    if len(steps) != 1:
        raise Uncounted("one turn of the loop reads several steps")
    start = steps.pop()
    name, counts_from, renaming = _counter(program, loop)
    body_start = body[0].line.start
    other = [edit for edit in names.within(loop) if edit.span.end <= body_start]
    name = next((edit.content for edit in other if program.text(edit.span) == name), name)
    renaming = (*renaming, *other)
    offset = start - counts_from
    text = name if not offset else f"{name} {'+' if offset > 0 else '-'} {abs(offset)}"
    header = header_of(program, f"{tracer}.iter[{text}]")
    chunks = _inside(program, trace, body, header, names)
    edits = (*renaming, rewritten(program, loop, chunks, body))
    last = inf if turns is None else float(start + max(turns, 1) - 1)
    for _ in range(min(turns or 0, _MANY)):
        cursors = _turn(program, body, cursors)[1]
    behind = cursors if turns is not None and turns <= _MANY else after.lost(loop)
    return Placed(Chunk(loop, merged(edits)), float(start), last), behind


def _turn(
    program: Program, body: Sequence[Statement], cursors: Cursors
) -> tuple[set[int], Cursors]:
    steps: set[int] = set()
    for statement in body:
        if statement.blocks and nexts_of(statement):
            raise Uncounted("it is moved in a condition or an inner loop")
        read, cursors = followed(program, statement, cursors)
        steps |= read
    return steps, cursors


def _turns(program: Program, loop: Statement, cursors: Cursors) -> tuple[set[int], Cursors]:
    """The steps that the first turn reads, where each turn reads the next ones."""
    first, cursors = _turn(program, loop.blocks[0].statements, cursors)
    read = first
    for _ in range(2):
        following, cursors = _turn(program, loop.blocks[0].statements, cursors)
        if following != {step + 1 for step in read}:
            raise Uncounted("the modules that the loop reads do not all move by one step a turn")
        read = following
    if any(step < 0 for step in first):
        raise Uncounted("the step would be negative")
    return first, cursors


def _counter(program: Program, loop: Statement) -> tuple[str, int, tuple[Edit, ...]]:
    """The variable that counts a loop's turns, what it counts from, and the edits that name it."""
    node = loop.node
    assert isinstance(node, cst.For)
    call = node.iter
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Name):
        raise Uncounted("the loop does not count its turns")
    arguments = [each.value for each in call.args if each.keyword is None and not each.star]
    target: cst.BaseExpression = node.target
    start = 0
    if call.func.value == "enumerate" and len(arguments) == len(call.args) == 1:
        target = target.elements[0].value if isinstance(target, cst.Tuple) else target
    elif call.func.value == "range" and 1 <= len(arguments) == len(call.args) <= 2:
        if len(arguments) == 2:
            first = arguments[0]
            known = whole_number(first) if isinstance(first, cst.Integer) else None
            if known is None:
                raise Uncounted("the loop counts from a number that is not known")
            start = known
    else:
        raise Uncounted("the loop does not count its turns")
    return _named(program, loop, target, start)


def _named(
    program: Program, loop: Statement, target: cst.BaseExpression, start: int
) -> tuple[str, int, tuple[Edit, ...]]:
    binds = [step for step in loop.turn if isinstance(step, Bind)]
    if not isinstance(target, cst.Name) or not binds:
        raise Uncounted("the loop's counter has no name")
    name = target.value
    inner = [step for s in loop.blocks[0].statements for step in s.all_steps]
    if any(isinstance(step, Bind) and step.name == name for step in inner):
        raise Uncounted(f"the loop binds `{name}` anew")
    if name != "_" or any(isinstance(step, Read) and step.name == "_" for step in inner):
        return name, start, ()
    fresh = fresh_name(program, "step")
    span = next(step.span for step in binds if step.name == name)
    return fresh, start, (Edit(Span(span.start, span.end), fresh),)


def _inside(
    program: Program, trace: Trace, body: Sequence[Statement], header: str, names: Kept
) -> list[Chunk]:
    """The statements of a loop in one block, without their `.next()`."""
    if not may_be_wrapped(body):
        raise Uncounted("a statement of the loop cannot stand in a block")
    if any(_is_behind(trace, access) for access in shown(body)):
        raise Uncounted("the loop reads what is there only behind all steps")
    chunks = []
    for statement in body:
        if alone(program, statement):
            chunks.append(Chunk(statement, dropped=True))
            continue
        cuts = tuple(Edit(call_of_next(program, told)[0], "") for told in nexts_of(statement))
        chunks.append(renamed(Chunk(statement, cuts, header), names))
    return forward(trace, chunks)
