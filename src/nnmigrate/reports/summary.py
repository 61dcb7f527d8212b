"""The line at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from nnmigrate.findings import Applicability, Finding, Severity
from nnmigrate.reports.report import Report


def summary(reports: Iterable[Report], verb: str = "Found") -> str:
    """Such as "Found 2 findings (1 silent, 1 note) in 1 file; 1 fixable with `nnmigrate fix`".

    Args:
        reports: at least one finding in all of them together.
        verb: what happened to the findings.
    """
    guilty = [report for report in reports if report.findings]
    findings = [finding for report in guilty for finding in report.findings]
    found = f"{verb} {counted(len(findings), 'finding')} ({kinds(findings)})"
    return f"{found} in {counted(len(guilty), 'file')}{_fixable(findings)}"


def kinds(findings: Iterable[Finding]) -> str:
    """How many there are of each severity, gravest first: `2 silent, 1 note`."""
    of_each = Counter(finding.severity for finding in findings)
    return ", ".join(f"{of_each[one]} {one.value}" for one in Severity if of_each[one])


def counted(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _fixable(findings: list[Finding]) -> str:
    of_each = Counter(finding.fix.applicability for finding in findings if finding.fix)
    safe, unsafe = of_each[Applicability.SAFE], of_each[Applicability.UNSAFE]
    if safe and unsafe:
        return f"; {safe} fixable with `nnmigrate fix`, {unsafe} more with --unsafe-fixes"
    if safe:
        return f"; {safe} fixable with `nnmigrate fix`"
    return f"; {unsafe} fixable with `nnmigrate fix --unsafe-fixes`" if unsafe else ""
