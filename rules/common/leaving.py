"""Statements that leave the body of a trace, and how they move behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.findings import Fix
from nnmigrate.program import (
    Access,
    Block,
    Compute,
    Mutation,
    Program,
    Save,
    Scope,
    Statement,
    Told,
)
from nnmigrate.program.bodies import straight
from nnmigrate.program.memory import remembered
from nnmigrate.spans import Edit, Span

from .editing import (
    fresh_name,
    lines_after,
    lines_before,
    merged,
    movable,
    pattern_of,
    reindented,
    removed,
    saved,
)
from .hoisting import may_be_none

_CUT_OUT = ("trace", "generate", "scan", "session", "invoke", "edit")


@dataclass(frozen=True, eq=False)
class Leaving:
    """A statement that leaves bodies which 0.5 cuts out.

    Args:
        statement: the `return`, `break`, `continue` or `yield`.
        parents: the statements around it, outermost first.
        suites: the suite of each of them that it stands in.
        left: the number of the outermost with statement, among `parents`, that it leaves.
        scope: the function, or the module, that it stands in.
    """

    statement: Statement
    parents: tuple[Statement, ...]
    suites: tuple[Block, ...]
    left: int
    scope: Scope

    @property
    def behind(self) -> Statement:
        """The with statement behind which it belongs."""
        return self.parents[self.left]

    @property
    def call(self) -> Span:
        """The characters of what that with statement enters."""
        assert self.behind.opens is not None
        return self.behind.opens.call


@remembered
def leaving_statements(program: Program) -> tuple[Leaving, ...]:
    """The statements that leave a body of nnsight's, in the order of the text."""
    return tuple(
        leaving for scope in program.scopes for leaving in _in_block(scope, scope.body, (), ())
    )


def is_left(program: Program, statement: Statement) -> bool:
    """Whether something leaves a with statement's body.

    What else is put behind that statement has to wait: the leaving statement comes last there.
    """
    return statement in _left_statements(program)


@remembered
def _left_statements(program: Program) -> frozenset[Statement]:
    return frozenset(one for leaving in leaving_statements(program) for one in leaving.parents)


def _in_block(
    scope: Scope,
    block: Block,
    parents: tuple[Statement, ...],
    suites: tuple[Block, ...],
) -> Iterator[Leaving]:
    for statement in block.statements:
        left = _left(statement, parents)
        if left is not None:
            yield Leaving(statement, parents, suites, left, scope)
        for inner in statement.blocks:
            yield from _in_block(scope, inner, (*parents, statement), (*suites, inner))


def _left(statement: Statement, parents: tuple[Statement, ...]) -> int | None:
    """The outermost body that a statement leaves: a break leaves only what is inside its loop."""
    if statement.kind in ("Break", "Continue"):
        loops = [n for n, p in enumerate(parents) if p.loop is not None]
        first = loops[-1] + 1 if loops else len(parents)
    elif statement.kind == "Return" or _yields(statement):
        first = 0
    else:
        return None
    for number, parent in enumerate(parents[first:], first):
        if parent.opens is not None and parent.opens.kind in _CUT_OUT:
            return number
    return None


def _yields(statement: Statement) -> bool:
    node = statement.node
    return isinstance(node, (cst.Expr, cst.Assign)) and isinstance(node.value, cst.Yield)


def leaving_fix(program: Program, leaving: Leaving) -> Fix | None:
    """Moves the statement behind the trace, with the condition that it stands under."""
    if is_waited_for(leaving):
        return None
    opens, chain = leaving.behind.opens, (*leaving.parents, leaving.statement)
    # What moves: the statement, or the conditions around it up to the innermost body.
    number = leaving.left + 1
    while number < len(leaving.parents) and straight((leaving.parents[number],)):
        number += 1
    moving = chain[number]
    if opens is None or not movable(leaving.behind, moving):
        return None
    conditional = moving is not leaving.statement
    if not _needs(moving) and _comes_first(leaving, number):
        text = reindented(program, moving, leaving.behind.indent)
        edits = [removed(moving), lines_before(program, leaving.behind, text)]
        return Fix("Ask before the trace", merged(edits))
    if not _comes_last(leaving, number) or (conditional and _needs(moving)):
        return None
    edits = _moved(program, leaving, moving)
    return Fix("Move it behind the trace", merged(edits)) if edits else None


