"""Writes programs that use nnsight in every way that the rules know of, and in ways that none does.

Nobody runs them: names may be unbound and shapes wrong. What counts is that there is much of
everything in every surrounding, so that rules meet what no example shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from . import pieces
from .choosing import Chooser
from .layout import Block, Line, laid_out

_DEEPEST = 4


@dataclass(frozen=True)
class _Place:
    """What stands around a statement.

    Args:
        model: how the model is spelled there.
        tracer: the name of the tracer, inside of a trace that binds one.
        traced: whether it stands in a trace.
        function: whether it stands in a function.
        loop: whether it stands in a loop.
        depth: how many blocks it stands in.
    """

    model: str
    tracer: str = ""
    traced: bool = False
    function: bool = False
    loop: bool = False
    depth: int = 0

    @property
    def deeper(self) -> _Place:
        return replace(self, depth=self.depth + 1)


def program(chooser: Chooser) -> str:
    """The text of one program."""
    return laid_out(list(_Writer(chooser).module()), chooser)


class _Writer:
    def __init__(self, chooser: Chooser) -> None:
        self.one = chooser.one
        self.number = chooser.number

    def chance(self, percent: int) -> bool:
        return self.number(0, 99) >= 100 - percent

    def module(self) -> Iterator[Line]:
        yield from self.one(pieces.IMPORTS)
        model = self.one(pieces.MODELS)
        yield from model.made
        for _ in range(self.number(1, 2)):
            yield from self.part(_Place(model.name))

    def part(self, place: _Place) -> Iterator[Line]:
        """Something that stands at the top of a module or of a function."""
        yield from self.one(
            (
                self.trace,
                self.trace,
                self.trace,
                self.session,
                self.loop_of_traces,
                self.function,
                self.method,
                self.plain,
                self.edit,
            )
        )(place)
        if self.chance(60):
            yield from self.after(place)

    def after(self, place: _Place) -> Iterator[Line]:
        for _ in range(self.number(1, 2)):
            yield self.filled(self.one(pieces.AFTER), place)

    def plain(self, place: _Place) -> Iterator[Line]:
        yield self.filled(self.one(pieces.PLAIN), place)

    # What opens a block

    def trace(self, place: _Place) -> Iterator[Line]:
        for _ in range(self.number(0, 2)):
            yield self.filled(self.one(pieces.BEFORE), place)
        header, tracer = self.one(pieces.TRACES)
        inside = replace(place.deeper, tracer=tracer, traced=True)
        lines = Block(self.filled(header, place), list(self.traced(inside)))
        yield self.surrounded(lines, place)

    def surrounded(self, block: Block, place: _Place) -> Line:
        if self.chance(15):
            return Block(self.filled(self.one(pieces.AROUND), place), [block])
        return block

    def traced(self, place: _Place) -> Iterator[Line]:
        """The body of a trace: invokes, or the body of the only one."""
        if not place.tracer or self.chance(35):
            yield from self.body(place)
            return
        for _ in range(self.number(0, 1)):
            yield self.filled(self.one(pieces.BEFORE), place)
        for _ in range(self.number(1, 3)):
            yield from self.one((self.invoke, self.invoke, self.invoke, self.looped_invoke))(place)
            if self.chance(25):
                yield from self.statement(place)

    def invoke(self, place: _Place) -> Iterator[Line]:
        header = self.filled(self.one(pieces.INVOKES), place)
        yield Block(header, list(self.body(place.deeper)))

    def looped_invoke(self, place: _Place) -> Iterator[Line]:
        inside = replace(place.deeper, loop=True)
        header = self.filled(self.one(pieces.LOOPS), place)
        yield Block(header, list(self.invoke(inside)))

    def session(self, place: _Place) -> Iterator[Line]:
        header = self.filled(self.one(pieces.SESSIONS), place)
        lines: list[Line] = []
        for _ in range(self.number(1, 2)):
            way = self.one((self.trace, self.trace, self.loop_of_traces, self.plain))
            lines += way(place.deeper)
        yield Block(header, lines)

    def loop_of_traces(self, place: _Place) -> Iterator[Line]:
        inside = replace(place.deeper, loop=True)
        yield Block(self.filled(self.one(pieces.LOOPS), place), list(self.trace(inside)))

    def edit(self, place: _Place) -> Iterator[Line]:
        inside = replace(place.deeper, tracer="", traced=True)
        yield Block(self.filled(self.one(pieces.EDITS), place), list(self.body(inside)))

    def function(self, place: _Place) -> Iterator[Line]:
        inside = replace(place.deeper, function=True, loop=False)
        lines: list[Line] = ["global total"] if self.chance(10) else []
        for _ in range(self.number(1, 2)):
            lines += self.part(inside) if place.depth < 2 else self.plain(inside)
        if self.chance(50):
            lines.append(self.filled(self.one(pieces.RETURNS), inside))
        if self.chance(20):
            yield self.one(pieces.DECORATORS)
        yield Block(self.filled(self.one(pieces.FUNCTIONS), place), lines)

    def method(self, place: _Place) -> Iterator[Line]:
        held = replace(place, model=self.one(("self.model", "self.model", place.model)))
        lines: list[Line] = [Block("def __init__(self, model):", ["self.model = model"])]
        if self.chance(50):
            lines = [
                Block("def __init__(self):", [f"self.model = {pieces.MADE}"]),
                *lines[: self.number(0, 1)],
            ]
        lines += self.function(held.deeper)
        yield Block(self.one(pieces.CLASSES), lines)

    # What stands in an invoke

    def body(self, place: _Place) -> Iterator[Line]:
        for _ in range(self.number(1, 4)):
            yield from self.statement(place)

    def statement(self, place: _Place) -> Iterator[Line]:
        ways = [self.simple] * 8
        if place.depth < _DEEPEST:
            ways += [self.compound, self.compound, self.steps]
        yield from self.one(ways)(place)

    def simple(self, place: _Place) -> Iterator[Line]:
        options: Sequence[str] = self.one(
            (
                pieces.READS,
                pieces.READS,
                pieces.WRITES,
                pieces.COLLECTS,
                pieces.COMPUTES,
                pieces.OLD_ONES,
                pieces.GRADIENTS,
                pieces.ODD_ONES,
            )
        )
        if self.chance(4):
            options = pieces.LEAVING_LOOPS if place.loop else pieces.LEAVING
            if not place.function and not place.loop:
                options = pieces.ODD_ONES
        yield self.filled(self.one(options), place)

    def compound(self, place: _Place) -> Iterator[Line]:
        header = self.one(pieces.COMPOUNDS)
        looped = header.startswith(("for", "while"))
        inside = replace(place.deeper, loop=place.loop or looped)
        if header.startswith(("def", "class")):
            inside = replace(inside, loop=False, function=header.startswith("def"))
        body: list[Line] = list(self.body(inside))
        if header.startswith("match"):
            body = [Block("case [first, *_] if first:", body)]
        yield Block(self.filled(header, place), body)
        for tail in pieces.TAILS.get(header.split()[0].rstrip(":"), ()):
            if tail.needed or self.chance(40):
                around = place.deeper if looped else inside
                yield Block(self.filled(tail.header, place), list(self.body(around)))

    def steps(self, place: _Place) -> Iterator[Line]:
        header = self.filled(self.one(pieces.STEPS), place)
        yield Block(header, list(self.body(place.deeper)))

    # What is filled in

    def filled(self, template: str, place: _Place) -> str:
        """A template with everything in it chosen, from the outermost on."""
        for _ in range(4):
            if "<" not in template:
                break
            template = "".join(self._filling(piece, place) for piece in pieces.split(template))
        return pieces.without_marks(template)

    def _filling(self, piece: str, place: _Place) -> str:
        if piece == "<m>":
            return place.model
        if piece == "<t>":
            return place.tracer or "tracer"
        options = pieces.FILLINGS.get(piece)
        return self.one(options) if options is not None else piece
