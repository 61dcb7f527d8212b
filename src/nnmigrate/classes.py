"""Dataclasses that cost little to make.

`dataclasses.dataclass` writes and compiles the source of up to six methods for each class. For the
hundreds of small classes here that took half the time in which the package was imported. This
decorator has the same name and does the same for the arguments that it takes, but a method is
written when it is first called, and most never are. That nobody sets a field of what is frozen is
left to type checkers: refusing it at run time makes an instance take three times as long to make,
and a check makes tens of thousands of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Type checkers know that one, and what it makes of a class.
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, eq=True, order=False):
        """Makes a class of fields, as `dataclasses.dataclass` does.

        Args:
            cls: the class; None where the decorator is called with arguments.
            frozen: whether fields may be set only when an instance is made, as type checkers see.
            eq: whether instances with equal fields are equal. If frozen, they are hashed so too.
            order: whether instances are ordered as the tuples of their fields are.
        """
        if cls is None:
            return lambda given: dataclass(given, frozen=frozen, eq=eq, order=order)
        if cls.__doc__ is None:
            cls.__doc__ = cls.__name__  # else its signature is worked out to stand there
        own = set(vars(cls))
        dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
        writers = {"__init__": _init}
        if eq:
            writers["__eq__"] = _comparing("==")
        if eq and frozen:
            writers["__hash__"] = _hash
        if order:
            writers |= {"__lt__": _comparing("<"), "__le__": _comparing("<=")}
            writers |= {"__gt__": _comparing(">"), "__ge__": _comparing(">=")}
        for name in writers.keys() - own:
            setattr(cls, name, _written_when_called(cls, name, writers[name]))
        if eq and not frozen and "__hash__" not in own:
            cls.__hash__ = None  # what can change is in no set
        if "__repr__" not in own:
            cls.__repr__ = _repr
        return cls


_Method = Callable[..., Any]
_Fields = tuple["dataclasses.Field[Any]", ...]


def _written_when_called(cls: type, name: str, write: Callable[[_Fields], _Method]) -> _Method:
    def first(self: Any, /, *values: Any, **named: Any) -> Any:
        method = write(dataclasses.fields(cls))
        method.__qualname__ = f"{cls.__qualname__}.{name}"
        setattr(cls, name, method)
        return method(self, *values, **named)

    first.__name__, first.__qualname__ = name, f"{cls.__qualname__}.{name}"
    return first


def _compiled(head: str, body: Iterable[str], known: dict[str, Any]) -> _Method:
    # The text is made of the fields' names alone, which are written in the source of a class here.
    exec(f"def method({head}):\n " + "\n ".join(body), known)
    method: _Method = known["method"]
    return method


def _init(fields: _Fields) -> _Method:
    missing = dataclasses.MISSING
    known: dict[str, Any] = {"missing": missing}
    positional, body = ["self"], ["pass"]
    named: list[str] = []
    for one in fields:
        name = value = shown = one.name
        if one.default_factory is not missing:
            known[f"make_{name}"] = one.default_factory
            value, shown = f"make_{name}() if {name} is missing else {name}", f"{name}=missing"
        elif one.default is not missing:
            known[f"default_{name}"] = one.default
            shown = f"{name}=default_{name}"
        (named if one.kw_only else positional).append(shown)
        body.append(f"self.{name} = {value}")
    return _compiled(", ".join([*positional, *(["*"] if named else []), *named]), body, known)


def _comparing(sign: str) -> Callable[[_Fields], _Method]:
    def write(fields: _Fields) -> _Method:
        mine, others = _compared(fields, "self"), _compared(fields, "other")
        same = "other.__class__ is self.__class__"
        answer = f"return {mine} {sign} {others} if {same} else NotImplemented"
        return _compiled("self, other", [answer], {})

    return write


def _hash(fields: _Fields) -> _Method:
    return _compiled("self", [f"return hash({_compared(fields, 'self')})"], {})


def _compared(fields: _Fields, of: str) -> str:
    return "(" + "".join(f"{of}.{one.name}, " for one in fields if one.compare) + ")"


def _repr(self: Any) -> str:
    shown = (
        f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self) if one.repr
    )
    return f"{self.__class__.__qualname__}({', '.join(shown)})"
