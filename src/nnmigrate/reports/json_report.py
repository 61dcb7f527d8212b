"""Findings as JSON, in the shape in which Ruff prints its own (`ruff check --output-format json`).

Rows and columns count from 1, in characters; an end column is the one behind the last character.
In a notebook the rows are those of the cell, which counts from 1 among all cells.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import Any

from nnmigrate.findings import Finding, Fix
from nnmigrate.links import docs_url
from nnmigrate.reports.report import Report
from nnmigrate.spans import Edit


def json_report(reports: Iterable[Report], color: bool = False) -> Iterator[str]:
    """One JSON list. It is never coloured: the parameter makes it a format like the others."""
    del color
    objects = [one for report in reports for one in _objects(report)]
    yield json.dumps(objects, indent=2)


def _objects(report: Report) -> Iterator[dict[str, Any]]:
    # Absolute, as in Ruff: whoever reads it may stand elsewhere.
    filename = report.path if report.path == "-" else os.path.abspath(report.path)
    for finding in report.findings:
        yield {"filename": filename, **_finding(finding, report)}


def _finding(finding: Finding, report: Report) -> dict[str, Any]:
    return {
        "cell": report.place(finding.span.start).cell,
        "code": finding.code,
        "name": finding.name,
        "url": docs_url(finding.code),
        "severity": finding.severity.value,
        "message": finding.message,
        "location": _location(report, finding.span.start),
        "end_location": _location(report, finding.span.end),
        "fix": finding.fix and _fix(finding.fix, report),
    }


def _fix(fix: Fix, report: Report) -> dict[str, Any]:
    return {
        "applicability": fix.applicability.value,
        "message": fix.message,
        "edits": [_edit(edit, report) for edit in fix.edits],
    }


def _edit(edit: Edit, report: Report) -> dict[str, Any]:
    return {
        "content": edit.content,
        "location": _location(report, edit.span.start),
        "end_location": _location(report, edit.span.end),
    }


def _location(report: Report, offset: int) -> dict[str, int]:
    place = report.place(offset)
    return {"row": place.row, "column": place.column}
