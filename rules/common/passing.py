"""Other ways to an outer object: what a helper is given, other names, names of parts of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from nnmigrate.program import Bind, Mutation, Program, Scope, Trace
from nnmigrate.program.bodies import Placed


def path_of_helper(program: Program, mutation: Mutation) -> str | None:
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
            way = _way_to_part(_parsed(program.text(step.expression)))
            if way is not None and way.partition(".")[0] not in bound:
                yield way


def _parsed(text: str) -> cst.BaseExpression | None:
    try:
        return cst.parse_expression(text)
    except cst.ParserSyntaxError:
        return None


_REACHING = ("setdefault", "get")


def _way_to_part(node: cst.BaseExpression | None) -> str | None:
    """The way to the object of which an expression gives a part; slices are copies."""
    while node is not None:
        if isinstance(node, cst.Subscript):
            if any(isinstance(element.slice, cst.Slice) for element in node.slice):
                return None
            node = node.value
        elif (
            isinstance(node, cst.Call)
            and isinstance(node.func, cst.Attribute)
            and node.func.attr.value in _REACHING
        ):
            node = node.func.value
        else:
            return _dotted(node)
    return None


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
    same: set[str] = set()
    statements = (s for top in trace.scope.body.statements for s in top.walk())
    for statement in statements:
        node = statement.node
        if isinstance(node, cst.Assign):
            ways = [_dotted(target.target) for target in node.targets] + [_dotted(node.value)]
            if path in ways:
                same.update(way for way in ways if way is not None and way != path)
    return frozenset(same)
