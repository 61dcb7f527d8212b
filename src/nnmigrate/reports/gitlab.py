"""GitLab's report on code quality, which it shows in merge requests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from nnmigrate.documents.problem import DocumentProblem
from nnmigrate.findings import Severity
from nnmigrate.reports.locating import fingerprint_of_problem, fingerprints, named, rows, told
from nnmigrate.reports.report import Report
from nnmigrate.reports.text import showable

_SEVERITIES = {
    # The gravest: everything else is noticed by whoever runs the code.
    Severity.SILENT: "blocker",
    Severity.ERROR: "critical",
    Severity.WARNING: "minor",
    Severity.NOTE: "info",
}


def gitlab(reports: Iterable[Report], color: bool = False) -> Iterator[str]:
    """One JSON list. It is never coloured: the parameter makes it a format like the others."""
    del color
    objects = [one for report in reports for one in _objects(report)]
    yield json.dumps(objects, indent=2)


def _objects(report: Report) -> Iterator[dict[str, Any]]:
    yield from _of_problems(report.problems, "problem", "major")
    yield from _of_problems(report.notes, "passed-over", "info")
    for finding, fingerprint in zip(report.findings, fingerprints(report), strict=True):
        yield {
            # GitLab does not show the name of the check.
            "description": f"{finding.code} {finding.name}: {told(report, finding)}",
            "check_name": finding.code,
            "fingerprint": fingerprint,
            "severity": _SEVERITIES[finding.severity],
            "location": _location(report.path, *rows(report, finding.span)),
        }


def _of_problems(
    problems: Sequence[DocumentProblem], kind: str, severity: str
) -> Iterator[dict[str, Any]]:
    for number, problem in enumerate(problems):
        line = 1 if problem.cell else problem.line
        yield {
            "description": showable(str(problem)),
            "check_name": kind,
            "fingerprint": fingerprint_of_problem(problem.path, problem.message, number),
            "severity": severity,
            "location": _location(problem.path, line, line),
        }


def _location(path: str, first: int, last: int) -> dict[str, Any]:
    return {"path": showable(named(path)), "lines": {"begin": first, "end": last}}
