"""What nnsight 0.4 had for Python's own functions, and what stands in its place: a table."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program import Exported, Program, Read, Statement, Told
from nnmigrate.program.names import REMOVED_BUILTINS
from nnmigrate.program.values import NnsightName
from nnmigrate.spans import Edit, Span

from .calling import keyword_of, parsed_call
from .editing import binds_tightly, code_of, removed


@dataclass(frozen=True)
class Removed:
    """One name that is gone.

    Args:
        name: as the program model tells it: `tracer.apply` stands for a session's as well.
        since: the first nnsight version on which it fails.
        instead: what stands in its place: `call`, the name of a builtin, or empty for the argument.
        consequence: what happens from that version on.
        deprecated: the first version that warns of it, where that is an earlier one.
        source: where that can be read.
    """

    name: str
    since: tuple[int, ...]
    instead: str
    consequence: str
    deprecated: str = ""
    source: str = "nnsight 0.5.15, nnsight/__init__.py"


_TRACER = "nnsight 0.5.15, nnsight/intervention/tracing/base.py"
_GONE = "AttributeError: a tracer of 0.5 has none"
_DEPRECATED = "deprecated since 0.5.0; AttributeError on 0.6"

TABLE = {
    row.name: row
    for row in (
        Removed("tracer.apply", (0, 5), "call", _GONE, "", _TRACER),
        Removed("tracer.log", (0, 5), "print", _GONE, "", _TRACER),
        Removed("nnsight.apply", (0, 6), "call", _DEPRECATED, "0.5.0"),
        Removed("nnsight.log", (0, 5), "print", "TypeError: it takes one argument"),
        Removed("nnsight.trace", (0, 6), "", _DEPRECATED, "0.5.0"),
        Removed("nnsight.set", (0, 5), "set", "AttributeError: nnsight has no `set`"),
        *(
            Removed(f"nnsight.{name}", (0, 6), name, _DEPRECATED, "0.5.0")
            for name in sorted(REMOVED_BUILTINS - {"set"})
        ),
    )
}


@dataclass(frozen=True)
class Use:
    """A removed name in use.

    Args:
        row: its row of the table.
        span: the characters to replace: the call's, or the name's own.
        text: what to put there; None where that cannot be written.
    """

    row: Removed
    span: Span
    text: str | None


def uses(program: Program) -> Iterator[Use]:
    """Every use of a name of the table, once each."""
    seen: set[Span] = set()
    for scope in program.scopes:
        for statement in scope.body.statements:
            for step in statement.all_steps:
                use = _use(program, step) if step.span not in seen else None
                if use is not None:
                    seen.add(step.span)
                    yield use


def _use(program: Program, step: object) -> Use | None:
    if isinstance(step, Told) and step.what in TABLE and _is_called(step.what):
        return Use(TABLE[step.what], step.span, _call(program, TABLE[step.what], step.span))
    name = _builtin_read(step)
    if name is None:
        return None
    assert isinstance(step, (Exported, Read))
    row = TABLE[f"nnsight.{name}"]
    text = name if builtin_is_free(program, name) else None
    return Use(row, step.span, text) if program.text(step.span) != name else None


def import_of_builtins(program: Program, statement: Statement) -> Edit | None:
    """Takes the builtins out of `from nnsight import list, save`."""
    node = statement.node
    if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
        return None
    if not isinstance(node.module, cst.Name) or node.module.value != "nnsight" or statement.shared:
        return None
    gone = [one for one in node.names if one.name.value in REMOVED_BUILTINS and not one.asname]
    if not gone:
        return None
    kept = [one for one in node.names if one not in gone]
    if not kept:
        return removed(statement)
    kept[-1] = kept[-1].with_changes(comma=node.names[-1].comma)
    return Edit(statement.span, code_of(node.with_changes(names=kept)))


def _is_called(what: str) -> bool:
    return TABLE[what].instead in ("call", "print", "")


def _builtin_read(step: object) -> str | None:
    """The builtin that an expression stands for in nnsight's form."""
    name = None
    if isinstance(step, Exported):
        name = step.name
    elif isinstance(step, Read) and isinstance(step.value, NnsightName):
        name = step.value.name
    return name if name in REMOVED_BUILTINS else None


def builtin_is_free(program: Program, name: str) -> bool:
    """Whether a builtin's name means the builtin everywhere in the document."""
    bound = [bind for scope in program.scopes for bind in scope.bindings.get(name, ())]
    return not any(name in scope.parameters for scope in program.scopes) and all(
        bind.how == "import" and isinstance(bind.value, NnsightName) for bind in bound
    )


def _call(program: Program, row: Removed, span: Span) -> str | None:
    """The call without nnsight: `f(x)` for `tracer.apply(f, x)`."""
    node = parsed_call(program, span)
    if node is None or (row.instead == "print" and not builtin_is_free(program, "print")):
        return None
    if row.instead == "print":
        return code_of(node.with_changes(func=cst.Name("print")))
    if not node.args or node.args[0].star or node.args[0].keyword is not None:
        return None
    first = code_of(node.args[0].value)
    if not row.instead:
        return first if len(node.args) == 1 else None
    function = node.args[0].value
    if not binds_tightly(first):
        function = cst.parse_expression(f"({first})")
    rest = [each for each in node.args[1:] if keyword_of(each) != "validate"]
    return code_of(node.with_changes(func=function, args=rest))


def decorator_lines(program: Program) -> Iterator[tuple[Span, Edit]]:
    """Each `@nnsight.trace` with the edit that takes its line away."""
    for scope in program.scopes:
        for statement in scope.body.statements:
            for step in statement.all_steps:
                told = isinstance(step, Exported) and step.name == "trace"
                read = isinstance(step, Read) and step.value == NnsightName(name="trace")
                if told or read:
                    edit = _line_of_decorator(program, step.span)
                    if edit is not None:
                        yield step.span, edit


def _line_of_decorator(program: Program, span: Span) -> Edit | None:
    start = program.code.rfind("\n", 0, span.start) + 1
    end = program.code.find("\n", span.end)
    if end < 0 or program.code[start : span.start].strip() != "@":
        return None
    behind = program.code[span.end : end].strip()
    return Edit(Span(start, end + 1), "") if not behind or behind.startswith("#") else None
