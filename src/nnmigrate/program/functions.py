"""Functions of the file: their bodies, and what a call of one does to a trace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

import libcst as cst

from nnmigrate.program.model import Block
from nnmigrate.program.statements import walk_suite
from nnmigrate.program.steps import Bind, Read, Repeat, Step, Told
from nnmigrate.program.values import Envoy, Function, ModelClass, NnsightName, Unknown, Value
from nnmigrate.program.walk import MAX_INLINE_DEPTH, UNKNOWN, Arguments, Frame, Walk
from nnmigrate.program.withs import assume_models
from nnmigrate.spans import Span

# A function whose text has none of this has nothing to do with nnsight; its body is not walked.
_RELEVANT = re.compile(
    r"\.\s*(trace|generate|session|scan|edit|invoke|save|next|barrier)\s*\("
    r"|\.\s*(output|inputs?|value|grad)\b|nnsight|NNsight|LanguageModel"
)


def walk_function(walk: Walk, function: Function, parent: Frame) -> None:
    """Walks a function's body in a frame of its own, if it may have to do with nnsight."""
    node = function.node
    if node is None or not (_RELEVANT.search(walk.text(node)) or _is_given_model(walk, node)):
        return
    frame = walk.new_frame("function", node.name.value, parent)
    with walk.inside(frame), walk.collecting():
        _bind_parameters(walk, node, parent)
        assume_models(walk, node)
        walk.walked.append((frame, walk_suite(walk, node.body, "body"), node))


def _is_given_model(walk: Walk, node: cst.FunctionDef) -> bool:
    """Whether a call of the file passes a model: `__init__` may keep a part of it."""
    return any(
        (id(node), parameter.name.value) in walk.observed
        for parameter in _all_parameters(node.params)
    )


def _all_parameters(parameters: cst.Parameters) -> Iterator[cst.Param]:
    yield from (*parameters.posonly_params, *parameters.params)
    if isinstance(parameters.star_arg, cst.Param):
        yield parameters.star_arg
    yield from parameters.kwonly_params
    if parameters.star_kwarg is not None:
        yield parameters.star_kwarg


def _bind_parameters(walk: Walk, node: cst.FunctionDef, parent: Frame) -> None:
    parameters = list(_all_parameters(node.params))
    walk.frame.parameters = tuple(parameter.name.value for parameter in parameters)
    for number, parameter in enumerate(parameters):
        value = _annotated(walk, parameter)
        if value == UNKNOWN:
            value = walk.observed.get((id(node), parameter.name.value), UNKNOWN)
        if number == 0 and parent.kind == "class" and not node.decorators:
            value = parent.instance
        walk.bind(parameter.name, "param", value)


def _annotated(walk: Walk, parameter: cst.Param) -> Value:
    """What a parameter that is annotated with a class of models stands for."""
    if parameter.annotation is None:
        return UNKNOWN
    for word in re.findall(r"\w+", walk.text(parameter.annotation)):
        if isinstance(walk.lookup(word), ModelClass):
            return Envoy(model=parameter.name.value)
    return UNKNOWN


# --- calls ----------------------------------------------------------------------------------------


def inline(walk: Walk, call: cst.Call, function: Function, arguments: Arguments) -> Value:
    """Follows a call inside a trace: what the function does is done by the trace, in another frame.

    Returns:
        What the function returns.
    """
    node = function.node
    observe(walk, function, arguments)
    if node is None or node in walk.inlining or len(walk.inlining) >= MAX_INLINE_DEPTH:
        return UNKNOWN
    frame = Frame("function", node.name.value, -1, walk.frames[function.scope])
    for name, value in _passed(node, arguments):
        frame.values[name] = value
        frame.versions[name] = f"{name}@{walk.site()}"
    body = _followed(walk, node, frame)
    steps = tuple(_kept(_flattened(body), walk.span(call)))
    if any(not isinstance(step, (Bind, Read)) for step in steps):
        for step in steps:
            walk.note(step)
    return frame.returned


def _followed(walk: Walk, node: cst.FunctionDef, frame: Frame) -> Block:
    outer_loops = list(walk.loops)
    walk.inlining.append(node)
    walk.foreign += 1
    with walk.inside(frame), walk.collecting():
        walk.loops = outer_loops
        body = walk_suite(walk, node.body, "body")
    walk.foreign -= 1
    walk.inlining.pop()
    return body


def _passed(node: cst.FunctionDef, arguments: Arguments) -> Iterator[tuple[str, Value]]:
    """The parameters and what the call passes for them."""
    parameters = [parameter.name.value for parameter in _all_parameters(node.params)]
    given = dict(zip(parameters, arguments.positional, strict=False))
    given.update(arguments.keywords)
    for name in parameters:
        yield name, given.get(name, UNKNOWN)


def _flattened(block: Block) -> Iterator[Step]:
    """The steps of a function's body as they come; loops stay loops."""
    for statement in block.statements:
        yield from statement.steps
        if statement.opens is not None and statement.opens.kind == "invoke":
            yield Told(statement.steps[0].site, statement.span, "helper-invoke", Unknown())
        inner = [step for part in statement.blocks for step in _flattened(part)]
        if statement.loop is not None:
            site = inner[0].site if inner else 0
            yield Repeat(site, statement.span, statement.loop, (*statement.turn, *inner))
        else:
            yield from (*statement.turn, *inner)


def _kept(steps: Iterable[Step], call: Span) -> Iterator[Step]:
    """The steps as steps of the call, since their own places are in the function."""
    for step in steps:
        if isinstance(step, Repeat):
            yield replace(step, span=call, steps=tuple(_kept(step.steps, call)))
        elif not (isinstance(step, Read) and step.partial):
            yield replace(step, span=call)


def observe(walk: Walk, function: Function, arguments: Arguments) -> None:
    """Remembers that a model is passed for a parameter."""
    if function.node is None:
        return
    for name, value in _passed(function.node, arguments):
        if isinstance(value, Envoy) and not value.path:
            walk.observed[id(function.node), name] = replace(value, model=name)


def returned_model(walk: Walk, function: Function, arguments: Arguments) -> Value:
    """What a call outside of traces gives, if the function makes a model."""
    observe(walk, function, arguments)
    node = function.node
    if node is None or node in walk.inlining or not _makes_model(walk, node):
        return UNKNOWN
    frame = Frame("function", node.name.value, -1, walk.frames[function.scope])
    _followed(walk, node, frame)
    value = frame.returned
    return Envoy() if isinstance(value, Envoy) and not value.path else UNKNOWN


def _makes_model(walk: Walk, node: cst.FunctionDef) -> bool:
    words = set(re.findall(r"\w+", walk.text(node)))
    return any(isinstance(walk.lookup(word), (ModelClass, NnsightName)) for word in words)
