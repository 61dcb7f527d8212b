"""Functions of the file: their bodies, and what a call of one does to a trace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import libcst as cst

from nnmigrate.patterns import pattern
from nnmigrate.program.annotations import annotated
from nnmigrate.program.filling import fill
from nnmigrate.program.handed import (
    REACHED,
    Args,
    Called,
    NamesOfCall,
    given_for,
    passed,
    ways_given,
)
from nnmigrate.program.iterables import returning_numbers
from nnmigrate.program.joins import detached, is_kept
from nnmigrate.program.lambdas import all_parameters
from nnmigrate.program.model import Block, Statement
from nnmigrate.program.pieces import RELEVANT
from nnmigrate.program.recalled import (
    OwnNames,
    is_followed,
    is_too_deep,
    rebinds,
    recalled,
    words_of,
)
from nnmigrate.program.statements import walk_suite
from nnmigrate.program.steps import Access, Bind, Item, Mutation, Read, Repeat, Step, Told
from nnmigrate.program.values import (
    UNKNOWN,
    Container,
    Envoy,
    Function,
    Items,
    Lambda,
    Method,
    ModelClass,
    NnsightModule,
    NnsightName,
    Unknown,
    Value,
)
from nnmigrate.program.walk import Arguments, Frame, Walk
from nnmigrate.program.withs import assume_models
from nnmigrate.spans import Span


def walk_function(walk: Walk, function: Function, parent: Frame) -> None:
    """Walks a function's body in a frame of its own, if it may have to do with nnsight."""
    node = function.node
    if node is None or not _is_relevant(walk, node):
        return
    frame = walk.new_frame("function", node.name.value, parent)
    with walk.inside(frame), walk.collecting():
        _bind_parameters(walk, node, parent)
        assume_models(walk, node)
        walk.walked.append((frame, walk_suite(walk, walk.positions.body(node), "body"), node))
    if frame.returned is not None and is_kept(frame.returned):
        walk.facts.returned[id(node)] = detached(frame.returned)


def _is_relevant(walk: Walk, node: cst.FunctionDef) -> bool:
    # What `__init__` makes is what the other methods change.
    makes = node.name.value == "__init__"
    return makes or bool(RELEVANT.search(walk.text(node))) or _is_given_model(walk, node)


def _is_given_model(walk: Walk, node: cst.FunctionDef) -> bool:
    """Whether a call of the file passes a model: `__init__` may keep a part of it."""
    return any(
        isinstance(walk.facts.parameter(id(node), parameter.name.value), Envoy)
        for parameter in all_parameters(node.params)
    )


def _bind_parameters(walk: Walk, node: cst.FunctionDef, parent: Frame) -> None:
    parameters = list(all_parameters(node.params))
    walk.frame.parameters = tuple(parameter.name.value for parameter in parameters)
    if node.params.star_kwarg is not None:
        walk.frame.keywords = node.params.star_kwarg.name.value
    for number, parameter in enumerate(parameters):
        value = annotated(walk, parameter.annotation)
        if isinstance(value, Envoy):
            value = replace(value, model=parameter.name.value)
        else:
            value = walk.facts.parameter(id(node), parameter.name.value)
        if number == 0 and parent.kind == "class" and _takes_the_object(walk, node):
            value = parent.instance
        walk.bind(parameter.name, "param", value)


def _takes_the_object(walk: Walk, node: cst.FunctionDef) -> bool:
    """Whether a class's function is a method: `@torch.no_grad()` leaves it one."""
    names = {walk.text(each.decorator) for each in node.decorators}
    return names.isdisjoint(("staticmethod", "classmethod"))


# --- calls ----------------------------------------------------------------------------------------


def inline(
    walk: Walk, call: cst.Call, function: Function, arguments: Arguments, args: Args = ()
) -> Value:
    """Follows a call inside a trace: what the function does is done by the trace, in another frame.

    Args:
        walk: the walk.
        call: the call.
        function: what is called.
        arguments: what it is given.
        args: what of that does not stand in the call but in front of it.

    Returns:
        What the function returns.
    """
    node = function.node
    observe(walk, function, arguments)
    if is_followed(walk, node) or is_too_deep(walk):
        return UNKNOWN
    body, frame = _followed(walk, node, walk.frames[function.scope], passed(node, arguments))
    _fill_given(walk, given_for(node, (*args, *call.args)), frame)
    called, owned = walk.span(call), tuple(_given(walk, node, call))
    steps = tuple(_kept(_flattened(body), called, NamesOfCall(ways_given(node, call, args), frame)))
    if any(not isinstance(step, (Bind, Read)) for step in steps):
        for step in (*owned, *steps):
            walk.note(step)
    return frame.returned or UNKNOWN


