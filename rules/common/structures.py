"""Contexts that stood for Python's own control flow on nnsight 0.4: `cond`, `else_`, `iter`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program import (
    Bind,
    Context,
    Mutation,
    Program,
    Remote,
    Scope,
    Statement,
    Told,
)
from nnmigrate.program.memory import remembered
from nnmigrate.program.model import STRING_OR_COMMENT, code_only
from nnmigrate.spans import Edit, Span

from .calling import parsed_call
from .editing import code_of, movable, reindented
from .headers import header_of
from .neighbours import grows

_KINDS = frozenset(
    "tracer.cond nnsight.cond tracer.iter nnsight.iter tracer.local nnsight.local".split()
)
# In whose block a statement belongs to another function or loop.
_OWN = ("FunctionDef", "ClassDef", "For", "While")


@dataclass(frozen=True)
class Structure:
    """A with statement that is Python's `if`, `for`, or nothing.

    Args:
        kind: `cond`, `iter` or `local`.
        statement: the with statement.
        context: its context manager.
        call: the parsed call.
        scope: the scope that it stands in.
        chain: what follows with `else_`, in order.
    """

    kind: str
    statement: Statement
    context: Context
    call: cst.Call
    scope: Scope
    chain: tuple[tuple[Statement, cst.Call], ...] = ()


@remembered
def structures(program: Program) -> tuple[Structure, ...]:
    """All of them, in the order of the text; a chain is one."""
    return tuple(
        one for scope in program.scopes for one in _in_block(program, scope, scope.body.statements)
    )


def _in_block(
    program: Program, scope: Scope, statements: Sequence[Statement]
) -> Iterator[Structure]:
    for number, statement in enumerate(statements):
        structure = _structure(program, scope, statement, statements[number + 1 :])
        if structure is not None:
            yield structure
        if statement.kind not in ("FunctionDef", "ClassDef"):
            for block in statement.blocks:
                yield from _in_block(program, scope, block.statements)


def _structure(
    program: Program, scope: Scope, statement: Statement, following: Sequence[Statement]
) -> Structure | None:
    told = {step.span: step.what for step in statement.steps if isinstance(step, Told)}
    for context in statement.contexts:
        what = told.get(context.call, "")
        if what not in _KINDS or (what == "tracer.local" and _runs_remotely(program, statement)):
            continue
        call = parsed_call(program, context.call)
        assert call is not None
        kind = what.partition(".")[2]
        chain = tuple(_chain(program, context, following)) if kind == "cond" else ()
        return Structure(kind, statement, context, call, scope, chain)
    return None


def _runs_remotely(program: Program, statement: Statement) -> bool:
    """Whether a trace around may run on a server: its tracer has `local` since 0.5 as well."""
    around = [one for one in program.traces if one.statement.span.holds(statement.span)]
    return any(one.remote is not Remote.NO for one in around)


def _chain(
    program: Program, context: Context, following: Sequence[Statement]
) -> Iterator[tuple[Statement, cst.Call]]:
    """The `with c.else_(...)` statements that follow at once."""
    for statement in following:
        if context.name is None or len(statement.contexts) != 1:
            return
        call = parsed_call(program, statement.contexts[0].call)
        way = rf"{re.escape(context.name)}\s*\.\s*else_"
        if call is None or not re.fullmatch(way, code_of(call.func)):
            return
        yield statement, call
        context = statement.contexts[0]


def argument_of(call: cst.Call, keyword: str) -> str | None:
    """The text of a call's first argument; empty where there is none, None where it is unclear."""
    given = [
        one
        for one in call.args
        if not one.star and (one.keyword is None or one.keyword.value == keyword)
    ]
    if any(one.star for one in call.args) or len(given) > 1:
        return None
    if not given:
        return ""
    text = code_of(given[0].value)
    loose = isinstance(given[0].value, (cst.NamedExpr, cst.GeneratorExp)) or "\n" in text
    return f"({text})" if loose and not given[0].value.lpar else text


def as_condition(program: Program, structure: Structure) -> tuple[Edit, ...] | None:
    """`if`, `elif`, `else` in the places of a chain's headers."""
    everything = [(structure.statement, structure.call), *structure.chain]
    if any(len(statement.contexts) != 1 for statement, _ in everything):
        return None
    edits = []
    names: list[str] = []
    for number, (statement, call) in enumerate(everything):
        condition = argument_of(call, "condition")
        last = number == len(everything) - 1
        if condition is None or (not condition and not (number and last)):
            return None
        word = "if" if not number else "elif"
        header = f"{word} {condition}:" if condition else "else:"
        edits.append(Edit(header_of(program, statement), header))
        context = statement.contexts[0]
        if context.bound and context.name is None:
            return None
        names += [context.name] if context.name else []
    return tuple(edits) if _used_only_in_headers(program, names) else None


