"""Objects of the file's own classes: what they are made with, and what their methods are."""

from __future__ import annotations

from nnmigrate.program.assignments import remember
from nnmigrate.program.functions import observe, observe_values
from nnmigrate.program.joins import is_kept
from nnmigrate.program.values import (
    Envoy,
    Function,
    Instance,
    LocalClass,
    Module,
    NnsightModule,
    Value,
)
from nnmigrate.program.walk import Arguments, Frame, Walk


def saves_itself(walk: Walk, owner: str) -> bool:
    """Whether objects of a class may have a `save` of their own."""
    line = walk.facts.line(owner)
    classes = [frame for frame in walk.frames if frame.kind == "class" and frame.name in line]
    defined = any("save" in frame.bindings for frame in classes)
    return defined or not walk.facts.closed.issuperset(line)


def own_save(receiver: Value) -> bool:
    """Models, modules and the file's own objects have a `save` of their own, or none.

    What looks like a module may be a value that nnsight hands out itself (`model.logits.save()`,
    nnsight 0.5.15, modeling/vllm).
    """
    if isinstance(receiver, Envoy):
        return not receiver.path
    if isinstance(receiver, Instance):
        return receiver.own_save
    return isinstance(receiver, (Module, NnsightModule))


def observe_maker(walk: Walk, made: LocalClass, arguments: Arguments) -> None:
    """Remembers what of the model an object is made with, models themselves included."""
    for frame in walk.frames:
        if (frame.kind, frame.name) != ("class", made.name):
            continue
        maker = frame.values.get("__init__")
        if isinstance(maker, Function):
            given = (Instance(name=made.name), *arguments.positional)
            observe(walk, maker, Arguments(given, arguments.keywords))
            observe_values(walk, maker.node, Arguments(given, arguments.keywords))
        else:
            _fill_fields(walk, frame, arguments)


def _fill_fields(walk: Walk, frame: Frame, arguments: Arguments) -> None:
    """A class without an `__init__` of its own: a dataclass or a named tuple."""
    fields = [n for n, binds in frame.bindings.items() if binds[0].how in ("declare", "assign")]
    given = dict(zip(fields, arguments.positional, strict=False)) | dict(arguments.keywords)
    for name, value in given.items():
        if is_kept(value):
            remember(walk, frame.name, name, value)


def method_of(walk: Walk, owner: str, name: str, decorator: str = "") -> Function | None:
    """A method of a class of the file, or of one that it derives from, with that decorator only."""
    frames = {frame.name: frame for frame in walk.frames if frame.kind == "class"}
    for each in walk.facts.line(owner):
        method = frames[each].values.get(name) if each in frames else None
        if isinstance(method, Function):
            decorators = [walk.text(each.decorator) for each in method.node.decorators]
            return method if decorators == ([decorator] if decorator else []) else None
    return None
