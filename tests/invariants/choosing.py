"""Where a written program's choices come from: Hypothesis, which makes them smaller, or a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Chooser(Protocol):
    """Makes choices; the first option is the plainest, where something fails."""

    def one(self, options: Sequence[T]) -> T:
        """One of some options."""

    def number(self, least: int, most: int) -> int:
        """A number between two, both included."""


class Seeded:
    """Choices that come from a seed: the same on every machine and in every process."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def one(self, options: Sequence[T]) -> T:
        return options[self._random.randrange(len(options))]

    def number(self, least: int, most: int) -> int:
        return self._random.randint(least, most)


class Drawn:
    """Choices that Hypothesis makes."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw

    def one(self, options: Sequence[T]) -> T:
        return options[self.number(0, len(options) - 1)]

    def number(self, least: int, most: int) -> int:
        drawn: int = self._draw(st.integers(least, most))
        return drawn
