"""What a format is given for each document."""

from __future__ import annotations

from functools import cached_property

from nnmigrate.classes import dataclass
from nnmigrate.documents.places import Origin, Place, Sheet
from nnmigrate.documents.problem import DocumentProblem
from nnmigrate.findings import Finding
from nnmigrate.spans import Lines


@dataclass(frozen=True)
class Report:
    """The findings of one document.

    Args:
        path: the document's name as it is to be shown; `-` for standard input.
        code: the code that the findings' spans point into.
        findings: sorted by place.
        origins: where the lines of the code come from, where the code is not the whole file.
        problems: what could not be done with the document.
        notes: what was passed over in it.
    """

    path: str
    code: str
    findings: tuple[Finding, ...]
    origins: tuple[Origin, ...] = ()
    problems: tuple[DocumentProblem, ...] = ()
    notes: tuple[DocumentProblem, ...] = ()

    @cached_property
    def sheet(self) -> Sheet:
        """The code with the places of its characters."""
        return Sheet(self.code, self.origins)

    @property
    def lines(self) -> Lines:
        """The lines of the code, which in a notebook or a text are not those of the file."""
        return self.sheet.lines

    def place(self, offset: int) -> Place:
        """Where a character of the code stands in the document."""
        return self.sheet.place(offset)
