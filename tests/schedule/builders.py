"""Short ways to write traces down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count

from nnmigrate.schedule import Outcome, providers, rankings, simulate
from nnmigrate.schedule.values import (
    Define,
    Get,
    Index,
    Invoke,
    Operation,
    Point,
    Provider,
    Put,
    Swap,
    Take,
    Trace,
    Use,
    Wait,
)

HEAD = Provider(("lm_head",), Point.OUTPUT)


def index(value: int | str) -> Index:
    """An index that is a constant, or a name of which nothing is known."""
    return Index(str(value), value if isinstance(value, int) else None)


def layer(value: int | str, *inside: str, point: Point = Point.OUTPUT) -> Provider:
    """The output of a GPT-2 layer, or of a module inside it."""
    return Provider(("transformer", "h", index(value), *inside), point)


def entry(value: int | str, *inside: str) -> Provider:
    """The input of the same."""
    return layer(value, *inside, point=Point.INPUT)


def output(*path: str | Index) -> Provider:
    """The output of any module."""
    return Provider(tuple(path), Point.OUTPUT)


class Book:
    """Writes traces down, with sites counted up; a statement is a sequence of words.

    A provider is a `Get`, `=h` defines and `h` uses a name, `->k` puts an item into a container and
    `<-k` takes it, `!b` calls a barrier.
    """

    def __init__(self) -> None:
        self.sites = count(1)
        self.site: dict[str, list[int]] = {}

    def invoke(
        self, *statements: Iterable[Provider | str], captured: tuple[str, ...] = ()
    ) -> Invoke:
        names = tuple((name, self.note(f"captured {name}")) for name in captured)
        return Invoke(tuple(self.steps(statements)), names)

    def steps(self, statements: Iterable[Iterable[Provider | str]]) -> Iterable[Operation]:
        for number, statement in enumerate(statements):
            for word in statement:
                yield self.step(number, word)

    def step(self, number: int, word: Provider | str) -> Operation:
        if isinstance(word, Provider):
            return Get(self.note("get"), number, word)
        if word.startswith("=None "):
            return Define(self.note(word), number, word[6:], nothing=True)
        for sign, kind in (("=", Define), ("!", Wait)):
            if word.startswith(sign):
                return kind(self.note(word), number, word[1:])
        for sign, item in (("->", Put), ("<-", Take)):
            if word.startswith(sign):
                key = word[2:] or None
                return item(self.note(word), number, "box", key)
        return Use(self.note(word), number, word)

    def note(self, word: str) -> int:
        """Count up, and remember the sites of every word."""
        site = next(self.sites)
        self.site.setdefault(word, []).append(site)
        return site

    def at(self, word: str, repetition: int = 0) -> int:
        return self.site[word][repetition]


def swap(trace: Trace, site: int) -> Trace:
    """The trace with the access at a site made a swap."""
    return _replaced(trace, site, lambda get: Swap(get.site, get.statement, get.provider))


def foreign(trace: Trace, site: int, *names: tuple[str, int], comprehension: bool = False) -> Trace:
    """The trace with the access at a site made by another frame that has these local names."""
    change = {"foreign": names, "comprehension": comprehension}
    return _replaced(trace, site, lambda get: replace(get, **change))


def _replaced(trace: Trace, site: int, change) -> Trace:  # type: ignore[no-untyped-def]
    invokes = tuple(
        replace(
            invoke, operations=tuple(change(o) if o.site == site else o for o in invoke.operations)
        )
        for invoke in trace.invokes
    )
    return replace(trace, invokes=invokes)


def run(trace: Trace) -> Outcome:
    """Simulate a trace whose modules have one order."""
    (rank,) = rankings(providers(trace))
    return simulate(trace, rank)
