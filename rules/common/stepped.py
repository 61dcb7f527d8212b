"""Statements that mean several steps of a generation on 0.4: `with X.all():`, `X.iter[2]`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nnmigrate.classes import dataclass
from nnmigrate.findings import Applicability, Fix
from nnmigrate.patterns import pattern
from nnmigrate.program import Access, Bind, Dialect, Invoke, Program, Read, Statement, Told, Trace
from nnmigrate.program.values import Envoy
from nnmigrate.spans import Edit, Span

from .cursors import is_below, nexts_of, shown
from .editing import fresh_name, merged, removed
from .neighbours import block_of, grows, hindrance, is_entered
from .step_names import Part, kept, part_of
from .stepping import (
    header_of,
    in_order,
    indented,
    loops_over_steps,
    may_be_wrapped,
    tracer_of,
    unit_of,
)

_CALL = pattern(r"\.\s*(all\s*\(\s*\)|iter\s*\[\s*(?P<steps>.*?)\s*\])\Z", re.DOTALL)


class Undecided(Exception):
    """There is no fix; the message says why."""


class OutOfStep(Undecided):
    """0.5 does not come back to a step, or a module, that it has gone by."""


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
    steps = found["steps"]
    if steps is not None and re.fullmatch(r"[\w\s]+(,[\w\s]+)+,?", steps):
        steps = f"[{steps}]"  # a tuple is a list of steps on 0.4 alone
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


# --- with X.all(): --------------------------------------------------------------------------------


def entered_by_tracer(
    program: Program, trace: Trace, invoke: Invoke, statement: Statement, stepping: Stepping
) -> Fix:
    """The fix of `with X.all():`.

    Raises:
        Undecided: there is none.
        Lost: there is none, because of a name.
    """
    tracer, naming = tracer_beside(program, trace, invoke)
    top = next(one for one in invoke.body.statements if statement in one.walk())
    if any(one.loop is not None for one in top.walk() if statement in one.walk()):
        return _turned_round(program, trace, invoke, top, tracer, naming, stepping)
    run = _run(program, top, statement, invoke, stepping)
    held = run if run[0] in invoke.body.statements else (top,)
    why = hindrance(program, trace, invoke.body.statements, held, stepping.block)
    if why is not None:
        raise OutOfStep(why)
    edits: list[Edit] = [*naming]
    for number, one in enumerate(run):
        edits += _entering(program, trace, one, tracer, len(run) > 1)
        if number:
            edits = [
                edit for edit in edits if edit.span.start < one.span.start or _in_body(one, edit)
            ]
            edits.append(_without_header(program, one))
    before = invoke.body.statements[: invoke.body.statements.index(held[0])]
    if program.options.target[:2] == (0, 7) and not stepping.from_first and shown(before):
        raise Undecided("0.7 counts the steps from what is read before the block")
    known = in_order(trace, [inner for one in run for inner in one.blocks[0].statements])
    if known is False:
        raise OutOfStep("the modules are read in another order than they run in")
    edits += _names(program, trace, invoke, run, edits)
    sure = known and not any(grows(program, one) for one in run)
    applicability = Applicability.SAFE if sure else Applicability.UNSAFE
    return Fix("Iterate by the tracer", _joined(edits), applicability)


def _names(
    program: Program,
    trace: Trace,
    invoke: Invoke,
    run: Sequence[Statement],
    edits: Sequence[Edit],
) -> list[Edit]:
    """The edits after which the block that is made of a run loses no name."""
    names = kept(program, trace, invoke, list(_parts(invoke.body.statements, run)))
    more = [*names.edits, *names.above, *map(removed, names.gone)]
    if any(one.span.overlaps(other.span) for one in more for other in edits):
        raise Undecided("a statement that has to be guarded binds a name of the block's")
    return more


def _parts(statements: Sequence[Statement], run: Sequence[Statement]) -> Iterator[Part]:
    """What of a body is run in which block of steps."""
    for number, statement in enumerate(statements, 1):
        if statement in run or is_entered(statement):
            yield Part((*statement.steps, *statement.turn))
            block = 0 if statement in run else number
            yield from (part_of(one, block) for one in statement.blocks[0].statements)
        else:
            inside = any(inner in run for inner in statement.walk())
            yield part_of(statement, number if inside else None)


def _in_body(statement: Statement, edit: Edit) -> bool:
    return edit.span.start >= statement.blocks[0].span.start


def _run(
    program: Program, top: Statement, statement: Statement, invoke: Invoke, stepping: Stepping
) -> tuple[Statement, ...]:
    """The neighbours that ask modules for the same steps: 0.5 can go through these only once."""
    body = invoke.body.statements
    if top is not statement:
        return (statement,)
    at = body.index(statement)
    first = last = at
    alike = [is_entered(one) and block_of(program, one) == stepping.block for one in body]
    while first and alike[first - 1]:
        first -= 1
    while last + 1 < len(body) and alike[last + 1]:
        last += 1
    return tuple(body[first : last + 1])


def _without_header(program: Program, statement: Statement) -> Edit:
    start, end = statement.line.start, statement.blocks[0].statements[0].line.start
    if "#" in program.code[start:end] or statement.blocks[0].inline:
        raise Undecided("two blocks of the same steps stand beside each other")
    return Edit(Span(start, end), "")


def _entering(
    program: Program, trace: Trace, statement: Statement, tracer: str, several: bool
) -> list[Edit]:
    """The edits of one with statement and its body."""
    entered = statement.opens
    body = statement.blocks[0].statements
    steppings = [stepping_of(program, s) for s in statement.steps if isinstance(s, Told)]
    stepping = steppings[0] if len(steppings) == 1 else None
    if entered is None or entered.items != 1 or stepping is None:
        raise Undecided("something else is entered with it")
    if any(inner.opens is not None for one in body for inner in one.walk()):
        raise Undecided("another block stands in it")
    edits = _target(program, statement, stepping)
    if not others(stepping, body):
        return [_header(program, statement, f"{tracer}.{stepping.block}"), *edits]
    if several or entered.name is not None or program.dialect is not Dialect.OLD:
        raise Undecided("other modules, which 0.4 left at the first step, are read in the block")
    step = fresh_name(program, "step")
    return [
        _header(program, statement, f"{tracer}.{stepping.block}", step),
        *edits,
        *_guards(program, trace, statement, stepping, step),
    ]


def _header(program: Program, statement: Statement, block: str, step: str = "") -> Edit:
    """The edit that lets a with statement go through the steps of the tracer."""
    assert statement.opens is not None
    start, call = statement.span.start, statement.opens.call
    if loops_over_steps(program):
        if program.text(Span(start, call.start)) != "with ":
            raise Undecided("its with statement has parentheses")
        return Edit(Span(start, call.end), header_of(program, block, step).removesuffix(":"))
    return Edit(call, f"{block} as {step}" if step else block)


def _turned_round(
    program: Program,
    trace: Trace,
    invoke: Invoke,
    loop: Statement,
    tracer: str,
    naming: tuple[Edit, ...],
    stepping: Stepping,
) -> Fix:
    """A loop over modules that enters a block for each: the block goes around the loop."""
    if loop.kind != "For" or len(loop.blocks) != 1 or len(loop.blocks[0].statements) != 1:
        raise Undecided("it is entered at every turn of a loop")
    statement = loop.blocks[0].statements[0]
    if statement.opens is None or statement.opens.kind != "iterate" or loop.shared:
        raise Undecided("it is entered at every turn of a loop")
    edits = _entering(program, trace, statement, tracer, several=True)
    start, header = loop.line.start, loop.blocks[0].statements[0].line.start
    why = hindrance(program, trace, invoke.body.statements, (loop,), stepping.block)
    if why is not None:
        raise OutOfStep(why)
    if "\n" in program.code[start:header].rstrip("\r\n"):
        raise Undecided("it is entered at every turn of a loop")
    unit = statement.indent[len(loop.indent) :]
    line = header_of(program, f"{tracer}.{stepping.block}")
    with_line = f"{loop.indent}{line}{program.newline}{unit}"
    inner = [edit for edit in edits if _in_body(statement, edit)]
    changes = [*naming, Edit(Span(start, start), with_line), _without_header(program, statement)]
    known = in_order(trace, statement.blocks[0].statements)
    if known is False:
        raise OutOfStep("the modules are read in another order than they run in")
    changes += _names(program, trace, invoke, (statement,), [*changes, *inner])
    sure = known and grows(program, statement) is None
    applicability = Applicability.SAFE if sure else Applicability.UNSAFE
    return Fix("Iterate by the tracer", _joined([*changes, *inner]), applicability)


def _joined(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """The edits, an insertion right behind a replacement made part of it."""
    done: list[Edit] = []
    for edit in merged(edits):
        if done and edit.span.start == edit.span.end == done[-1].span.end:
            done[-1] = Edit(done[-1].span, done[-1].content + edit.content)
        else:
            done.append(edit)
    return tuple(done)


def tracer_beside(program: Program, trace: Trace, invoke: Invoke) -> tuple[str, tuple[Edit, ...]]:
    """The name of the tracer that a block may be asked of, and the edits that give it one.

    Raises:
        Undecided: it cannot be.
    """
    if trace.kind not in ("trace", "generate") or invoke.body.inline:
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
