"""Evaluates calls: who is called decides what happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import libcst as cst

from nnmigrate.program.barriers import barrier_made, call_barrier
from nnmigrate.program.expressions import (
    access_of_unknown,
    attribute,
    base,
    is_modules_shape,
    is_unknown_modules,
)
from nnmigrate.program.filling import fill
from nnmigrate.program.functions import called_outside, inline, inline_lambda
from nnmigrate.program.handed import Partial
from nnmigrate.program.held import gotten
from nnmigrate.program.iterables import any_traced, builtin, collection, first_of, last_of, taken
from nnmigrate.program.lambdas import read_by_lambdas
from nnmigrate.program.library import call_partial, knows, library_function, run_text
from nnmigrate.program.mutations import bound_method_called, given_away, mutated
from nnmigrate.program.names import (
    COLLECTIONS,
    MODEL_CLASSES,
    MUTATORS,
    OPENERS,
    STRING_METHODS,
    is_in_place,
    is_module_name,
)
from nnmigrate.program.objects import method_of, observe_maker, own_save, saves_itself
from nnmigrate.program.steps import (
    Exported,
    Made,
    Save,
    Told,
    Weights,
    Write,
)
from nnmigrate.program.values import (
    UNKNOWN,
    Barrier,
    Envoy,
    Function,
    Instance,
    Keywords,
    Lambda,
    LocalClass,
    Method,
    ModelClass,
    Module,
    NnsightModule,
    NnsightName,
    Opener,
    Traced,
    Tracer,
    Unknown,
    Value,
)
from nnmigrate.program.walk import Arguments, Walk, evaluates
from nnmigrate.program.wholes import (
    take_whole,
    taken_by_builtin,
    taken_by_call,
    taken_by_method,
)


@evaluates(cst.Call)
def call(walk: Walk, node: cst.Call) -> Value:
    """A call, whoever is called."""
    walk.calls[walk.span(node)] = node
    function = node.func
    if isinstance(function, cst.Attribute):
        receiver = base(walk, function.value)
        return _method(walk, node, function, receiver)
    callee = walk.evaluate(function)
    arguments = _arguments(walk, node)
    read_by_lambdas(walk, node, arguments.positional)
    if isinstance(function, cst.Name) and walk.frame.owner(function.value) is None:
        if function.value in ("setattr", "delattr", "next"):
            return library_function(walk, node, f"builtins.{function.value}", arguments)
        run_text(walk, node, function.value, arguments)
        taken_by_builtin(walk, node, function.value, arguments)
        return builtin(walk, node, function.value, arguments)
    return _called(walk, node, callee, arguments)


def _arguments(walk: Walk, node: cst.Call) -> Arguments:
    positional: list[Value] = []
    keywords: list[tuple[str, Value]] = []
    spread: list[Value] = []
    for argument in node.args:
        value = walk.evaluate(argument.value)
        if argument.star:
            take_whole(walk, argument.value, value)
        if argument.keyword is not None:
            keywords.append((argument.keyword.value, value))
        elif argument.star == "**":
            spread.append(_keywords_in(walk, argument.value, value))
        elif not argument.star:
            positional.append(value)
    return Arguments(tuple(positional), tuple(keywords), tuple(spread))


def _keywords_in(walk: Walk, node: cst.BaseExpression, value: Value) -> Value:
    """What `**node` stands for; a function's own `**kwargs` may hold anything."""
    own = isinstance(node, cst.Name) and node.value == walk.frame.function.keywords
    return Keywords() if own and isinstance(value, Unknown) else value


