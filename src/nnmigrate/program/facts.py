"""What a document tells of its classes and functions, wherever in the text it does."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import field
from typing import TypeVar

from nnmigrate.classes import dataclass
from nnmigrate.program.values import UNKNOWN, Value, is_traced

_Key = TypeVar("_Key")
_Fact = TypeVar("_Fact")


class Told(dict[_Key, _Fact]):
    """A dictionary that counts how often it was told something new."""

    news = 0

    def __setitem__(self, key: _Key, fact: _Fact) -> None:
        self.news += key not in self or self[key] != fact
        super().__setitem__(key, fact)


@dataclass
class Facts:
    """Facts that may be wanted before the walk comes to where the text tells them.

    Args:
        attributes: what `self.name` stands for, by class and name.
        observed: what the file's own calls pass for a function's parameter, by the node's id and
            the name.
        bases: the classes of the file that each class of it derives from.
        closed: the classes of the file that derive from no other ones.
        missed: what was asked for and not known.
        asked: the attributes that were asked for, with what was known of them then.
        filled: what other functions put into a name's collection, by the frame's path and the name.
        given: what a function puts into the collection that it is given for a parameter.
        returned: what a function returns, by the node's id, where that has to do with the model.
        earlier: what was known before the program was changed: most of it still holds, and whether
            what was asked for does is seen in the end.
    """

    attributes: Told[tuple[str, str], Value] = field(default_factory=Told)
    observed: Told[tuple[int, str], Value] = field(default_factory=Told)
    bases: Told[str, tuple[str, ...]] = field(default_factory=Told)
    closed: set[str] = field(default_factory=set)
    missed: set[Hashable] = field(default_factory=set)
    asked: dict[tuple[str, str], Value] = field(default_factory=dict)
    filled: Told[tuple[str, str], Value] = field(default_factory=Told)
    given: Told[tuple[str, str], Value] = field(default_factory=Told)
    returned: Told[int, Value] = field(default_factory=Told)
    earlier: Mapping[Hashable, Value] = field(default_factory=dict)
    _grown: bool = False

    @property
    def state(self) -> tuple[int, ...]:
        """Another one whenever something new is told."""
        told = (self.attributes, self.observed, self.bases, self.filled, self.given, self.returned)
        return (len(self.closed), *(one.news for one in told))

    def attribute(self, owner: str, name: str) -> Value:
        """What an attribute of an object of a class stands for; base classes are asked too."""
        for current in self.line(owner):
            key = (current, name)
            if key in self.attributes:
                self.asked.setdefault(key, self.attributes[key])
                return self.attributes[key]
            self.missed.add(key)
            if key in self.earlier:
                return self.earlier[key]
        return UNKNOWN

    def line(self, owner: str) -> list[str]:
        """A class, and the classes of the file that it derives from."""
        found = [owner]
        for current in found:
            found += [base for base in self.bases.get(current, ()) if base not in found]
        return found

    def parameter(self, function: int, name: str) -> Value:
        """What the file's own calls pass for a parameter."""
        key = (function, name)
        return self.observed[key] if key in self.observed else self._missed(key)

    def _missed(self, key: Hashable) -> Value:
        self.missed.add(key)
        return self.earlier.get(key, UNKNOWN)

    def came_late(self) -> bool:
        """Whether something that was asked for in vain is known by now."""
        known = self.known
        late = self._grown or any(known.get(key) != self.earlier.get(key) for key in self.missed)
        late = late or any(
            is_traced(value) != is_traced(self.attributes[key]) for key, value in self.asked.items()
        )
        self.missed.clear()
        self.asked.clear()
        self.earlier = {}
        self._grown = False
        return late

    @property
    def known(self) -> dict[Hashable, Value]:
        """What may be asked for before it is known. Nodes that no change touches stay the same."""
        every = (self.attributes, self.observed, self.returned)
        return {key: value for facts in every for key, value in facts.items()}

    def result(self, function: int) -> Value:
        """What a call of a function gives, where that has to do with the model."""
        return self.returned[function] if function in self.returned else self._missed(function)

    def fill(self, frame: str, name: str, filled: Value) -> None:
        """Another function than the one whose name it is puts something into a collection."""
        self._grown = self._grown or (frame, name) not in self.filled
        self.filled[frame, name] = filled

    def fill_parameter(self, function: str, name: str, filled: Value) -> None:
        """A function puts something into a collection that it is given."""
        self._grown = self._grown or (function, name) not in self.given
        self.given[function, name] = filled
