"""What an expression stands for, as far as nnsight is concerned.

The walk over the code gives every expression one of these. They are guesses only where they say
`Unknown`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from nnmigrate.classes import dataclass
from nnmigrate.schedule.values import Path

if TYPE_CHECKING:
    import libcst as cst


@dataclass(frozen=True)
class Value:
    """Any value.

    Args:
        saved: it came out of `.save()` or `nnsight.save()`.
        optional: it may be `None` instead, which 0.5 never brings back.
    """

    saved: bool = False
    optional: bool = field(default=False, kw_only=True, compare=False)

    def with_save(self) -> Value:
        """The same value, marked to be kept."""
        return replace(self, saved=True)

    @property
    def extent(self) -> tuple[int, int]:
        """How many collections it is made of, and how many stand within one another."""
        return 0, 0


@dataclass(frozen=True)
class Unknown(Value):
    """Anything that the walk does not follow."""


UNKNOWN = Unknown()

# With `x = (x, x)`, again and again, collections double at every line, and with `x = (x,)` they are
# nested deeper than calls may be.
_MOST_COLLECTIONS, _MOST_LEVELS = 1000, 60


def followed(value: Value) -> Value:
    """A value, unless it is a collection of too many collections to be followed."""
    count, levels = value.extent
    return value if count <= _MOST_COLLECTIONS and levels <= _MOST_LEVELS else UNKNOWN


def _extent(parts: Sequence[Value]) -> tuple[int, int]:
    inner = [part.extent for part in parts]
    return 1 + sum(count for count, _ in inner), 1 + max((one for _, one in inner), default=0)


@dataclass(frozen=True)
class Lambda(Unknown):
    """A lambda, by its node."""

    node: cst.Lambda = field(kw_only=True, repr=False)


@dataclass(frozen=True)
class Constant(Value):
    """A number, a string, True, False, None or another literal without parts."""

    value: object = None


@dataclass(frozen=True)
class Envoy(Value):
    """A module of a wrapped model, or with an empty path the wrapped model itself.

    Args:
        model: the expression by which the model is reached, such as `"lm"` or `"self.model"`.
        path: the way from the model's root.
        proved: whether a binding proves that it is nnsight's; if not, only its shape speaks for it.
    """

    model: str = ""
    path: Path = ()
    proved: bool = True


@dataclass(frozen=True)
class Traced(Value):
    """A value of the running model, or computed from one: a proxy on 0.4, a tensor on 0.5.

    Args:
        origin: the site of the access that handed it out, where it is that very object or a view
            of it.
        view: whether something was taken out of it (`x[0]`), so that writing it writes into the
            origin.
        opaque: a function out of view has made it, of values of the model: it may be anything.
    """

    origin: int | None = None
    view: bool = False
    opaque: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Container(Value):
    """A Python collection made by a literal, a comprehension or a constructor that is in view.

    Args:
        kind: `list`, `dict`, `set`, `tuple`, `defaultdict` or the name of another constructor.
        element: what its items are, where all are alike.
        empty: it was made without items.
        mixed: something of another kind is among its items.
        known: the items that were put in last under a literal key.
    """

    kind: str = "list"
    element: Value | None = None
    empty: bool = False
    mixed: bool = False
    known: tuple[tuple[str | int, Value], ...] = ()

    @cached_property
    def extent(self) -> tuple[int, int]:
        """How many collections it is made of, and how many stand within one another."""
        inner = () if self.element is None else (self.element,)
        return _extent((*inner, *(value for _, value in self.known)))

    @property
    def keyed(self) -> bool:
        """Whether a loop over it goes over its keys."""
        return self.kind in ("dict", "defaultdict", "OrderedDict", "Counter")

    def item(self, key: str | int | None) -> Value | None:
        """What is read under a key, None where that is not known."""
        for known, value in self.known:
            if key is not None and known == key:
                return value
        if self.element is not None and self.mixed and isinstance(self.element, Traced):
            return replace(self.element, saved=False)
        return self.element


@dataclass(frozen=True)
class Numbers(Value):
    """`range(...)`.

    Args:
        numbers: what it counts, where that is known.
        counted: it is enumerate's own count, from 0.
        ascending: whether it is known to count upwards, where the numbers are not known.
        zero: whether it is known to count from 0 by 1.
        falling: whether it is known to count downwards, where the numbers are not known.
        returns: whether it goes back to a smaller number, in a call that the file has.
    """

    numbers: tuple[int, ...] | None = None
    counted: bool = False
    ascending: bool = True
    zero: bool = False
    falling: bool = False
    returns: bool = False


@dataclass(frozen=True)
class Counter(Value):
    """The variable of a loop over numbers, plus `offset`; in ascending order where `ascending`.

    In descending order where `falling`; neither is set where nothing is known.
    """

    loop: str = ""
    ascending: bool = True
    offset: int = 0
    falling: bool = False


@dataclass(frozen=True)
class Countdown(Value):
    """A number less a loop's counter, as in `11 - layer` or `-layer`; falls where that rises.

    Args:
        loop: the loop's key.
        base: the number that the counter is taken from; None where it is not known.
        falling: whether it is known to go down.
    """

    loop: str = ""
    base: int | None = None
    falling: bool = False


@dataclass(frozen=True)
class Label(Value):
    """A text with the number of a loop's turn in it: `f"resid_{i}"`.

    Args:
        loop: the loop's key.
        before: what stands in front of the number.
        after: what stands behind it.
        form: how the number is written, such as `02`.
    """

    loop: str = ""
    before: str = ""
    after: str = ""
    form: str = ""

    @property
    def counter(self) -> str:
        """How steps write it: between zero characters stands how the number is written."""
        return f"{self.loop}{self.before}\0{self.form}\0{self.after}"


@dataclass(frozen=True)
class Zipped(Value):
    """`zip(...)`, `enumerate(...)`: each turn yields one item of every part."""

    parts: tuple[Value, ...] = ()

    @cached_property
    def extent(self) -> tuple[int, int]:
        """How many collections it is made of, and how many stand within one another."""
        return _extent(self.parts)


@dataclass(frozen=True)
class Selected(Value):
    """Some modules of a list, or all in another order: a slice, `reversed(...)`.

    Args:
        modules: the list.
        ascending: whether they come in the list's order.
        falling: whether they come in the opposite order.
        below: the way from each of them to the part of it that is meant.
        whole: whether they are all of the list, in its order.
    """

    modules: Envoy = Envoy()
    ascending: bool = True
    falling: bool = False
    below: Path = ()
    whole: bool = False


@dataclass(frozen=True)
class Items(Value):
    """A literal list or tuple in view, item by item."""

    kind: str = "tuple"
    items: tuple[Value, ...] = ()

    @cached_property
    def extent(self) -> tuple[int, int]:
        """How many collections it is made of, and how many stand within one another."""
        return _extent(self.items)


@dataclass(frozen=True)
class NnsightModule(Value):
    """The nnsight package."""


@dataclass(frozen=True)
class Module(Value):
    """Another imported package or module, by the name that it is imported from.

    Args:
        name: the name.
        package: whether it is one for sure: `import a`; `from a import b` may import anything.
    """

    name: str = ""
    package: bool = False


@dataclass(frozen=True)
class NnsightName(Value):
    """A name that nnsight exports, such as `save` or `LanguageModel`."""

    name: str = ""


@dataclass(frozen=True)
class ModelClass(Value):
    """A class of wrapped models: nnsight's own, or one derived from it in this file."""

    name: str = ""


