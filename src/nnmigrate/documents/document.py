"""What all kinds of documents have in common."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from nnmigrate.documents.places import Origin
from nnmigrate.documents.problem import DocumentProblem
from nnmigrate.spans import Span


class Document(Protocol):
    """Something that holds Python code: a source file, a notebook, a text with code in it.

    Spans point into `code`; only the document knows which bytes that are.
    """

    @property
    def path(self) -> Path | None:
        """Where it lies, or None for standard input."""

    @property
    def raw(self) -> bytes:
        """Its bytes."""

    @property
    def code(self) -> str:
        """Its Python code, with the line ends that it has."""

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Where each line of the code stands; nothing where the code is the file."""

    @property
    def rigid(self) -> tuple[Span, ...]:
        """The places in the code that no edit may touch."""

    @property
    def notes(self) -> tuple[DocumentProblem, ...]:
        """What was passed over."""

    @property
    def transparent(self) -> Collection[str]:
        """The cell magics whose cells are read as Python."""

    def with_code(self, new: str, rigid: tuple[Span, ...]) -> bytes:
        """The document's bytes with other code in it.

        Args:
            new: the code.
            rigid: where the spans of `rigid` are in it.

        Raises:
            DocumentProblem: it cannot be written there.
        """
