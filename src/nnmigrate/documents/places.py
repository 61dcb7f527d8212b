"""Where the characters of a document's code stand for a person: cells, rows, columns."""

from __future__ import annotations

from functools import cached_property

from nnmigrate.classes import dataclass
from nnmigrate.spans import Lines


@dataclass(frozen=True)
class Place:
    """Where a character is.

    Args:
        row: its line, in the file or, in a notebook, in its cell; counted from 1.
        column: counted from 1, in characters.
        cell: the notebook's cell, counted from 1 among all cells; None in other files.
        line: the line of the file; in a notebook that of the JSON, counted from 1.
    """

    row: int
    column: int
    cell: int | None
    line: int

    def __str__(self) -> str:
        """`3:5`, or `cell 2:3:5`, as Ruff writes it."""
        cell = "" if self.cell is None else f"cell {self.cell}:"
        return f"{cell}{self.row}:{self.column}"

    @property
    def said(self) -> str:
        """`line 3`, or `cell 2, line 3`: for sentences."""
        cell = "" if self.cell is None else f"cell {self.cell}, "
        return f"{cell}line {self.row}"


@dataclass(frozen=True)
class Origin:
    """Where a line of a document's code comes from.

    Args:
        row: the line of the file, or of the cell.
        line: the line of the file.
        cell: the notebook's cell.
        indent: how many characters stand before the code on that line: an indentation, a prompt.
        host: what stands there instead of the code, where that is something else: a magic.
        shift: how many characters later something stands in `host` than in the code.
    """

    row: int
    line: int
    cell: int | None = None
    indent: int = 0
    host: str | None = None
    shift: int = 0


@dataclass(frozen=True)
class Sheet:
    """Code, and where its lines come from.

    Args:
        code: the code.
        origins: one for each of its lines; nothing where the code is the file.
    """

    code: str
    origins: tuple[Origin, ...] = ()

    @cached_property
    def lines(self) -> Lines:
        """The lines of the code itself."""
        return Lines(self.code)

    @cached_property
    def text(self) -> str:
        """The code as a person is to see it: with a notebook's magics as they stand there."""
        if not any(origin.host is not None for origin in self.origins):
            return self.code
        return "".join(f"{self.shown(row)[0]}\n" for row in range(1, len(self.lines.starts)))

    def place(self, offset: int) -> Place:
        """Where a character of the code is."""
        row, column = self.lines.place(offset)
        if not self.origins:
            return Place(row, column, None, row)
        origin = self.origins[min(row, len(self.origins)) - 1]
        column = max(column + origin.shift, 1) + origin.indent
        return Place(origin.row, column, origin.cell, origin.line)

    def at(self, row: int, column: int) -> Place:
        """Where something is that stands in a row and a column of the code, counted from 1."""
        starts = self.lines.starts
        return self.place(starts[min(row, len(starts)) - 1] + column - 1)

    def shown(self, row: int) -> tuple[str, int]:
        """A row of the code as it stands in the document, and how far it is shifted there."""
        origin = self.origins[row - 1] if row <= len(self.origins) else None
        if origin is None or origin.host is None:
            return self.lines.line(row), 0
        return origin.host, origin.shift

    def around(self, offset: int, most: int) -> range:
        """Rows of the code around a character's, as far as they stand together for the reader.

        Args:
            offset: the character's.
            most: how many rows to take on either side.
        """
        row, _ = self.lines.place(offset)
        first = last = row
        while first > max(row - most, 1) and self._together(first - 1, first):
            first -= 1
        while last < min(row + most, len(self.lines.starts)) and self._together(last, last + 1):
            last += 1
        return range(first, last + 1)

    def _together(self, row: int, following: int) -> bool:
        if not self.origins:
            return True
        if following > len(self.origins):
            return False
        one, other = self.origins[row - 1], self.origins[following - 1]
        return one.cell == other.cell and one.row + 1 == other.row