def _used_only_in_headers(program: Program, names: Sequence[str]) -> bool:
    """Whether nothing but headers of such contexts speaks of the names that they bind."""
    headers = {
        header_of(program, statement)
        for structure in structures(program)
        for statement in (structure.statement, *(one for one, _ in structure.chain))
    }
    rest, at = [], 0
    for header in sorted(headers):
        rest.append(program.code[at : max(at, header.start)])
        at = max(at, header.end)
    code = code_only(" ".join((*rest, program.code[at:])))
    return not any(re.search(rf"(?<![\w.]){re.escape(name)}\b", code) for name in names)


def as_loop(program: Program, structure: Structure) -> tuple[Edit, ...] | None:
    """`for x in xs:` in the place of `with session.iter(xs) as x:`."""
    statement, context = structure.statement, structure.context
    if len(statement.contexts) != 1:
        return None
    items = argument_of(structure.call, "collection")
    target = program.code[context.call.end : context.span.end].partition(" as ")[2].strip()
    edits: list[Edit] = []
    if _wants_context(structure.call):
        parted = _parted(target)
        more = None if parted is None else _of_context(program, statement, parted[1])
        if parted is None or more is None:
            return None
        target, edits = parted[0], more
    if not items or (context.bound and not target):
        return None
    if _changed_inside(structure, items):
        items = f"list({items})"
    header = f"for {target or '_'} in {items}:"
    return (Edit(header_of(program, statement), header), *edits, *_stops(program, structure))


def _changed_inside(structure: Structure, items: str) -> bool:
    """Whether the body changes what is iterated over: 0.4 went over a copy."""
    steps = structure.statement.all_steps
    return any(isinstance(step, Mutation) and step.path == items for step in steps)


def _wants_context(call: cst.Call) -> bool:
    """`session.iter(xs, return_context=True)` of nnsight 0.3 gave the context as well."""
    given = [one for one in call.args if one.keyword and one.keyword.value == "return_context"]
    return any(code_of(one.value) == "True" for one in given)


def _parted(target: str) -> tuple[str, str] | None:
    found = re.fullmatch(r"\(?\s*(\w+)\s*,\s*(\w+)\s*\)?", target)
    return (found[1], found[2]) if found else None


def _of_context(program: Program, statement: Statement, name: str) -> list[Edit] | None:
    """What the body does with the context: `it.log(x)` prints, `it.exit()` breaks."""
    block = statement.blocks[0].span
    text = code_only_kept(program.text(block))
    edits = []
    for found in re.finditer(rf"(?<![\w.]){re.escape(name)}\b(\.log(?=\()|\.exit\(\))?", text):
        if not found[1]:
            return None
        word = "print" if found[1] == ".log" else "break"
        start = block.start
        edits.append(Edit(Span(start + found.start(), start + found.end()), word))
    return edits


def code_only_kept(text: str) -> str:
    """The text with blanks for its strings and comments, so that places stay."""
    return STRING_OR_COMMENT.sub(lambda found: " " * len(found[0]), text)


def _stops(program: Program, structure: Structure) -> Iterator[Edit]:
    """`session.stop()` in the body ended the loop, and no more (0.4.11, contexts/iterator.py)."""
    for statement in _own_statements(structure.statement.blocks[0].statements):
        for step in statement.steps:
            told = isinstance(step, Told) and step.what in ("tracer.stop", "nnsight.stop")
            if told and step.span == statement.span:
                yield Edit(statement.span, "break")


def _own_statements(statements: Sequence[Statement]) -> Iterator[Statement]:
    """The statements that a `break` may stand among."""
    for statement in statements:
        yield statement
        told = [step.what for step in statement.steps if isinstance(step, Told)]
        loop = statement.kind in _OWN or any(what.endswith(".iter") for what in told)
        if not loop and statement.opens is None:
            for block in statement.blocks:
                yield from _own_statements(block.statements)


def plain_effects(program: Program, structure: Structure) -> str | None:
    """A name that the body binds anew or a collection of Python's own that it changes.

    0.4 ran such a body once, whatever the condition and however many turns: what was no part of
    the graph happened once.
    """
    before = structure.statement.span.start
    for step in structure.statement.blocks[0].walk():
        for each in (*step.steps, *step.turn):
            if isinstance(each, Bind) and each.how in ("assign", "augment"):
                bound = structure.scope.bindings.get(each.name, ())
                if any(one.span.start < before for one in bound):
                    return each.name
    return grows(program, structure.statement)


def unwrapped(program: Program, structure: Structure) -> tuple[Edit, ...] | None:
    """The body of `with nnsight.local():` in the place of the statement."""
    statement = structure.statement
    block = statement.blocks[0]
    if len(statement.contexts) != 1 or structure.context.bound or block.inline:
        return None
    if not movable(statement, *block.statements):
        return None
    rows = [reindented(program, one, statement.indent) for one in block.statements]
    return (Edit(statement.span, f"{program.newline}{statement.indent}".join(rows)),)
