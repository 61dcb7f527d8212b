"""Documents into whose code comments are put."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from nnmigrate.documents import TRANSPARENT, Document, DocumentProblem, Origin, document_of
from nnmigrate.spans import Edit, Span, apply_edits, moved

if TYPE_CHECKING:
    from nnmigrate.run import Outcome


def document_in(raw: bytes, name: str, magics: Iterable[str] = ()) -> Document:
    """The document in some bytes.

    Args:
        raw: the bytes.
        name: its path, or `-`.
        magics: further cell magics whose cells are Python.

    Raises:
        DocumentProblem: they are none.
    """
    return document_of(raw, name, TRANSPARENT.union(magics))


def commented(
    document: Document,
    outcome: Outcome,
    edits: list[Edit],
    rigid: tuple[Span, ...],
    magics: Iterable[str] = (),
) -> Outcome:
    """An outcome with comments put into its code, and into its document.

    Args:
        document: what was read.
        outcome: what became of it.
        edits: what puts the comments in, or takes some away.
        rigid: the places in the outcome's code that no edit touches.
        magics: further cell magics whose cells are Python.

    Raises:
        DocumentProblem: the comments cannot be written there.
    """
    from nnmigrate.clearance import carried

    report = outcome.report
    code = apply_edits(report.code, edits)
    after = document.with_code(code, moved(rigid, edits))
    return replace(
        outcome,
        report=replace(
            report,
            code=code,
            findings=carried(report.findings, edits),
            origins=origins_after(report.path, document, code, after, magics),
        ),
        after=after,
        comments=len(edits),
    )


def origins_after(
    name: str, document: Document, code: str, after: bytes, magics: Iterable[str] = ()
) -> tuple[Origin, ...]:
    """Where the lines of changed code stand in what is to be written.

    Args:
        name: the document's path, or `-`.
        document: what was read.
        code: the changed code.
        after: the bytes with that code in them.
        magics: further cell magics whose cells are Python.

    Raises:
        DocumentProblem: read again, the document would not hold that code: our fault.
    """
    if not document.origins or after == document.raw:
        return document.origins
    again = document_in(after, name, magics)
    if again.code != code:
        raise DocumentProblem(name, "internal error, please report it: fixes do not fit in")
    return again.origins
