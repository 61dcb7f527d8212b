"""Blocks of the steps of a generation: how `with tracer.iter[k]:` is written around statements."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program import Access, Bind, Program, Statement, Told, Trace
from nnmigrate.program.model import code_only
from nnmigrate.schedule import compare
from nnmigrate.schedule.values import Order
from nnmigrate.spans import Edit, Span

from .calling import keyword_of, parsed_call
from .cursors import shown
from .editing import code_of, fresh_name, lines_inside_strings

_OF_TRACERS = ("tracer.iter[]", "tracer.all")
_LEAVING = frozenset("Return Break Continue FunctionDef ClassDef".split())


@dataclass(frozen=True)
class Chunk:
    """A statement with the comments above it, and what of its text is replaced.

    Args:
        statement: the statement.
        edits: replacements in it.
        header: the with statement's line, where the statement goes into such a block.
        dropped: nothing of the statement itself is left.
    """

    statement: Statement
    edits: tuple[Edit, ...] = ()
    header: str = ""
    dropped: bool = False


def tracer_of(program: Program, trace: Trace) -> tuple[str, tuple[Edit, ...]] | None:
    """The name of a trace's tracer, and the edits that give it one where it has none.

    None where it cannot have one, or where its name becomes that of something else.
    """
    entered = trace.entered
    if entered.name is not None:
        return None if _is_rebound(trace, entered.name) else (entered.name, ())
    end = entered.call.end
    if re.match(r"\s*\)*\s*as\b", program.code[end:]) or not _is_innermost(trace):
        return None
    name = "tracer" if _is_free(program, trace) else fresh_name(program, "tracer")
    return name, (Edit(Span(end, end), f" as {name}"),)


def _is_rebound(trace: Trace, name: str) -> bool:
    steps = trace.statement.all_steps
    binds = (step for step in steps if isinstance(step, Bind) and not step.foreign)
    return any(bind.name == name and bind.how != "with" for bind in binds)


def _is_innermost(trace: Trace) -> bool:
    return trace.kind in ("trace", "generate")


def _is_free(program: Program, trace: Trace) -> bool:
    """Whether `tracer` is only what other traces call their own, if anything."""
    rest, at = [], 0
    for other in program.traces:
        span = other.statement.span
        if other.entered.name == "tracer" and not span.holds(trace.statement.span):
            rest.append(program.code[at : max(at, span.start)])
            at = max(at, span.end)
    rest.append(program.code[at:])
    return re.search(r"(?<![\w.])tracer\b", code_only("".join(rest))) is None


def steps_made(program: Program, trace: Trace) -> int | None:
    """How many steps a generation has, where `max_new_tokens` is a number that stands there."""
    call = parsed_call(program, trace.entered.call)
    if trace.kind != "generate" or call is None:
        return None
    given = [one for one in call.args if keyword_of(one) == "max_new_tokens"]
    text = code_of(given[0].value) if given else ""
    return int(text) if re.fullmatch(r"\d+", text) else None


def loops_over_steps(program: Program) -> bool:
    """Whether steps are gone through by `for step in tracer.iter[...]:`, as nnsight 0.6 has it.

    0.5 cuts out the body of a with statement only (run on 0.5.15, 0.6.3, 0.7.0 and 0.8.1).
    """
    return program.options.target >= (0, 6)


def steps_asked(statement: Statement) -> Span | None:
    """What a statement goes through step by step: a block on 0.5, a loop from 0.6 on."""
    if isinstance(statement.node, cst.For):
        told = (s for s in statement.steps if isinstance(s, Told) and s.what in _OF_TRACERS)
        return next((step.span for step in told), None)
    entered = statement.opens if isinstance(statement.node, cst.With) else None
    return entered.call if entered is not None and entered.kind == "iterate" else None


def header_of(program: Program, block: str, step: str = "") -> str:
    """The line that goes through steps.

    Args:
        program: the program.
        block: `tracer.all()` or `tracer.iter[...]`.
        step: a name for the number of the step, where a loop has to have a certain one.
    """
    if loops_over_steps(program):
        return f"for {step or fresh_name(program, 'step')} in {block}:"
    return f"with {block}:"


def may_be_wrapped(statements: Iterable[Statement]) -> bool:
    """Whether statements may stand in a block that 0.5 cuts out."""
    return not any(
        inner.shared or inner.kind in _LEAVING or _yields(inner) or inner.opens is not None
        for statement in statements
        for inner in statement.walk()
    ) and not any(block.inline for one in statements for s in one.walk() for block in s.blocks)


def _yields(statement: Statement) -> bool:
    return any(type(child).__name__ == "Yield" for child in statement.node.children)


def in_order(trace: Trace, statements: Sequence[Statement]) -> bool | None:
    """Whether statements access modules in the order in which one pass runs them.

    None where that is not known.
    """
    answer: bool | None = True
    accesses = shown(statements)
    for one, other in itertools.pairwise(accesses):
        order = follows(one, other)
        if order is Order.AFTER:
            return False
        if order is Order.UNKNOWN:
            answer = None
    return answer


def follows(one: Access, other: Access) -> Order:
    """How two accesses follow each other in one pass."""
    if one.model != other.model:
        return Order.UNKNOWN
    return compare(one.provider, other.provider)


def rewritten(
    program: Program, outer: Statement, chunks: Sequence[Chunk], whole: Sequence[Statement]
) -> Edit:
    """The edit that writes neighbouring statements as chunks, blocks made of equal headers.

    Args:
        program: the program.
        outer: the statement whose suite it is.
        chunks: the statements as they are to be, in their new order.
        whole: the same statements in the order of the text.
    """
    start = whole[0].line.start
    ends = [start, *(statement.line.end for statement in whole)]
    places = {id(s): Span(a, b) for s, a, b in zip(whole, ends, ends[1:], strict=False)}
    unit, indent = unit_of(outer, whole[0]), whole[0].indent
    rows: list[str] = []
    before = ""
    for chunk in chunks:
        text = _text(program, chunk, places[id(chunk.statement)])
        if text.strip() and not chunk.dropped:
            if chunk.header and chunk.header != before:
                blank = len(text) - len(text.lstrip("\r\n"))
                rows += [text[:blank], f"{indent}{chunk.header}{program.newline}"]
                text = text[blank:]
            before = chunk.header
        rows.append(indented(text, unit) if chunk.header else text)
    return Edit(Span(start, ends[-1]), _ended(program, "".join(rows), ends[-1]))


def _ended(program: Program, text: str, end: int) -> str:
    """The text with a line end at its end exactly where the document has one there."""
    if end and program.code[end - 1] in "\r\n":
        return text if text.endswith(("\r", "\n")) else text + program.newline
    return text.rstrip("\r\n")


def _text(program: Program, chunk: Chunk, place: Span) -> str:
    """A chunk's text after its edits, with a line end."""
    line = chunk.statement.line
    if chunk.dropped:
        comment = program.text(Span(chunk.statement.span.end, line.end)).strip()
        kept = f"{chunk.statement.indent}{comment}{program.newline}" if comment else ""
        return program.text(Span(place.start, line.start)) + kept
    text, at = "", place.start
    for edit in sorted(chunk.edits):
        text += program.code[at : edit.span.start] + edit.content
        at = edit.span.end
    text += program.code[at : place.end]
    return text if text.endswith(("\r", "\n")) else text + program.newline


def unit_of(outer: Statement, inner: Statement) -> str:
    """The blanks by which the document indents a suite."""
    return inner.indent[len(outer.indent) :] or "    "


def indented(text: str, unit: str) -> str:
    """Lines one level deeper; those inside strings keep their blanks, for these are data."""
    inside = lines_inside_strings(text)
    rows = text.splitlines(keepends=True)
    return "".join(
        unit + row if row.strip() and number not in inside else row
        for number, row in enumerate(rows)
    )
