"""What kept a document from being read, understood or written."""

from __future__ import annotations

from pathlib import Path

from nnmigrate.classes import dataclass


@dataclass(eq=False)
class DocumentProblem(Exception):
    """One document could not be dealt with; the others can.

    Args:
        path: the document's name as the user gave it or as it was found; `-` for standard input.
        message: what is wrong, in one line.
        line: counted from 1.
        column: in characters, counted from 1.
        cell: the notebook's cell that the line counts in, counted from 1 among all cells.
    """

    path: str
    message: str
    line: int = 1
    column: int = 1
    cell: int | None = None

    def __reduce__(self) -> tuple[type[DocumentProblem], tuple[object, ...]]:
        # As an exception it would go to another process with the arguments without names alone.
        return type(self), (self.path, self.message, self.line, self.column, self.cell)

    def __str__(self) -> str:
        cell = "" if self.cell is None else f"cell {self.cell}:"
        return f"{self.path}:{cell}{self.line}:{self.column}: {self.message}"


def system_problem(path: str, error: OSError, doing: str) -> DocumentProblem:
    """A problem that the operating system reports, such as `cannot read: Permission denied`."""
    return DocumentProblem(path, f"cannot {doing}: {error.strerror or error}")


def as_written(path: Path) -> str:
    """A path as the user would write it, where it lies below the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
