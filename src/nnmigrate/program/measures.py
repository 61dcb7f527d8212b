"""How many characters each kind of LibCST node takes, and where its parts stand.

Nodes do not know their places. They can write themselves, which costs as much as the parse; here
the common kinds are measured instead, by one short function each. What is rare writes itself still
(`Measures.other`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst


class Mismatch(Exception):
    """A leaf is not where it was measured to be: the tree does not give the code back."""


# Where a node begins and ends in the text of a tree, and the number of that tree.
Place = tuple[int, int, int]

# Measures the kinds that have no function here: a node, its offset, and the blanks before each line
# there, by level, give the offset behind it, the places below it, and its parentheses' places.
Rare = Callable[
    [cst.CSTNode, int, Sequence[str]],
    tuple[int, dict[int, tuple[int, int]], list[int], list[int]],
]


class Measures:
    """Walks a tree from left to right and notes down where each node stands.

    Args:
        code: what the tree was parsed from.
        module: the tree; its default indent and line end are those of nodes that have no other.
        number: names the tree.
        rare: measures the kinds that have no function here.
    """

    __slots__ = (
        "code",
        "indent",
        "indents",
        "lefts",
        "line_end",
        "number",
        "places",
        "rare",
        "rights",
    )

    def __init__(self, code: str, module: cst.Module, number: int, rare: Rare) -> None:
        self.code = code
        self.number = number
        self.indent = module.default_indent
        self.line_end = len(module.default_newline)
        self.rare = rare
        self.indents: list[str] = []
        self.places: dict[int, Place] = {}
        # Where the parentheses stand that expressions own.
        self.lefts: list[int] = []
        self.rights: list[int] = []

    def of(self, node: cst.CSTNode, at: int) -> int:
        """Measures a node that begins at an offset; gives the offset behind it.

        Raises:
            Mismatch: the code has something else there.
        """
        measure = _MEASURES.get(type(node))
        return self.other(node, at) if measure is None else measure(self, node, at)

    def other(self, node: cst.CSTNode, at: int) -> int:
        """Measures a node of a kind that is rare."""
        end, spans, lefts, rights = self.rare(node, at, self.indents)
        self.places.update((one, (*span, self.number)) for one, span in spans.items())
        self.lefts += lefts
        self.rights += rights
        return end

    def blank(self, node: Any, at: int) -> int:
        """The end of blanks of any kind; some nodes leave it open whether they have any."""
        kind = type(node)
        if kind is cst.SimpleWhitespace:
            return at + len(node.value)
        if kind is not cst.ParenthesizedWhitespace:
            return at
        at = self.rest_of_line(node.first_line, at)
        at = self.empty_lines(node.empty_lines, at)
        if node.indent:
            at += sum(map(len, self.indents))
        return at + len(node.last_line.value)

    def rest_of_line(self, node: cst.TrailingWhitespace, at: int) -> int:
        """The end of the blanks, the comment and the line end behind a statement."""
        at += len(node.whitespace.value)
        if node.comment is not None:
            at += len(node.comment.value)
        line_end = node.newline.value
        return at + (self.line_end if line_end is None else len(line_end))

    def empty_lines(self, lines: Sequence[cst.EmptyLine], at: int) -> int:
        """The end of lines that hold no more than a comment."""
        for line in lines:
            if line.indent:
                at += sum(map(len, self.indents))
            at += len(line.whitespace.value)
            if line.comment is not None:
                at += len(line.comment.value)
            line_end = line.newline.value
            at += self.line_end if line_end is None else len(line_end)
        return at

    def begin_line(self, lines: Sequence[cst.EmptyLine], at: int) -> int:
        """The offset of a statement's first character, behind the lines above it that it owns."""
        if lines:
            at = self.empty_lines(lines, at)
        for indent in self.indents:
            at += len(indent)
        return at

    def open(self, node: Any, at: int) -> int:
        """The end of an expression's own opening parentheses."""
        for left in node.lpar:
            self.lefts.append(at)
            at = self.blank(left.whitespace_after, at + 1)
        return at

    def close(self, node: Any, start: int, at: int) -> int:
        """Notes down an expression; the end of its own closing parentheses."""
        self.places[id(node)] = (start, at, self.number)
        for right in node.rpar:
            at = self.blank(right.whitespace_before, at)
            self.rights.append(at)
            at += 1
        return at

    def comma(self, node: Any, at: int) -> int:
        """The end of a comma, a semicolon, a colon or an equals sign, if there is one."""
        if isinstance(node, cst.MaybeSentinel) or node is None:
            return at
        before, after = node.whitespace_before, node.whitespace_after
        if type(before) is cst.SimpleWhitespace and type(after) is cst.SimpleWhitespace:
            return at + len(before.value) + 1 + len(after.value)
        return self.blank(after, self.blank(before, at) + 1)


Measure = Callable[[Measures, Any, int], int]
_MEASURES: dict[type[cst.CSTNode], Measure] = {}


def measures(*kinds: type[cst.CSTNode]) -> Callable[[Measure], Measure]:
    """Registers a function as the one that measures nodes of these kinds."""

    def register(function: Measure) -> Measure:
        _MEASURES.update(dict.fromkeys(kinds, function))
        return function

    return register
