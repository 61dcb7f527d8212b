"""Workflow commands, which GitHub Actions turns into annotations of the changed lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from nnmigrate.documents.problem import DocumentProblem
from nnmigrate.findings import Finding, Severity
from nnmigrate.reports.locating import STDIN, named, rows, told
from nnmigrate.reports.report import Report
from nnmigrate.reports.text import escaped

_COMMANDS = {
    Severity.SILENT: "error",
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "notice",
}


def github(reports: Iterable[Report], color: bool = False) -> Iterator[str]:
    """Lines such as `::error file=a.py,line=3,...::message`. GitHub colours them itself."""
    del color
    for report in reports:
        for problem in report.problems:
            yield _of_problem("error", problem)
        for note in report.notes:
            yield _of_problem("notice", note)
        for finding in report.findings:
            yield _of_finding(report, finding)


def _of_finding(report: Report, finding: Finding) -> str:
    first, last = rows(report, finding.span)
    where = {"line": str(first), "endLine": str(last)}
    start, end = report.place(finding.span.start), report.place(finding.span.end)
    # GitHub takes columns of one line alone, and in a notebook they are not those of the file.
    if start.cell is None and start.line == end.line:
        where |= {"col": str(start.column), "endColumn": str(end.column)}
    title = f"{finding.code} {finding.name}"
    # The log shows nothing but the message: the place has to be in it.
    words = f"{report.path}:{start}: {told(report, finding)}"
    return _command(_COMMANDS[finding.severity], report.path, where, title, words)


def _of_problem(kind: str, problem: DocumentProblem) -> str:
    # A problem that knows its cell does not know the line of the file.
    where = {} if problem.cell else {"line": str(problem.line), "col": str(problem.column)}
    return _command(kind, problem.path, where, "nnmigrate", str(problem))


def _command(kind: str, path: str, where: dict[str, str], title: str, words: str) -> str:
    file = {} if path == STDIN else {"file": named(path)}
    properties = ",".join(
        f"{name}={_property(value)}" for name, value in (file | where | {"title": title}).items()
    )
    return f"::{kind} {properties}::{_data(words)}"


def _data(text: str) -> str:
    """A message: whatever would end the line or the command's meaning is written otherwise."""
    return _percent(escaped(text), "%")


def _property(text: str) -> str:
    # Line ends are undone by GitHub, so that the file is found; what acts on a terminal is not.
    parts = re.split(r"([\r\n])", text)
    return "".join(_percent(one if one in "\r\n" else escaped(one), "%\r\n:,") for one in parts)


def _percent(text: str, characters: str) -> str:
    return re.sub(f"[{re.escape(characters)}]", lambda match: f"%{ord(match[0]):02X}", text)
