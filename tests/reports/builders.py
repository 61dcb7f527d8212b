"""Reports by hand: plain ones, and those that formats stumble over."""

from __future__ import annotations

import os

from nnmigrate.documents import DocumentProblem, Origin
from nnmigrate.findings import Applicability, Finding, Fix, Severity
from nnmigrate.reports import Report
from nnmigrate.spans import Edit, Span

CODE = "import a\n\nx = 1\nwith m.trace(p):\n    h = bad.output\n    use(h)\n\ny = 2\n"

# Escape, bell, a new line, the end of a CDATA section, markup of every format.
NASTY = "\x1b]0;x\x07\r\n::error::%0A,x ]]> <b>&amp;\u202e \ufffe | ` {0} [a](b)"


def finding(
    code: str = CODE,
    place: str = "bad.output",
    fix: Fix | None = None,
    severity: Severity = Severity.SILENT,
    message: str = "`h` is stale",
    consequence: str = "silently wrong",
    rule: str = "NNS101",
) -> Finding:
    span = Span(code.index(place), code.index(place) + len(place))
    return Finding(rule, "unsynchronized-reference", severity, span, message, consequence, fix)


def replacement(code: str, old: str, new: str, how: Applicability = Applicability.SAFE) -> Fix:
    """The fix that writes something else for a piece of the code."""
    at = code.index(old)
    return Fix("Write it anew", (Edit(Span(at, at + len(old)), new),), how)


def _report(code: str, path: str = "a.py", **more: object) -> Report:
    fix = replacement(code, "bad", "good\n    more")
    return Report(path, code, (finding(code, "bad", fix),), **more)  # type: ignore[arg-type]


# Two cells, whose code stands in the lines 10, 11 and 30 of the JSON.
NOTEBOOK = Report(
    "a.ipynb",
    "x = 1\ny = bad\nz = bad + 1\n",
    (
        finding("x = 1\ny = bad\nz = bad + 1\n", "bad", replacement("y = bad\n", "bad", "ok")),
        finding("x = 1\ny = bad\nz = bad + 1\n", "bad + 1", severity=Severity.NOTE),
    ),
    (Origin(1, 10, 1), Origin(2, 11, 1), Origin(1, 30, 3)),
)

# A block of a text, indented by three, in the lines 7 and 8.
BLOCK_CODE = "x = 1\ny = bad\n"
BLOCK = Report(
    "a.md",
    BLOCK_CODE,
    (finding(BLOCK_CODE, "bad", replacement(BLOCK_CODE, "bad", "good")),),
    (Origin(7, 7, indent=3), Origin(8, 8, indent=3)),
)

CASES: dict[str, Report] = {
    "nothing": Report("a.py", CODE, ()),
    "no concern": Report("a.py", "", ()),
    "unreadable": Report("a.py", "", (), (), (DocumentProblem("a.py", "cannot read: no", 3, 4),)),
    "a note": Report("a.md", "", (), (), (), (DocumentProblem("a.md", "no Python", 3, 4),)),
    "a bad cell": Report(
        "a.ipynb", "", (), (), (DocumentProblem("a.ipynb", "cannot parse", 3, 4, 2),)
    ),
    "unicode": _report("# 😀\nx = '😀é日' + bad\n", "é 日/😀.py"),
    "crlf": _report("x = 1\r\ny = bad\r\n"),
    "lone carriage returns": _report("x = 1\ry = bad\r"),
    "no end of line": _report("bad"),
    "an empty place": Report("a.py", "ab", (finding("ab", ""),)),
    "controls": Report(
        f"d/{NASTY}.py",
        CODE,
        (finding(message=NASTY, consequence=NASTY, fix=replacement(CODE, "bad", NASTY)),),
        (),
        (DocumentProblem(f"d/{NASTY}.py", NASTY),),
    ),
    "bytes in the name": _report("bad\n", os.fsdecode(b"\xff.py")),
    "a path of Windows": _report("bad\n", "C:\\work\\a.py"),
    "a path elsewhere": _report("bad\n", "../other/a.py"),
    "an absolute path": _report("bad\n", "/nowhere/a.py"),
    "a colon": _report("bad\n", "a:b,c=d;e%20.py"),
    "standard input": _report("bad\n", "-"),
    "a huge message": Report("a.py", CODE, (finding(message="`h` is stale, " * 20_000),)),
    "several lines": Report("a.py", CODE, (finding(place="m.trace(p):\n    h = bad"),)),
    "a notebook": NOTEBOOK,
    "a block": BLOCK,
    "a directory": Report(".", "", (), (), (DocumentProblem(".", "cannot read: no"),)),
}
