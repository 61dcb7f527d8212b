"""The command `show`: the picture of a trace's schedule, before and after the fix."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nnmigrate.cli_options import rewriting, settings_of
from nnmigrate.documents import DocumentProblem, Sheet, document_of, put, read
from nnmigrate.reports.text import escaped
from nnmigrate.run import Settings, options_of, origins_after

# LibCST takes longer to import than everything else: only a picture needs it.
if TYPE_CHECKING:
    from nnmigrate.engine import Fixed
    from nnmigrate.picture import Document, Shown
    from nnmigrate.picture.labels import Rows
    from nnmigrate.program import Trace

_WIDEST = 140
_IN_A_FILE = 100
_BOXES = "│╞═╡●■◆⋮✗"
_PLACE = re.compile(r"(?P<path>.+?)(?::(?P<cell>[0-9]{1,9}))?:(?P<line>[0-9]{1,9})")


@click.command("show")
@click.argument("place", metavar="FILE[:[CELL:]LINE]")
@rewriting
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "svg", "html"]),
    default="text",
    show_default=True,
    help="Text for a terminal, an SVG, or one page of HTML.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of standard output.",
)
@click.option("--unsafe-fixes", "unsafe", is_flag=True, help="Show what unsafe fixes do as well.")
@click.pass_context
def show_command(
    context: click.Context,
    /,
    place: str,
    form: str,
    output: Path | None,
    unsafe: bool,
    **asked: Any,
) -> None:
    """Draw when things happen in a trace: a lane for each invoke, the modules as the time axis.

    LINE is any line of the trace; in a notebook it is a cell's, whose number stands before it.
    Without it every trace is drawn of which something is found. Shown is what 0.5 does with the
    trace as it stands, and as `nnmigrate fix` leaves it. Nothing is changed, and none of your code
    is run.

    Exit codes: 0 drawn, or nothing to draw; 2 there is no such trace, or it could not be read.
    """
    path, cell, line = _asked(place)
    settings = settings_of(**asked, unsafe=unsafe)
    try:
        opened = _Opened(path, settings)
        traces = opened.traces(cell, line)
        if not traces:
            click.echo(_nothing(opened.document, str(path)), err=True)
            return
        every = [opened.document.shown(trace) for trace in traces]
        _give(_drawn(every, str(path), form, output is None), output, path)
    except DocumentProblem as problem:
        click.echo(escaped(str(problem)), err=True)
        context.exit(2)


def _asked(place: str) -> tuple[Path, int | None, int | None]:
    """The file, the cell and the line; a file that is named like that (`a:1`) is the file."""
    found = _PLACE.fullmatch(place)
    if found is None or Path(place).exists():
        return Path(place), None, None
    cell = found["cell"]
    return Path(found["path"]), None if cell is None else int(cell), int(found["line"])


class _Opened:
    """A document, read and understood, and where its lines are."""

    def __init__(self, path: Path, settings: Settings) -> None:
        from nnmigrate.picture import Document
        from nnmigrate.program import NotPython

        self.name = str(path)
        self.host = document_of(read(path), self.name)
        self.sheet = Sheet(self.host.code, self.host.origins)
        options = options_of(self.name, settings)
        try:
            self.document = Document(
                self.host.code,
                options,
                settings.selection,
                settings.unsafe,
                self.name,
                self.host.rigid,
                _rows(self.sheet),
                self._rows_after,
            )
        except NotPython as error:
            place = self.sheet.at(error.line, error.column)
            message = f"cannot parse: {error.message}"
            raise DocumentProblem(
                self.name, message, place.row, place.column, place.cell
            ) from error

    def _rows_after(self, fixed: Fixed) -> Rows:
        raw = self.host.with_code(fixed.code, fixed.rigid)
        return _rows(Sheet(fixed.code, origins_after(self.name, self.host, fixed.code, raw)))

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


def _nothing(document: Document, name: str) -> str:
    count = len(document.traces())
    if not count:
        return f"{escaped(name)}: no trace to draw"
    traces = "its trace" if count == 1 else f"any of its {count} traces"
    return f"{escaped(name)}: nothing is found in {traces}; name a line to draw one all the same"


# --- output ---------------------------------------------------------------------------------------


def _drawn(every: list[Shown], name: str, form: str, to_terminal: bool) -> str:
    from nnmigrate import picture

    if form == "html":
        return picture.page(every, name)
    if form == "svg":
        return picture.svg(*every) + "\n"
    columns = min(shutil.get_terminal_size().columns, _WIDEST) if to_terminal else _IN_A_FILE
    color = to_terminal and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    plain = to_terminal and not _shows_boxes()
    drawn = (picture.text(shown, columns, bool(color), plain) for shown in every)
    return "\n\n\n".join(drawn) + "\n"


def _shows_boxes() -> bool:
    """Whether standard output can show what the picture is drawn with."""
    try:
        _BOXES.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _give(drawn: str, output: Path | None, source: Path) -> None:
    if output is None:
        # What is no box of ours is the user's, and the terminal may lack it.
        click.echo(drawn, nl=False, color=True)
        return
    if output.exists() and output.samefile(source):
        raise click.UsageError("--output is the file that the picture is of")
    put(output, drawn.encode("utf-8", "backslashreplace"))
