"""Imports that fixes have left without a use."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.spans import Edit, Lines, Span

_WORD = pattern(r"(?<![\w.])[^\W\d]\w*")
_LINE_END = pattern(r"\r\n|\r|\n")
_COMMENT = pattern(r"#[^\n]*")
_Import = (ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class _Imported:
    """One name that an import statement binds."""

    name: str
    alias: ast.alias
    statement: ast.Import | ast.ImportFrom
    removable: bool


def unused_imports(before: str, after: str) -> list[Edit]:
    """The edits that take imports out of `after` that were used in `before` and no longer are.

    A name that stands anywhere else in the code, in a string too (`__all__`, an annotation), counts
    as used; in a docstring it does not. Imports in a `try`, behind which another one may stand, are
    left; so are those that are marked `# noqa` or name themselves (`import a as a`, a re-export).

    Args:
        before: the code before it was fixed.
        after: the code as it is now; it parses.
    """
    if before == after:
        return []
    try:
        old, new = ast.parse(before), ast.parse(after)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    used = _words(before, old)
    left = _words(after, new)
    gone = [each for each in _imported(new) if each.name in used and each.name not in left]
    lines = Lines(after)
    by_statement: dict[ast.Import | ast.ImportFrom, list[_Imported]] = {}
    for each in gone:
        if each.removable and "noqa" not in lines.line(each.statement.lineno):
            by_statement.setdefault(each.statement, []).append(each)
    edits: list[Edit] = []
    for statement, imported in by_statement.items():
        edits += _without(lines, statement, [each.alias for each in imported])
    return sorted(edits)


def _imported(tree: ast.Module) -> Iterator[_Imported]:
    tried = {
        inner for node in ast.walk(tree) if isinstance(node, ast.Try) for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        for suite in ("body", "orelse", "finalbody"):
            found = getattr(node, suite, None)
            statements = found if isinstance(found, list) else []
            for one in statements:
                if isinstance(one, _Import):
                    whole = len(statements) > 1
                    for alias in one.names:
                        name = (alias.asname or alias.name).partition(".")[0]
                        free = one not in tried and alias.asname != alias.name
                        yield _Imported(name, alias, one, free and (whole or len(one.names) > 1))


def _words(code: str, tree: ast.Module) -> set[str]:
    """The identifiers of the code, its import statements, comments and docstrings left out."""
    rows = _LINE_END.split(code)
    for node in ast.walk(tree):
        if isinstance(node, _Import) or (isinstance(node, ast.Expr) and _is_text(node, rows)):
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                rows[number] = ""
    return set(_WORD.findall("\n".join(_COMMENT.sub("", row) for row in rows)))


def _is_text(node: ast.Expr, rows: Sequence[str]) -> bool:
    """Whether a statement is a string that has its lines for itself."""
    if not isinstance(node.value, ast.Constant) or not isinstance(node.value.value, str):
        return False
    before = rows[node.lineno - 1].encode()[: node.col_offset]
    behind = rows[(node.end_lineno or node.lineno) - 1].encode()[node.end_col_offset or 0 :]
    return not before.strip() and not behind.strip()


def _without(
    lines: Lines, statement: ast.Import | ast.ImportFrom, aliases: list[ast.alias]
) -> Iterator[Edit]:
    """Takes some names out of an import statement, or the statement with its lines."""
    start = lines.starts[statement.lineno - 1]
    last = statement.end_lineno or statement.lineno
    end = lines.starts[last] if last < len(lines.starts) else len(lines.code)
    if len(aliases) == len(statement.names):
        own = lines.code[start:end].strip()
        if ";" not in own:
            yield Edit(Span(start, _past_blank_line(lines.code, start, end)), "")
        return
    kept = [alias for alias in statement.names if alias not in aliases]
    for number, alias in enumerate(statement.names):
        if alias in aliases:
            here = _offset(lines, alias.lineno, alias.col_offset)
            following = [one for one in statement.names[number + 1 :] if one in kept]
            if following:
                after = statement.names[number + 1]
                yield Edit(Span(here, _offset(lines, after.lineno, after.col_offset)), "")
            else:
                yield Edit(Span(_end(lines, statement.names[number - 1]), _end(lines, alias)), "")


def _past_blank_line(code: str, start: int, end: int) -> int:
    """Where to cut so that no two blank lines come together, and none begins the code."""
    alone = re.match(r"[ \t]*\r?\n", code[end:])
    before = code[:start]
    return end + alone.end() if alone and (not before or before.endswith("\n\n")) else end


def _end(lines: Lines, alias: ast.alias) -> int:
    return _offset(lines, alias.end_lineno or alias.lineno, alias.end_col_offset or 0)


def _offset(lines: Lines, row: int, column: int) -> int:
    """The place of a character of which Python gives the row and the column in bytes."""
    return lines.starts[row - 1] + len(lines.line(row).encode()[:column].decode())