def _fill_given(walk: Walk, given_ways: Mapping[str, cst.BaseExpression], frame: Frame) -> None:
    """What a function puts into a collection that it is given is in the caller's from then on."""
    for parameter, given in given_ways.items():
        filled = frame.values.get(parameter)
        own = parameter in frame.bindings
        if own or not isinstance(filled, Container) or not isinstance(given, REACHED):
            continue
        if filled.element is not None and is_kept(filled.element):
            fill(walk, given, filled.element)
            if filled.mixed:
                fill(walk, given, UNKNOWN)


def inline_lambda(walk: Walk, call: cst.Call, function: Lambda, arguments: Arguments) -> Value:
    """Follows a call of a lambda inside a trace, as `inline` does that of a function."""
    node = function.node
    if node in walk.inlining or is_too_deep(walk):
        return UNKNOWN
    frame = Frame("lambda", "", -1, walk.frame)
    for name, value in passed(node, arguments):
        frame.hold(name, value, walk.new_version(name))
    loops, comprehending, walk.comprehending = list(walk.loops), walk.comprehending, 0
    walk.inlining.append(node)
    walk.foreign += 1
    with walk.inside(frame), walk.collecting() as steps:
        walk.loops = loops
        value = walk.evaluate(node.body)
    walk.foreign -= 1
    walk.inlining.pop()
    walk.comprehending = comprehending
    names = NamesOfCall(ways_given(node, call), frame)
    for step in (*_given(walk, node, call), *_kept(steps, walk.span(call), names)):
        walk.note(step)
    return value


def _given(walk: Walk, node: Called, call: cst.Call) -> Iterator[Bind]:
    """A helper's parameters are names of its frame like those that it binds."""
    for parameter in all_parameters(node.params):
        name = parameter.name.value
        yield Bind(walk.site(), walk.span(call), name, "param", UNKNOWN, foreign=True)


def _followed(
    walk: Walk, node: cst.FunctionDef, definer: Frame, given: Iterable[tuple[str, Value]]
) -> tuple[Block, Frame]:
    """The body of a function that is called, and the frame of the call."""
    frame = Frame("function", node.name.value, -1, definer, OwnNames(walk, definer))
    for name, value in given:
        frame.hold(name, value, walk.new_version(name))
    outer_loops = list(walk.loops)
    comprehending, walk.comprehending = walk.comprehending, 0
    walk.inlining.append(node)
    walk.foreign += 1
    with walk.inside(frame), walk.collecting():
        walk.loops = outer_loops
        body = walk_suite(walk, walk.positions.body(node), "body")
    walk.foreign -= 1
    walk.inlining.pop()
    walk.comprehending = comprehending
    if frame.declared:
        rebinds(walk)
    return body, frame


# Which of their suites run is not known here, and whether what stands below them does.
_BRANCHING = frozenset("If Elif Else Try TryStar Match While".split())
_RETURNING = frozenset("Return Break Continue".split())


def _flattened(block: Block, *, maybe: bool = False) -> Iterator[Step]:
    """The steps of a function's body as they come; loops stay loops."""
    for statement in block.statements:
        yield from _perhaps(statement.steps, maybe)
        if statement.opens is not None and statement.opens.kind == "invoke":
            yield Told(statement.steps[0].site, statement.span, "helper-invoke", Unknown())
        unsure = maybe or statement.kind in _BRANCHING
        inner = [step for part in statement.blocks for step in _flattened(part, maybe=unsure)]
        turn = _perhaps(statement.turn, unsure)
        if statement.loop is not None:
            site = inner[0].site if inner else 0
            yield Repeat(site, statement.span, statement.loop, (*turn, *inner))
        else:
            yield from (*turn, *inner)
        maybe = maybe or (statement.kind in _BRANCHING and _returns(statement))


def _perhaps(steps: Iterable[Step], maybe: bool) -> Iterator[Step]:
    """The steps, their accesses marked where they may not be reached."""
    for step in steps:
        yield replace(step, maybe=True) if maybe and isinstance(step, Access) else step


