"""What kind of object an outer object is, as far as the program shows it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from nnmigrate.program import Mutation, Program, Scope, Trace
from nnmigrate.program.values import Container, Items, Value
from nnmigrate.spans import Span


def changed_path(mutation: Mutation) -> str:
    """The way to the object that a change changes; to the attribute, where it sets one."""
    if mutation.how in ("setattr", "delattr") and isinstance(mutation.key, str):
        return f"{mutation.path}.{mutation.key}"
    return mutation.path


_TENSOR = re.compile(r"torch\.(zeros|ones|empty|full|rand\w*|tensor|arange|eye)(_like)?\(")
_ARRAY = re.compile(r"(np|numpy)\.(zeros|ones|empty|full|array|arange)(_like)?\(")
_METHODS = {
    "list": frozenset("append extend insert sort reverse".split()),
    "dict": frozenset("setdefault popitem".split()),
    "set": frozenset("add discard".split()),
}


def kind_of(value: Value | None) -> str:
    """The kind of a collection; empty for anything else."""
    return value.kind if isinstance(value, (Container, Items)) else ""


def kind_made(program: Program, trace: Trace, path: str) -> str:
    """The kind of what the way was bound to, where every binding in view agrees."""
    kinds = set(_kinds_made(program, trace, path))
    return kinds.pop() if len(kinds) == 1 else ""


def made_by_lambda(program: Program, trace: Trace, path: str) -> bool:
    """Whether what a way was bound to was made with a lambda, which pickle refuses."""
    scope: Scope | None = trace.scope
    spans: list[Span | None] = [s.value_span for s in _attributes_set(program, trace)]
    while scope is not None and path not in scope.bindings:
        scope = scope.parent
    spans += [bind.expression for bind in scope.bindings[path]] if scope is not None else []
    return any(span is not None and "lambda" in program.text(span) for span in spans)


def _kinds_made(program: Program, trace: Trace, path: str) -> Iterator[str]:
    scope: Scope | None = trace.scope
    while scope is not None and "." not in path:
        if path in scope.bindings:
            for bind in scope.bindings[path]:
                yield kind_of(bind.value) or _kind_of_text(program, bind.expression)
            return
        scope = scope.parent
    for step in _attributes_set(program, trace) if "." in path else ():
        if changed_path(step) == path:
            yield kind_of(step.value) or _kind_of_text(program, step.value_span)


def _attributes_set(program: Program, trace: Trace) -> Iterator[Mutation]:
    """What the methods of the same class do to attributes."""
    for scope in program.scopes:
        if scope.parent is trace.scope.parent:
            for statement in scope.body.statements:
                for step in statement.all_steps:
                    if isinstance(step, Mutation) and step.how == "setattr":
                        yield step


def _kind_of_text(program: Program, expression: Span | None) -> str:
    text = program.text(expression) if expression is not None else ""
    if _TENSOR.match(text):
        return "tensor"
    return "ndarray" if _ARRAY.match(text) else ""


def kind_shown(mutations: Iterable[Mutation]) -> str:
    """The kind that the changes show: only lists are appended to."""
    for mutation in mutations:
        for kind, methods in _METHODS.items():
            if mutation.depth == 0 and mutation.method in methods:
                return kind
        if mutation.how == "setitem" and mutation.depth == 0 and isinstance(mutation.key, str):
            return "dict"
    return ""
