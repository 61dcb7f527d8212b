"""Places in the text of a JSON document, which `json` does not tell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.spans import Edit, Span

_BLANKS = pattern(r"[ \t\r\n]*")
_SCALAR = pattern(r"[^\s,\]}]+")
_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_TOKEN = pattern(_STRING + r"|[\[\]{}]", re.DOTALL)
# A character as it is written in a string; a pair of surrogates is one character.
_CHARACTER = pattern(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]",
    re.DOTALL,
)


def members(text: str, at: int) -> Iterator[tuple[str, Span]]:
    """The members of the object that begins at a place: each key, and where its value stands.

    Args:
        text: valid JSON.
        at: where the object's brace is.
    """
    at = _past_blanks(text, at + 1)
    while text[at] != "}":
        key_end = _end(text, at)
        key = json.loads(text[at:key_end])
        start = _past_blanks(text, _past_blanks(text, key_end) + 1)
        end = _end(text, start)
        yield key, Span(start, end)
        at = _past_comma(text, end)


def items(text: str, at: int) -> Iterator[Span]:
    """Where the items of the list that begins at a place stand."""
    at = _past_blanks(text, at + 1)
    while text[at] != "]":
        end = _end(text, at)
        yield Span(at, end)
        at = _past_comma(text, end)


def _past_blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def _past_comma(text: str, at: int) -> int:
    at = _past_blanks(text, at)
    return _past_blanks(text, at + 1) if text[at] == "," else at


def _end(text: str, at: int) -> int:
    """Where the value that begins at a place ends."""
    if text[at] not in '"[{':
        found = _SCALAR.match(text, at)
        return found.end() if found else at
    depth = 0
    for token in _TOKEN.finditer(text, at):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return len(text)


@dataclass(frozen=True)
class Strings:
    """A text that stands in JSON as one string, or as a list of strings that are its lines.

    Args:
        text: the whole document.
        span: where the value stands in it.
    """

    text: str
    span: Span

    @cached_property
    def _parts(self) -> tuple[Span, ...]:
        """Where each string's characters stand, without its quotation marks."""
        start = self.span.start
        whole = [self.span] if self.text[start] == '"' else list(items(self.text, start))
        return tuple(Span(one.start + 1, one.end - 1) for one in whole)

    @cached_property
    def value(self) -> str:
        """The text that it is."""
        value = json.loads(self.span.of(self.text))
        return value if isinstance(value, str) else "".join(value)

    def starts(self, offsets: Sequence[int]) -> list[int]:
        """Where in the document some characters of the value stand, given in ascending order."""
        found = []
        ahead = iter(self._places)
        number, place = -1, self.span.start
        for offset in offsets:
            while number < offset:
                number, place = number + 1, next(ahead, place)
            found.append(place)
        return found

    @cached_property
    def _places(self) -> tuple[int, ...]:
        return tuple(start for start, _, _ in self._characters())

    def _characters(self) -> Iterator[tuple[int, str, int]]:
        """Each character: where it stands, how it is written, and in which string."""
        for number, part in enumerate(self._parts):
            for found in _CHARACTER.finditer(self.text, part.start, part.end):
                yield found.start(), found[0], number

    def edited(self, edits: Sequence[Edit], ascii_only: bool) -> str:
        """How the value is written after some edits; every other character stays as written.

        Args:
            edits: edits of `value` that do not overlap, sorted.
            ascii_only: whether other characters are written as escapes.
        """
        one = self.text[self.span.start] == '"'
        if one:
            return f'"{"".join(self._written(edits, ascii_only, {}))}"'
        parts = self._parts
        if not parts:
            rows = "".join(edit.content for edit in edits).splitlines(keepends=True)
            return json.dumps(rows, ensure_ascii=ascii_only)
        glue = {
            number: self.text[parts[number - 1].end : parts[number].start]
            for number in range(1, len(parts))
        }
        opening = self.text[self.span.start : parts[0].start]
        closing = self.text[parts[-1].end : self.span.end]
        written = "".join(self._written(edits, ascii_only, glue or {1: self._usual_glue}))
        return f"{opening}{written}{closing}" if written else "[]"

    @property
    def _usual_glue(self) -> str:
        """What would stand between two strings of a list that has one."""
        before = self.text[self.span.start + 1 : self._parts[0].start - 1]
        return f'",{before or " "}"'

    def _written(self, edits: Sequence[Edit], ascii_only: bool, glue: dict[int, str]) -> list[str]:
        """The characters after the edits, with what divides a list's strings between them."""
        usual = glue.get(1, "")
        # Where strings are lines, new lines become strings; any other division stays as it is.
        by_line = bool(glue) and self._divided_by_line
        out: list[str] = []
        before, inside = "", 0
        for character, number in self._edited(edits, ascii_only):
            divides = number is not None and number != inside
            if out and (before == "\\n" if by_line else divides):
                out.append(glue.get(number, usual) if divides and number else usual)
            inside = inside if number is None else number
            out.append(character)
            before = character
        return out

    @property
    def _divided_by_line(self) -> bool:
        ends = [self.text[part.end - 2 : part.end] for part in self._parts[:-1]]
        inner = sum(found == "\\n" for _, found, _ in self._characters())
        last = self._parts and self.text[self._parts[-1].end - 2 : self._parts[-1].end] == "\\n"
        return all(end == "\\n" for end in ends) and inner == len(ends) + bool(last)

    def _edited(self, edits: Sequence[Edit], ascii_only: bool) -> Iterator[tuple[str, int | None]]:
        """The characters after the edits, as written; with the string that an old one was in."""
        characters = [(written, number) for _, written, number in self._characters()]
        at = 0
        for edit in edits:
            yield from characters[at : edit.span.start]
            replaced = characters[edit.span.start : edit.span.end][:1]
            for character in edit.content:
                written = json.dumps(character, ensure_ascii=ascii_only)[1:-1]
                yield written, replaced[0][1] if replaced else None
            at = edit.span.end
        yield from characters[at:]
