"""Moves plain Python statements of a trace's body behind the trace.

What such a statement computes from the model stays in the trace, under a fresh name that is saved;
the rest of it runs on the caller's own objects, where 0.4 ran it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program import (
    Access,
    Bind,
    Compute,
    Mutation,
    Program,
    Read,
    Save,
    Statement,
    Step,
    Told,
    Trace,
    flat,
)
from nnmigrate.program.bodies import Placed, own_steps
from nnmigrate.program.joins import is_none
from nnmigrate.program.values import Unknown, Value
from nnmigrate.spans import Edit, Span

from .editing import expression_of, fresh_name, movable, removed, saved
from .kinds import changed_path, mentions


@dataclass(frozen=True, eq=False)
class Moving:
    """A statement that is to stand behind the trace.

    Args:
        statement: the statement; it happens exactly once in the trace.
        value: the part of it that the trace computes; None where there is none.
        kept: what that part is.
        wish: what to call it.
    """

    statement: Statement
    value: Span | None = None
    kept: Value | None = None
    wish: str = "_value"


@dataclass(frozen=True)
class Moved:
    """The changes that move statements.

    Args:
        edits: what happens in the trace.
        lines: the lines behind the trace, without indentation.
        names: what the value of each statement is called in the trace; empty where it has none.
    """

    edits: tuple[Edit, ...]
    lines: tuple[str, ...]
    names: tuple[str, ...] = ()


def hoisted(
    program: Program,
    trace: Trace,
    body: Sequence[Placed],
    moving: Sequence[Moving],
    taken: set[str],
    renamed: str = "",
) -> Moved | None:
    """Moves statements behind a trace, and with them the counters that only they use.

    Args:
        program: the program.
        trace: an outermost trace.
        body: what `placed` gives for it.
        moving: the statements, in the order of the text.
        taken: fresh names that are in use; what this one uses is added.
        renamed: the way to an object that the trace will reach by another name.

    Returns:
        The changes; None where something in the trace would miss what moves, or the other way
        round.
    """
    chosen = _with_counters(body, moving)
    if chosen is None or not movable(trace.statement, *(m.statement for m in chosen)):
        return None
    if not _independent(body, chosen):
        return None
    moved = [_moved(program, trace, body, part, taken) for part in chosen]
    edits, lines, names = zip(*moved, strict=True)
    changed = _changed(body, chosen) - {renamed}
    if any(mentions(line, path) for line in lines for path in changed):
        return None
    leaving = {p.statement for p, edit in zip(chosen, edits, strict=True) if not edit.content}
    if _empties_suite(trace, body, leaving):
        return None
    return Moved(edits, lines, names)


# --- what may move --------------------------------------------------------------------------------


def _with_counters(body: Sequence[Placed], moving: Sequence[Moving]) -> list[Moving] | None:
    """The statements, and those that bind what they read; None where one of those must stay."""
    chosen = {part.statement: part for part in moving}
    queue = list(moving)
    while queue:
        part = queue.pop()
        for place in _bindings_read(body, part):
            if place.statement in chosen:
                continue
            if not (place.straight and plain(place.statement) and movable(place.statement)):
                return None
            chosen[place.statement] = Moving(place.statement)
            queue.append(chosen[place.statement])
    return sorted(chosen.values(), key=lambda part: part.statement.span)


def _bindings_read(body: Sequence[Placed], part: Moving) -> Iterator[Placed]:
    names = set(_names_read(part))
    for place in body:
        if isinstance(place.step, Bind) and place.step.name in names:
            yield place


def _names_read(part: Moving) -> Iterator[str]:
    """The names that the moved part of a statement reads."""
    for step in flat(part.statement.steps):
        if isinstance(step, Read) and not (part.value and part.value.holds(step.span)):
            yield step.name


def plain(statement: Statement) -> bool:
    """Whether a statement is plain Python without calls, so that the model does not care when."""
    model = (Access, Compute, Mutation, Save, Told)
    if statement.kind not in _PLAIN:
        return False
    if any(isinstance(step, model) for step in statement.all_steps):
        return False
    return not _calls(statement.node)


_PLAIN = frozenset("Assign AugAssign AnnAssign Del Import ImportFrom".split())

_HARMLESS = frozenset("len int float str bool min max abs range tuple sorted".split())


def _harmless(function: cst.BaseExpression) -> bool:
    return isinstance(function, cst.Name) and function.value in _HARMLESS


def _calls(node: cst.CSTNode) -> bool:
    """Whether something is called that may do more than compute."""
    if isinstance(node, cst.Call) and not _harmless(node.func):
        return True
    if isinstance(node, (cst.Await, cst.Yield, cst.NamedExpr)):
        return True
    return any(map(_calls, node.children))


def _independent(body: Sequence[Placed], chosen: Sequence[Moving]) -> bool:
    """Whether what stays reads nothing that moves has bound before."""
    by_statement = {part.statement: part for part in chosen}
    gone: set[str] = set()
    for place in body:
        step, part = place.step, by_statement.get(place.statement)
        stays = part is None or (part.value is not None and part.value.holds(step.span))
        if isinstance(step, Bind):
            if stays and step.name in gone:
                return False
            gone |= set() if stays else {step.name}
        elif isinstance(step, Read) and stays and step.name in gone:
            return False
    return True


def _changed(body: Sequence[Placed], chosen: Sequence[Moving]) -> set[str]:
    """The ways to the objects that what stays in the trace changes.

    A line behind the trace would find them changed further, or, remotely, not changed yet.
    """
    statements = {part.statement for part in chosen}
    return {
        changed_path(place.step)
        for place in body
        if isinstance(place.step, Mutation) and place.statement not in statements
    }


def _empties_suite(trace: Trace, body: Sequence[Placed], leaving: set[Statement]) -> bool:
    """Whether a suite would be left without statements."""
    suites = [trace.body, *(suite for place in body for suite in place.suites)]
    return any(leaving.issuperset(suite.statements) for suite in suites)


# --- moving ---------------------------------------------------------------------------------------


def _moved(
    program: Program, trace: Trace, body: Sequence[Placed], part: Moving, taken: set[str]
) -> tuple[Edit, str, str]:
    """What is left of a statement in the trace, its text behind it, and its value's name."""
    statement, value = part.statement, part.value
    comment = _comment(program, statement)
    if value is None or _is_there(program, trace, body, part, value):
        text = program.text(statement.span)
        named = "" if value is None else program.text(value)
        return removed(statement), _outdented(text, statement, trace) + comment, named
    name = fresh_name(program, part.wish, taken)
    taken.add(name)
    before = program.code[statement.span.start : value.start]
    after = program.code[value.end : statement.span.end]
    kept = kept_text(program, value, part.kept)
    if not _is_lazy(program.text(value)) and may_be_none(program, value, part.kept):
        # None never comes back, but a list with it does.
        kept, name = f"[{program.text(value)}].save()", f"{name}[0]"
    line = _outdented(f"{before}{name}{after}", statement, trace)
    return Edit(statement.span, f"{name.removesuffix('[0]')} = {kept}"), line, name


