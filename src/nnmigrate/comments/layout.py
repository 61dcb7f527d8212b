"""Where the statements and comments of some code lie: what comments are read and written by.

This is Python's own view of lines, from its tokenizer: the code need not be understood.
"""

from __future__ import annotations

import io
import tokenize
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import field
from functools import cached_property, lru_cache

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.spans import Lines, Span

_BETWEEN = (tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
_BLANKS = pattern(r"(?:\s|\\(?=[\r\n]))+")
# What a formatter adds when it breaks brackets over lines.
_IN_BRACKETS = pattern(r"(?<=[(\[{]) |,? (?=[)\]}])|,(?=[)\]}])")


@dataclass(frozen=True)
class Comment:
    """A comment.

    Args:
        span: from its `#` to the last character.
        row: the line that it stands on, counted from 1.
        alone: it has the line for itself.
    """

    span: Span
    row: int
    alone: bool


@dataclass(frozen=True)
class Laid:
    """One statement, or the header of a compound one; several that share a line are one.

    Args:
        span: from its first character to its last one, the comment behind it left out.
        first: its first line, counted from 1.
        last: its last line.
        depth: how many blocks it stands in.
        comments: those within it and behind it.
        above: those on the lines directly above it.
        block: the last line of the block that it heads; else its own last line.
        heads: the places of the headers around it among the statements, outermost first.
    """

    span: Span
    first: int
    last: int
    depth: int
    comments: tuple[Comment, ...]
    above: tuple[Comment, ...]
    block: int
    heads: tuple[int, ...] = ()


@lru_cache(maxsize=4)
def layout_of(code: str) -> Layout:
    """The statements and comments of some code, which several ask for one after the other."""
    return Layout(Lines(code))


@dataclass(frozen=True)
class Layout:
    """The statements and comments of one piece of code.

    Args:
        lines: the code and its lines.
    """

    lines: Lines

    @property
    def code(self) -> str:
        """The text that all spans point into."""
        return self.lines.code

    @cached_property
    def statements(self) -> tuple[Laid, ...]:
        """The statements in the order of the text, as far as Python's tokenizer gets."""
        return tuple(_with_blocks(self._reading.found))

    @property
    def alone(self) -> tuple[Comment, ...]:
        """The comments between statements, each on a line of its own."""
        return tuple(self._reading.alone)

    @property
    def unread(self) -> int | None:
        """The line from which on the tokenizer of this Python does not understand the code."""
        return self._reading.unread

    def at(self, offset: int) -> Laid | None:
        """The statement in whose lines a character lies; None between statements."""
        place = self.index(offset)
        return None if place is None else self.statements[place]

    def index(self, offset: int) -> int | None:
        """The place of `at(offset)` among the statements."""
        row, _ = self.lines.place(offset)
        place = bisect_right(self._firsts, row) - 1
        return place if place >= 0 and row <= self.statements[place].last else None

    def after(self, offset: int) -> int | None:
        """The place of the first statement that begins behind a character."""
        row, _ = self.lines.place(offset)
        place = bisect_right(self._firsts, row)
        return place if place < len(self.statements) else None

    def text(self, laid: Laid) -> str:
        """What a statement says, in one line, without comments, however its lines are broken."""
        pieces, done = [], laid.span.start
        for comment in laid.comments:
            pieces.append(self.code[done : min(comment.span.start, laid.span.end)])
            done = comment.span.end
        said = "".join((*pieces, self.code[done : laid.span.end]))
        return _IN_BRACKETS.sub("", _BLANKS.sub(" ", said).strip())

    @cached_property
    def _firsts(self) -> tuple[int, ...]:
        return tuple(laid.first for laid in self.statements)

    @cached_property
    def _reading(self) -> _Reading:
        reading = _Reading(self.lines)
        reading.run()
        return reading


@dataclass
class _Reading:
    """One pass over the tokens."""

    lines: Lines
    found: list[Laid] = field(default_factory=list)
    unread: int | None = None
    start: Span | None = None
    end: int = 0
    depth: int = 0
    comments: list[Comment] = field(default_factory=list)
    above: list[Comment] = field(default_factory=list)
    alone: list[Comment] = field(default_factory=list)

    def run(self) -> None:
        row = 0
        try:
            for token in tokenize.generate_tokens(_readline(self.lines)):
                row = token.end[0]
                self.take(token)
        except (tokenize.TokenError, SyntaxError):
            begun = self.start and self.lines.place(self.start.start)[0]
            self.unread = begun or row + 1

    def take(self, token: tokenize.TokenInfo) -> None:
        self.depth += (token.type == tokenize.INDENT) - (token.type == tokenize.DEDENT)
        if token.type == tokenize.COMMENT:
            self.take_comment(token)
        elif token.type == tokenize.NEWLINE:
            self.finish(token.start[0])
        elif token.type not in _BETWEEN:
            here = self.offset(token.start)
            self.start = self.start or Span(here, here)
            self.end = self.offset(token.end)

    def take_comment(self, token: tokenize.TokenInfo) -> None:
        row, start = token.start[0], self.offset(token.start)
        alone = not self.lines.code[self.lines.starts[row - 1] : start].strip()
        comment = Comment(Span(start, start + len(token.string)), row, alone)
        if self.start is None:
            self.alone.append(comment)
            self.above.append(comment)
        else:
            self.comments.append(comment)

    def finish(self, row: int) -> None:
        """Takes in the statement that ends on a line."""
        if self.start is not None:
            first = self.lines.place(self.start.start)[0]
            span = Span(self.start.start, self.end)
            above = _directly_above(self.above, first)
            self.found.append(Laid(span, first, row, self.depth, tuple(self.comments), above, row))
        self.start, self.comments, self.above = None, [], []

    def offset(self, place: tuple[int, int]) -> int:
        return self.lines.starts[place[0] - 1] + place[1]


def _directly_above(comments: list[Comment], first: int) -> tuple[Comment, ...]:
    near: list[Comment] = []
    for comment in reversed(comments):
        if comment.row != first - 1 - len(near):
            break
        near.append(comment)
    return tuple(reversed(near))


def _with_blocks(found: list[Laid]) -> Iterator[Laid]:
    """The statements with what they know of their blocks."""
    ends = [laid.last for laid in found]
    around: list[tuple[int, ...]] = []
    heads: list[int] = []
    for place, laid in enumerate(found):
        while heads and found[heads[-1]].depth >= laid.depth:
            heads.pop()
        around.append(tuple(heads))
        for head in heads:
            ends[head] = laid.last
        heads.append(place)
    for laid, end, of in zip(found, ends, around, strict=True):
        yield Laid(laid.span, laid.first, laid.last, laid.depth, laid.comments, laid.above, end, of)


def _readline(lines: Lines) -> Callable[[], str]:
    """The lines as `Lines` counts them: `tokenize` would not end one at a lone carriage return."""
    rows = range(1, len(lines.starts) + 1)
    return io.StringIO("".join(f"{lines.line(row)}\n" for row in rows), newline="\n").readline
