"""How the headers of with statements are taken apart, and their bodies moved."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator, Sequence

import libcst as cst

from nnmigrate.patterns import pattern
from nnmigrate.program import Context, Program, Statement
from nnmigrate.spans import Edit, Span

_COMMENT = pattern(r"#[^\r\n]*")
_TO_COLON = pattern(r"(?:[\s),\\]|#[^\r\n]*)*:")


def nested(
    program: Program, statement: Statement, groups: Sequence[Sequence[Context]]
) -> tuple[Edit, ...] | None:
    """Splits a with statement into some that stand in each other.

    Args:
        program: the program.
        statement: the with statement; its body has lines of its own.
        groups: the context managers of each of the new statements, outermost first.

    Returns:
        The edits; None where that cannot be written.
    """
    unit = unit_of(statement)
    body = body_lines(program, statement)
    moved = indented(program.text(body), unit * (len(groups) - 1))
    if moved is None:
        return None
    rows: list[str] = []
    for depth, group in enumerate(groups):
        header = _header(program, statement, group, unit * depth)
        if header is None:
            return None
        indent = statement.indent + unit * depth
        rows += [indent + row for row in (*_comments(program, statement, group), header)]
    head = program.newline.join(rows).removeprefix(statement.indent)
    return Edit(header_of(program, statement), head), Edit(body, moved)


def unit_of(statement: Statement) -> str:
    """The blanks by which a statement's suite stands further in."""
    return statement.blocks[0].indent[len(statement.indent) :] or "    "


def header_of(program: Program, statement: Statement) -> Span:
    """The characters of a with statement up to its colon."""
    last = statement.contexts[-1].span.end
    colon = _TO_COLON.match(program.code, last)
    assert colon is not None
    return Span(statement.span.start, colon.end())


def body_lines(program: Program, statement: Statement) -> Span:
    """The lines of a suite, comments before and behind its statements included."""
    code, indent = program.code, statement.blocks[0].indent
    start = code.index("\n", header_of(program, statement).end) + 1
    end = statement.line.end
    behind = re.compile(rf"(?:[ \t]*\r?\n)*{re.escape(indent)}[ \t]*#[^\n]*(?:\n|\Z)")
    while indent and (comment := behind.match(code, end)):
        end = comment.end()
    return Span(start, end)


def indented(text: str, unit: str) -> str | None:
    """Lines moved further in; those that begin inside a string stay, their blanks are data."""
    inside = rows_inside_strings(text)
    if inside is None:
        return None
    rows = text.split("\n")
    return "\n".join(
        unit + row if row.strip() and number not in inside else row
        for number, row in enumerate(rows)
    )


def rows_inside_strings(text: str) -> set[int] | None:
    """The rows (from 0) of some whole lines that begin inside a string; None if it is no Python."""
    inside: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(text, newline="\n").readline):
            if token.type == tokenize.STRING or "FSTRING" in tokenize.tok_name[token.type]:
                inside.update(range(token.start[0], token.end[0]))
    except (tokenize.TokenError, SyntaxError):
        return None
    return inside


def _header(
    program: Program, statement: Statement, group: Sequence[Context], unit: str
) -> str | None:
    """The line of one of the new statements."""
    parts = [program.text(context.span).replace("\n", f"\n{unit}") for context in group]
    asynchronous = getattr(statement.node, "asynchronous", None) is not None
    header = f"{'async ' if asynchronous else ''}with {', '.join(parts)}:"
    if any("'''" in part or '"""' in part for part in parts):
        return None
    try:
        cst.parse_module(f"async def _():\n {header} pass\n")
    except cst.ParserSyntaxError:
        return None
    return header


def _comments(program: Program, statement: Statement, group: Sequence[Context]) -> Iterator[str]:
    """The comments around some context managers of a header that stands on several lines."""
    ends = [each.span.end for each in statement.contexts]
    starts = [each.span.start for each in statement.contexts]
    for context in group:
        here = starts.index(context.span.start)
        first = statement.span.start if here == 0 else ends[here - 1]
        before = program.code[first : context.span.start]
        behind = program.code[context.span.end : header_of(program, statement).end]
        if here + 1 < len(starts):
            behind = program.code[context.span.end : starts[here + 1]]
        # What stands on a context manager's own line belongs to it.
        same, _, _ = behind.partition("\n")
        rest = "" if here + 1 < len(starts) else behind[len(same) :]
        if here:
            before = before.partition("\n")[2]
        yield from _COMMENT.findall(f"{before}\n{same}\n{rest}")