def is_waited_for(leaving: Leaving) -> bool:
    """Whether a yield lets others run inside of the trace: a context manager's, a fixture's."""
    function = leaving.scope.statement.node if leaving.scope.statement is not None else None
    decorated = isinstance(function, cst.FunctionDef) and bool(function.decorators)
    return decorated and _yields(leaving.statement)


def _comes_last(leaving: Leaving, number: int) -> bool:
    """Whether it is the last thing that each body does, and not the only one."""
    chain = (*leaving.parents, leaving.statement)
    last = all(
        leaving.suites[n].statements[-1] is chain[n + 1] for n in range(leaving.left, number)
    )
    return last and not leaving.suites[number - 1].inline


def _comes_first(leaving: Leaving, number: int) -> bool:
    """Whether it is the first thing that each body does, and not the only one."""
    chain = (*leaving.parents, leaving.statement)
    suites = [leaving.suites[n] for n in range(leaving.left, number)]
    first = all(suite.statements[0] is chain[n] for n, suite in enumerate(suites, leaving.left + 1))
    return first and len(suites[-1].statements) > 1 and not suites[-1].inline


def _needs(moving: Statement) -> bool:
    """Whether a condition and what is under it need the model."""
    kinds = (Access, Compute, Save, Told, Mutation)
    return moving.kind != "If" or any(isinstance(step, kinds) for step in moving.all_steps)


def _moved(program: Program, leaving: Leaving, moving: Statement) -> list[Edit]:
    value = _value(leaving.statement) if moving is leaving.statement else None
    indent = leaving.behind.indent
    if value is not None and not isinstance(value, cst.Name) and _is_computed(moving):
        name = fresh_name(program, "_returned" if moving.kind == "Return" else "_yielded")
        span = _span_of(program, moving, value)
        done = any(isinstance(s, Save) and s.span == span for s in moving.steps)
        text = program.text(span)
        kept = (f"({text})" if "\n" in text else text) if done else saved(program, span)
        word = program.code[moving.span.start : span.start]
        if may_be_none(program, span):
            kept = f"[{text}].save()"
            line = f"{word}{name}[0]{program.code[span.end : moving.span.end]}"
            return [
                Edit(moving.span, f"{name} = {kept}"),
                lines_after(program, leaving.behind, line),
            ]
        line = f"{word}{name}{program.code[span.end : moving.span.end]}"
        return [
            Edit(moving.span, f"{name} = {kept}"),
            lines_after(program, leaving.behind, line),
        ]
    if len(_suite_of(leaving, moving).statements) == 1:
        return []
    text = reindented(program, moving, indent)
    return [removed(moving), lines_after(program, leaving.behind, text)]


def _suite_of(leaving: Leaving, moving: Statement) -> Block:
    """The suite that the moving statement stands in."""
    return next(suite for suite in leaving.suites if moving in suite.statements)


def _is_computed(moving: Statement) -> bool:
    kinds = (Access, Compute, Save)
    return any(isinstance(step, kinds) for step in moving.all_steps)


def _value(statement: Statement) -> cst.BaseExpression | None:
    node = statement.node
    if isinstance(node, cst.Return):
        return node.value
    if isinstance(node, cst.Expr) and isinstance(node.value, cst.Yield):
        value = node.value.value
        return value if isinstance(value, cst.BaseExpression) else None
    return None


def _span_of(program: Program, statement: Statement, value: cst.BaseExpression) -> Span:
    """The characters of a returned value, which ends where the statement ends."""
    *_, place = re.finditer(pattern_of(value), program.text(statement.span))
    return Span(statement.span.start + place.start(), statement.span.start + place.end())
