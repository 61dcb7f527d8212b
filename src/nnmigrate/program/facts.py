"""What a document tells of its classes and functions, wherever in the text it does."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from nnmigrate.program.values import UNKNOWN, Value


@dataclass
class Facts:
    """Facts that may be wanted before the walk comes to where the text tells them.

    Args:
        attributes: what `self.name` stands for, by class and name.
        observed: what the file's own calls pass for a function's parameter, by the node's id and
            the name.
        bases: the classes that each class of the file derives from.
        missed: what was asked for and not known.
    """

    attributes: dict[tuple[str, str], Value] = field(default_factory=dict)
    observed: dict[tuple[int, str], Value] = field(default_factory=dict)
    bases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    missed: set[Hashable] = field(default_factory=set)

    def attribute(self, owner: str, name: str) -> Value:
        """What an attribute of an object of a class stands for; base classes are asked too."""
        todo, seen = [owner], set[str]()
        while todo:
            current = todo.pop(0)
            value = self.attributes.get((current, name))
            if value is not None:
                return value
            self.missed.add((current, name))
            seen.add(current)
            todo += [base for base in self.bases.get(current, ()) if base not in seen]
        return UNKNOWN

    def parameter(self, function: int, name: str) -> Value:
        """What the file's own calls pass for a parameter."""
        key = (function, name)
        if key not in self.observed:
            self.missed.add(key)
        return self.observed.get(key, UNKNOWN)

    def came_late(self) -> bool:
        """Whether something that was asked for in vain is known by now."""
        late = not self.missed.isdisjoint(self.attributes.keys() | self.observed.keys())
        self.missed.clear()
        return late
