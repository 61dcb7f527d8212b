"""Where files and findings are, as other programs want to be told."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from pathlib import Path, PurePath
from urllib.parse import quote

from nnmigrate.findings import Finding
from nnmigrate.reports.report import Report
from nnmigrate.reports.text import showable
from nnmigrate.spans import Span

STDIN = "-"
"""The name that standard input has."""

_ROOTS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")
"""The variables in which CI systems say where the checkout is that their paths start from."""


def root() -> str:
    """The directory that paths are told from: the CI's checkout around this one, or this one."""
    here = os.getcwd()
    for name in _ROOTS:
        value = os.environ.get(name)
        if value and PurePath(here).is_relative_to(os.path.realpath(value)):
            return os.path.realpath(value)
    return here


def from_root(path: str) -> str | None:
    """A file's path from the root, with slashes; None for a file that lies outside of it."""
    try:
        inside = os.path.relpath(os.path.abspath(path), root())
    except ValueError:  # another drive
        return None
    if inside == os.pardir or inside.startswith(os.pardir + os.sep):
        return None
    return inside.replace(os.sep, "/")


def named(path: str) -> str:
    """A file's path for the annotations of CI systems: from the root, or absolute outside of it."""
    if path == STDIN:
        return path
    inside = from_root(path)
    return os.path.abspath(path).replace(os.sep, "/") if inside is None else inside


def relative_uri(inside: str) -> str:
    """A path from the root as a relative reference, byte by byte."""
    # Everything else is encoded, a colon in the first part too: that would name a scheme.
    return quote(os.fsencode(inside), safe="/")


def absolute_uri(path: str) -> str:
    """An absolute path as an address."""
    return Path(os.path.abspath(path)).as_uri()


def rows(report: Report, span: Span) -> tuple[int, int]:
    """The first and the last line of the file that a span touches, counted from 1."""
    last = max(span.end - 1, span.start)
    return report.place(span.start).line, report.place(last).line


def told(report: Report, finding: Finding) -> str:
    """What a finding says, in one line that stands alone; in a notebook with the place."""
    place = report.place(finding.span.start)
    where = "" if place.cell is None else f"{place.said}: "
    words = f"{where}{finding.message}"
    if finding.consequence:
        words = f"{words.rstrip('.')}. On 0.5: {finding.consequence}"
    return showable(words)


def fingerprints(report: Report) -> list[str]:
    """What tells each finding of a document from all others, and stays when lines are added.

    It is made of the rule, the file, and the code around the place; of findings that are equal in
    all this, the first one in the file has another than the second one.
    """
    seen: Counter[str] = Counter()
    found = []
    for finding in report.findings:
        row, _ = report.lines.place(finding.span.start)
        line = " ".join(report.lines.line(row).split())
        place = " ".join(finding.span.of(report.code).split())
        of_all = "\0".join((finding.code, named(report.path), line, place))
        found.append(_digest(f"{of_all}\0{seen[of_all]}"))
        seen[of_all] += 1
    return found


def fingerprint_of_problem(path: str, message: str, number: int) -> str:
    """The same for what could not be done."""
    return _digest("\0".join(("problem", named(path), message, str(number))))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
