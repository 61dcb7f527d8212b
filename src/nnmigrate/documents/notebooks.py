"""Jupyter notebooks: their code cells, in order, are one program.

Edits change the characters of `source` that they are about; the rest of the JSON, however it is
laid out, keeps its bytes.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from nnmigrate.classes import dataclass
from nnmigrate.documents.cells import offsets_of_lines, piece_of_cell
from nnmigrate.documents.joining import Joined, OfPieces, edits_between
from nnmigrate.documents.json_text import Strings, items, members
from nnmigrate.documents.magics import TRANSPARENT
from nnmigrate.documents.parsing import half_of_character
from nnmigrate.documents.problem import DocumentProblem
from nnmigrate.patterns import pattern
from nnmigrate.spans import Lines, Span

_NOT_ASCII = pattern(r"[^\x00-\x7f]")
_ESCAPED = pattern(r"\\u(?!00[0-7])[0-9a-fA-F]{4}")


@dataclass(frozen=True)
class _Cell:
    """A code cell that holds Python.

    Args:
        number: counted from 1 among all cells.
        source: where its code stands.
    """

    number: int
    source: Strings


@dataclass(frozen=True)
class NotebookDocument(OfPieces):
    """An `.ipynb` file (nbformat 4).

    Args:
        path: where it lies, or None for standard input.
        raw: its bytes.
        text: the bytes decoded, without a byte order mark.
        cells: those that hold Python, with their lines.
        joined: the cells as one program.
        notes: the cells that were passed over.
        transparent: the cell magics whose code is read as Python.
    """

    path: Path | None
    raw: bytes
    text: str
    cells: tuple[_Cell, ...]
    joined: Joined
    notes: tuple[DocumentProblem, ...] = ()
    transparent: Collection[str] = TRANSPARENT

    @classmethod
    def from_bytes(
        cls,
        raw: bytes,
        path: Path | None = None,
        transparent: Collection[str] = TRANSPARENT,
    ) -> NotebookDocument:
        """Finds the code cells.

        Args:
            raw: the file's bytes.
            path: where it lies, or None for standard input.
            transparent: the cell magics whose cells are read as Python.

        Raises:
            DocumentProblem: it is no notebook.
        """
        name = "-" if path is None else str(path)
        text, notebook = _read(raw, name)
        places = Lines(text)
        cells, pieces, notes = [], [], []
        for number, source in _sources(text, notebook, name):
            _refuse_halves(source.value, number, name)
            starts = source.starts(offsets_of_lines(source.value))
            lines = [places.place(at)[0] for at in starts]
            try:
                piece = piece_of_cell(number, source.value, lines, name, transparent)
            except DocumentProblem as problem:
                # Of a cell that does not parse nothing ever runs: the others are the program.
                notes.append(problem)
                continue
            if piece is not None:
                cells.append(_Cell(number, source))
                pieces.append(piece)
        return cls(path, raw, text, tuple(cells), Joined(tuple(pieces)), tuple(notes), transparent)

    def with_code(self, new: str, rigid: tuple[Span, ...]) -> bytes:
        """The notebook's bytes with other code in it.

        Args:
            new: the code.
            rigid: where the spans of `rigid` are in it.
        """
        pieces: list[str] = []
        done = 0
        for cell, host in zip(self.cells, self.joined.hosts(new, rigid), strict=True):
            if host != cell.source.value:
                edits = edits_between(cell.source.value, host)
                pieces += (
                    self.text[done : cell.source.span.start],
                    cell.source.edited(edits, self._ascii_only),
                )
                done = cell.source.span.end
        text = "".join((*pieces, self.text[done:]))
        mark = codecs.BOM_UTF8 if self.raw.startswith(codecs.BOM_UTF8) else b""
        return mark + text.encode()

    @cached_property
    def _ascii_only(self) -> bool:
        """Whether the file writes other characters as escapes, as `json.dumps` does."""
        return bool(_ESCAPED.search(self.text)) and not _NOT_ASCII.search(self.text)


def _read(raw: bytes, name: str) -> tuple[str, Any]:
    """The text of a notebook's file, and what JSON it is."""
    try:
        text = raw.removeprefix(codecs.BOM_UTF8).decode()
        return text, json.loads(text)
    except json.JSONDecodeError as error:
        message = f"cannot read: not a notebook ({error.msg})"
        raise DocumentProblem(name, message, error.lineno, error.colno) from error
    except (ValueError, RecursionError) as error:
        raise DocumentProblem(name, "cannot read: not a notebook (nbformat 4)") from error


def _sources(text: str, notebook: Any, name: str) -> Iterator[tuple[int, Strings]]:
    """The code of each cell that holds Python, with the number of the cell."""
    try:
        cells = notebook["cells"]
        if not _is_python(notebook.get("metadata")):
            return
        if not isinstance(cells, list):
            raise TypeError
        wanted = [_holds_python(cell) for cell in cells]
    except (AttributeError, KeyError, TypeError) as error:
        raise DocumentProblem(name, _no_notebook(notebook)) from error
    [at] = [span for key, span in members(text, text.index("{")) if key == "cells"][-1:]
    for number, (span, python) in enumerate(zip(items(text, at.start), wanted, strict=True), 1):
        if python:
            [found] = [one for key, one in members(text, span.start) if key == "source"][-1:]
            yield number, Strings(text, found)


def _is_python(metadata: object) -> bool:
    """Whether a notebook's kernel is Python's; where nothing tells, it is."""
    language = _within(metadata, "language_info", "name")
    language = language or _within(metadata, "kernelspec", "language")
    return language is None or str(language).lower() in ("python", "ipython", "python3")


def _holds_python(cell: dict[str, object]) -> bool:
    source = cell["source"]
    rows = [source] if isinstance(source, str) else source
    if not isinstance(rows, list) or not all(isinstance(row, str) for row in rows):
        raise TypeError
    # VS Code lets each cell have a language of its own.
    other = _within(cell.get("metadata"), "vscode", "languageId")
    return cell["cell_type"] == "code" and other in (None, "python")


def _within(mapping: object, *keys: str) -> object:
    """What stands in a mapping of mappings; None where there is no such thing."""
    for key in keys:
        mapping = mapping.get(key) if isinstance(mapping, dict) else None
    return mapping


def _no_notebook(notebook: object) -> str:
    if isinstance(notebook, dict) and "worksheets" in notebook:
        convert = "`jupyter nbconvert --to notebook --nbformat 4` makes one of it"
        return f"cannot read: not a notebook of nbformat 4, but of nbformat 3; {convert}"
    return "cannot read: not a notebook (nbformat 4)"


def _refuse_halves(code: str, number: int, name: str) -> None:
    """Refuses halves of surrogate pairs, which no Python code can hold.

    Raises:
        DocumentProblem: there is one.
    """
    half = half_of_character(code)
    if half is not None:
        at, message = half
        line = code.count("\n", 0, at) + 1
        raise DocumentProblem(name, f"cannot read: {message}", line, 1, number)
