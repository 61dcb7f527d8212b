"""What a name stands for where ways through the code meet."""

from __future__ import annotations

from dataclasses import replace

from nnmigrate.program.values import (
    UNKNOWN,
    Barrier,
    Constant,
    Container,
    Countdown,
    Counter,
    Envoy,
    Items,
    Label,
    Method,
    ModelClass,
    NnsightModule,
    NnsightName,
    Numbers,
    Traced,
    Tracer,
    Unknown,
    Value,
    Zipped,
    is_traced,
)
from nnmigrate.schedule.values import Index

# Of these one way is enough: the name is of no use, or not reached, where it stands for less.
_STRONG = (NnsightModule, ModelClass, NnsightName, Tracer)


# These have no attribute `value` that a program could mean.
_WITHOUT_VALUE = (Constant, Container, Counter, Items, Label, Numbers)


def joined(left: Value, right: Value, version: str) -> Value:
    """What a name stands for that stood for one thing on one way and another on the other.

    Args:
        left: what it stood for on one way.
        right: what it stood for on the other.
        version: names the binding that the meeting makes.
    """
    if left == right or is_none(right):
        return left
    if is_none(left):
        return right
    if isinstance(left, Envoy) or isinstance(right, Envoy):
        return _joined_envoys(left, right, version)
    for strong in (left, right):
        if isinstance(strong, _STRONG):
            return strong
    if isinstance(left, (Container, Items)) and isinstance(right, (Container, Items)):
        return _joined_collections(left, right)
    if is_traced(left) or is_traced(right):
        return Traced(saved=left.saved and right.saved)
    return Unknown(saved=True) if left.saved and right.saved else UNKNOWN


def is_none(value: Value) -> bool:
    """Whether a value is `None`."""
    return isinstance(value, Constant) and value.value is None


def _joined_envoys(left: Value, right: Value, version: str) -> Value:
    """A model on one way is taken for a model; a module among others for an unknown one.

    A model on one way and its module on the other (`module = getattr(module, part)` in a loop) is
    some module.
    """
    envoys = [value for value in (left, right) if isinstance(value, Envoy)]
    roots = [envoy for envoy in envoys if not envoy.path]
    if len(roots) == len(envoys) or (roots and len(envoys) == 1):
        return roots[0]
    return replace(envoys[0], path=(Index(version),))


def _joined_collections(left: Container | Items, right: Container | Items) -> Container:
    elements = [value for value in map(element, (left, right)) if value is not None]
    kind = left.kind if left.kind == right.kind else "list"
    mixed = mixes(left) or mixes(right)
    saved = left.saved and right.saved
    return Container(saved, kind, elements[0] if elements else None, mixed=mixed)


def mixes(value: Container | Items) -> bool:
    """Whether a collection has items of several kinds."""
    if isinstance(value, Container):
        return value.mixed or is_something_else(value.element)
    return any(map(is_something_else, value.items))


def element(value: Container | Items) -> Value | None:
    """What the items of a collection are, where they are values of the model."""
    if isinstance(value, Container):
        return value.element
    return next((item for item in value.items if is_traced(item)), None)


def is_kept(value: Value) -> bool:
    """Whether a value is worth following into a collection."""
    return is_traced(value) or value.saved or isinstance(value, Barrier)


def is_something_else(value: Value | None) -> bool:
    """Whether a value is no value of the model, nor a place for one (a literal, a collection).

    A number or a text has no `value`: where one is read, it is of something else.
    """
    return not (value is None or is_kept(value) or isinstance(value, _WITHOUT_VALUE))


def completed(held: Value, filled: Value) -> Value:
    """A new collection of which it is known what will be put into it elsewhere."""
    inner = element(filled) if isinstance(filled, (Container, Items)) else None
    if inner is None or not isinstance(held, Container):
        return held
    return replace(held, element=held.element or inner)


def loosened(value: Value, version: str) -> Value:
    """What a name may stand for at any turn of a loop that binds it anew, or at any later time."""
    if isinstance(value, (Constant, Counter, Countdown, Numbers, Zipped, Method)):
        return UNKNOWN
    if isinstance(value, Items):
        return Container(value.saved, value.kind, element(value))
    if isinstance(value, Container):
        return replace(value, empty=False, known=())
    if isinstance(value, Traced):
        return Traced(saved=value.saved)
    if isinstance(value, Envoy) and value.path:
        return replace(value, path=(Index(version),))
    return value


def detached(value: Value) -> Value:
    """A value of another run of a function: nothing in it is an object that is seen here."""
    return _anonymous(loosened(value, ""))


def _anonymous(value: Value) -> Value:
    if isinstance(value, Traced):
        return replace(value, origin=None, view=False)
    if isinstance(value, Container) and value.element is not None:
        return replace(value, element=_anonymous(value.element))
    return value
