"""Documents whose traces are drawn: what `nnmigrate show` and the page on a migration share."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from nnmigrate.documents import DocumentProblem, Sheet
from nnmigrate.examining import document_in, options_of, origins_after
from nnmigrate.outcomes import Settings
from nnmigrate.reports.migration import Migrated, Picture

# LibCST takes longer to import than everything else: only a picture needs it.
if TYPE_CHECKING:
    from nnmigrate.engine import Fixed
    from nnmigrate.picture import Shown
    from nnmigrate.picture.labels import Rows
    from nnmigrate.program import Trace

# Of a file with more traces the first ones show what the fixes do.
_MOST_PICTURES = 12
_COLUMNS = 100


class Drawing:
    """A document, read and understood, and where its lines are.

    Args:
        name: its path.
        raw: its bytes.
        settings: how to fix it.
    """

    def __init__(self, name: str, raw: bytes, settings: Settings) -> None:
        """Checks and fixes the document's code.

        Raises:
            DocumentProblem: it cannot be read as what its name says, or cannot be parsed.
        """
        from nnmigrate.patience import GivenUp, bounded
        from nnmigrate.picture import Document
        from nnmigrate.program import NotPython

        self.name = name
        self.host = document_in(raw, name, settings)
        self.sheet = Sheet(self.host.code, self.host.origins)
        options = options_of(self.name, settings)
        try:
            self.document = bounded(
                lambda: Document(
                    self.host.code,
                    options,
                    settings.selection,
                    settings.unsafe,
                    self.name,
                    self.host.rigid,
                    _rows(self.sheet),
                    self._rows_after,
                ),
                settings.timeout,
            )
        except GivenUp as error:
            raise DocumentProblem(self.name, str(error)) from error
        except NotPython as error:
            place = self.sheet.at(error.line, error.column)
            message = f"cannot parse: {error.message}"
            raise DocumentProblem(
                self.name, message, place.row, place.column, place.cell
            ) from error

    def _rows_after(self, fixed: Fixed) -> Rows:
        raw = self.host.with_code(fixed.code, fixed.rigid)
        origins = origins_after(self.name, self.host, fixed.code, raw)
        return _rows(Sheet(fixed.code, origins))

    def traces(self, cell: int | None, line: int | None) -> tuple[Trace, ...]:
        """The traces at a line, or all that have findings.

        Raises:
            DocumentProblem: no trace stands there.
        """
        if line is None:
            return self.document.with_findings()
        row = self._row(cell, line)
        found = self.document.at_line(row) if row else ()
        if found:
            return found
        rows = _rows(self.sheet)
        starts = self.sheet.lines.starts
        spans = ((rows(starts[a - 1]), rows(starts[b - 1])) for a, b in self.document.lines())
        known = ", ".join(f"{first}-{last}" for first, last in spans)
        message = f"traces stand at lines {known}" if known else "the file has none"
        raise DocumentProblem(self.name, f"no trace stands here: {message}", max(line, 1), 1, cell)

    def changed(self) -> Iterator[Shown]:
        """The traces that the fixes change, before and after."""
        spans = [finding.span for finding in self.document.fixed.applied]
        for trace in self.document.traces():
            if any(trace.statement.span.overlaps(span) for span in spans):
                shown = self.document.shown(trace)
                if shown.after:
                    yield shown

    def _row(self, cell: int | None, line: int) -> int | None:
        """The line of the code that is a line of the file, or of a cell of it."""
        if not self.sheet.origins:
            return line if cell is None else None
        for row, origin in enumerate(self.sheet.origins, 1):
            here = (None, origin.line) if cell is None else (origin.cell, origin.row)
            if here == (cell, line):
                return row
        return None


def _rows(sheet: Sheet) -> Rows:
    """Says lines as a person counts them: those of a cell with its number before them."""

    def said(offset: int) -> str:
        place = sheet.place(offset)
        return str(place.row) if place.cell is None else f"{place.cell}:{place.row}"

    return said


def pictures_of(file: Migrated, settings: Settings) -> Iterator[Picture]:
    """What the fixes of a file do to its traces, in characters.

    Args:
        file: the file before and after its fixes.
        settings: how it was fixed.
    """
    from nnmigrate.picture import text

    if file.new == file.old:
        return
    drawing = Drawing(file.before.path, file.old, settings)
    for shown in islice(drawing.changed(), _MOST_PICTURES):
        title = f"{shown.before.title}, line {shown.before.line}, before and after"
        yield Picture(title, text(shown, _COLUMNS))
