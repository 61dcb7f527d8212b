"""Other ways to an outer object: other names, names of parts of it, functions that know it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import libcst as cst

from nnmigrate.patterns import pattern
from nnmigrate.program import Bind, Program, Scope, Statement, Trace
from nnmigrate.program.bodies import Placed
from nnmigrate.program.filling import holder_of
from nnmigrate.program.liveness import reads_free
from nnmigrate.program.memory import remembered

from .editing import expression_of


def _dotted(node: cst.BaseExpression) -> str | None:
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        way = _dotted(node.value)
        return None if way is None else f"{way}.{node.attr.value}"
    return None


# --- other names ----------------------------------------------------------------------------------


def parts_named(
    program: Program, body: Sequence[Placed], name: str, bound: set[str]
) -> Iterator[str]:
    """The outer objects that a name of the body may stand for, or for a part of.

    Args:
        program: the program.
        body: the body's steps.
        name: a name that the body binds (`bucket = results[k]`, `for store in (A, B)`).
        bound: all names that the body binds.
    """
    for place in body:
        step = place.step
        if not isinstance(step, Bind) or step.name != name:
            continue
        node = place.statement.node
        if step.how == "for" and isinstance(node, cst.For):
            yield from _outer_ways(node.iter, bound)
        elif step.expression is not None and step.how in ("assign", "walrus"):
            for expression in _either(expression_of(program.text(step.expression))):
                way = _way_to_part(expression)
                if way not in _NONE and way.partition(".")[0] not in bound:
                    yield way


_NONE = (None, "None", "True", "False")


def _either(node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """The expressions of which one is taken."""
    if isinstance(node, cst.IfExp):
        yield from _either(node.body)
        yield from _either(node.orelse)
    else:
        yield node


def parts_have_names(program: Program, trace: Trace, path: str) -> bool:
    """Whether something outside of the trace names the items of a collection.

    `store = {"a": a}`, `run = runs[0]`, `for run in runs`: what is copied back are other items.
    """
    for statement in trace.scope.body.walk():
        node = statement.node
        if trace.statement.span.holds(statement.span):
            continue
        if isinstance(node, cst.For) and path in _outer_ways(node.iter, set()):
            return True
        if isinstance(node, cst.Assign):
            made = any(_dotted(target.target) == path for target in node.targets)
            if made and _holds_names(node.value):
                return True
            if _dotted(node.value) != path and _way_to_part(node.value) == path:
                return True
    return False


def _holds_names(node: cst.BaseExpression) -> bool:
    """Whether a display has names among its items."""
    elements = node.elements if isinstance(node, (cst.Dict, cst.List, cst.Tuple)) else ()
    return any(isinstance(element.value, cst.Name) for element in elements)


def _way_to_part(node: cst.BaseExpression) -> str | None:
    """The way to the object of which an expression gives a part; slices are copies."""
    while True:
        slices = node.slice if isinstance(node, cst.Subscript) else ()
        if any(isinstance(element.slice, cst.Slice) for element in slices):
            return None
        holder = holder_of(node)
        if holder is None:
            return _dotted(node)
        node = holder


def _outer_ways(iterable: cst.BaseExpression, bound: set[str]) -> Iterator[str]:
    """The objects that a loop goes over, or over whose items: `(A, B)`, `acts.values()`."""
    if isinstance(iterable, (cst.Tuple, cst.List)):
        for element in iterable.elements:
            yield from _outer_ways(element.value, bound)
    elif isinstance(iterable, cst.Call) and isinstance(iterable.func, cst.Name):
        for argument in iterable.args:
            yield from _outer_ways(argument.value, bound)
    elif isinstance(iterable, cst.Call) and isinstance(iterable.func, cst.Attribute):
        yield from _outer_ways(iterable.func.value, bound)
    else:
        way = _dotted(iterable)
        if way is not None and way.partition(".")[0] not in bound:
            yield way


def other_names(program: Program, trace: Trace, path: str) -> frozenset[str]:
    """Other ways to the same object, by the plain assignments of the trace's scope.

    `a = b = []`, `view = seen`, `acts = self.acts`.
    """
    return frozenset(_assigned(program, trace.scope).get(path, ()))


@remembered
def _assigned(program: Program, scope: Scope) -> Mapping[str, set[str]]:
    """What is assigned from one to the other, either way, by the plain assignments of a scope."""
    same: dict[str, set[str]] = {}
    for statement in scope.body.walk():
        node = statement.node
        if isinstance(node, cst.Assign):
            ways = [_dotted(target.target) for target in node.targets] + [_dotted(node.value)]
            for path in ways:
                if path is not None:
                    same.setdefault(path, set()).update(
                        way for way in ways if way is not None and way != path
                    )
    return same


def read_by_function(program: Program, trace: Trace, name: str) -> bool:
    """Whether a function of the file that the body calls reads a name from around it."""
    functions = functions_named(program)
    for called in set(_CALLED.findall(program.text(trace.body.span))):
        for definition in functions.get(called, ()):
            around = definition.span.holds(trace.statement.span)
            if not around and reads_free(program, definition, name):
                return True
    return False


_CALLED = pattern(r"\b(\w+)\s*\(")


@remembered
def functions_named(program: Program) -> Mapping[str, list[Statement]]:
    """The functions of a program, by their names."""
    found: dict[str, list[Statement]] = {}
    for scope in program.scopes:
        for statement in scope.body.walk():
            if isinstance(statement.node, cst.FunctionDef):
                found.setdefault(statement.node.name.value, []).append(statement)
    return found
