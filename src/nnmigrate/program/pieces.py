"""A document's tree in pieces, so that only what matters is parsed, and that only once.

LibCST's parse is what understanding a file costs most of all. Python's own parser, at a tenth of
that, tells where the statements of a module stand. Each of them is parsed by itself and kept: when
a fix is tried, all but what it changes is at hand. The body of a function that says nothing of
nnsight is not parsed at all until somebody asks for it.
"""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate, count

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.program.measures import Place
from nnmigrate.program.places import Tree, tree_of
from nnmigrate.spans import Lines, Span

# A function whose text has none of this has nothing to do with nnsight.
RELEVANT = pattern(
    r"\.\s*(trace|generate|session|scan|edit|invoke|save|next|barrier)\s*\("
    r"|\.\s*(output|inputs?|value|grad)\b|nnsight|NNsight|LanguageModel"
)

# So many lines make one piece: each parse has a price of its own.
_TOGETHER = 30

# Less than this is parsed faster than it is left out.
_SHORT = 80

_BRACKET = pattern(r"[()\[\]{}]")
_DEEPER = dict(zip("([{)]}", (1, 1, 1, -1, -1, -1), strict=True))

# Python itself takes 200; LibCST's parser is known to end the whole process at 2,500.
_MOST_BRACKETS = 1000

_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, eq=False)
class Piece:
    """Some statements of a module.

    Args:
        start: the offset of its first character.
        text: its characters.
        tree: it, parsed; each body that is left out is one long name there.
        left_out: where in the code the bodies begin that are left out.
    """

    start: int
    text: str
    tree: Tree
    left_out: frozenset[int] = frozenset()


def pieces_of(code: str) -> tuple[Piece, ...]:
    """Parses a module.

    Args:
        code: Python code, whole.

    Raises:
        cst.ParserSyntaxError: LibCST cannot parse it.
        ValueError: LibCST does not give it back.
    """
    module = _python(code)
    if module is None:
        _refuse_deep(code)
    if module is None or not module.body:
        return (everything(code),)
    try:
        return tuple(_parsed(code, module))
    except cst.ParserSyntaxError:
        # A backslash may lead from one statement's line into the next one's.
        return (everything(code),)


def _refuse_deep(code: str) -> None:
    """Refuses what Python may have found too deep: LibCST's parser ends the whole process then.

    Raises:
        ValueError: there are too many brackets around something.
    """
    depths = accumulate(_DEEPER[bracket] for bracket in _BRACKET.findall(code))
    if max(depths, default=0) > _MOST_BRACKETS:
        raise ValueError("nested too deeply to be read")


def everything(code: str) -> Piece:
    """A module in one piece, nothing left out.

    Raises:
        cst.ParserSyntaxError: LibCST cannot parse it.
    """
    return Piece(0, code, _KEPT.parsed(code))


def whole(pieces: Sequence[Piece]) -> cst.Module:
    """The module that some pieces make, as far as its statements go."""
    if len(pieces) == 1:
        return pieces[0].tree.module
    modules = [piece.tree.module for piece in pieces]
    lines = [piece.tree.module for piece in pieces if "\n" in piece.text]
    newline = lines[0].default_newline if lines else "\n"
    return cst.Module([one for m in modules for one in m.body], default_newline=newline)


def restored(piece: Piece) -> Tree:
    """A piece's tree with the bodies that were left out.

    Raises:
        cst.ParserSyntaxError: LibCST cannot parse one of them.
        ValueError: LibCST does not give one back.
    """
    return _KEPT.parsed(piece.text)


