"""Texts of an editor as one program, and what changes in the program as changes of the texts.

A file is its own program. The code cells of a notebook, which come from the editor and not from a
file, are one program in their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from nnmigrate.classes import dataclass
from nnmigrate.documents import DocumentProblem, Sheet
from nnmigrate.documents.cells import piece_of_cell
from nnmigrate.documents.joining import Joined, Piece, edits_between
from nnmigrate.spans import Edit, Lines, Span, apply_edits, moved, touches


@dataclass(frozen=True)
class Texts:
    """Texts that are one program. What that is, is worked out when it is asked for.

    Args:
        contents: a file's text, or those of a notebook's code cells.
        is_notebook: whether they are cells.
    """

    contents: tuple[str, ...]
    is_notebook: bool = False

    @property
    def code(self) -> str:
        """The program."""
        return self._joined.code if self.is_notebook else self.contents[0]

    @property
    def rigid(self) -> tuple[Span, ...]:
        """What no edit of the program may touch."""
        return self._joined.rigid if self.is_notebook else ()

    @property
    def broken(self) -> dict[int, tuple[int, str]]:
        """The cells that are no Python and so no part of the program: in which row, and why."""
        cells = enumerate(self._cells)
        return {n: (one.problem.line, one.problem.message) for n, one in cells if one.problem}

    def placed(self, span: Span) -> tuple[int, Span] | None:
        """The text in which a span of the program begins, and what of it lies there.

        None for what is in no text, such as the line between two cells.
        """
        start, end = self._place(span.start), self._place(span.end)
        if start is None:
            return None
        text, first = start
        last = end[1] if end is not None and end[0] == text else len(self.contents[text])
        return text, Span(first, max(first, last))

    def edited(self, edits: Iterable[Edit]) -> dict[int, list[Edit]] | None:
        """Edits of the program as edits of its texts; None where one would touch what is rigid."""
        edits = sorted(edits)
        if not self.is_notebook:
            return {0: edits}
        if touches(edits, self.rigid):
            return None
        return self.changed(apply_edits(self.code, edits), moved(self.rigid, edits))

    def changed(self, new: str, rigid: tuple[Span, ...]) -> dict[int, list[Edit]]:
        """The smallest edits that make of the texts those of another program.

        Args:
            new: the program.
            rigid: where the spans of `rigid` are in it.
        """
        hosts = {0: new}
        if self.is_notebook:
            held = (number for number, one in enumerate(self._cells) if one.piece is not None)
            hosts = dict(zip(held, self._joined.hosts(new, rigid), strict=True))
        found = {number: edits_between(self.contents[number], hosts[number]) for number in hosts}
        return {number: edits for number, edits in found.items() if edits}

    @cached_property
    def _cells(self) -> tuple[_Cell, ...]:
        return tuple(_cells(self.contents)) if self.is_notebook else ()

    @cached_property
    def _joined(self) -> Joined:
        return Joined(tuple(one.piece for one in self._cells if one.piece is not None))

    @cached_property
    def _sheet(self) -> Sheet:
        return Sheet(self.code, self._joined.origins if self.is_notebook else ())

    @cached_property
    def _lines(self) -> tuple[Lines, ...]:
        return tuple(map(Lines, self.contents))

    def _place(self, offset: int) -> tuple[int, int] | None:
        if not self.is_notebook:
            return 0, offset
        place = self._sheet.place(offset)
        if place.cell is None:
            return None
        lines = self._lines[place.cell - 1]
        within = min(place.column - 1, len(lines.line(place.row)))
        return place.cell - 1, lines.starts[place.row - 1] + within


@dataclass(frozen=True)
class _Cell:
    """A code cell.

    Args:
        piece: its code; None where it holds nothing, another language, or what is no Python.
        problem: why it is no Python.
    """

    piece: Piece | None
    problem: DocumentProblem | None = None


def _cells(contents: Iterable[str]) -> Iterator[_Cell]:
    for number, content in enumerate(contents, 1):
        try:
            yield _Cell(piece_of_cell(number, content))
        except DocumentProblem as problem:
            yield _Cell(None, problem)
