"""Names that a file uses in annotations."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from nnmigrate.spans import Lines, Span


def annotated_only(code: str, name: str) -> list[Span] | None:
    """Where a name stands, if it stands in annotations only.

    None if it is used otherwise, or this Python cannot read the code.
    """
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return None
    inside = {inner for each in _annotations(tree) for inner in ast.walk(each)}
    uses = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == name]
    if any(use not in inside for use in uses):
        return None
    lines = Lines(code)
    return [_span(lines, use) for use in uses]


def _annotations(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation is not None:
            yield node.annotation
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.returns:
            yield node.returns


def _span(lines: Lines, node: ast.Name) -> Span:
    """The characters of a name, of which Python gives the row and the column in bytes."""
    row = lines.line(node.lineno).encode()
    start = lines.starts[node.lineno - 1] + len(row[: node.col_offset].decode())
    return Span(start, start + len(node.id))
