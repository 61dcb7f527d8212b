"""The comment by which a finding is silenced where it stands."""

from __future__ import annotations

import io
import re
import tokenize
from bisect import bisect_left
from functools import lru_cache

from nnmigrate.findings import Finding
from nnmigrate.spans import Edit, Lines, Span

_NAMED = re.compile(r"#\s*nnmigrate\s*:\s*ignore\[(?P<codes>[^\]]*)(?=\])", re.IGNORECASE)


def ignoring(code: str, finding: Finding) -> Edit | None:
    """The edit that adds `# nnmigrate: ignore[...]` to the finding's line.

    A comment of that kind that stands there already gets one code more. Where the line cannot end
    in a comment (it goes on behind a backslash, or ends inside of a string) the last line of the
    statement gets it. None where there is no place for one.

    Args:
        code: the program.
        finding: one of its findings.
    """
    lines = Lines(code)
    row, _ = lines.place(finding.span.start)
    closed, ends = _rows(code)
    last = bisect_left(ends, row)
    for place in (row, *ends[last : last + 1]):
        if place not in closed:
            return _comment(lines, place, finding.code)
    return None


def _comment(lines: Lines, row: int, code: str) -> Edit:
    line, start = lines.line(row), lines.starts[row - 1]
    named = _NAMED.search(line)
    if named is not None:
        at = start + named.end()
        return Edit(Span(at, at), f", {code}" if named["codes"].strip() else code)
    end = len(line.rstrip())
    return Edit(Span(start + end, start + end), f"  # nnmigrate: ignore[{code}]")


@lru_cache(maxsize=1)
def _rows(code: str) -> tuple[frozenset[int], tuple[int, ...]]:
    """The rows that cannot end in a comment, and the last rows of all statements."""
    lines = Lines(code)
    count = range(1, len(lines.starts) + 1)
    closed = {row for row in count if lines.line(row).endswith("\\")}
    ends = []
    opened = [0]
    text = io.StringIO("".join(f"{lines.line(row)}\n" for row in count), newline="\n")
    try:
        for token in tokenize.generate_tokens(text.readline):
            name = tokenize.tok_name[token.type]
            if name == "NEWLINE":
                ends.append(token.start[0])
            elif name.endswith("STRING_START"):  # a text with values in it, from Python 3.12 on
                opened.append(token.start[0])
            elif name.endswith("STRING_END"):
                closed.update(range(opened.pop(), token.end[0]))
            elif name == "STRING":
                closed.update(range(token.start[0], token.end[0]))
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return frozenset(count), ()
    return frozenset(closed), tuple(ends)
