"""A notebook's code cells as pieces of one program."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from nnmigrate.documents.joining import HostLine, Piece, rows_of
from nnmigrate.documents.magics import TRANSPARENT, shown
from nnmigrate.documents.parsing import problem_in
from nnmigrate.documents.places import Origin
from nnmigrate.documents.problem import DocumentProblem


def piece_of_cell(
    number: int,
    source: str,
    lines: Sequence[int] = (),
    name: str = "-",
    transparent: Collection[str] = TRANSPARENT,
) -> Piece | None:
    """A code cell, even an empty one; None where it holds another language.

    Args:
        number: the cell's number, from 1 among all cells.
        source: its text.
        lines: the line of the file for each of its lines; nothing to count within the cell.
        name: what to call the notebook in messages.
        transparent: the cell magics whose cells are read as Python.

    Raises:
        DocumentProblem: it is no Python.
    """
    rows = rows_of(source)
    indent = _indent([row for row, _ in rows])
    python = shown([row.removeprefix(indent) for row, _ in rows], transparent)
    if python is None:
        return None
    problem = problem_in([one.code for one in python])
    if problem is not None:
        line, message = problem
        note = f"cell passed over, it is no Python: {message}"
        raise DocumentProblem(name, note, line, 1, number)
    places = lines or range(1, len(rows) + 1)
    found = []
    for count, ((row, end), one, line) in enumerate(zip(rows, python, places, strict=True), 1):
        prefix = indent if row.startswith(indent) else ""
        text = row[len(prefix) :]
        host = None if one.own else text
        origin = Origin(count, line, number, len(prefix), host, one.shift)
        rigid = not one.own and not one.heads
        found.append(HostLine(one.code, text, end, origin, prefix, rigid))
    return Piece(tuple(found), headed=bool(python) and python[0].heads)


def offsets_of_lines(source: str) -> list[int]:
    """Where in a cell's text each of its lines begins."""
    offsets, at = [], 0
    for row, end in rows_of(source):
        offsets.append(at)
        at += len(row) + len(end)
    return offsets


def _indent(rows: Sequence[str]) -> str:
    """The blanks that IPython takes off every line of a cell (`leading_indent`)."""
    first = next((row for row in rows if row.strip()), "")
    return first[: len(first) - len(first.lstrip(" \t"))]
