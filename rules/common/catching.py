"""What catches `NNsightError`, and what catches the errors of traces on 0.5."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.program import Item, Program, Read, Remote, Statement
from nnmigrate.spans import Edit, Span

from .editing import code_of

GONE = "NNsightError"
_WRAPPER = "ExceptionWrapper"
_HOME = "intervention.tracing.util"
_MAY_FAIL = pattern(r"\b(ImportError|ModuleNotFoundError|Exception|BaseException)\b")
_SHOWN = pattern(r"\b(print|\w*log\w*\.\w+|warnings\.warn)\((?:[^()\n]*,)?\s*\Z")
_KEPT = pattern(r"(\b(type|isinstance)\(|\b(from|raise)\s+)\Z")


@dataclass(frozen=True)
class Use:
    """An import of the class, or an expression that reaches it by the package's name.

    Args:
        span: the import statement or the expression.
        statement: the import statement.
    """

    span: Span
    statement: Statement | None = None

    @property
    def imported(self) -> bool:
        """Whether it is an import."""
        return self.statement is not None


def uses(program: Program) -> Iterator[Use]:
    """The class's uses that fail on 0.5, but for imports that the program lets fail."""
    seen: set[Span] = set()
    for statement in _statements(program):
        if _imports(statement) and statement.span not in seen:
            seen.add(statement.span)
            if not _may_fail(program, statement):
                yield Use(statement.span, statement)
        for step in statement.steps:
            if isinstance(step, Item) and _is_gone(program, step) and step.span not in seen:
                seen.add(step.span)
                yield Use(step.span)


def _statements(program: Program) -> Iterator[Statement]:
    for scope in program.scopes:
        yield from scope.body.walk()


def _is_gone(program: Program, step: Item) -> bool:
    return step.key == GONE and step.path == f"{program.nnsight}.util"


def _imports(statement: Statement) -> bool:
    node = statement.node
    if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
        return False
    home = node.module is not None and code_of(node.module) == "nnsight.util" and not node.relative
    return home and any(alias.evaluated_name == GONE for alias in node.names)


def _may_fail(program: Program, statement: Statement) -> bool:
    """Whether a `try` around an import catches that there is none."""
    return any(
        around.span.holds(statement.span)
        and around.blocks[0].span.holds(statement.span)
        and any(each.type is None or _MAY_FAIL.search(code_of(each.type)) for each in handlers)
        for around, handlers in _tries(program)
    )


def _tries(program: Program) -> Iterator[tuple[Statement, Sequence[cst.ExceptHandler]]]:
    for statement in _statements(program):
        if isinstance(statement.node, cst.Try):
            yield statement, statement.node.handlers


def replacements(program: Program, found: Sequence[Use]) -> tuple[Edit, ...] | None:
    """The edits by which the program catches the errors of traces on 0.5, if it then can."""
    if any(trace.remote is not Remote.NO for trace in program.traces):
        return None
    names = {program.text(use.span) for use in found if not use.imported}
    edits: dict[Edit, None] = {}
    for use in found:
        if use.statement is None:
            edits[Edit(use.span, f"{program.nnsight}.{_HOME}.{_WRAPPER}")] = None
        else:
            text, name = _import(use.statement)
            names.add(name)
            edits[Edit(use.span, program.newline.join(text))] = None
    if any(_is_made(program, name) for name in names):
        return None
    for statement, handlers in _tries(program):
        for number, handler in enumerate(handlers):
            if handler.type is not None and _mentions(code_of(handler.type), names):
                changed = _in_handler(program, statement, number)
                if changed is None:
                    return None
                edits.update(dict.fromkeys(changed))
    return tuple(sorted(edits))


def _import(statement: Statement) -> tuple[list[str], str]:
    """The rows in the place of an import statement, and the name that it binds."""
    node = statement.node
    assert isinstance(node, cst.ImportFrom)
    assert not isinstance(node.names, cst.ImportStar)
    own = next(alias for alias in node.names if alias.evaluated_name == GONE)
    name = own.evaluated_alias or GONE
    others = [alias.with_changes(comma=cst.MaybeSentinel.DEFAULT) for alias in node.names]
    kept = ", ".join(code_of(a) for a in others if a.evaluated_name != GONE)
    rows = [f"from nnsight.util import {kept}"] if kept else []
    rows.append(f"from nnsight.{_HOME} import {_WRAPPER} as {name}")
    return [rows[0], *(statement.indent + row for row in rows[1:])], name


def _is_made(program: Program, name: str) -> bool:
    """Whether the class is called or derived from: its successor is made in another way."""
    text = program.bare
    made = re.escape(name)
    return re.search(rf"(?<![\w.]){made}\s*\(|\bclass\s+\w+\([^()]*\b{made}\b", text) is not None


def _mentions(text: str, names: set[str]) -> bool:
    return any(re.search(rf"(?<![\w.]){re.escape(name)}\b", text) for name in names)


def _in_handler(program: Program, statement: Statement, number: int) -> list[Edit] | None:
    """What a handler does with the error, in terms of 0.5; None if there are none.

    On 0.5 the error is also what failed, an IndexError for instance: a handler above this one, or
    one of a `try` inside, may take it away.
    """
    node, body = statement.node, statement.blocks[0]
    assert isinstance(node, cst.Try)
    inside = any(inner.kind == "Try" for top in body.statements for inner in top.walk())
    if number or inside:
        return None
    handler = node.handlers[number]
    if handler.name is None or not isinstance(handler.name.name, cst.Name):
        return []
    error = handler.name.name.value
    blocks = [block for block in statement.blocks if block.name == "handler"]
    edits: dict[Edit, None] = {}
    for inner in (each for top in blocks[number].statements for each in top.walk()):
        for step in (*inner.steps, *inner.turn):
            if isinstance(step, Read) and step.name == error:
                edit = _of_read(program, inner, step.span)
                if edit is None:
                    return None
                edits[edit] = None
    return [edit for edit in edits if program.text(edit.span) != edit.content]


def _of_read(program: Program, statement: Statement, span: Span) -> Edit | None:
    """The successor of one reading of the error; None if there is none."""
    name = program.text(span)
    before = program.code[statement.span.start : span.start]
    after = program.code[span.end : statement.span.end]
    if re.match(r"\.message\b(?!\s*\()", after):
        return Edit(Span(span.start, span.end + len(".message")), f"str({name}.original)")
    ends = re.match(r"\s*[,)]", after) is not None
    shown = re.search(r"\bstr\(\Z", before) or _SHOWN.search(before)
    formatted = before.endswith("{") and re.match(r"(!s)?[:}]", after) is not None
    if (ends and shown) or formatted:
        return Edit(span, f"{name}.original")
    return Edit(span, name) if _KEPT.search(before) else None
