"""What suppressing comments look like, and how one is taken back."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from enum import Enum
from functools import lru_cache

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.spans import Edit, Lines, Span

_MENTIONED = pattern(r"noqa|nnmigrate\s*:", re.IGNORECASE)
# A colon with no code behind it is a mistake, and silences nothing (as in Ruff). What flake8 takes
# for a whole file is not followed where it names no codes: it was written for checkers of style,
# and a file that nobody migrates is a high price.
_LIST = r"(?P<codes>[A-Z]+\d+(?:[\s,]+[A-Z]+\d+)*)"
_NOQA = pattern(rf"#\s*noqa\b(?:(?P<colon>\s*:)\s*{_LIST}?)?", re.IGNORECASE)
_FLAKE8 = pattern(rf"#\s*flake8\s*[:=]\s*noqa\s*:\s*{_LIST}", re.IGNORECASE)
_IGNORE = pattern(
    r"#\s*nnmigrate\s*:\s*ignore(?P<file>-file)?(?![\w-])(?:\s*\[(?P<codes>[^\]]*)\])?",
    re.IGNORECASE,
)
_WORD = pattern(r"[^\s,]+")
_BEGINNING = pattern(r"NNS\d{0,3}")


class Kind(Enum):
    """The forms that there are."""

    NOQA = "noqa"
    FLAKE8 = "flake8: noqa"
    IGNORE = "ignore"
    IGNORE_FILE = "ignore-file"

    @property
    def own(self) -> bool:
        """Whether no other tool reads it."""
        return self in (Kind.IGNORE, Kind.IGNORE_FILE)

    @property
    def of_file(self) -> bool:
        """Whether it counts for the whole file."""
        return self in (Kind.FLAKE8, Kind.IGNORE_FILE)


@dataclass(frozen=True)
class Code:
    """A code in such a comment.

    Args:
        text: what is written there, in upper case.
        span: where.
        exact: whether the beginnings of codes stand for themselves alone, as in `noqa`.
    """

    text: str
    span: Span
    exact: bool

    @property
    def ours(self) -> bool:
        """Whether it looks like a code of ours."""
        return self.text.startswith("NNS")

    def fits(self, code: str, name: str) -> bool:
        """Whether it means the rule with this code and this name."""
        if self.text in (code.upper(), name.upper()):
            return True
        if self.exact:
            return False
        begins = _BEGINNING.fullmatch(self.text) is not None and code.startswith(self.text)
        return begins or self.text == "ALL"


@dataclass(frozen=True)
class Directive:
    """What one suppressing comment says.

    Args:
        kind: its form.
        span: from its `#` to its last code or bracket.
        comment: the comment that it stands in, which may say more.
        codes: what it names; None for everything.
        sure: whether it is known to be a comment, and no part of a string.
    """

    kind: Kind
    span: Span
    comment: Span
    codes: tuple[Code, ...] | None
    sure: bool = True


@dataclass(frozen=True)
class Unused:
    """A comment that silences nothing, or of which some codes do not.

    Args:
        directive: what the comment says.
        idle: the codes that silence nothing; all of them, or none, where the whole directive does.
        unknown: those that are neither a rule's code nor the beginning of one, nor its name.
        lost: it stands where it counts for nothing.
    """

    directive: Directive
    idle: tuple[Code, ...] = ()
    unknown: tuple[Code, ...] = ()
    lost: bool = False

    @property
    def whole(self) -> bool:
        """Whether nothing of the directive is of use."""
        return len(self.idle) == len(self.directive.codes or ())


@lru_cache(maxsize=4)
def mentions_any(code: str) -> bool:
    """Whether any such comment can be in the code."""
    return _MENTIONED.search(code) is not None


def directives_in(code: str, comment: Span, sure: bool = True) -> Iterator[Directive]:
    """The directives of a comment, in any order.

    Args:
        code: the code.
        comment: where the comment stands.
        sure: whether it is one.
    """
    for match in _NOQA.finditer(code, comment.start, comment.end):
        if match["codes"] or not match["colon"]:
            yield _directive(Kind.NOQA, match, comment, sure)
    for match in _FLAKE8.finditer(code, comment.start, comment.end):
        yield _directive(Kind.FLAKE8, match, comment, sure)
    for match in _IGNORE.finditer(code, comment.start, comment.end):
        yield _directive(Kind.IGNORE_FILE if match["file"] else Kind.IGNORE, match, comment, sure)


def _directive(kind: Kind, match: re.Match[str], comment: Span, sure: bool) -> Directive:
    codes = None
    if match["codes"] is not None:
        words = _WORD.finditer(match.string, *match.span("codes"))
        exact = not kind.own
        codes = tuple(Code(word[0].upper(), Span(*word.span()), exact) for word in words)
    return Directive(kind, Span(*match.span()), comment, codes, sure)


def without(lines: Lines, directive: Directive, gone: Collection[Code]) -> Edit:
    """What takes some codes out of a directive, or all of it where none is left.

    What else the comment says stays; a comment that says nothing else goes, with its line if it has
    one for itself.

    Args:
        lines: the code and its lines.
        directive: the directive.
        gone: its codes that are to go.
    """
    code = lines.code
    kept = [one for one in directive.codes or () if one not in gone]
    if kept and directive.codes:
        span = Span(directive.codes[0].span.start, directive.codes[-1].span.end)
        return Edit(span, ", ".join(one.span.of(code) for one in kept))
    comment = directive.comment
    before = code[comment.start : directive.span.start].rstrip()
    after = code[directive.span.end : comment.end].strip()
    if before:
        return Edit(Span(comment.start + len(before), comment.end), f" {after}".rstrip())
    if not after:
        return Edit(_with_blanks(lines, comment), "")
    words = after if after.startswith("#") else f"# {after.lstrip('-:;,. ')}"
    return Edit(comment, words)


def _with_blanks(lines: Lines, comment: Span) -> Span:
    """A comment with the blanks before it, or with its line if nothing else stands there."""
    row, _ = lines.place(comment.start)
    start = lines.starts[row - 1]
    before = lines.code[start : comment.start]
    if before.strip():
        return Span(start + len(before.rstrip()), comment.end)
    return Span(start, lines.starts[row] if row < len(lines.starts) else comment.end)
