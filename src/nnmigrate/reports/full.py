"""Each finding with its lines of code, what happens on 0.5, and what can be done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nnmigrate.findings import Applicability, Finding, Fix
from nnmigrate.reports.report import Report
from nnmigrate.reports.text import code_word, escaped, painted, severity_word, width
from nnmigrate.spans import Span

_AROUND = 2
"""Lines that are shown before and after the place."""

_WIDEST = 160
"""Characters of a line that are shown; data on one line would fill the screen."""

_TAB = "    "


def full(reports: Iterable[Report], color: bool = False) -> Iterator[str]:
    """The findings, with an empty line after each."""
    for report in reports:
        for finding in report.findings:
            yield from _finding(report, finding, color)
            yield ""


def _finding(report: Report, finding: Finding, color: bool) -> Iterator[str]:
    place = report.place(finding.span.start)
    rows = _rows(report, finding.span.start)
    gutter = " " * len(str(_number(report, rows[-1])))
    code = code_word(finding.code, color)
    word = severity_word(finding.severity, color)
    yield f"{code} {finding.name} [{word}] {escaped(finding.message)}"
    yield f"{gutter}{_mark('-->', color)} {escaped(report.path)}:{place}"
    yield f"{gutter} {_mark('|', color)}"
    for shown in rows:
        yield from _line(report, shown, finding.span, len(gutter), color)
    yield f"{gutter} {_mark('|', color)}"
    yield f"{gutter} {_mark('=', color)} on 0.5: {escaped(finding.consequence)}"
    yield f"{gutter} {_mark('=', color)} {_remedy(finding.fix)}"


def _rows(report: Report, offset: int) -> range:
    """The rows of the code to show around a place, without empty ones at either end."""
    lines, around = report.lines, report.sheet.around(offset, _AROUND)
    row, first, last = lines.place(offset)[0], around[0], around[-1]
    while first < row and not lines.line(first).strip():
        first += 1
    while last > row and not lines.line(last).strip():
        last -= 1
    return range(first, last + 1)


def _number(report: Report, row: int) -> int:
    """What a person calls a row of the code: its line in the file or in the cell."""
    return report.place(report.lines.starts[row - 1]).row


def _line(report: Report, row: int, span: Span, digits: int, color: bool) -> Iterator[str]:
    """A line of code with its number and, on the span's first row, a line that underlines it."""
    lines = report.lines
    start = lines.starts[row - 1]
    text, shift = report.sheet.shown(row)
    begins = row == lines.place(span.start)[0]
    from_ = max(span.start - start + shift, 0)
    to = min(span.end - start + shift, len(text))
    cut = max(from_ - _WIDEST // 2, 0) if begins and len(text) > _WIDEST else 0
    number, bar = _mark(f"{_number(report, row):>{digits}}", color), _mark("|", color)
    yield f"{number} {bar} {_shown(text, cut, cut + _WIDEST)}".rstrip()
    if begins:
        before = width(_shown(text, cut, from_)) if from_ > cut else 0
        under = width(_visible(text[from_ : min(to, cut + _WIDEST)]))
        goes_on = (
            " ..." if span.end > start + len(lines.line(row)) and row < len(lines.starts) else ""
        )
        carets = painted("^" * max(under, 1) + goes_on, color, fg="red", bold=True)
        yield f"{' ' * digits} {bar} {' ' * before}{carets}"


def _shown(text: str, start: int, end: int) -> str:
    """A part of a line, with dots where more stands before or, in a long line, behind it."""
    before = "..." if start else ""
    behind = "..." if end - start == _WIDEST and end < len(text) else ""
    return before + _visible(text[start:end]) + behind


def _visible(text: str) -> str:
    return escaped(text.replace("\t", _TAB))


def _mark(text: str, color: bool) -> str:
    return painted(text, color, fg="blue", bold=True)


def _remedy(fix: Fix | None) -> str:
    if fix is None:
        return "no fix: this needs a person's decision"
    if fix.applicability is Applicability.SAFE:
        return f"fix (safe): {escaped(fix.message)}"
    return f"fix (unsafe, needs --unsafe-fixes): {escaped(fix.message)}"
