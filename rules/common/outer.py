"""Objects made outside a trace that its body changes: what they are, and where it does that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import libcst as cst

from nnmigrate.program import Bind, Mutation, Program, Read, Save, Scope, Statement, Trace
from nnmigrate.program.bodies import Placed, placed
from nnmigrate.program.values import (
    Barrier,
    Container,
    Envoy,
    Items,
    Module,
    NnsightModule,
    Traced,
    Tracer,
    Value,
)
from nnmigrate.spans import Span

# What is never a caller's own object.
_NOT_OBJECTS = (Barrier, Envoy, Module, NnsightModule, Traced, Tracer)


@dataclass(frozen=True, eq=False)
class Change:
    """One change of an outer object.

    Args:
        mutation: what happens.
        place: where.
        helper: a function that the body calls does it.
    """

    mutation: Mutation
    place: Placed
    helper: bool = False

    @property
    def whole(self) -> bool:
        """Whether the statement does nothing else."""
        return not self.helper and self.mutation.span == self.place.statement.span


@dataclass(frozen=True, eq=False)
class Outer:
    """An object made outside a trace and changed in it.

    Args:
        path: how the body reaches it, such as `results` or `self.acts`.
        kind: `list`, `dict`, `set`, `defaultdict`, `deque`, `tensor`, `ndarray`, ...; empty if
            unknown.
        changes: its changes, in the order of the text.
        reads: the body also does something else with it, once it may have changed it.
        keyed: a change's key is taken from it: `x[len(x)] = v`.
        idle: statements such as `results.save()`, which do nothing.
    """

    path: str
    kind: str
    changes: tuple[Change, ...]
    reads: bool
    keyed: bool = False
    idle: tuple[Statement, ...] = ()


def outer_objects(program: Program, trace: Trace) -> tuple[Outer, ...]:
    """The outer objects that a trace changes, in the order of their first changes."""
    body = placed(program, trace)
    found: dict[str, list[Change]] = {}
    brought = brought_back(program, body)
    for path, change in _changes(program, trace, body):
        if path not in brought:
            found.setdefault(path, []).append(change)
    values = {p.step.name: p.step.value for p in body if isinstance(p.step, Read)}
    return tuple(
        _outer(program, trace, body, path, changes, values.get(path))
        for path, changes in found.items()
    )


def brought_back(program: Program, body: Iterable[Placed]) -> frozenset[str]:
    """The objects that the body saves under another name: under that name they come back."""
    saves = {p.step.span: p.step for p in body if isinstance(p.step, Save)}
    binds = [p.step for p in body if isinstance(p.step, Bind) and p.step.how == "assign"]
    whole = [saves[bind.expression] for bind in binds if bind.expression in saves]
    return frozenset(program.text(save.argument) for save in whole)


def _outer(
    program: Program,
    trace: Trace,
    body: Iterable[Placed],
    path: str,
    changes: list[Change],
    value: Value | None,
) -> Outer:
    kept = tuple(_without_parts(changes))
    idle = tuple(_idle(program, trace, body, path))
    own = [c.mutation.target or c.mutation.span for c in kept if not c.helper]
    keys = [c.mutation.key_span for c in kept if c.whole and c.mutation.key_span is not None]
    idle_spans = [statement.span for statement in idle]
    start = _start(kept[0])
    later = [use for use in _uses(program, trace, path) if use.start >= start]
    reads = any(not _within(use, [*own, *keys, *idle_spans]) for use in later)
    keyed = any(_within(use, keys) for use in later)
    values = any(
        c.mutation.value_span and _mentions(program, c.mutation.value_span, path) for c in kept
    )
    helped = any(c.helper for c in kept)
    kind = _kind_of(value) or _kind_made(program, trace, path) or _kind_shown(kept)
    return Outer(path, kind, kept, reads or values or helped, keyed, idle)


def _within(use: Span, spans: Iterable[Span]) -> bool:
    return any(span.start <= use.start < span.end for span in spans)


def _start(change: Change) -> int:
    """Where the first change may happen: what stands before reads the object as it was."""
    for parent in change.place.parents:
        if parent.loop is not None:
            # A for's iterable is evaluated once, a while's test at every turn.
            return parent.blocks[0].span.start if parent.kind == "For" else parent.span.start
    return change.place.statement.span.start


def _without_parts(changes: list[Change]) -> Iterator[Change]:
    """Without the `setdefault` of `d.setdefault(k, [])[i] = v`: it is part of the other change."""
    for change in changes:
        others = (c.mutation.target for c in changes if c is not change)
        if change.helper or not any(
            t is not None and t.holds(change.mutation.span) for t in others
        ):
            yield change


def _uses(program: Program, trace: Trace, path: str) -> Iterator[Span]:
    start, end = trace.body.span.start, trace.body.span.end
    for match in _pattern(path).finditer(program.code, start, end):
        yield Span(match.start(), match.end())


def _mentions(program: Program, span: Span, path: str) -> bool:
    return _pattern(path).search(program.code, span.start, span.end) is not None


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.]){re.escape(path)}(?!\w)")


def _idle(program: Program, trace: Trace, body: Iterable[Placed], path: str) -> Iterator[Statement]:
    """Statements that only save the object: nobody takes it along."""
    for place in body:
        step, statement = place.step, place.statement
        if not isinstance(step, Save) or statement.kind != "Expr" or statement.shared:
            continue
        suite = place.suites[-1] if place.suites else trace.body
        alone = len(suite.statements) == 1
        if program.text(step.argument) == path and step.span == statement.span and not alone:
            yield statement


# --- changes --------------------------------------------------------------------------------------


def _changes(
    program: Program, trace: Trace, body: tuple[Placed, ...]
) -> Iterator[tuple[str, Change]]:
    """Every change of an object that the body did not make, with the way to the object."""
    bound = {p.step.name for p in body if isinstance(p.step, Bind) and p.step.how != "declare"}
    bound |= {trace.entered.name} if trace.entered.name else set()
    grown = dict(_grown(program, trace, body))
    values: dict[str, Value | None] = {}
    for place in body:
        step = place.step
        if isinstance(step, Read):
            values[step.name] = step.value
        elif isinstance(step, Bind) and step.name in grown:
            yield step.name, next(c for c in grown[step.name] if c.place is place)
        elif isinstance(step, Mutation):
            change = _change(program, place, step)
            base = change.mutation.base if change else ""
            known = base in values or (change is not None and change.helper)
            if change is None or not known or isinstance(values.get(base), _NOT_OBJECTS):
                continue
            if base not in bound or base in grown:
                yield _path(change.mutation), change


def _path(mutation: Mutation) -> str:
    if mutation.how in ("setattr", "delattr") and isinstance(mutation.key, str):
        return f"{mutation.path}.{mutation.key}"
    return mutation.path


def _change(program: Program, place: Placed, mutation: Mutation) -> Change | None:
    target = mutation.target
    if target is not None and mutation.span.holds(target):
        return Change(mutation, place)
    path = _path_of_helper(program, mutation)
    if path is None:
        return None
    meant = replace(mutation, base=path.partition(".")[0], path=path, target=None, value_span=None)
    return Change(meant, place, helper=True)


def _grown(
    program: Program, trace: Trace, body: tuple[Placed, ...]
) -> Iterator[tuple[str, tuple[Change, ...]]]:
    """Outer collections that the body only extends by `+=`: the same object afterwards."""
    binds: dict[str, list[Placed]] = {}
    for place in body:
        if isinstance(place.step, Bind):
            binds.setdefault(place.step.name, []).append(place)
    for name, places in binds.items():
        if all(_extends(program, place.step) for place in places):
            yield name, tuple(_as_change(place) for place in places)


def _extends(program: Program, step: object) -> bool:
    if not isinstance(step, Bind) or step.how != "augment" or step.expression is None:
        return False
    if _kind_of(step.value) in ("list", "set", "dict", "deque", "defaultdict"):
        return True
    return program.text(step.expression).startswith("[")


def _as_change(place: Placed) -> Change:
    step = place.step
    assert isinstance(step, Bind)
    return Change(
        Mutation(
            site=step.site,
            span=place.statement.span,
            base=step.name,
            path=step.name,
            how="augment",
            target=step.span,
            value_span=step.expression,
        ),
        place,
    )


# --- helpers --------------------------------------------------------------------------------------


def _path_of_helper(program: Program, mutation: Mutation) -> str | None:
    """What a called function's change means to its caller; None if the object is its own."""
    try:
        call = cst.parse_expression(program.text(mutation.span))
    except cst.ParserSyntaxError:
        return None
    if not isinstance(call, cst.Call):
        return None
    scope = _scope_called(program, call)
    if scope is None or not mutation.path.startswith(mutation.base):
        return None
    rest = mutation.path[len(mutation.base) :]
    if mutation.base in scope.parameters:
        passed = _passed(scope, call, mutation.base)
        return None if passed is None else passed + rest
    own = mutation.base in scope.bindings and mutation.base not in scope.declared
    return None if own else mutation.path


