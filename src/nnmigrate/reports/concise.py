"""One line for each finding, as editors and `grep` take it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nnmigrate.findings import Finding
from nnmigrate.reports.report import Report
from nnmigrate.reports.text import code_word, escaped, severity_word


def concise(reports: Iterable[Report], color: bool = False) -> Iterator[str]:
    """Lines such as `a.py:3:5: NNS101 [silent] message`."""
    for report in reports:
        for finding in report.findings:
            place = report.place(finding.span.start)
            yield f"{escaped(report.path)}:{place}: {_words(finding, color)}"


def _words(finding: Finding, color: bool) -> str:
    code = code_word(finding.code, color)
    return f"{code} [{severity_word(finding.severity, color)}] {escaped(finding.message)}"
