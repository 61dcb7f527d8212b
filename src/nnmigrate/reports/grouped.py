"""The findings of each file under its name, with what they come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nnmigrate.findings import Applicability, Finding, Severity
from nnmigrate.reports.report import Report
from nnmigrate.reports.summary import counted, kinds
from nnmigrate.reports.text import escaped, painted, severity_word

_WIDEST_WORD = max(len(severity.value) for severity in Severity)

_MARKS = {Applicability.SAFE: " [safe fix]", Applicability.UNSAFE: " [unsafe fix]"}


def grouped(reports: Iterable[Report], color: bool = False) -> Iterator[str]:
    """A headline for each file that has findings, a line for each, and an empty line."""
    for report in reports:
        if report.findings:
            yield from _file(report, color)
            yield ""


def _file(report: Report, color: bool) -> Iterator[str]:
    count = f"{counted(len(report.findings), 'finding')} ({kinds(report.findings)})"
    yield f"{painted(escaped(report.path), color, bold=True)}: {count}"
    places = [str(report.place(finding.span.start)) for finding in report.findings]
    # The colons stand under one another: whoever looks for a line runs down the rows.
    before = max(len(place.rpartition(":")[0]) for place in places)
    behind = max(len(place.rpartition(":")[2]) for place in places)
    for place, finding in zip(places, report.findings, strict=True):
        row, _, column = place.rpartition(":")
        yield f"  {row:>{before}}:{column:<{behind}}  {_words(finding, color)}"


def _words(finding: Finding, color: bool) -> str:
    code = painted(finding.code, color, bold=True)
    word = f"[{severity_word(finding.severity, color)}]"
    gap = " " * (_WIDEST_WORD - len(finding.severity.value))
    mark = _MARKS[finding.fix.applicability] if finding.fix else ""
    return f"{code} {word}{gap} {escaped(finding.message)}{painted(mark, color, fg='green')}"
