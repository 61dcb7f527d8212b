"""Branches that a program keeps for one nnsight or the other.

`if nnsight.__version__ < "0.5":` and its like, `hasattr(nnsight, "save")`, and imports that are
tried: who writes these has thought of both versions.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.program.model import Block, Branches, Scope, Statement
from nnmigrate.spans import Span

_SPEAKS = pattern(r"__version__|metadata|pkg_resources|hasattr|ImportError|ModuleNotFoundError")
_VERSION = pattern(r"nnsight\.__version__|version\(\s*[\"']nnsight[\"']\s*\)")
# What only one of them has (nnsight 0.4.11 and 0.5.15): of the package, and of tracers.
_NEW_NAMES = frozenset({"save", "session", "barrier", "cache", "result", "ndif"})
_OLD_NAMES = frozenset({"cond", "log", "logger", "set", "_envoy", "graph"})
_BOUNDARY = (0, 5)
# `"0.5" <= version` is `version >= "0.5"`.
_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
}
_CODE = cst.Module([])


def branches_of(code: str, scopes: Sequence[Scope]) -> Branches:
    """The branches of a document."""
    if _SPEAKS.search(code) is None:
        return Branches()
    return _Reading(code, {}).read(scopes)


@dataclass
class _Reading:
    """One document, read from top to bottom: names may stand for a version, or for a comparison.

    Args:
        code: the text.
        known: the names: True where they are true on 0.5 alone, False on 0.4 alone, None where
            they are the version itself.
    """

    code: str
    known: dict[str, bool | None]

    def read(self, scopes: Sequence[Scope]) -> Branches:
        old: list[Span] = []
        new: list[Span] = []
        tried: list[Span] = []
        for scope in scopes:
            for block in _blocks(scope.body):
                for number, statement in enumerate(block.statements):
                    self._learn(statement)
                    if isinstance(statement.node, cst.If):
                        test = _CODE.code_for_node(statement.node.test)
                        rest = block.statements[number + 1 :]
                        self._branch(test, statement, rest, old, new)
                    elif isinstance(statement.node, cst.Try) and _only_imports(statement):
                        tried.append(statement.span)
        return Branches(tuple(old), tuple(new), tuple(tried))

    def _learn(self, statement: Statement) -> None:
        node = statement.node
        if not isinstance(node, cst.Assign) or len(node.targets) != 1:
            return
        target = node.targets[0].target
        text = statement.span.of(self.code).partition("=")[2].strip()
        if isinstance(target, cst.Name) and self._concerns(text):
            self.known[target.value] = self._of(_condition(text))

    def _concerns(self, text: str) -> bool:
        words = set(re.findall(r"\w+", text))
        asks = "hasattr" in words
        return asks or _VERSION.search(text) is not None or bool(words & self.known.keys())

    def _branch(
        self,
        test: str,
        statement: Statement,
        rest: Sequence[Statement],
        old: list[Span],
        new: list[Span],
    ) -> None:
        if not self._concerns(test):
            return
        node = _condition(test)
        is_new = self._of(node)
        alone = False
        if is_new is None and isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            # Something else must be true as well: the other branch is of both versions.
            alone, is_new = True, _only({self._of(one) for one in node.values} - {None})
        if is_new is None:
            return
        body, others = (new, old) if is_new else (old, new)
        body.append(statement.blocks[0].span)
        if alone:
            return
        others += (block.span for block in statement.blocks[1:])
        last = statement.blocks[0].statements[-1].kind
        if last in ("Return", "Raise", "Continue", "Break") and rest:
            others.append(Span(rest[0].span.start, rest[-1].span.end))

    def _of(self, node: ast.expr | None) -> bool | None:
        """Whether an expression is true on 0.5 alone (True), on 0.4 alone (False), or neither."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self._of(node.operand)
            return None if inner is None else not inner
        if isinstance(node, ast.Name):
            return self.known.get(node.id)
        if isinstance(node, ast.Call):
            return _of_call(node)
        if isinstance(node, ast.BoolOp):
            return _only({self._of(one) for one in node.values})
        if isinstance(node, ast.Compare):
            operands = pairwise([node.left, *node.comparators])
            each = [self._of_comparison(*of, by) for of, by in zip(operands, node.ops, strict=True)]
            return _only({*each} - {None})  # `"0.4" <` says nothing, `< "0.5"` all
        return None

    def _of_comparison(self, left: ast.expr, right: ast.expr, operator: ast.cmpop) -> bool | None:
        number = _number(right)
        if number is None or not self._concerns(ast.unparse(left)):
            turned = _TURNED.get(type(operator))
            number = _number(left)
            if turned is None or number is None or not self._concerns(ast.unparse(right)):
                return None
            operator = turned()
        if isinstance(operator, (ast.GtE, ast.Gt)):
            last_old = isinstance(operator, ast.Gt) and number > (0, 4)  # `> "0.4.11"`
            return True if number >= _BOUNDARY or last_old else None
        if isinstance(operator, (ast.Lt, ast.LtE)):
            return False if number <= _BOUNDARY or number < (0, 5, 1) else None
        if isinstance(operator, ast.Eq):
            return number >= _BOUNDARY
        return None


def _condition(text: str) -> ast.expr | None:
    """An expression as Python reads it, if it does."""
    try:
        return ast.parse(f"({text}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return None


def _only(said: set[bool | None]) -> bool | None:
    """What several conditions say of the version, if they say one thing."""
    return said.pop() if len(said) == 1 else None


def _of_call(node: ast.Call) -> bool | None:
    """`hasattr(nnsight, "save")`, `nnsight.__version__.startswith("0.4")`."""
    text = ast.unparse(node.func)
    given = [one.value for one in node.args if isinstance(one, ast.Constant)]
    if text == "hasattr" and len(node.args) == 2 and given:
        whose = ast.unparse(node.args[0])
        if re.search(r"nnsight|tracer|session|model|\blm\b", whose) is None:
            return None
        return True if given[0] in _NEW_NAMES else False if given[0] in _OLD_NAMES else None
    if _VERSION.search(text) and text.endswith(".startswith") and given:
        numbers = _numbers(str(given[0]))
        return numbers >= _BOUNDARY if len(numbers) > 1 else None
    return None


def _number(node: ast.expr) -> tuple[int, ...] | None:
    """The version that something is compared with: a string somewhere in it, or a tuple."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            return _numbers(inner.value) or None
    if isinstance(node, ast.Tuple):
        values = [one.value for one in node.elts if isinstance(one, ast.Constant)]
        numbers = [value for value in values if isinstance(value, int)]
        return tuple(numbers) if len(numbers) == len(node.elts) else None
    return None


def _numbers(text: str) -> tuple[int, ...]:
    found = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()


def _blocks(block: Block) -> Iterator[Block]:
    yield block
    for statement in block.statements:
        if statement.kind not in ("FunctionDef", "ClassDef"):
            for inner in statement.blocks:
                yield from _blocks(inner)


def _only_imports(statement: Statement) -> bool:
    """Whether a try does nothing but import, and another way is taken where that fails."""
    node = cst.ensure_type(statement.node, cst.Try)
    caught = [_CODE.code_for_node(one.type) for one in node.handlers if one.type is not None]
    expected = any(re.search(r"ImportError|ModuleNotFoundError|AttributeError", c) for c in caught)
    kinds = {one.kind for one in statement.blocks[0].statements}
    return expected and kinds <= {"Import", "ImportFrom", "Assign"} and bool(kinds)
