"""Lambdas and parameters: what a function reads that is not run here and now."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from nnmigrate.program.steps import Read, Step, Told, flat
from nnmigrate.program.values import UNKNOWN, Container, Items, Lambda, Value
from nnmigrate.program.walk import Frame, Walk, evaluates


@evaluates(cst.Lambda)
def _lambda(walk: Walk, node: cst.Lambda) -> Value:
    parameters = list(all_parameters(node.params))
    for parameter in parameters:
        if parameter.default is not None:
            walk.evaluate(parameter.default)
    # Only what it reads matters: nothing of it happens here and now.
    own = {parameter.name.value for parameter in parameters}
    for step in _steps_of(walk, node, UNKNOWN):
        if isinstance(step, Read) and step.name not in own:
            walk.note(step)
    return Lambda(node=node)


def _steps_of(walk: Walk, node: cst.Lambda, given: Value) -> list[Step]:
    """What a lambda does when it is called with something for its parameters."""
    outer = walk.frame
    walk.frame = Frame("lambda", "", -1, outer)
    for parameter in all_parameters(node.params):
        walk.frame.hold(parameter.name.value, given, "")
    walk.nested += 1
    with walk.collecting() as steps:
        walk.evaluate(node.body)
    walk.nested -= 1
    walk.frame = outer
    return list(flat(iter(steps)))


def read_by_lambdas(walk: Walk, node: cst.Call, values: tuple[Value, ...]) -> None:
    """`map(lambda h: h.value, acts)`: the lambda is given the items of the collection beside it."""
    functions = [each.value for each in node.args if isinstance(each.value, cst.Lambda)]
    collections = [value for value in values if isinstance(value, (Container, Items))]
    for function in functions:
        for given in collections:
            item = given.item(None) if isinstance(given, Container) else _one_of(given)
            if item is None:
                continue
            for step in _steps_of(walk, function, item):
                if isinstance(step, Told) and step.what in ("value", "node"):
                    walk.note(step)


def _one_of(items: Items) -> Value | None:
    """What all of some items are; None where they are of several kinds."""
    kinds = {type(item) for item in items.items}
    return items.items[0] if len(kinds) == 1 and all(i.saved for i in items.items) else None


def all_parameters(parameters: cst.Parameters) -> Iterator[cst.Param]:
    """A function's parameters, in order."""
    yield from (*parameters.posonly_params, *parameters.params)
    if isinstance(parameters.star_arg, cst.Param):
        yield parameters.star_arg
    yield from parameters.kwonly_params
    if parameters.star_kwarg is not None:
        yield parameters.star_kwarg
