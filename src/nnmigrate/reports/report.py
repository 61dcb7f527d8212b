"""What a format is given for each document."""

from __future__ import annotations

from dataclasses import dataclass

from nnmigrate.findings import Finding


@dataclass(frozen=True)
class Report:
    """The findings of one document.

    Args:
        path: the document's name as it is to be shown; `-` for standard input.
        code: the code that the findings' spans point into.
        findings: sorted by place.
    """

    path: str
    code: str
    findings: tuple[Finding, ...]
