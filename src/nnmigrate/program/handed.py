"""What a call hands to a function of the file, and what the function's names mean to its caller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program.expressions import path_of
from nnmigrate.program.lambdas import all_parameters
from nnmigrate.program.steps import Item, Mutation
from nnmigrate.program.values import UNKNOWN, Function, Value
from nnmigrate.program.walk import Arguments, Frame

Called = cst.FunctionDef | cst.Lambda
Args = Sequence[cst.Arg]


@dataclass(frozen=True)
class Partial(Value):
    """`functools.partial(f, ...)` of a function of this file.

    Args:
        function: the function.
        positional: what it is given beforehand.
        keywords: what it is given by name.
        arguments: the same as it stands in the text.
    """

    function: Function = field(kw_only=True)
    positional: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()
    arguments: tuple[cst.Arg, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class NamesOfCall:
    """What the names of a called function mean to its caller.

    Args:
        passed: by parameter, the caller's way to the object that is passed for it.
        frame: the function's frame, once it has been followed.
    """

    passed: Mapping[str, str]
    frame: Frame

    def owns(self, name: str) -> bool:
        """Whether a name is the function's own."""
        bound = name in self.frame.values or name in self.frame.bindings
        return bound and name not in self.frame.declared

    def of_caller(self, step: Item | Mutation) -> Item | Mutation:
        """The step, by the caller's names for the objects."""
        way = self.passed.get(step.base)
        if way is not None:
            base = way.partition(".")[0]
            step = replace(step, base=base, path=way + step.path[len(step.base) :])
        if not isinstance(step, Mutation) or step.by == "own":
            return step
        return replace(step, by="own" if way is None and self.owns(step.base) else "caller")


def ways_given(node: Called, call: cst.Call, args: Args = ()) -> dict[str, str]:
    """By parameter, the way to the object that the call passes, where that is no computed one."""
    given = given_for(node, (*args, *call.args))
    ways = {name: path_of(value) for name, value in given.items() if _is_way(value)}
    found = {name: way[1] for name, way in ways.items() if way is not None}
    # A method's object, or an object that is called itself.
    called = call.func.value if isinstance(call.func, cst.Attribute) else call.func
    if _is_way(called):
        owner, first = path_of(called), next(all_parameters(node.params), None)
        if owner is not None and first is not None and first.name.value == "self":
            found["self"] = owner[1]
    return found


def _is_way(node: cst.BaseExpression) -> bool:
    while isinstance(node, cst.Attribute):
        node = node.value
    return isinstance(node, cst.Name)


# Only what is put into these is seen in a name of the caller's.
REACHED = (cst.Name, cst.Attribute)


def given_for(node: Called, args: Args) -> dict[str, cst.BaseExpression]:
    """By parameter, what the call passes for it."""
    parameters = [parameter.name.value for parameter in all_parameters(node.params)]
    plain = [argument for argument in args if not argument.star]
    if parameters[:1] == ["self"]:
        parameters = parameters[1:]
    given = [(a.keyword.value if a.keyword else None, a.value) for a in plain]
    pairs = zip(parameters, given, strict=False)
    return {keyword or parameter: value for parameter, (keyword, value) in pairs}


def passed(node: Called, arguments: Arguments) -> Iterator[tuple[str, Value]]:
    """The parameters and what the call passes for them."""
    parameters = [parameter.name.value for parameter in all_parameters(node.params)]
    given = dict(zip(parameters, arguments.positional, strict=False))
    given.update(arguments.keywords)
    for name in parameters:
        yield name, given.get(name, UNKNOWN)
