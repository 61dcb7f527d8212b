"""Comments by which a person says that a finding is not wanted.

`# noqa` and `# nnmigrate: ignore` silence everything, `# noqa: NNS101, E501` and
`# nnmigrate: ignore[NNS101]` what they name. They count for the whole statement that they stand on.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from nnmigrate.findings import Finding
from nnmigrate.spans import Lines

_EVERYTHING = frozenset({"*"})
_MENTIONED = re.compile(r"noqa|nnmigrate\s*:", re.IGNORECASE)
# A colon with no code behind it is a mistake, and silences nothing (as in Ruff).
_NOQA = re.compile(
    r"#\s*noqa\b(?:(?P<colon>\s*:)\s*(?P<codes>[A-Z]+\d+(?:[\s,]+[A-Z]+\d+)*)?)?", re.IGNORECASE
)
_IGNORE = re.compile(r"#\s*nnmigrate\s*:\s*ignore\b(?:\[(?P<codes>[^\]]*)\])?", re.IGNORECASE)
_BETWEEN_STATEMENTS = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)


@dataclass(frozen=True)
class Suppressions:
    """The suppressing comments of one piece of code."""

    code: str
    lines: Lines

    def cover(self, finding: Finding) -> bool:
        """Whether a comment on the statement in which the finding begins silences it."""
        if not self._by_row:
            return False
        row, _ = self.lines.place(finding.span.start)
        silenced = self._by_row.get(row, frozenset())
        return bool(silenced & {"*", finding.code.upper(), finding.name.upper()})

    @cached_property
    def _by_row(self) -> dict[int, frozenset[str]]:
        if not _MENTIONED.search(self.code):
            return {}
        rows: dict[int, frozenset[str]] = {}
        for first, last, silenced in _silenced(self.lines):
            for row in range(first, last + 1):
                rows[row] = rows.get(row, frozenset()) | silenced
        return rows


def _silenced(lines: Lines) -> Iterator[tuple[int, int, frozenset[str]]]:
    """First row, last row and codes of each statement with such a comment."""
    first, comments = 0, list[str]()
    row = 0
    try:
        for token in tokenize.generate_tokens(_readline(lines)):
            row = token.end[0]
            if token.type == tokenize.COMMENT:
                comments.append(token.string)
            elif token.type == tokenize.NEWLINE:
                yield from _of_comments(comments, first or row, row)
                first, comments = 0, []
            elif token.type not in _BETWEEN_STATEMENTS and not first:
                # Comments on lines of their own, above the statement, speak of none.
                first, comments = token.start[0], []
    except (tokenize.TokenError, SyntaxError):
        # Syntax that this Python does not know, but LibCST does. To take a string for a comment
        # is the lesser harm than to change what a person wanted left alone.
        for rest in range(first or row + 1, len(lines.starts) + 1):
            yield from _of_comments([lines.line(rest)], rest, rest)


def _of_comments(
    comments: list[str], first: int, last: int
) -> Iterator[tuple[int, int, frozenset[str]]]:
    silenced = frozenset(code for comment in comments for code in _codes(comment))
    if silenced:
        yield first, last, silenced


def _codes(comment: str) -> Iterator[str]:
    for match in _NOQA.finditer(comment):
        if match["codes"] or not match["colon"]:
            yield from re.split(r"[\s,]+", (match["codes"] or "*").upper())
    for match in _IGNORE.finditer(comment):
        codes = "*" if match["codes"] is None else match["codes"]
        yield from re.split(r"[\s,]+", codes.strip().upper())


def _readline(lines: Lines) -> Callable[[], str]:
    """The lines as `Lines` counts them: `tokenize` would not end one at a lone carriage return."""
    rows = range(1, len(lines.starts) + 1)
    return io.StringIO("".join(f"{lines.line(row)}\n" for row in rows), newline="\n").readline