def _called(walk: Walk, node: cst.Call, callee: Value, arguments: Arguments) -> Value:
    """A call of something that is not a method."""
    if isinstance(callee, ModelClass):
        return Envoy()
    if isinstance(callee, NnsightName):
        return _nnsight_function(walk, node, callee.name, arguments)
    if isinstance(callee, Barrier):
        call_barrier(walk, node, callee)
        return UNKNOWN
    if isinstance(callee, (Function, Instance, LocalClass)):
        return _called_of_file(walk, node, callee, arguments)
    if isinstance(callee, Partial):
        return call_partial(walk, node, callee, arguments)
    if isinstance(callee, Lambda) and walk.tracing:
        return inline_lambda(walk, node, callee, arguments)
    if isinstance(callee, Method) and callee.path and callee.name in (*MUTATORS, "partial"):
        bound_method_called(walk, node, callee, last_of(node, arguments))
        return UNKNOWN
    if isinstance(callee, Module) and knows(callee.name):
        return library_function(walk, node, callee.name, arguments)
    if isinstance(callee, Module) and callee.name.rpartition(".")[2] in COLLECTIONS:
        taken_by_call(walk, node, arguments)
        return collection(callee.name.rpartition(".")[2], arguments)
    return _called_out_of_view(walk, node, callee, arguments)


def _called_of_file(
    walk: Walk, node: cst.Call, callee: Function | Instance | LocalClass, arguments: Arguments
) -> Value:
    """A function, a class or an object of the file's own."""
    if isinstance(callee, LocalClass):
        observe_maker(walk, callee, arguments)
        return Instance(name=callee.name, own_save=saves_itself(walk, callee.name))
    if isinstance(callee, Function):
        follow = inline if walk.tracing else called_outside
        return follow(walk, node, callee, arguments)
    method = method_of(walk, callee.name, "__call__") if walk.tracing else None
    given = Arguments((callee, *arguments.positional), arguments.keywords)
    return UNKNOWN if method is None else inline(walk, node, method, given)


# Values that a model hands out like modules (nnsight 0.7.0, modeling/vllm).
_HANDED_OUT = (("logits",), ("samples",))


def _called_out_of_view(walk: Walk, node: cst.Call, callee: Value, arguments: Arguments) -> Value:
    """A module of the model, or a function that is not followed."""
    if walk.tracing:
        given_away(walk, node, callee, arguments)
        taken_by_call(walk, node, arguments)
    handed_out = isinstance(callee, Envoy) and callee.path[:1] in _HANDED_OUT
    deep = isinstance(callee, Envoy) and len(callee.path) > 1 and not handed_out
    if isinstance(callee, Envoy) and (any_traced(arguments) or deep):
        walk.note(Weights(walk.site(), walk.span(node), callee.path))
    if isinstance(callee, (Envoy, Traced)):
        return walk.computed(node)
    return replace(walk.computed(node), opaque=True) if any_traced(arguments) else UNKNOWN


def _nnsight_function(walk: Walk, node: cst.Call, name: str, arguments: Arguments) -> Value:
    if name == "save" and node.args:
        return _save(walk, node, node.args[0].value, first_of(arguments), function=True)
    if name in COLLECTIONS:
        return collection(name, arguments)
    if name in MODEL_CLASSES:
        return Envoy()
    walk.note(Told(walk.site(), walk.span(node), f"nnsight.{name}", UNKNOWN))
    if name == "apply":
        return _applied(walk, node, arguments)
    opener = Opener(kind="session", receiver=NnsightModule(), text="nnsight")
    return opener if name == "session" else UNKNOWN


def _save(
    walk: Walk, node: cst.Call, saved: cst.BaseExpression, value: Value, *, function: bool
) -> Value:
    name = saved.value if isinstance(saved, cst.Name) and not walk.foreign else None
    argument = walk.positions.whole(saved)
    if walk.tracing and isinstance(value, Method) and is_unknown_modules(value):
        value = access_of_unknown(walk, saved, value)
    walk.note(Save(walk.site(), walk.span(node), name, argument, value, function))
    return value.with_save()


# --- methods --------------------------------------------------------------------------------------


