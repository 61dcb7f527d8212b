"""Findings as SARIF 2.1.0, which code scanning services and editors read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from nnmigrate.documents.problem import DocumentProblem
from nnmigrate.findings import Applicability, Finding, Fix, Severity
from nnmigrate.reports.locating import (
    STDIN,
    absolute_uri,
    fingerprints,
    from_root,
    relative_uri,
    root,
    rows,
    told,
)
from nnmigrate.reports.report import Report
from nnmigrate.reports.sarif_rules import LEVELS, described
from nnmigrate.reports.text import showable
from nnmigrate.spans import Edit, Span

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_BASE = "SRCROOT"
_LONGEST_SNIPPET = 2000
_FINGERPRINT = "nnmigrateFinding/v1"

Object = dict[str, Any]


def sarif(reports: Iterable[Report], color: bool = False) -> Iterator[str]:
    """One JSON document. It is never coloured: the parameter makes it a format like the others."""
    del color
    yield json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(reports)]}, indent=2)


def _run(reports: Iterable[Report]) -> Object:
    from nnmigrate import __version__
    from nnmigrate.links import SITE

    reports = list(reports)
    gravest = _gravest(reports)
    index = {code: number for number, code in enumerate(gravest)}
    driver = {
        "name": "nnmigrate",
        "version": __version__,
        "informationUri": SITE,
        "rules": described(gravest),
    }
    return {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        # A lone carriage return ends a line for Python.
        "newlineSequences": ["\r\n", "\n", "\r"],
        "originalUriBaseIds": {_BASE: {"uri": f"{absolute_uri(root()).rstrip('/')}/"}},
        "invocations": [_invocation(reports)],
        "results": [one for report in reports for one in _results(report, index)],
    }


def _gravest(reports: Sequence[Report]) -> dict[str, Finding]:
    """Of each rule that found something the gravest finding, in the order of the codes."""
    order = list(Severity)
    found = [finding for report in reports for finding in report.findings]
    found.sort(key=lambda finding: order.index(finding.severity), reverse=True)
    gravest = {finding.code: finding for finding in found}  # the last one of a code stays
    return dict(sorted(gravest.items()))


def _invocation(reports: Sequence[Report]) -> Object:
    problems = [_notification(one, "error") for report in reports for one in report.problems]
    notes = [_notification(one, "note") for report in reports for one in report.notes]
    return {
        "executionSuccessful": not problems,
        "toolExecutionNotifications": problems + notes,
    }


def _notification(problem: DocumentProblem, level: str) -> Object:
    physical: Object = {"artifactLocation": _artifact(problem.path)}
    if problem.cell is None:
        physical["region"] = {"startLine": problem.line, "startColumn": problem.column}
    where = "" if problem.cell is None else f"cell {problem.cell}, line {problem.line}: "
    return {
        "level": level,
        "message": _message(where + problem.message),
        "locations": [{"physicalLocation": physical}],
    }


def _results(report: Report, index: Mapping[str, int]) -> Iterator[Object]:
    for finding, fingerprint in zip(report.findings, fingerprints(report), strict=True):
        place = report.place(finding.span.start)
        location: Object = {
            "physicalLocation": {
                "artifactLocation": _artifact(report.path),
                "region": _region(report, finding.span) | _snippet(report, finding.span),
            }
        }
        if place.cell is not None:
            location["logicalLocations"] = [{"name": f"cell {place.cell}"}]
        result: Object = {
            "ruleId": finding.code,
            "ruleIndex": index[finding.code],
            "level": LEVELS[finding.severity],
            "message": _message(told(report, finding)),
            "locations": [location],
            "partialFingerprints": {_FINGERPRINT: fingerprint},
        }
        if finding.fix is not None and _can_be_told(report, finding.fix):
            result["fixes"] = [_fix(report, finding.fix)]
        yield result


def _artifact(path: str) -> Object:
    if path == STDIN:
        return {"uri": "stdin:-", "description": {"text": "standard input"}}
    inside = from_root(path)
    if inside is None:
        return {"uri": absolute_uri(path)}
    return {"uri": relative_uri(inside), "uriBaseId": _BASE}


def _region(report: Report, span: Span) -> Object:
    """A place in the file. Columns of a notebook's code are not those of its JSON: it has none."""
    start, end = report.place(span.start), report.place(span.end)
    if start.cell is not None:
        first, last = rows(report, span)
        return {"startLine": first, "endLine": last}
    return {
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    }


def _snippet(report: Report, span: Span) -> Object:
    """What stands at a place, if that is what the file has there, and no more than is read."""
    text = span.of(report.code)
    if not text or len(text) > _LONGEST_SNIPPET or report.origins:
        return {}
    return {"snippet": {"text": showable(text)}}


def _can_be_told(report: Report, fix: Fix) -> bool:
    """Whether a fix can be said in places of the file.

    The code in a notebook stands in JSON's strings, which are not edited so. In a text, new lines
    would need what stands before the code on the lines around: an indentation, a prompt.
    """
    return all(_fits(report, edit) for edit in fix.edits)


def _fits(report: Report, edit: Edit) -> bool:
    if not report.origins:
        return True
    first, last = (report.lines.place(at)[0] for at in (edit.span.start, edit.span.end))
    touched = report.origins[first - 1 : last]
    together = all(one.line - touched[0].line == at for at, one in enumerate(touched))
    in_file = all(one.cell is None for one in touched)
    adds_lines = "\n" in edit.content or "\r" in edit.content
    return bool(
        touched and together and in_file and not (adds_lines and any(one.indent for one in touched))
    )


def _fix(report: Report, fix: Fix) -> Object:
    safe = fix.applicability is Applicability.SAFE
    how = "safe" if safe else "unsafe: holds under the assumption that the finding states"
    replacements = [
        {
            "deletedRegion": _region(report, edit.span),
            "insertedContent": {"text": showable(edit.content)},
        }
        for edit in fix.edits
    ]
    change = {"artifactLocation": _artifact(report.path), "replacements": replacements}
    return {
        "description": _message(f"{fix.message} ({how})"),
        "artifactChanges": [change],
        "properties": {"applicability": fix.applicability.value},
    }


def _message(text: str) -> Object:
    """A text in which code such as `rows[0](x)` is no link, as SARIF would have it.

    Braces stay as they are: they mean something only beside arguments, of which there are none.
    """
    return {"text": re.sub(r"\[([^\[\]]*)\](?=\()", r"\\[\1\\]", showable(text))}
