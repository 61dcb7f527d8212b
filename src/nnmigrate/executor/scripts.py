"""What the text of a script says before it is run."""

from __future__ import annotations

import ast
import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any, TypeGuard

from nnmigrate.documents.places import Origin

# A twin may be as wide as its model up to here; what is larger can only be a token's id.
_WIDEST = 1024
_TRACES = frozenset({"trace", "generate", "session", "scan", "edit"})
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Script:
    """A program to run.

    Args:
        source: Its bytes.
        name: The name of the file that it runs as.
        folder: Where it lies; its data and its modules are found there. None for nowhere.
        modules: Modules that take the place of those in ``folder``, by path from there.
        origins: Of a notebook or a text: where each of its lines stands there.
    """

    source: bytes
    name: str = "script.py"
    folder: Path | None = None
    modules: tuple[tuple[str, bytes], ...] = ()
    origins: tuple[Origin, ...] = ()

    @property
    def hints(self) -> Hints:
        """What it and its modules expect of its models.

        A small number in a module is a width by chance more often than not, and the twin of a width
        that is named is slow.
        """
        modules = reduce(or_, (hints_of(source) for _, source in self.modules), Hints())
        large = frozenset(value for value in modules.integers if value > _WIDEST)
        return hints_of(self.source) | replace(modules, integers=large)

    @classmethod
    def of(cls, program: Path | str | Script) -> Script:
        """Give a file, or the text of a program, as a script.

        Raises:
            OSError: The file cannot be read.
        """
        if isinstance(program, Script):
            return program
        if isinstance(program, str):
            return cls(program.encode())
        return cls(program.read_bytes(), program.name, program.resolve().parent)


@dataclass(frozen=True)
class Hints:
    """What scripts expect of their models; two runs with the same hints get the same twins.

    Args:
        integers: Integer literals: token ids and widths that the twins should cover.
        texts: String literals, whose pieces the tokenizer numbers in an order of their own.
        stretch: Into how many tokens a word is split.
        configs: What the user's cache of models had for the repositories that a run asked for, as
            JSON; so another run gets the same, wherever it is.
    """

    integers: frozenset[int] = frozenset()
    texts: frozenset[str] = frozenset()
    stretch: int = 1
    configs: tuple[tuple[str, str], ...] = ()

    def __or__(self, other: Hints) -> Hints:
        """Cover what both expect."""
        return Hints(
            self.integers | other.integers,
            self.texts | other.texts,
            max(self.stretch, other.stretch),
            tuple(sorted({**dict(self.configs), **dict(other.configs)}.items())),
        )

    def as_json(self) -> dict[str, Any]:
        """Give what `of_json` reads."""
        return {
            "integers": sorted(self.integers),
            "texts": sorted(self.texts),
            "stretch": self.stretch,
            "configs": {name: json.loads(config) for name, config in self.configs},
        }

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> Hints:
        """Read what `as_json` gives."""
        hints = cls(frozenset(data["integers"]), frozenset(data["texts"]), data["stretch"])
        return hints.configured(data["configs"])

    def configured(self, configs: Mapping[str, Any]) -> Hints:
        """Give the same hints with these configurations, by repository."""
        found = ((name, json.dumps(config)) for name, config in configs.items())
        return replace(self, configs=tuple(sorted(found)))

    def stretched(self, factor: int) -> Hints:
        """Give the same hints with every word ``factor`` tokens long."""
        return replace(self, stretch=factor)


def hints_of(source: bytes) -> Hints:
    """Collect the literals of a script; none if it does not parse."""
    constants = [node.value for node in _walk(source) if isinstance(node, ast.Constant)]
    return Hints(
        frozenset(value for value in constants if type(value) is int),
        frozenset(value for value in constants if isinstance(value, str)),
    )


def without_barriers(source: bytes) -> bytes:
    """Take the barriers out of a script that is half migrated: nnsight 0.4 has none.

    What makes one and what waits at one becomes `pass`; every line stays where it is.
    """
    tree = _parse(source)
    if tree is None:
        return source
    made = [node for node in ast.walk(tree) if _makes_barrier(node)]
    names = {target.id for node in made for target in node.targets if isinstance(target, ast.Name)}
    waits = [node for node in ast.walk(tree) if _waits(node, names)]
    lines = source.splitlines(keepends=True)
    for node in (*made, *waits):
        if node.lineno == node.end_lineno:
            line = lines[node.lineno - 1]
            lines[node.lineno - 1] = line[: node.col_offset] + b"pass" + line[node.end_col_offset :]
    return b"".join(lines)


def _makes_barrier(node: ast.AST) -> TypeGuard[ast.Assign]:
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr == "barrier"
    )


def _waits(node: ast.AST, names: Container[str]) -> TypeGuard[ast.Expr]:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id in names
    )


def uses_remote(source: bytes) -> bool:
    """Whether a script passes a ``remote=`` that is not plainly false."""
    keywords = (node for node in _walk(source) if isinstance(node, ast.keyword))
    return any(keyword.arg == "remote" and not _is_false(keyword.value) for keyword in keywords)


def leftovers_of(source: bytes) -> frozenset[str]:
    """Find the global names that a script binds inside of traces only.

    On 0.4 such a name outlives the trace like any Python name; on 0.5 only what was saved does.
    """
    tree = _parse(source)
    if tree is None:
        return frozenset()
    bound = list(_bindings(tree, False))
    outside = {name for name, inside in bound if not inside}
    return frozenset(name for name, inside in bound if inside and name not in outside)


def _parse(source: bytes) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return None


def _walk(source: bytes) -> Iterator[ast.AST]:
    tree = _parse(source)
    return iter(()) if tree is None else ast.walk(tree)


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value


def _bindings(node: ast.AST, inside: bool) -> Iterator[tuple[str, bool]]:
    """Yield the global names bound under a node, and whether a trace encloses the binding."""
    if isinstance(node, _SCOPES):
        yield node.name, inside
        return
    if isinstance(node, _COMPREHENSIONS):
        return
    yield from ((name, inside) for name in _names_bound_by(node))
    body = node.body if isinstance(node, (ast.With, ast.AsyncWith)) else []
    enters = any(_opens_trace(item) for item in getattr(node, "items", [])) if body else False
    for child in ast.iter_child_nodes(node):
        yield from _bindings(child, inside or (enters and child in body))


def _names_bound_by(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return [node.id]
    if isinstance(node, ast.alias):
        return [(node.asname or node.name).split(".")[0]]
    if isinstance(node, ast.ExceptHandler) and node.name:
        return [node.name]
    return []


def _opens_trace(item: ast.withitem) -> bool:
    call = item.context_expr
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in _TRACES
    )