def _scope_called(program: Program, call: cst.Call) -> Scope | None:
    name = call.func.attr if isinstance(call.func, cst.Attribute) else call.func
    if not isinstance(name, cst.Name):
        return None
    found = [s for s in program.scopes if s.kind == "function" and s.name == name.value]
    return found[0] if len(found) == 1 else None


def _passed(scope: Scope, call: cst.Call, parameter: str) -> str | None:
    """The characters passed for a parameter, if they are a way to an object."""
    parameters = list(scope.parameters)
    method = scope.parent is not None and scope.parent.kind == "class"
    if isinstance(call.func, cst.Attribute) and method and parameters.pop(0) == parameter:
        return _dotted(call.func.value)
    for number, argument in enumerate(call.args):
        keyword = argument.keyword.value if argument.keyword is not None else None
        if keyword == parameter or (
            keyword is None and parameters[number : number + 1] == [parameter]
        ):
            return _dotted(argument.value)
    return None


def _dotted(node: cst.BaseExpression) -> str | None:
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        way = _dotted(node.value)
        return None if way is None else f"{way}.{node.attr.value}"
    return None


# --- kinds ----------------------------------------------------------------------------------------

_TENSOR = re.compile(r"torch\.(zeros|ones|empty|full|rand\w*|tensor|arange|eye)(_like)?\(")
_ARRAY = re.compile(r"(np|numpy)\.(zeros|ones|empty|full|array|arange)(_like)?\(")
_METHODS = {
    "list": frozenset("append extend insert sort reverse".split()),
    "dict": frozenset("setdefault popitem".split()),
    "set": frozenset("add discard".split()),
}