@dataclass(frozen=True)
class LocalClass(Value):
    """Another class of this file."""

    name: str = ""


@dataclass(frozen=True)
class Instance(Value):
    """An object of a class of this file; `self` in its methods.

    Args:
        name: the class's name.
        own_save: whether it may have a `save` of its own.
    """

    name: str = ""
    own_save: bool = field(default=True, compare=False)


@dataclass(frozen=True)
class Function(Value):
    """A function of this file, by its node, and the number of the scope that it was made in."""

    node: cst.FunctionDef = field(kw_only=True, repr=False)
    scope: int = -1


@dataclass(frozen=True)
class Tracer(Value):
    """What `with model.trace(...) as tracer` binds."""

    kind: str = "trace"


@dataclass(frozen=True)
class Barrier(Value):
    """`tracer.barrier(n)`: made at `site`; `count` is None where it is not a literal."""

    site: int = -1
    count: int | None = None


@dataclass(frozen=True)
class Opener(Value):
    """A call that a with statement enters: a trace, a session, an invoke, an iteration context.

    Args:
        kind: `trace`, `generate`, `scan`, `session`, `edit`, `invoke`, `iterate` or `backward`.
        receiver: what the method is called on: the model, the tracer, the loss.
        text: the receiver's characters.
        positional: how many positional arguments are given.
        keywords: the keyword arguments.
        spread: what is given with two stars.
    """

    kind: str = ""
    receiver: Value = UNKNOWN
    text: str = ""
    positional: int = 0
    keywords: tuple[tuple[str, Value], ...] = ()
    spread: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Keywords(Value):
    """A function's own `**kwargs`, passed on."""


@dataclass(frozen=True)
class Method(Value):
    """An attribute that is about to be called: `receiver.name`.

    Args:
        receiver: what it is taken from.
        name: the attribute's name.
        path: the way to the receiver, where it is reached by a name.
    """

    receiver: Value = UNKNOWN
    name: str = ""
    path: str = ""


def is_traced(value: Value) -> bool:
    """Whether a value is, or holds, a value of the model."""
    if isinstance(value, Traced):
        return True
    if isinstance(value, Container):
        return value.element is not None and is_traced(value.element)
    return isinstance(value, Items) and any(map(is_traced, value.items))
