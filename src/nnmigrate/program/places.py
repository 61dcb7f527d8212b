"""Where the nodes of one LibCST tree stand in the text that it was parsed from.

LibCST's own PositionProvider costs 1.9 times the parse. Here nodes are measured (see `measures`);
the rare kinds write themselves into a codegen state that counts characters, and so does the whole
tree where LibCST does not give the text back.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import libcst as cst
from libcst._nodes.internal import CodegenState

from nnmigrate.classes import dataclass

# Importing them registers what measures each kind of node.
from nnmigrate.program import measured_expressions as _expressions  # noqa: F401
from nnmigrate.program import measured_statements as _statements  # noqa: F401
from nnmigrate.program.measures import Measures, Mismatch, Place


@dataclass(frozen=True, eq=False)
class Tree:
    """A parsed text, and where its nodes stand in it.

    Args:
        module: the text, parsed. Nodes are told apart by identity, so it must stay alive.
        number: names the tree among those that share `places`.
        places: by the node's id, the offsets of its first character and behind its last one, and
            the number of its tree.
        lefts: where opening parentheses stand that expressions own, and perhaps others.
        rights: likewise, the closing ones.
    """

    module: cst.Module
    number: int
    places: dict[int, Place]
    lefts: Sequence[int]
    rights: Sequence[int]


def tree_of(text: str, number: int, places: dict[int, Place]) -> Tree:
    """Parses a text and finds out where its nodes stand.

    Args:
        text: Python statements.
        number: names the tree.
        places: where to note the places down.

    Raises:
        cst.ParserSyntaxError: LibCST cannot parse it.
        ValueError: LibCST does not give it back.
    """
    module = cst.parse_module(text)
    measured = measured_in(module, text, number)
    if measured is None:
        state = written_by(module, text)
        places.update((node, (*span, number)) for node, span in state.spans.items())
        return Tree(module, number, places, state.lefts, state.rights)
    places.update(measured.places)
    return Tree(module, number, places, measured.lefts, measured.rights)


def measured_in(module: cst.Module, code: str, number: int = 0) -> Measures | None:
    """The places of all nodes; None where the tree does not give the code back."""

    def rare(
        node: cst.CSTNode, at: int, indents: Sequence[str]
    ) -> tuple[int, dict[int, tuple[int, int]], list[int], list[int]]:
        state = _counting(module)
        state.offset = at
        state.indent_tokens = list(indents)
        node._codegen(state)
        return state.offset, state.spans, state.lefts, state.rights

    measures = Measures(code, module, number, rare)
    try:
        end = measures.of(module, 0)
    except Mismatch:
        return None
    return measures if end == len(code) else None


def written_by(module: cst.Module, code: str) -> _Counting:
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