def _kind_of(value: Value | None) -> str:
    return value.kind if isinstance(value, (Container, Items)) else ""


def _kind_made(program: Program, trace: Trace, path: str) -> str:
    """The kind of what the way was bound to, where every binding in view agrees."""
    kinds = set(_kinds_made(program, trace, path))
    return kinds.pop() if len(kinds) == 1 else ""


def _kinds_made(program: Program, trace: Trace, path: str) -> Iterator[str]:
    scope: Scope | None = trace.scope
    while scope is not None and "." not in path:
        if path in scope.bindings:
            for bind in scope.bindings[path]:
                yield _kind_of_text(program, bind.expression)
            return
        scope = scope.parent
    for other in program.scopes:
        if "." in path and other.parent is trace.scope.parent:
            for statement in other.body.statements:
                for step in statement.all_steps:
                    if isinstance(step, Mutation) and step.how == "setattr" and _path(step) == path:
                        yield _kind_of(step.value) or _kind_of_text(program, step.value_span)


def _kind_of_text(program: Program, expression: Span | None) -> str:
    text = program.text(expression) if expression is not None else ""
    if _TENSOR.match(text):
        return "tensor"
    return "ndarray" if _ARRAY.match(text) else ""


def _kind_shown(changes: tuple[Change, ...]) -> str:
    """The kind that the changes show: only lists are appended to."""
    for change in changes:
        mutation = change.mutation
        for kind, methods in _METHODS.items():
            if mutation.depth == 0 and mutation.method in methods:
                return kind
        if mutation.how == "setitem" and mutation.depth == 0 and isinstance(mutation.key, str):
            return "dict"
    return ""
