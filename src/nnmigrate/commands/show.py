"""The command `show`: the picture of a trace's schedule, before and after the fix."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nnmigrate.commands.adoption import at
from nnmigrate.commands.options import rewriting, settings_of
from nnmigrate.documents import DocumentProblem, put, read
from nnmigrate.drawing import Drawing
from nnmigrate.patterns import pattern
from nnmigrate.reports.text import escaped

# LibCST takes longer to import than everything else: only a picture needs it.
if TYPE_CHECKING:
    from nnmigrate.picture import Document, Shown

_WIDEST = 140
_IN_A_FILE = 100
_BOXES = "│╞═╡●■◆⋮✗"
_PLACE = pattern(r"(?P<path>.+?)(?::(?P<cell>[0-9]{1,9}))?:(?P<line>[0-9]{1,9})")


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
    settings = at(path, settings_of(**asked, unsafe=unsafe))
    try:
        opened = Drawing(str(path), read(path), settings)
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
