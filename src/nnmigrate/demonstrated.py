"""Code that a text shows to be wrong, in the words of its own comments and headings.

A guide writes `# WRONG` above what nobody should write. Nothing is to be said of that, and a fix
would take the example away.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.spans import Lines, Span
from nnmigrate.wording import SEPARATOR, calls_right, calls_wrong, tells_error

_ROW = pattern(r"(?P<indent>[ \t]*)(?P<code>[^#\r\n]*)(?:#(?P<comment>.*))?")


@dataclass(frozen=True)
class Demonstrated:
    """Where a text's code is shown to be wrong.

    Args:
        lines: the code's lines.
        rows: the numbers of those that are, from 1.
    """

    lines: Lines
    rows: frozenset[int]

    def holds(self, span: Span) -> bool:
        """Whether something begins there."""
        return self.lines.place(span.start)[0] in self.rows


@lru_cache(maxsize=2)
def demonstrated(code: str) -> Demonstrated:
    """Where the comments of a text's code say that it is wrong.

    Args:
        code: the code, each block of it below a separator, which has the block's title.
    """
    lines = Lines(code)
    rows = [lines.line(number) for number, _ in enumerate(lines.starts, 1)]
    return Demonstrated(lines, frozenset(_wrong_rows(rows)))


@dataclass(frozen=True)
class _Region:
    """What a comment speaks of: what stands below it, as deep as it or deeper.

    Args:
        indent: how deep that is at least.
        whole: the title of a block has said it.
    """

    indent: int
    whole: bool = False


def _wrong_rows(rows: list[str]) -> Iterator[int]:
    region: _Region | None = None
    raises = blank = False
    for number, row in enumerate(rows, 1):
        found = _ROW.match(row)
        comment = found["comment"] if found else None
        if found is None or not row.strip():
            blank = True
            continue
        indent, alone = len(found["indent"]), not found["code"].strip()
        if row.startswith(SEPARATOR):
            region = _Region(0, whole=True) if calls_wrong(row[len(SEPARATOR) :]) else None
            raises = False
        elif alone:
            region = _after_comment(region, comment or "", indent, blank=blank)
            raises = tells_error(comment or "")
        else:
            if region is not None and indent < region.indent:
                region = None
            if region is None and comment and calls_wrong(comment):
                yield number
                # Behind the head of a suite it speaks of the suite.
                region = _Region(indent + 1)
            elif region is not None or raises or tells_error(comment or ""):
                yield number
            raises = False
        blank = False


def _after_comment(
    region: _Region | None, comment: str, indent: int, *, blank: bool
) -> _Region | None:
    """What a comment on a line of its own makes of what was said before."""
    if calls_wrong(comment):
        return _Region(indent)
    if calls_right(comment):
        return None
    begins = blank and region is not None and not region.whole and indent <= region.indent
    return None if begins else region
