"""Places in a piece of code, and changes to it.

Everything that holds a place holds a `Span`: two offsets, in characters, into the code of one
document. Lines and columns are worked out only where something is shown.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from itertools import accumulate

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern


@dataclass(frozen=True, order=True)
class Span:
    """A half-open range of characters.

    Args:
        start: offset of the first character.
        end: offset behind the last character; equal to `start` for a place between two characters.
    """

    start: int
    end: int

    def of(self, code: str) -> str:
        """The characters of `code` that the span covers."""
        return code[self.start : self.end]

    def holds(self, other: Span) -> bool:
        """Whether `other` lies inside this span."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Span) -> bool:
        """Whether two replacements at these spans would disturb each other.

        Two insertions at one place do, since their order would matter.
        """
        if self.start == self.end or other.start == other.end:
            return self.start <= other.end and other.start <= self.end
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, order=True)
class Edit:
    """Puts `content` in the place of the characters that `span` covers."""

    span: Span
    content: str


def touches(edits: Iterable[Edit], rigid: Iterable[Span]) -> bool:
    """Whether an edit changes something in one of some places; beside one it may insert.

    Before one that begins the code it may not: that would belong to nothing. At one that is empty
    nothing may be inserted.
    """
    places = tuple(rigid)
    return any(_touches(edit.span, place) for edit in edits for place in places)


def _touches(span: Span, place: Span) -> bool:
    if place.start == place.end:
        return span == place or span.start < place.start < span.end
    return span.start < place.end and place.start < max(span.end, 1)


def moved(spans: Iterable[Span], edits: Iterable[Edit]) -> tuple[Span, ...]:
    """Where places are after edits that touch none of them; what is inserted at one goes before it.

    Args:
        spans: the places, sorted.
        edits: the edits, in any order.
    """
    found = []
    ahead = sorted(edits)
    shift = number = 0
    for span in spans:
        while number < len(ahead) and ahead[number].span.end <= span.start:
            edit = ahead[number]
            shift += len(edit.content) - (edit.span.end - edit.span.start)
            number += 1
        found.append(Span(span.start + shift, span.end + shift))
    return tuple(found)


def apply_edits(code: str, edits: Iterable[Edit]) -> str:
    """`code` with every edit carried out.

    Args:
        code: the text that the edits' spans point into.
        edits: replacements that do not overlap, in any order.

    Raises:
        ValueError: two of the edits overlap.
    """
    pieces: list[str] = []
    done = 0
    for edit in sorted(edits):
        if edit.span.start < done:
            raise ValueError(f"edits overlap at offset {edit.span.start}")
        pieces += (code[done : edit.span.start], edit.content)
        done = edit.span.end
    return "".join((*pieces, code[done:]))


# What ends a line for Python's tokenizer; str.splitlines() would also break at form feeds and more.
_LINE_END = pattern(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Lines:
    """Turns offsets of one piece of code into lines and columns."""

    code: str

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The offset of the first character of each line."""
        if "\r" in self.code:
            return (0, *(end.end() for end in _LINE_END.finditer(self.code)))
        lengths = [len(line) + 1 for line in self.code.split("\n")]
        return (0, *accumulate(lengths[:-1]))

    def place(self, offset: int) -> tuple[int, int]:
        """The line and the column of a character, both counted from 1."""
        row = bisect_right(self.starts, offset)
        return row, offset - self.starts[row - 1] + 1

    def line(self, row: int) -> str:
        """The text of line `row` (counted from 1) without its line end."""
        start = self.starts[row - 1]
        end = self.starts[row] if row < len(self.starts) else len(self.code)
        return self.code[start:end].rstrip("\r\n")