def _method(walk: Walk, node: cst.Call, function: cst.Attribute, receiver: Value) -> Value:
    """A call of `receiver.name(...)`."""
    name = function.attr.value
    if isinstance(receiver, Envoy) and is_module_name(name):
        callee = attribute(walk, function, receiver)
        arguments = _arguments(walk, node)
        if receiver.path and name in STRING_METHODS and not any_traced(arguments):
            return UNKNOWN  # `model.layer_format.format(7)`: a class of models has texts as well
        return _called(walk, node, callee, arguments)
    arguments = _arguments(walk, node)
    if name == "save" and not arguments.positional and not own_save(receiver):
        return _save(walk, node, function.value, receiver, function=False)
    for kind, handler in _METHODS.items():
        if isinstance(receiver, kind):
            return handler(walk, node, function, receiver, arguments)
    return _other_method(walk, node, function, receiver, arguments)


def _envoy_method(
    walk: Walk, node: cst.Call, function: cst.Attribute, receiver: Value, arguments: Arguments
) -> Value:
    name = function.attr.value
    assert isinstance(receiver, Envoy)
    if name in OPENERS:
        return _opener(walk, name, node, function, receiver, arguments)
    if name in ("next", "all", "iter", "stop"):
        walk.note(Told(walk.site(), walk.span(node), name, receiver))
        if name == "all":
            return _opener(walk, "iterate", node, function, receiver, arguments)
        return receiver if name == "next" else UNKNOWN
    if name in ("named_modules", "modules", "to", "_clear", "skip"):
        walk.note(Told(walk.site(), walk.span(node), name, receiver))
    if name == "get" and arguments.positional:
        return gotten(receiver, arguments.positional[0], f"{walk.text(node)}#{walk.site()}")
    return UNKNOWN


def _opener(
    walk: Walk,
    kind: str,
    node: cst.Call,
    function: cst.Attribute,
    receiver: Value,
    arguments: Arguments,
) -> Opener:
    opener = Opener(
        kind=kind,
        receiver=receiver,
        text=walk.text(function.value),
        positional=len(arguments.positional),
        keywords=arguments.keywords,
        spread=arguments.spread,
    )
    # A function that is followed notes what it makes in its own scope.
    if (kind in OPENERS or kind == "invoke") and not walk.inlining:
        walk.note(Made(walk.site(), walk.span(node), opener))
    return opener


def _nnsight_method(
    walk: Walk, node: cst.Call, function: cst.Attribute, receiver: Value, arguments: Arguments
) -> Value:
    name = function.attr.value
    walk.note(Exported(walk.site(), walk.span(function), name))
    return _nnsight_function(walk, node, name, arguments)


def _traced_method(
    walk: Walk, node: cst.Call, function: cst.Attribute, receiver: Value, arguments: Arguments
) -> Value:
    name = function.attr.value
    assert isinstance(receiver, Traced)
    if name == "backward":
        walk.note(Told(walk.site(), walk.span(node), name, receiver))
        return _opener(walk, name, node, function, receiver, arguments)
    if name in ("stop", "next"):
        walk.note(Told(walk.site(), walk.span(node), name, receiver))
    if is_in_place(name):
        walk.note(Write(walk.site(), walk.span(node), receiver.origin))
        return receiver
    return walk.computed(node)


def _tracer_method(
    walk: Walk, node: cst.Call, function: cst.Attribute, receiver: Value, arguments: Arguments
) -> Value:
    name = function.attr.value
    if name == "invoke":
        return _opener(walk, name, node, function, receiver, arguments)
    if name == "barrier":
        return barrier_made(walk, node, arguments)
    walk.note(Told(walk.site(), walk.span(node), f"tracer.{name}", receiver))
    if name == "apply":
        return _applied(walk, node, arguments)
    if name == "all":
        return _opener(walk, "iterate", node, function, receiver, arguments)
    # `tracer.cache()` saves what it gives (nnsight 0.5.15, intervention/tracing/tracer.py).
    return Unknown(saved=name == "cache")


def _applied(walk: Walk, node: cst.Call, arguments: Arguments) -> Value:
    """`tracer.apply(f, x)`: what `f(x)` gives, worked out when the model runs."""
    rest = Arguments(arguments.positional[1:], arguments.keywords)
    target = node.args[0].value if node.args else None
    called = first_of(arguments)
    name = called.name if isinstance(called, NnsightName) else ""
    if isinstance(target, cst.Name) and walk.frame.owner(target.value) is None:
        name = target.value
    return collection(name, rest) if name in COLLECTIONS else walk.computed(node)


