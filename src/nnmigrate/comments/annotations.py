"""Comments above the statements of which a person must decide what becomes of them.

One comment for a statement, `# nnmigrate NNS203: what is wrong and what to decide`, its further
lines with `# nnmigrate ...` in front. It is found again by that, changed when what there is to say
has changed, and taken away when there is nothing more to say.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator

from nnmigrate.classes import dataclass
from nnmigrate.comments.clearance import clear_of
from nnmigrate.comments.layout import Comment, Laid, Layout, layout_of
from nnmigrate.findings import Applicability, Finding, Severity
from nnmigrate.patterns import pattern
from nnmigrate.spans import Edit, Lines, Span

WIDTH = 100
"""In characters: what is longer goes on in the next line."""

_NARROWEST = 40
_FIRST = pattern(r"# nnmigrate (NNS\d{3}(?:, NNS\d{3})*): ")
_FURTHER = "# nnmigrate ... "
# Lines move when comments come and go; then the comment would have to change.
_ROW = pattern(
    r" \((?:cell \d+, )?line \d+\)| (?:at|in|on) line \d+| \((?:a|\d+) lines? (?:above|below)\)"
)
# What other readers of comments would take for theirs: a cookie (PEP 263), a suppression.
_COOKIE = pattern(r"(coding)([:=])")
_DIRECTIVE = pattern(r"#(?=\s*(?:noqa|flake8|nnmigrate))", re.IGNORECASE)


@dataclass(frozen=True)
class _Note:
    """A comment of this kind that is in the code."""

    codes: frozenset[str]
    comments: tuple[Comment, ...]


def undecided(findings: Iterable[Finding]) -> list[Finding]:
    """Those of some findings that a person must do something about: all but notes."""
    return [finding for finding in findings if finding.severity is not Severity.NOTE]


def annotating(
    code: str,
    findings: Iterable[Finding],
    judged: Callable[[str], bool] = lambda code: True,
    rigid: tuple[Span, ...] = (),
) -> list[Edit]:
    """What makes the comments in some code those that its findings ask for.

    Args:
        code: the code.
        findings: what a person must decide; whatever is not among them counts as resolved.
        judged: whether the rule with a code has looked: what others once found stays.
        rigid: spans that no edit may touch.
    """
    layout = layout_of(code)
    wanted = _by_statement(layout, findings)
    edits: list[Edit] = []
    for note in _notes(layout):
        place = _below(layout, note)
        if not all(map(judged, note.codes)):
            left = [one for one in wanted.get(place, []) if one.code not in note.codes]
            wanted[place] = left
        elif wanted.get(place):
            edits += _changed(layout, note, wanted.pop(place), layout.statements[place])
        else:
            edits.append(Edit(_rows(layout.lines, note.comments), ""))
    for place, found in wanted.items():
        if found and not _goes_on(layout.lines, layout.statements[place].first):
            edits.append(_inserted(layout, layout.statements[place], found))
    return clear_of(code, edits, rigid)


def _by_statement(layout: Layout, findings: Iterable[Finding]) -> dict[int, list[Finding]]:
    """The findings by the place of the statement that the comment is to stand above."""
    wanted: dict[int, list[Finding]] = {}
    for finding in findings:
        place = layout.index(finding.span.start)
        if place is not None:
            while place and _decorates(layout, place - 1, place):
                place -= 1
            wanted.setdefault(place, []).append(finding)
    return wanted


def _decorates(layout: Layout, place: int, below: int) -> bool:
    one, other = layout.statements[place], layout.statements[below]
    return one.depth == other.depth and layout.code.startswith("@", one.span.start)


def _notes(layout: Layout) -> Iterator[_Note]:
    """The comments of this kind, each with the lines that continue it."""
    codes, rows = frozenset[str](), list[Comment]()
    for comment in layout.alone:
        first = _FIRST.match(layout.code, *_bounds(comment))
        text = comment.span.of(layout.code)
        if rows and comment.row == rows[-1].row + 1 and text.startswith(_FURTHER):
            rows.append(comment)
            continue
        if rows:
            yield _Note(codes, tuple(rows))
        rows = [comment] if first else []
        codes = frozenset(first[1].split(", ")) if first else frozenset()
    if rows:
        yield _Note(codes, tuple(rows))


def _bounds(comment: Comment) -> tuple[int, int]:
    return comment.span.start, comment.span.end


def _inserted(layout: Layout, laid: Laid, findings: list[Finding]) -> Edit:
    start = layout.lines.starts[laid.first - 1]
    indent, newline = _indent(layout.lines, laid), _newline(layout.lines, laid.first)
    rows = _written(findings, indent)
    return Edit(Span(start, start), "".join(f"{indent}{row}{newline}" for row in rows))


def _changed(layout: Layout, note: _Note, findings: list[Finding], laid: Laid) -> Iterator[Edit]:
    rows = _written(findings, _indent(layout.lines, laid))
    if rows != [comment.span.of(layout.code) for comment in note.comments]:
        yield Edit(_rows(layout.lines, note.comments), _inserted(layout, laid, findings).content)


def _written(findings: list[Finding], indent: str) -> list[str]:
    """The rows of a comment, without what stands before them."""
    codes = ", ".join(dict.fromkeys(finding.code for finding in findings))
    said = dict.fromkeys(_question(finding) for finding in findings)
    text = f"# nnmigrate {codes}: {' | '.join(said)}"
    width = max(WIDTH - len(indent.expandtabs(4)), _NARROWEST)
    return textwrap.wrap(
        text,
        width,
        subsequent_indent=_FURTHER,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _question(finding: Finding) -> str:
    text = _ROW.sub("", " ".join(finding.message.split()))
    if finding.fix is not None and finding.fix.applicability is Applicability.UNSAFE:
        text += f" [unsafe fix: {finding.fix.message}]"
    return _COOKIE.sub(r"\1 \2", _DIRECTIVE.sub("", text))


def _below(layout: Layout, note: _Note) -> int:
    """The place of the statement that a comment stands above; -1 where it stands above none."""
    last = note.comments[-1]
    place = layout.after(last.span.end)
    above = () if place is None else layout.statements[place].above
    return place if place is not None and last in above else -1


def _rows(lines: Lines, comments: tuple[Comment, ...]) -> Span:
    """The whole lines of some comments."""
    last = comments[-1].row
    end = lines.starts[last] if last < len(lines.starts) else len(lines.code)
    return Span(lines.starts[comments[0].row - 1], end)


def _indent(lines: Lines, laid: Laid) -> str:
    before = lines.code[lines.starts[laid.first - 1] : laid.span.start]
    return before.rpartition("\f")[2]


def _newline(lines: Lines, row: int) -> str:
    """The line end of a line, or of the code's first line where it has none."""
    for number in (row, 1):
        start = lines.starts[number - 1] + len(lines.line(number))
        end = lines.starts[number] if number < len(lines.starts) else start
        if end > start:
            return lines.code[start:end]
    return "\n"


def _goes_on(lines: Lines, row: int) -> bool:
    """Whether a line is the continuation of one that holds nothing but a backslash."""
    if row == 1:
        return False
    before = lines.line(row - 1).strip()
    return before.endswith("\\") and not before.startswith("#")
