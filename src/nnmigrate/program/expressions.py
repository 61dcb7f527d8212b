"""Evaluates expressions in Python's own order: notes down the steps, gives the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import libcst as cst

from nnmigrate.program.held import held_module, is_module, named
from nnmigrate.program.indexes import index_from_start, literal_key, module_index, open_key
from nnmigrate.program.literals import whole_number
from nnmigrate.program.names import INPUTS, MODEL_CLASSES, PARAMETERS, is_module_name
from nnmigrate.program.slices import sliced
from nnmigrate.program.steps import Access, Compute, Exported, Item, Read, Told, Weights
from nnmigrate.program.values import (
    UNKNOWN,
    Constant,
    Container,
    Envoy,
    Instance,
    Items,
    Lambda,
    LocalClass,
    Method,
    ModelClass,
    Module,
    NnsightModule,
    NnsightName,
    Numbers,
    Opener,
    Selected,
    Traced,
    Tracer,
    Unknown,
    Value,
    is_traced,
)
from nnmigrate.program.walk import Walk, evaluates
from nnmigrate.schedule.values import Index, Point, Provider


@evaluates(cst.Name)
def _name(walk: Walk, node: cst.Name, *, partial: bool = False) -> Value:
    if node.value in ("True", "False", "None"):
        return Constant(value={"True": True, "False": False, "None": None}[node.value])
    value, owner = walk.lookup(node.value), walk.frame.owner(node.value)
    foreign = owner is not None and owner.number < 0 and bool(walk.foreign)
    nested = bool(walk.nested)
    walk.note(Read(walk.site(), walk.span(node), node.value, nested, partial, value, foreign))
    return value


@evaluates(cst.Attribute)
def _attribute(walk: Walk, node: cst.Attribute) -> Value:
    return attribute(walk, node, base(walk, node.value))


def base(walk: Walk, node: cst.BaseExpression) -> Value:
    """Evaluates what an attribute or item is taken from."""
    if isinstance(node, cst.Name):
        return _name(walk, node, partial=True)
    return walk.evaluate(node)


def attribute(walk: Walk, node: cst.Attribute, receiver: Value) -> Value:
    """`receiver.name`, read."""
    name = node.attr.value
    if isinstance(receiver, Opener) and receiver.kind == "iterate":
        # `module.all().output`: what 0.4 gave was the module again, at other steps.
        receiver = receiver.receiver
    if isinstance(receiver, Envoy):
        return _envoy_attribute(walk, node, receiver, name)
    if isinstance(receiver, NnsightModule):
        walk.note(Exported(walk.site(), walk.span(node), name))
        return ModelClass(name=name) if name in MODEL_CLASSES else NnsightName(name=name)
    if isinstance(receiver, Tracer) and name == "inputs":
        return Traced()  # what an invoke is given, tokenized
    if isinstance(receiver, Tracer) and name in ("graph", "nodes"):
        walk.note(Told(walk.site(), walk.span(node), f"tracer.{name}", receiver))
    if isinstance(receiver, Traced):
        return _traced_attribute(walk, node, receiver, name)
    value = _left_in(walk, node, receiver)
    if isinstance(value, Envoy) or (isinstance(value, Numbers) and value.returns):
        return value
    if not is_traced(value) and (module := unknown_module(walk, node, receiver)) is not None:
        return access(walk, node, module, name, swap=False)
    _note_item(walk, node, name)
    if is_traced(value):
        return value
    if name in ("value", "node") and not _is_guarded(walk, node):
        walk.note(Told(walk.site(), walk.span(node), name, receiver))
    if name == "grad" and is_modules_shape(receiver):
        walk.note(Told(walk.site(), walk.span(node), name, receiver))
        return Traced()
    way = path_of(node.value)
    return Method(receiver=receiver, name=name, path=way[1] if way is not None else "")


def is_modules_shape(value: Value) -> bool:
    """Whether something is `x.output` or `x.input` of what may be a module (`for x in layers`)."""
    points = ("output", *INPUTS)
    return isinstance(value, Method) and value.name in points and bool(value.path)


def is_unknown_modules(value: Method) -> bool:
    """Whether something is `x.output` of a module that is given from out of view.

    What an operation in a module's code gives (`attn.source.split_0.output`) is no module's.
    """
    return is_modules_shape(value) and ".source." not in value.path


def _is_guarded(walk: Walk, node: cst.Attribute) -> bool:
    return bool(walk.guarded) and walk.text(node.value) in walk.guarded


def _left_in(walk: Walk, node: cst.Attribute, receiver: Value) -> Value:
    """What the program has put into an attribute of an object of its own."""
    if isinstance(receiver, (Instance, LocalClass)):
        return walk.facts.attribute(receiver.name, node.attr.value)
    if isinstance(node.value, cst.Name):
        return walk.facts.attributes.get((object_of(node.value), node.attr.value), UNKNOWN)
    return UNKNOWN


def owner_of(walk: Walk, name: cst.Name) -> str:
    """Whose an attribute is that is reached by a name: a class's of the file, or the name's own."""
    value = walk.lookup(name.value)
    return value.name if isinstance(value, (Instance, LocalClass)) else object_of(name)


def object_of(name: cst.Name) -> str:
    """An owner of attributes of which only a name is known; no class is called so."""
    return f"object {name.value}"


def _envoy_attribute(walk: Walk, node: cst.Attribute, envoy: Envoy, name: str) -> Value:
    if name == "output" or name in INPUTS:
        return access(walk, node, envoy, name, swap=False)
    if is_module_name(name):
        return Envoy(model=envoy.model, path=(*envoy.path, name), proved=envoy.proved)
    if name in PARAMETERS:
        walk.note(Weights(walk.site(), walk.span(node), envoy.path, name))
    if name == "_envoy":
        walk.note(Told(walk.site(), walk.span(node), name, envoy))
        return envoy
    if name == "path":
        walk.note(Told(walk.site(), walk.span(node), name, envoy))
    return Method(receiver=envoy, name=name)


def access(walk: Walk, node: cst.CSTNode, envoy: Envoy, name: str, *, swap: bool) -> Value:
    """Reads or sets `envoy.output` or `envoy.input(s)`."""
    point = Point.OUTPUT if name == "output" else Point.INPUT
    site = walk.site()
    provider = Provider(envoy.path, point)
    foreign, comprehension = bool(walk.foreign), bool(walk.comprehending)
    # A generator's body keeps a frame of its own on every Python, and so does a helper's.
    inlined = comprehension and walk.foreign == walk.comprehending and not walk.generating
    step = Access(
        site,
        walk.span(node),
        provider,
        swap=swap,
        foreign=foreign,
        model=envoy.model,
        comprehension=comprehension,
        inlined=inlined,
    )
    walk.note(step)
    return Traced(origin=site)


def unknown_module(walk: Walk, node: cst.Attribute, receiver: Value) -> Envoy | None:
    """The module of which `node` is the output or an input, where nothing is known of it.

    In a trace hardly anything else has such an attribute: modules come as parameters, out of
    `getattr` and from other files.
    """
    name = node.attr.value
    if not walk.tracing or (name != "output" and name not in INPUTS):
        return None
    if isinstance(receiver, Method) and not receiver.path:
        return None
    if not isinstance(receiver, (Unknown, Method)) or isinstance(receiver, Lambda):
        return None
    text = walk.text(node.value)
    if ".source." in f"{text}." or _is_of_package(walk, node.value):
        return None
    return Envoy(path=(Index(open_key(walk, node.value)),), proved=False)


def _is_of_package(walk: Walk, node: cst.BaseExpression) -> bool:
    way = path_of(node.func if isinstance(node, cst.Call) else node)
    return way is None or isinstance(walk.lookup(way[0]), (Module, NnsightModule))


def access_of_unknown(walk: Walk, node: cst.BaseExpression, point: Method) -> Value:
    """`submodule.output`, saved in a trace, which nothing but a module's can be: which one is open.

    Args:
        walk: the walk.
        node: what is saved, such as `submodule.inputs[0]`.
        point: what it is taken from.
    """
    version = walk.version(point.path.partition(".")[0])
    module = Envoy(path=(Index(f"{point.path} {version}"),), proved=False)
    return access(walk, node, module, point.name, swap=False)


def _traced_attribute(walk: Walk, node: cst.Attribute, receiver: Traced, name: str) -> Value:
    if name in ("grad", "value", "node"):
        if name == "value" and _is_guarded(walk, node):
            return receiver
        walk.note(Told(walk.site(), walk.span(node), name, receiver))
        return Traced()
    return Method(receiver=receiver, name=name)


@evaluates(cst.Subscript)
def _subscript(walk: Walk, node: cst.Subscript) -> Value:
    receiver = base(walk, node.value)
    indexes = [walk.evaluate(element) for element in node.slice]
    return item(walk, node, receiver, indexes)


def item(walk: Walk, node: cst.Subscript, receiver: Value, indexes: Sequence[Value]) -> Value:
    """`receiver[indexes]`, read."""
    if isinstance(receiver, Method) and isinstance(receiver.receiver, Traced):
        return walk.computed(node)
    if isinstance(receiver, Selected):
        if isinstance(node.slice[0].slice, cst.Slice):
            return sliced(receiver, node.slice[0].slice)
        index = Index(f"{walk.text(node)}#{walk.site()}")
        if receiver.whole:
            index = index_from_start(walk, node, indexes[0])
        path = (*receiver.modules.path, index, *receiver.below)
        return replace(receiver.modules, path=path)
    if isinstance(receiver, Envoy):
        if isinstance(node.slice[0].slice, cst.Slice):
            return sliced(receiver, node.slice[0].slice)
        index = module_index(walk, node.slice[0], indexes[0])
        return Envoy(model=receiver.model, path=(*receiver.path, index), proved=receiver.proved)
    if isinstance(receiver, Traced):
        walk.note(Compute(walk.site(), walk.span(node)))
        return Traced(origin=receiver.origin, view=True)
    if isinstance(receiver, Method) and receiver.name == "iter":
        return _iteration(walk, node, receiver.receiver)
    key, counter = literal_key(indexes)
    part = node.slice[0].slice
    if isinstance(part, cst.Slice) and isinstance(receiver, Numbers):
        return sliced(receiver, part)
    if isinstance(receiver, Numbers):
        return _number_at(receiver, key)
    _note_item(walk, node, key, counter)
    if isinstance(receiver, Items) and isinstance(part, cst.Slice):
        return sliced(receiver, part)
    if isinstance(receiver, Items) and isinstance(key, int):
        count = len(receiver.items)
        return receiver.items[key] if -count <= key < count else UNKNOWN
    if isinstance(receiver, Container):
        if isinstance(node.slice[0].slice, cst.Slice) and receiver.kind in ("list", "tuple"):
            return replace(receiver, known=(), empty=False)
        return _taken_out(walk, node, receiver.item(key) or held_module(receiver) or UNKNOWN)
    if isinstance(receiver, Items):
        return _taken_out(walk, node, held_module(receiver) or UNKNOWN)
    return receiver if is_modules_shape(receiver) else UNKNOWN


def _taken_out(walk: Walk, node: cst.Subscript, value: Value) -> Value:
    """An item of a collection: the same module for as long as its names mean the same."""
    return named(value, open_key(walk, node)) if is_module(value) else value


def _number_at(numbers: Numbers, key: str | int | None) -> Value:
    """`range(12)[-1]`."""
    counted = numbers.numbers or ()
    if isinstance(key, int) and -len(counted) <= key < len(counted):
        return Constant(value=counted[key])
    return UNKNOWN


def _iteration(walk: Walk, node: cst.Subscript, receiver: Value) -> Value:
    """`tracer.iter[...]` and `module.iter[...]`: generation, step by step."""
    if not isinstance(receiver, (Tracer, Envoy)):
        return UNKNOWN
    whose = "tracer.iter[]" if isinstance(receiver, Tracer) else "iter[]"
    walk.note(Told(walk.site(), walk.span(node), whose, receiver))
    return Opener(kind="iterate", receiver=receiver, text=walk.text(node.value))


def _note_item(
    walk: Walk, node: cst.Attribute | cst.Subscript, key: str | int | None, counter: str = ""
) -> None:
    """Notes that an item or attribute of an object is read, if the object is reached by a name.

    What is taken out of an item (`xs[0][:, 1]`) is no matter of the object any more, unless the
    item is itself a collection that is reached by a literal key.
    """
    way = path_of(node.value)
    if way is None:
        return
    within = _literal_index(node.value) if isinstance(node.value, cst.Subscript) else None
    if within is not None or not isinstance(node.value, cst.Subscript):
        root, path = way
        walk.note(Item(walk.site(), walk.span(node), root, path, key, counter, within))


def _literal_index(node: cst.Subscript) -> str | int | None:
    """The key in `shared["hs"]`."""
    index = node.slice[0].slice
    if len(node.slice) != 1 or not isinstance(index, cst.Index):
        return None
    if isinstance(index.value, cst.Integer):
        return whole_number(index.value)
    if isinstance(index.value, cst.SimpleString):
        key = index.value.evaluated_value
        return key if isinstance(key, str) else None
    return None


def path_of(node: cst.BaseExpression) -> tuple[str, str] | None:
    """The name that an object is reached by, and the way to it without subscripts.

    `self.acc[0]` gives `("self", "self.acc")`; a call's result has no such way.
    """
    names: list[str] = []
    while not isinstance(node, cst.Name):
        if isinstance(node, cst.Attribute):
            names.append(node.attr.value)
        elif not isinstance(node, cst.Subscript):
            return None
        node = node.value
    return node.value, ".".join((node.value, *reversed(names)))


@evaluates(cst.Index)
def _index(walk: Walk, node: cst.Index) -> Value:
    return walk.evaluate(node.value)


@evaluates(cst.SubscriptElement)
def _element(walk: Walk, node: cst.SubscriptElement) -> Value:
    return walk.evaluate(node.slice)
