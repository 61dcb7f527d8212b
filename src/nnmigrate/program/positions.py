"""Where each node of a LibCST tree stands in the code.

LibCST's own PositionProvider costs 1.9 times the parse. Here nodes are measured (see `measures`);
the rare kinds write themselves into a codegen state that counts characters, and so does the whole
tree where LibCST does not give the code back.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import libcst as cst
from libcst._nodes.internal import CodegenState

# Importing them registers what measures each kind of node.
from nnmigrate.program import measured_expressions as _expressions  # noqa: F401
from nnmigrate.program import measured_statements as _statements  # noqa: F401
from nnmigrate.program.measures import Measures, Mismatch
from nnmigrate.program.model import NotPython
from nnmigrate.program.pieces import Piece, restored
from nnmigrate.spans import Lines, Span


class Positions:
    """The span of every node of one document.

    Args:
        pieces: the parsed code. Nodes are told apart by identity, so the trees must stay alive.
        code: the code that they were parsed from.

    Raises:
        ValueError: LibCST does not give the code back.
    """

    def __init__(self, pieces: Sequence[Piece], code: str) -> None:
        self.code = code
        self._spans: dict[int, tuple[int, int]] = {}
        # The spans that were asked for: most are, again and again.
        self._asked: dict[int, Span] = {}
        self._lefts: list[int] = []
        self._rights: list[int] = []
        for piece in pieces:
            self._add(piece.tree, piece.shown, piece.start)
        self._rows = Lines(self.code).starts
        # By where they begin, the bodies that are left out, and those that were asked for.
        self._left_out = {start: piece for piece in pieces for start in piece.left_out}
        self._bodies: dict[int, cst.BaseSuite] = {}
        # They hold the nodes: a freed node's id could be given to another.
        self._pieces = pieces
        self._restored: list[cst.Module] = []

    def _add(self, tree: cst.Module, code: str, start: int) -> None:
        """Notes down where the nodes of a tree stand that begins at an offset."""
        places = _measured(tree, code) or _written(tree, code)
        self._spans.update((one, (a + start, b + start)) for one, (a, b) in places.spans.items())
        self._lefts += (left + start for left in places.lefts)
        self._rights += (right + start for right in places.rights)

    def body(self, function: cst.FunctionDef) -> cst.BaseSuite:
        """A function's body; if it was left out, it is parsed now.

        Raises:
            NotPython: LibCST cannot parse it.
        """
        start = self._spans[id(function.body)][0]
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
        self._add(tree, piece.text, piece.start)
        self._lefts, self._rights = sorted({*self._lefts}), sorted({*self._rights})
        for function in _functions(tree):
            start = self._spans[id(function.body)][0]
            if start in piece.left_out:
                self._bodies[start] = function.body
        self._restored.append(tree)

    def of(self, node: cst.CSTNode) -> Span:
        """The node's characters, without the blanks and comments that it owns around them.

        Raises:
            ValueError: it is one of the few small nodes, all of them punctuation or parts of a
                string, that are recorded neither themselves nor in parts.
        """
        span = self._asked.get(id(node))
        if span is None:
            place = self._spans.get(id(node))
            span = self._around(node) if place is None else Span(*place)
            self._asked[id(node)] = span
        return span

    def _around(self, node: cst.CSTNode) -> Span:
        """A few small nodes (an f-string's `{...}`) do not record themselves; their parts do."""
        spans = [self.of(child) for child in node.children if id(child) in self._spans]
        if not spans:
            raise ValueError(f"{type(node).__name__} has no place of its own")
        return Span(spans[0].start, spans[-1].end)

    def whole(self, node: cst.BaseExpression) -> Span:
        """An expression's characters, its own parentheses included."""
        span = self.of(node)
        count = len(node.lpar)
        if not count:
            return span
        # Between an expression and its own parentheses stand only blanks and comments.
        left = self._lefts[bisect_left(self._lefts, span.start) - count]
        right = self._rights[bisect_left(self._rights, span.end) + count - 1]
        return Span(left, right + 1)

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


def _measured(module: cst.Module, code: str) -> Measures | None:
    """The places of all nodes; None where the tree does not give the code back."""

    def rare(
        node: cst.CSTNode, at: int, indents: Sequence[str]
    ) -> tuple[int, dict[int, tuple[int, int]], list[int], list[int]]:
        state = _counting(module)
        state.offset = at
        state.indent_tokens = list(indents)
        node._codegen(state)
        return state.offset, state.spans, state.lefts, state.rights

    measures = Measures(code, module, rare)
    try:
        end = measures.of(module, 0)
    except Mismatch:
        return None
    return measures if end == len(code) else None


def _written(module: cst.Module, code: str) -> _Counting:
    """The places of all nodes, by writing them all.

    Raises:
        ValueError: LibCST does not give the code back.
    """
    state = _counting(module)
    module._codegen(state)
    written = "".join(state.tokens)
    if written != code:
        state.move(_lost(written, code))
    return state


def _counting(module: cst.Module) -> _Counting:
    return _Counting(default_indent=module.default_indent, default_newline=module.default_newline)


def _lost(written: str, code: str) -> list[int]:
    """The offsets in what was written before which the code has one blank more.

    LibCST 1.9.0 forgets the blanks before the colon of `except E :`.
    """
    lost: list[int] = []
    for offset, character in enumerate(written):
        while code[offset + len(lost) : offset + len(lost) + 1] != character:
            if code[offset + len(lost) : offset + len(lost) + 1] not in tuple(" \t\f"):
                raise ValueError("LibCST does not give this code back unchanged")
            lost.append(offset)
    if len(written) + len(lost) != len(code):
        raise ValueError("LibCST does not give this code back unchanged")
    return lost


class _Counting(CodegenState):
    """Records the offsets between which a node writes itself.

    It is its own context manager, since an object for each node would cost a third more: nodes
    write themselves one within the other, so a stack holds what is under way.
    """

    def __init__(self, *, default_indent: str, default_newline: str) -> None:
        super().__init__(default_indent=default_indent, default_newline=default_newline)
        self.offset = 0
        self.spans: dict[int, tuple[int, int]] = {}
        # Where parentheses stand, of whatever kind.
        self.lefts: list[int] = []
        self.rights: list[int] = []
        self._writing: list[tuple[int, cst.CSTNode, cst.CSTNode | None, cst.CSTNode | None]] = []

    def move(self, lost: Sequence[int]) -> None:
        """Makes room for the blanks that were not written, one before each of these offsets."""
        self.spans = {
            node: (start + bisect_right(lost, start), end + bisect_left(lost, end))
            for node, (start, end) in self.spans.items()
        }
        self.lefts = [left + bisect_right(lost, left) for left in self.lefts]
        self.rights = [right + bisect_right(lost, right) for right in self.rights]

    def add_token(self, value: str) -> None:
        if value == "(":
            self.lefts.append(self.offset)
        elif value == ")":
            self.rights.append(self.offset)
        self.tokens.append(value)
        self.offset += len(value)

    def add_indent_tokens(self) -> None:
        self.tokens.extend(self.indent_tokens)
        self.offset += sum(map(len, self.indent_tokens))

    def record_syntactic_position(  # type: ignore[override]  # wider than libcst's own
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> _Counting:
        self._writing.append((self.offset, node, start_node, end_node))
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        start, node, start_node, end_node = self._writing.pop()
        end = self.offset
        # A few small nodes (a closing parenthesis, the star of an import) do not record themselves.
        if start_node is not None:
            start = self.spans.get(id(start_node), (start, 0))[0]
        if end_node is not None:
            end = self.spans.get(id(end_node), (0, end))[1]
        self.spans[id(node)] = (start, end)
