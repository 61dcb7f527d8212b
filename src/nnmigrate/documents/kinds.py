"""The kinds of documents, told by the ends of their names."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from nnmigrate.documents.document import Document
from nnmigrate.documents.magics import TRANSPARENT
from nnmigrate.documents.python import PythonDocument
from nnmigrate.documents.relevance import CALLS, mentions_nnsight

SOURCES = (".py",)
STUBS = (".pyi",)
NOTEBOOKS = (".ipynb",)
TEXTS = (".md", ".markdown", ".qmd", ".rmd", ".Rmd", ".rst")

PROGRAMS = (*SOURCES, *NOTEBOOKS)
"""What holds a program that can be run."""
EVERYTHING = (*PROGRAMS, *TEXTS)
"""What is looked for in directories. Stubs hold no traces: they are looked at where named."""


def document_of(raw: bytes, name: str, transparent: Collection[str] = TRANSPARENT) -> Document:
    """A document of the kind that its name tells; of no such kind, it is Python.

    Args:
        raw: its bytes.
        name: its path; `-` for standard input.
        transparent: the cell magics whose cells are read as Python.

    Raises:
        DocumentProblem: it cannot be read as such.
    """
    path = None if name == "-" else Path(name)
    suffix = Path(name).suffix.lower()
    # Imported when needed: most runs see Python files alone.
    if suffix in NOTEBOOKS:
        from nnmigrate.documents.notebooks import NotebookDocument

        return NotebookDocument.from_bytes(raw, path, transparent)
    if suffix in TEXTS:
        from nnmigrate.documents.texts import TextDocument

        return TextDocument.from_bytes(raw, path, suffix, transparent)
    return PythonDocument.from_bytes(raw, path)


def may_concern_nnsight(raw: bytes, name: str) -> bool:
    """Decides from a document's bytes whether it is worth reading; never no where it is.

    Args:
        raw: its bytes.
        name: its path.
    """
    if not is_host(name):
        return mentions_nnsight(raw)
    # Code lies in strings or behind quotation marks there: lines do not begin where they seem to.
    return b"nnsight" in raw or (b"with" in raw and any(call in raw for call in CALLS))


def is_notebook(name: str) -> bool:
    """Whether a document is a notebook, whose cells may run a second time."""
    return Path(name).suffix.lower() in NOTEBOOKS


def is_text(name: str) -> bool:
    """Whether a document is a text with blocks of code."""
    return Path(name).suffix.lower() in TEXTS


def is_host(name: str) -> bool:
    """Whether a document is something else that holds code, such as a notebook."""
    return Path(name).suffix.lower() in (*NOTEBOOKS, *TEXTS)