def _python(code: str) -> ast.Module | None:
    """The module as this Python reads it, if it does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the user's literals: not our business
        try:
            return ast.parse(code)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return None


def _parsed(code: str, module: ast.Module) -> Iterator[Piece]:
    places = _Places(code)
    groups = list(_groups(module.body))
    starts = [0, *(places.rows[_first_line(group[0]) - 1] for group in groups[1:]), len(code)]
    seen: Counter[str] = Counter()
    for number, group in enumerate(groups):
        start, end = starts[number], starts[number + 1]
        bodies = [body for one in group for body in places.bodies(one)]
        parts: list[str] = []
        done = start
        for body in bodies:
            parts += (code[done : body.start], "_" * (body.end - body.start))
            done = body.end
        text = code[start:end]
        shown = "".join((*parts, code[done:end])) if bodies else text
        tree = _KEPT.parsed(shown, seen[shown])
        seen[shown] += 1
        yield Piece(start, text, tree, frozenset(body.start for body in bodies))


def _groups(statements: Sequence[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """Statements that are parsed together: few lines, or a long one and what shares its line."""
    group: list[ast.stmt] = []
    first = last = 0
    for statement in statements:
        begins, ends = _first_line(statement), statement.end_lineno or 0
        if group and begins > last and ends - first >= _TOGETHER:
            yield group
            group = []
        if not group:
            first = begins
        group.append(statement)
        last = ends
    yield group


def _first_line(statement: ast.stmt) -> int:
    rows: list[int] = [statement.lineno]
    rows += (one.lineno for one in getattr(statement, "decorator_list", ()))
    return min(rows)


class _Places:
    """Turns Python's rows and columns into offsets."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.rows = Lines(code).starts

    def bodies(self, statement: ast.stmt) -> Iterator[Span]:
        """The bodies of a function, or of a class's methods, that can be left out."""
        if isinstance(statement, ast.ClassDef):
            for inner in statement.body:
                if isinstance(inner, _FUNCTION) and inner.name != "__init__":
                    yield from self._body(inner)
        elif isinstance(statement, _FUNCTION) and statement.name != "__init__":
            yield from self._body(statement)

    def _body(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Span]:
        first, last = function.body[0], function.body[-1]
        row = self.rows[first.lineno - 1]
        end = self._offset(last.end_lineno or 0, last.end_col_offset or 0)
        line = self.code[row : row + 200]
        start = row + len(line) - len(line.lstrip(" \t"))
        # It may stand on the header's line; what is decorated begins above its own line.
        own = row > self.rows[function.lineno - 1] and _first_line(first) == first.lineno
        own = own and self._offset(first.lineno, first.col_offset) == start
        if own and end - start > _SHORT:
            begins = self._offset(function.lineno, function.col_offset)
            if RELEVANT.search(self.code, begins, end) is None:
                yield Span(start, end)

    def _offset(self, row: int, column: int) -> int:
        """The offset of a place given by a row from 1 and a column in bytes of UTF-8."""
        start = self.rows[row - 1]
        if self.code.isascii():
            return start + column
        end = self.rows[row] if row < len(self.rows) else len(self.code)
        return start + len(self.code[start:end].encode()[:column].decode())


class _Kept:
    """The trees of pieces that were parsed lately, by their text.

    One text may stand several times in a module; each time it is another tree, since nodes are told
    apart by identity.
    """

    # Trees take some hundred times the room of their text.
    _MOST = 1_000_000

    def __init__(self) -> None:
        self.clear()
        # Several threads may ask: no two trees may have one number.
        self._numbers = count(1)

    def clear(self) -> None:
        """Lets go of all trees."""
        self._trees: dict[tuple[str, int], Tree] = {}
        self._places: dict[int, Place] = {}
        self._length = 0

    def parsed(self, text: str, turn: int = 0) -> Tree:
        """The tree of a text.

        Args:
            text: Python statements.
            turn: how many trees of that text are in use.

        Raises:
            cst.ParserSyntaxError: it cannot be parsed.
            ValueError: LibCST does not give it back.
        """
        found = self._trees.get((text, turn))
        if found is None:
            if self._length + len(text) > self._MOST:
                # Whoever has one of these trees has their places with it.
                self.clear()
            found = tree_of(text, next(self._numbers), self._places)
            self._trees[text, turn] = found
            self._length += len(text)
        return found


_KEPT = _Kept()


def forget() -> None:
    """Lets go of the trees that are kept: what comes next is parsed anew."""
    _KEPT.clear()
