"""Texts with Python in them: Markdown, Quarto and R Markdown, reStructuredText.

The Python blocks of a text, in order, are one program, as a reader would run them. Their
indentation, quotation marks and prompts stay; a block that is no Python is passed over and noted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from nnmigrate.classes import dataclass
from nnmigrate.documents.blocks import Block, markdown_blocks, restructured_blocks
from nnmigrate.documents.joining import HostLine, Joined, OfPieces, Piece, rows_of
from nnmigrate.documents.magics import TRANSPARENT, Shown, shown
from nnmigrate.documents.parsing import problem_in
from nnmigrate.documents.places import Origin
from nnmigrate.documents.problem import DocumentProblem
from nnmigrate.documents.python import PythonDocument
from nnmigrate.patterns import pattern
from nnmigrate.spans import Span
from nnmigrate.wording import calls_right, calls_wrong, names_error

MARKDOWN = (".md", ".markdown", ".qmd", ".rmd")
"""What the names of Markdown files end in."""
RESTRUCTURED = (".rst",)
"""What the names of reStructuredText files end in."""

_HEADING = pattern(r" {0,3}#{1,6}\s")
_OPENS = pattern(r"[\s>*+-]*(?:`{3,}|~{3,}|\.\. )")


@dataclass(frozen=True)
class TextDocument(OfPieces):
    """A text with blocks of Python.

    Args:
        file: its characters and bytes; the whole text is its `code`.
        blocks: where the blocks stand, as numbers of lines: from 0, the end excluded.
        joined: the blocks as one program.
        notes: the blocks that were passed over.
        transparent: the cell magics whose code is read as Python.
    """

    file: PythonDocument
    blocks: tuple[tuple[int, int], ...]
    joined: Joined
    notes: tuple[DocumentProblem, ...] = ()
    transparent: Collection[str] = TRANSPARENT

    @classmethod
    def from_bytes(
        cls,
        raw: bytes,
        path: Path | None = None,
        suffix: str = ".md",
        transparent: Collection[str] = TRANSPARENT,
    ) -> TextDocument:
        """Finds the blocks.

        Args:
            raw: the file's bytes, in UTF-8.
            path: where it lies, or None for standard input.
            suffix: what kind of text it is.
            transparent: the cell magics whose blocks are read as Python.

        Raises:
            DocumentProblem: the bytes are no text.
        """
        file = PythonDocument.from_text(raw, path)
        name = "-" if path is None else str(path)
        rows = rows_of(file.code)
        find = restructured_blocks if suffix.lower() in RESTRUCTURED else markdown_blocks
        pieces, places, notes = [], [], []
        for block in find([row for row, _ in rows]):
            python = shown(list(block.lines), transparent)
            if python is None:
                continue
            problem = problem_in([one.code for one in python])
            if problem is None:
                pieces.append(_piece(block, python, rows, _title(rows, block)))
                places.append((block.start, block.start + len(block.lines)))
            else:
                line, message = problem
                note = f"block passed over, it is no Python: {message}"
                notes.append(DocumentProblem(name, note, block.start + line))
        return cls(file, tuple(places), Joined(tuple(pieces)), tuple(notes), transparent)

    @property
    def path(self) -> Path | None:
        """Where it lies, or None for standard input."""
        return self.file.path

    @property
    def raw(self) -> bytes:
        """Its bytes."""
        return self.file.raw

    def with_code(self, new: str, rigid: tuple[Span, ...]) -> bytes:
        """The text's bytes with other code in its blocks.

        Args:
            new: the code.
            rigid: where the spans of `rigid` are in it.
        """
        rows = ["".join(row) for row in rows_of(self.file.code)]
        pieces: list[str] = []
        done = 0
        for (start, end), host in zip(self.blocks, self.joined.hosts(new, rigid), strict=True):
            pieces += (*rows[done:start], host)
            done = end
        return self.file.with_code("".join((*pieces, *rows[done:])))


def _piece(block: Block, python: list[Shown], rows: list[tuple[str, str]], title: str) -> Piece:
    lines = tuple(_lines(block, python, rows))
    prompts = (f"{block.indent}>>> ", f"{block.indent}... ") if block.console else None
    return Piece(lines, prompts, title=title)


def _title(rows: list[tuple[str, str]], block: Block) -> str:
    """What the text says of a block, if it says that it is wrong: right above, or in its heading.

    A title becomes a comment of the program, in which nothing of the text's own may stand.
    """
    near = True
    for number in range(block.start - 1, -1, -1):
        row = rows[number][0]
        if _OPENS.match(row) and number == block.start - 1:
            continue
        if _OPENS.match(row):
            break  # another block
        if (near and calls_right(row)) or _HEADING.match(row) or (near and calls_wrong(row)):
            return "wrong" if calls_wrong(row) or names_error(row) else ""
        near = near and not row.strip()
    return ""


def _lines(block: Block, python: list[Shown], rows: list[tuple[str, str]]) -> Iterator[HostLine]:
    for number, (one, prefix) in enumerate(zip(python, block.prefixes, strict=True), block.start):
        row, end = rows[number]
        text = row[len(prefix or "") :]
        # No prefix: it is a console's output.
        host = None if one.own and prefix is not None else text
        origin = Origin(number + 1, number + 1, None, len(prefix or ""), host, one.shift)
        code = "" if prefix is None else one.code
        yield HostLine(code, text, end, origin, prefix or "", host is not None)