def _returns(statement: Statement) -> bool:
    """Whether one of a statement's suites leaves the function or the loop early."""
    inner = [each for block in statement.blocks for each in block.statements]
    return any(each.kind in _RETURNING or _returns(each) for each in inner)


def _kept(steps: Iterable[Step], call: Span, names: NamesOfCall) -> Iterator[Step]:
    """The steps as steps of the call, since their own places are in the function."""
    for step in steps:
        if isinstance(step, Repeat):
            yield replace(step, span=call, steps=tuple(_kept(step.steps, call, names)))
        elif isinstance(step, (Item, Mutation)):
            yield replace(names.of_caller(step), span=call)
        elif not (isinstance(step, Read) and step.partial):
            yield replace(step, span=call)
            if isinstance(step, Bind) and step.name in names.frame.declared:
                name, how = step.name, "rebind"
                yield Mutation(step.site, call, name, name, how, foreign=True, by="caller")


def called_outside(
    walk: Walk, node: cst.Call, function: Function, arguments: Arguments, args: Args = ()
) -> Value:
    """A call outside of traces: the function may put values into what it is given, and return some.

    Args:
        walk: the walk.
        node: the call.
        function: what is called.
        arguments: what it is given.
        args: what of that does not stand in the call but in front of it.

    Returns:
        What the function returns, as far as it has to do with the model.
    """
    model = returned_model(walk, function, arguments)
    if not isinstance(model, Unknown):
        return model
    observe_values(walk, function.node, arguments)
    _observe_methods(walk, function.node, arguments)
    path = f"{walk.frames[function.scope].path}.{function.node.name.value}"
    for parameter, given in given_for(function.node, (*args, *node.args)).items():
        filled = walk.facts.given.get((path, parameter))
        if isinstance(filled, Container) and isinstance(given, REACHED):
            fill(walk, given, filled.element)
    return walk.facts.result(id(function.node))


# A function with traces of its own is understood without what it is given.
_TRACES = pattern(r"\.\s*(trace|generate|session|scan|edit|invoke)\s*\(")


def observe_values(walk: Walk, node: cst.FunctionDef | None, arguments: Arguments) -> None:
    """Remembers that values of the model are passed for parameters."""
    if node is None or _TRACES.search(walk.text(node)):
        return
    for name, value in passed(node, arguments):
        if is_kept(value):
            walk.facts.observed[id(node), name] = detached(value)


def _observe_methods(walk: Walk, node: cst.FunctionDef, arguments: Arguments) -> None:
    """Remembers that a function is given the method of a collection (`run(acts.append)`)."""
    for name, value in passed(node, arguments):
        if isinstance(value, Method) and value.path:
            walk.facts.observed[id(node), name] = value


def observe(walk: Walk, function: Function, arguments: Arguments) -> None:
    """Remembers that a model is passed for a parameter."""
    for name, value in passed(function.node, arguments):
        if isinstance(value, Envoy) and not value.path:
            walk.facts.observed[id(function.node), name] = replace(value, model=name)
        elif (numbers := returning_numbers(value)) is not None:
            walk.facts.observed[id(function.node), name] = numbers


def returned_model(walk: Walk, function: Function, arguments: Arguments) -> Value:
    """What a call outside of traces gives, if the function makes a model."""
    observe(walk, function, arguments)
    node = function.node
    if is_followed(walk, node):
        return UNKNOWN
    promised = annotated(walk, node.returns)
    definer = walk.frames[function.scope]
    if isinstance(promised, Envoy) or not _makes_model(walk, node, definer):
        return promised
    given = tuple(passed(node, arguments))
    with recalled(walk, node, given) as (call, is_new):
        if is_new:
            _, frame = _followed(walk, node, definer, given)
            call.value = _models_in(frame.returned or UNKNOWN)
    return call.value


def _models_in(value: Value) -> Value:
    if isinstance(value, Items):
        return Items(items=tuple(map(_made, value.items)))
    return _made(value)


def _made(value: Value) -> Value:
    return Envoy() if isinstance(value, Envoy) and not value.path else UNKNOWN


def _makes_model(walk: Walk, node: cst.FunctionDef, definer: Frame) -> bool:
    words = words_of(walk, node)
    for word in words:
        owner = definer.owner(word)
        found = None if owner is None else owner.values[word]
        if isinstance(found, (ModelClass, NnsightName, NnsightModule)):
            return True
    return "nnsight" in words
