"""Names that Python understands only inside of the class that they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program import Program, Scope, Statement
from nnmigrate.program.model import code_only
from nnmigrate.program.pieces import Piece, everything
from nnmigrate.program.positions import Positions
from nnmigrate.spans import Span


@dataclass(frozen=True)
class ClassBound:
    """A private name, or `super()` without arguments.

    Args:
        span: its characters.
        instead: what means the same anywhere.
        whole: the characters of the expression that it ends: `self.__x`.
    """

    span: Span
    instead: str
    whole: Span


def class_of(scope: Scope) -> Scope | None:
    """The innermost class around a scope's code."""
    while scope.kind != "class" and scope.parent is not None:
        scope = scope.parent
    return scope if scope.kind == "class" else None


@dataclass(frozen=True)
class Classes:
    """Looks for such names; has a tree of its own, since steps do not tell of every name."""

    program: Program

    @cached_property
    def _piece(self) -> Piece:
        return everything(self.program.code)

    @property
    def _module(self) -> cst.Module:
        return self._piece.tree.module

    @cached_property
    def _positions(self) -> Positions:
        return Positions((self._piece,), self.program.code)

    def bound(self, scope: Scope, owner: Scope, statement: Statement) -> list[ClassBound]:
        """What the body of a with statement has from the class around it."""
        node = self._withs[statement.span]
        function = scope.statement.node if scope.statement is not None else None
        found = [*self._private(node.body, owner, statement)]
        if not any("super" in each.bindings for each in scope.outward()):
            found += self._supers(node.body, _class_name(scope, owner), function)
        return sorted(found, key=lambda each: each.span)

    @cached_property
    def _withs(self) -> Mapping[Span, cst.With]:
        """The with statements, by their places."""
        nodes: list[cst.CSTNode] = [self._module]
        for node in nodes:
            nodes += (child for child in node.children if isinstance(child, _HOLD_STATEMENTS))
        return {self._positions.of(node): node for node in nodes if isinstance(node, cst.With)}

    def _private(
        self, node: cst.CSTNode, owner: Scope, statement: Statement
    ) -> Iterator[ClassBound]:
        """The names that Python mangles."""
        prefix = owner.name.lstrip("_")
        for name, parent in _names(node, node) if prefix else ():
            span = self._positions.of(name)
            attribute = isinstance(parent, cst.Attribute)
            # A local variable of the body means the same everywhere in it.
            if attribute or self._is_known_outside(name.value, owner, statement):
                whole = self._positions.of(parent) if attribute else span
                yield ClassBound(span, f"_{prefix}{name.value}", Span(whole.start, span.end))

    def _is_known_outside(self, name: str, owner: Scope, statement: Statement) -> bool:
        assert owner.statement is not None
        code, around = self.program.code, owner.statement.span
        outside = code[around.start : statement.span.start] + code[statement.span.end : around.end]
        return re.search(rf"(?<![\w.]){name}\b", code_only(outside)) is not None

    def _supers(
        self, node: cst.CSTNode, owner: str, function: cst.CSTNode | None
    ) -> Iterator[ClassBound]:
        """The calls of `super` that Python gives the class and the first argument."""
        if isinstance(node, (cst.FunctionDef, cst.Lambda)):
            function = node
        for child in _children(node):
            yield from self._supers(child, owner, function)
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name):
            first = _first_parameter(function)
            if node.func.value == "super" and not node.args and first:
                span = self._positions.of(node)
                yield ClassBound(span, f"super({owner}, {first})", span)


_HOLD_STATEMENTS = (
    cst.BaseCompoundStatement,
    cst.BaseSuite,
    cst.Else,
    cst.ExceptHandler,
    cst.ExceptStarHandler,
    cst.Finally,
    cst.MatchCase,
)


def _children(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """What is below a node; a class's suite has names of its own."""
    for child in node.children:
        if not (isinstance(node, cst.ClassDef) and child is node.body):
            yield child


def _names(node: cst.CSTNode, parent: cst.CSTNode) -> Iterator[tuple[cst.Name, cst.CSTNode]]:
    """The names that begin with two underscores, each with what it is part of."""
    for child in _children(node):
        keyword = isinstance(node, cst.Arg) and child is node.keyword
        if not keyword and not isinstance(child, (cst.Import, cst.ImportFrom)):
            yield from _names(child, node)
    if isinstance(node, cst.Name) and node.value.startswith("__"):
        of_object = not isinstance(parent, cst.Attribute) or parent.attr is node
        if not node.value.endswith("__"):
            yield node, parent if of_object else node


def _class_name(scope: Scope, owner: Scope) -> str:
    """A name of the class for its own methods: `__class__` if its own may be another object's."""
    node = owner.statement.node if owner.statement is not None else None
    plain = isinstance(node, cst.ClassDef) and not node.decorators
    binding = [each for each in scope.outward() if owner.name in each.bindings]
    known = len(binding) == 1 and binding[0] is owner.parent and binding[0].kind == "module"
    once = known and len(binding[0].bindings[owner.name]) == 1
    return owner.name if plain and once else "__class__"


def _first_parameter(function: cst.CSTNode | None) -> str | None:
    if not isinstance(function, (cst.FunctionDef, cst.Lambda)):
        return None
    parameters = (*function.params.posonly_params, *function.params.params)
    return parameters[0].name.value if parameters else None
