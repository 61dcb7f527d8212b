"""Places in a text as the language server protocol counts them.

It counts lines from 0, and columns in the code units of the encoding that was agreed on: an emoji
is one column in UTF-32, two in UTF-16 and four in UTF-8.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import cached_property

from nnmigrate.classes import dataclass
from nnmigrate.spans import Lines


class Encoding(str, Enum):
    """What a column is a count of."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    UTF_32 = "utf-32"


def _in_utf_8(character: str) -> int:
    # Not by encoding it: half of a surrogate pair, which an editor may send, has no bytes.
    number = ord(character)
    return 1 + (number >= 0x80) + (number >= 0x800) + (number >= 0x10000)


def _in_utf_16(character: str) -> int:
    return 1 + (ord(character) >= 0x10000)


def _in_utf_32(character: str) -> int:
    return len(character)


_UNITS: dict[Encoding, Callable[[str], int]] = {
    Encoding.UTF_8: _in_utf_8,
    Encoding.UTF_16: _in_utf_16,
    Encoding.UTF_32: _in_utf_32,
}


@dataclass(frozen=True, order=True)
class Position:
    """A place between two characters, as the protocol has it.

    Args:
        line: counted from 0.
        character: the code units before it on its line.
    """

    line: int
    character: int


@dataclass(frozen=True)
class Positions:
    """Turns offsets of one text into positions and back.

    Args:
        text: the text.
        encoding: what the other side counts columns in.
    """

    text: str
    encoding: Encoding

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.text)

    def at(self, offset: int) -> Position:
        """The position of a character; inside a line end of two, where there is none, before it."""
        row, column = self._lines.place(offset)
        before = self._lines.line(row)[: column - 1]
        return Position(row - 1, self._count(before))

    def offset(self, position: Position) -> int:
        """The character at a position.

        What lies behind the end of a line means that end, as the protocol has it, and what lies
        behind the last line means the end of the text.
        """
        if position.line >= len(self._lines.starts):
            return len(self.text)
        start, line = self._lines.starts[position.line], self._lines.line(position.line + 1)
        if self.encoding is Encoding.UTF_32 or line.isascii():
            return start + min(position.character, len(line))
        left = position.character
        for number, character in enumerate(line):
            left -= _UNITS[self.encoding](character)
            if left < 0:
                return start + number
        return start + len(line)

    def _count(self, text: str) -> int:
        if self.encoding is Encoding.UTF_32 or text.isascii():
            return len(text)
        return sum(map(_UNITS[self.encoding], text))