def may_be_none(program: Program, span: Span, value: Value | None = None) -> bool:
    """Whether an expression may give `None`.

    Args:
        program: the program.
        span: the expression's characters.
        value: what it stands for, where that is known.
    """
    if value is not None and not isinstance(value, Unknown):
        return value.optional or is_none(value)
    text = program.text(span)
    node = expression_of(text)
    if isinstance(node, cst.Call):
        return value is not None and not _is_saved_call(node) and not _harmless(node.func)
    return isinstance(node, (cst.IfExp, cst.BooleanOperation))


def _is_saved_call(node: cst.Call) -> bool:
    return isinstance(node.func, cst.Attribute) and node.func.attr.value == "save"


def kept_text(program: Program, value: Span, kept: Value | None) -> str:
    """An expression's text, saved if it is not yet, fit to stand on its own."""
    text = program.text(value)
    if _is_lazy(text):
        return f"list({_bare(text)}).save()"  # a generator cannot travel
    if kept is None or not kept.saved:
        return saved(program, value)
    return text if _stands_alone(text) else f"({text})"


def _is_lazy(text: str) -> bool:
    """Whether an expression gives a generator, or something like it, rather than a collection."""
    node = expression_of(_bare(text))
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name):
        return node.func.value in ("map", "filter", "zip", "enumerate", "reversed")
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and not node.args:
        return node.func.attr.value in ("values", "items", "keys")
    return isinstance(node, cst.GeneratorExp)


def _bare(text: str) -> str:
    """A generator's text without brackets of its own."""
    whole = text.startswith("(") and text.endswith(")")
    return text[1:-1] if whole and _stands_alone(f"[{text[1:-1]}]") else text


def _stands_alone(text: str) -> bool:
    """Whether an expression out of some brackets needs no brackets of its own."""
    try:
        cst.parse_statement(f"_ = {text}\n")
    except cst.ParserSyntaxError:
        return False
    return True


def _is_there(
    program: Program, trace: Trace, body: Sequence[Placed], part: Moving, value: Span
) -> bool:
    """Whether a value can be had behind the trace: it comes back by its name, or needs no model."""
    text = program.text(value)
    binds = [place for place in body if isinstance(place.step, Bind) and place.step.name == text]
    if not binds or part.kept is None or not part.kept.saved or text in trace.scope.declared:
        return needs_no_trace(program, body, part.statement, value)
    return binds[-1].straight and binds[-1].step.span.start < value.start


def needs_no_trace(
    program: Program, body: Sequence[Placed], statement: Statement, value: Span
) -> bool:
    """Whether a value can be had behind the trace as well."""
    steps = [step for step in own_steps(program, statement.steps) if value.holds(step.span)]
    bound = {place.step.name for place in body if isinstance(place.step, Bind)}
    if any(isinstance(step, (Access, Compute, Save, Told)) for step in steps):
        return False
    if any(_reads_one_of(step, bound) for step in steps):
        return False
    return not _calls(expression_of(program.text(value)))


def _reads_one_of(step: Step, names: set[str]) -> bool:
    return isinstance(step, Read) and step.name in names


def _outdented(text: str, statement: Statement, trace: Trace) -> str:
    rows = text.splitlines(keepends=True)
    old, new = statement.indent, trace.statement.indent
    moved = [new + row[len(old) :] if row.startswith(old) else row for row in rows[1:]]
    return "".join((rows[0], *moved))


def _comment(program: Program, statement: Statement) -> str:
    """The comment behind a statement, with two blanks before it."""
    rest = Span(statement.span.end, statement.line.end).of(program.code).strip()
    return f"  {rest}" if rest.startswith("#") else ""
