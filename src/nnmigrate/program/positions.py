"""Where each node of a document stands in its code."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import libcst as cst

from nnmigrate.program.measures import Place
from nnmigrate.program.model import NotPython
from nnmigrate.program.pieces import Piece, restored
from nnmigrate.program.places import Tree
from nnmigrate.spans import Lines, Span


class Positions:
    """The span of every node of one document.

    Args:
        pieces: the parsed code. Nodes are told apart by identity, so the trees must stay alive.
        code: the code that they were parsed from.
    """

    def __init__(self, pieces: Sequence[Piece], code: str) -> None:
        self.code = code
        self._rows = Lines(self.code).starts
        # By the trees' numbers: each tree, and where it begins.
        self._trees: dict[int, tuple[Tree, int]] = {}
        # Trees that were parsed together share one.
        self._places: list[dict[int, Place]] = []
        # The spans that were asked for: most are, again and again.
        self._asked: dict[int, Span] = {}
        for piece in pieces:
            self._add(piece.tree, piece.start)
        # By where they begin, the bodies that are left out, and those that were asked for.
        self._left_out = {start: piece for piece in pieces for start in piece.left_out}
        self._bodies: dict[int, cst.BaseSuite] = {}

    def _add(self, tree: Tree, start: int) -> None:
        self._trees[tree.number] = (tree, start)
        if not any(one is tree.places for one in self._places):
            self._places.append(tree.places)

    def _place(self, node: cst.CSTNode) -> Place | None:
        for places in self._places:
            found = places.get(id(node))
            if found is not None and found[2] in self._trees:
                return found
        return None

    def _span(self, node: cst.CSTNode) -> Span | None:
        place = self._place(node)
        if place is None:
            return None
        begins = self._trees[place[2]][1]
        return Span(place[0] + begins, place[1] + begins)

    def body(self, function: cst.FunctionDef) -> cst.BaseSuite:
        """A function's body; if it was left out, it is parsed now.

        Raises:
            NotPython: LibCST cannot parse it.
        """
        start = self.of(function.body).start
        if start not in self._left_out:
            return function.body
        if start not in self._bodies:
            self._restore(self._left_out[start])
        return self._bodies[start]

    def _restore(self, piece: Piece) -> None:
        try:
            tree = restored(piece)
        except cst.ParserSyntaxError as error:
            row, _ = Lines(self.code).place(piece.start)
            raise NotPython.of(error, row - 1) from None
        except ValueError as error:
            raise NotPython(str(error), *Lines(self.code).place(piece.start)) from None
        self._add(tree, piece.start)
        for function in _functions(tree.module):
            start = self.of(function.body).start
            if start in piece.left_out:
                self._bodies[start] = function.body

    def of(self, node: cst.CSTNode) -> Span:
        """The node's characters, without the blanks and comments that it owns around them.

        Raises:
            ValueError: it is one of the few small nodes, all of them punctuation or parts of a
                string, that are recorded neither themselves nor in parts.
        """
        span = self._asked.get(id(node))
        if span is None:
            span = self._span(node) or self._around(node)
            self._asked[id(node)] = span
        return span

    def _around(self, node: cst.CSTNode) -> Span:
        """A few small nodes (an f-string's `{...}`) do not record themselves; their parts do."""
        spans = [span for span in map(self._span, node.children) if span is not None]
        if not spans:
            raise ValueError(f"{type(node).__name__} has no place of its own")
        return Span(spans[0].start, spans[-1].end)

    def whole(self, node: cst.BaseExpression) -> Span:
        """An expression's characters, its own parentheses included."""
        place, count = self._place(node), len(node.lpar)
        if not count or place is None:
            return self.of(node)
        start, end, number = place
        tree, begins = self._trees[number]
        # Between an expression and its own parentheses stand only blanks and comments.
        left = tree.lefts[bisect_left(tree.lefts, start) - count]
        right = tree.rights[bisect_left(tree.rights, end) + count - 1]
        return Span(left + begins, right + 1 + begins)

    def lines(self, span: Span) -> Span:
        """The whole lines that a span stands on, with the last one's end."""
        first = bisect_right(self._rows, span.start) - 1
        last = bisect_right(self._rows, span.end)
        end = self._rows[last] if last < len(self._rows) else len(self.code)
        return Span(self._rows[first], end)


def _functions(tree: cst.Module) -> Iterator[cst.FunctionDef]:
    """The functions of a module and the methods of its classes."""
    for statement in tree.body:
        inside = statement.body.body if isinstance(statement, cst.ClassDef) else (statement,)
        yield from (one for one in inside if isinstance(one, cst.FunctionDef))
