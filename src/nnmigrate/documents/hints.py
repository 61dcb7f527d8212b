"""Tells without any regular expression of git's that no pattern of a `.gitignore` fits a path.

Most paths are fitted by none of them, and to compile and try a hundred patterns takes longer than
to read the file. What is said here errs on one side: a path may be suspected for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern

_WILD = pattern(r"[*?\[]")


@dataclass(frozen=True)
class Hints:
    """What one of a path's parts (its folders' names and its own) is like if a pattern fits.

    Args:
        names: parts that are written out in patterns.
        heads: what parts begin with.
        tails: what parts end with.
        shapes: other parts, as regular expressions; None where there are none.
        everything: whether any path may be meant.
    """

    names: frozenset[str]
    heads: tuple[str, ...]
    tails: tuple[str, ...]
    shapes: re.Pattern[str] | None
    everything: bool

    @classmethod
    def of(cls, lines: Iterable[str]) -> Hints:
        """What the patterns in a file's lines hint at."""
        parts = [_telling(line) for line in lines if line.strip() and not line.startswith("#")]
        # Blanks at the end of a pattern do not count, unless a backslash stands before them.
        known = {form for part in parts if part is not None for form in (part, part.rstrip())}
        names = {part for part in known if not _WILD.search(part)}
        wild = known - names
        tails = {part[1:] for part in wild if part[0] == "*" and not _WILD.search(part, 1)}
        heads = {part[:-1] for part in wild if part[-1] == "*" and not _WILD.search(part[:-1])}
        rest = [_shape(part) for part in wild if part[1:] not in tails and part[:-1] not in heads]
        shapes = re.compile("|".join(rest), re.DOTALL) if rest else None
        everything = None in parts or bool({"", "*", "?"} & {*known, *tails, *heads})
        return cls(frozenset(names), tuple(heads), tuple(tails), shapes, everything)

    def may_fit(self, path: str) -> bool:
        """Whether a pattern may fit a path; never no where one does.

        Args:
            path: the path from the folder of the patterns, with slashes; a folder's ends in one.
        """
        if self.everything:
            return True
        parts = path.split("/")
        return not self.names.isdisjoint(parts) or any(map(self._is_like, parts))

    def _is_like(self, part: str) -> bool:
        if part.startswith(self.heads) or part.endswith(self.tails):
            return True
        return self.shapes is not None and self.shapes.fullmatch(part) is not None


def _telling(line: str) -> str | None:
    """The part of a pattern that a path has to have, written out if possible; None if none is."""
    plain = line.removeprefix("!").replace("\\", "")
    parts = [part for part in plain.split("/") if part.strip() and part.strip("* ")]
    written = [part for part in parts if not _WILD.search(part)]
    telling = written or parts
    return telling[-1] if telling else None


def _shape(part: str) -> str:
    """A part with wildcards as a regular expression that fits at least what it fits."""
    pieces = re.split(r"(\*|\?|\[[\w.-]+\])", part)
    if any(_WILD.search(piece) for piece in pieces[::2]):
        return ".*"  # a bracket with more in it than letters, or without an end
    signs = [".*" if sign == "*" else "." for sign in pieces[1::2]]
    literal = [re.escape(piece) for piece in pieces[::2]]
    return "".join(a + b for a, b in zip(literal, [*signs, ""], strict=True))