def _instance_method(
    walk: Walk, node: cst.Call, function: cst.Attribute, receiver: Value, arguments: Arguments
) -> Value:
    """A method of an object of the file's own class: inside a trace it is followed."""
    assert isinstance(receiver, Instance)
    method = method_of(walk, receiver.name, function.attr.value)
    if method is None:
        return _other_method(walk, node, function, receiver, arguments)
    given = Arguments((receiver, *arguments.positional), arguments.keywords)
    if walk.tracing:
        return inline(walk, node, method, given)
    value = _other_method(walk, node, function, receiver, arguments)
    # What it is given is remembered whatever comes out.
    found = called_outside(walk, node, method, given)
    return found if isinstance(value, Unknown) else value


def _class_method(
    walk: Walk, node: cst.Call, function: cst.Attribute, receiver: Value, arguments: Arguments
) -> Value:
    """`Keeper.keep(acts, h)`: a static method, or one that is given the class."""
    assert isinstance(receiver, LocalClass)
    for kind, first in (("staticmethod", ()), ("classmethod", (receiver,))):
        method = method_of(walk, receiver.name, function.attr.value, kind)
        if method is not None and walk.tracing:
            given = Arguments((*first, *arguments.positional), arguments.keywords)
            return inline(walk, node, method, given)
    return _other_method(walk, node, function, receiver, arguments)


def _other_method(
    walk: Walk, node: cst.Call, function: cst.Attribute, receiver: Value, arguments: Arguments
) -> Value:
    """A method of something that the walk does not follow."""
    name = function.attr.value
    if name == "stop" and walk.tracing and is_modules_shape(receiver):
        walk.note(Told(walk.site(), walk.span(node), name, Traced()))
    if name in ("run_cell_magic", "run_line_magic", "run_cell", "ex") and arguments.positional:
        walk.note(Told(walk.site(), walk.span(node), name, arguments.positional[-1]))
    if name in OPENERS or name == "invoke":
        return _opener(walk, name, node, function, receiver, arguments)
    if name in MUTATORS or (is_in_place(name) and not isinstance(receiver, Module)):
        taken_by_method(walk, node, function.value, receiver, arguments)
        mutated(walk, node, function.value, "method", method=name, value=last_of(node, arguments))
        for key, value in arguments.keywords if name == "update" else ():
            fill(walk, function.value, value, key=key)
        return taken(walk, node, receiver, arguments)
    if isinstance(receiver, Module):
        return _module_function(walk, node, name, receiver, arguments)
    if any_traced(arguments):
        read_by_lambdas(walk, node, arguments.positional)
        return walk.computed(node)
    taken_by_method(walk, node, function.value, receiver, arguments)
    return taken(walk, node, receiver, arguments)


def _module_function(
    walk: Walk, node: cst.Call, name: str, receiver: Module, arguments: Arguments
) -> Value:
    if knows(f"{receiver.name}.{name}"):
        return library_function(walk, node, f"{receiver.name}.{name}", arguments)
    if name in COLLECTIONS:
        taken_by_call(walk, node, arguments)
        return collection(name, arguments)
    # Inside a trace 0.4 makes a graph node of every torch call, values of the model in it or not
    # (nnsight 0.4.11, tracing/graph and the patched torch constructors).
    read_by_lambdas(walk, node, arguments.positional)
    taken_by_call(walk, node, arguments)
    if any_traced(arguments) or (walk.tracing and receiver.name.split(".")[0] == "torch"):
        return walk.computed(node)
    return UNKNOWN


_Handler = Callable[[Walk, cst.Call, cst.Attribute, Value, Arguments], Value]
_METHODS: dict[type[Value], _Handler] = {
    Envoy: _envoy_method,
    Instance: _instance_method,
    LocalClass: _class_method,
    NnsightModule: _nnsight_method,
    Traced: _traced_method,
    Tracer: _tracer_method,
}
