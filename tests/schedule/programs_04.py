"""Random programs of 0.4 that change what layers compute, as traces and as Python.

Every definition's value is a constant tensor, made by operations on an access, so that what the
following module gets tells which definition was put there.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from nnmigrate.schedule.values import (
    Compute,
    Define,
    Get,
    Index,
    Invoke,
    Operation,
    Point,
    Provider,
    Swap,
    Trace,
    Use,
    Write,
)

from .programs import LAYERS, PROMPTS, expression

HEAD = Provider(("lm_head",), Point.OUTPUT)

OBSERVED = """
    for site, row, number, constant in {changes}:
        log.append([site, bool((ENTERED[number][row] == constant).all())])
"""


@dataclass(frozen=True)
class Change:
    """An intervention: which prompt's row of which layer it sets, and to what."""

    site: int
    row: int
    layer: int
    constant: int


@dataclass
class Writer04:
    """Writes a program and its trace."""

    seed: int
    site: int = 0
    code: list[str] = field(default_factory=list)
    values: dict[str, int] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def trace(self) -> Trace:
        invokes = []
        for row in range(self.random.choice((2, 3, 3))):
            self.code.append(f"        with tracer.invoke({PROMPTS[row]!r}):")
            self.free = list(range(LAYERS))
            invokes.append(Invoke(tuple(self.steps(row))))
        return Trace(tuple(invokes))

    def source(self) -> str:
        changes = [(c.site, c.row, c.layer, c.constant) for c in self.changes]
        head = ["def program(log):", "    with lm.trace() as tracer:"]
        return "\n".join([*head, *self.code, OBSERVED.format(changes=changes)])

    def steps(self, row: int) -> Iterator[Operation]:
        for statement in range(self.random.randint(2, 4)):
            kind = self.random.choice(("define", "create", "read", "change", "change"))
            if kind == "change" and self.values and self.free:
                yield from self.change(statement, row)
            elif kind == "read":
                yield self.access(statement)
            elif kind == "create":
                yield from self.create(statement)
            else:
                yield from self.define(statement)

    def fresh(self) -> int:
        self.site += 1
        return self.site

    def write(self, line: str) -> None:
        self.code.append(f"            {line}")

    def access(self, at: int) -> Get:
        """A read whose value is not used: it only divides the graph."""
        number = self.random.randrange(LAYERS + 1)
        get = Get(self.fresh(), at, HEAD if number == LAYERS else layer(number))
        self.write(f"_ = {expression(get.provider)}")
        return get

    def define(self, at: int) -> Iterator[Operation]:
        """`name = access * 0 + constant`; the head's values are cut to the width of a layer's."""
        number, name = self.random.randrange(LAYERS + 1), self.random.choice("hg")
        get = Get(self.fresh(), at, HEAD if number == LAYERS else layer(number))
        cut = "[:, :, :4]" if number == LAYERS else ""
        yield get
        last = get.site
        for _ in range(3 if cut else 2):
            yield Compute(site := self.fresh(), at, needs=(last,))
            last = site
        define = Define(self.fresh(), at, name, needs=(last,))
        self.values[name] = define.site
        self.write(f"{name} = {expression(get.provider)}{cut} * 0 + {define.site}")
        yield define

    def create(self, at: int) -> Iterator[Operation]:
        """`name = torch.ones(...) * constant`, which is in the graph without any access."""
        name = self.random.choice("hg")
        yield (ones := Compute(self.fresh(), at))
        yield (product := Compute(self.fresh(), at, needs=(ones.site,)))
        yield (define := Define(self.fresh(), at, name, needs=(product.site,)))
        self.values[name] = define.site
        self.write(f"{name} = torch.ones(1, 3, 4) * {define.site}")

    def change(self, at: int, row: int) -> Iterator[Operation]:
        """Sets a norm's output to a name's value: plainly, after an operation, or handle first."""
        wanted = self.free.pop(self.random.randrange(len(self.free)))
        name = self.random.choice(sorted(self.values))
        operation, form = self.random.random() < 0.5, self.random.choice(("swap", "set", "handle"))
        right = f"{name} + 0" if operation else name
        text = expression(layer(wanted))
        get = Get(self.fresh(), at, layer(wanted))
        if form == "handle":
            yield get
            self.write(f"x = {text}")
        yield Use(use := self.fresh(), at, name)
        if operation:
            yield Compute(site := self.fresh(), at, needs=(use,))
            use = site
        if form == "set":
            yield get
        if form == "swap":
            yield Swap(get.site, at, layer(wanted), needs=(use,))
            self.write(f"{text} = {right}")
        else:
            yield Write(self.fresh(), at, layer(wanted), get.site, needs=(use,))
            self.write(f"x[:] = {right}" if form == "handle" else f"{text}[:] = {right}")
        site = get.site if form == "swap" else self.site
        self.changes.append(Change(site, row, wanted, self.values[name]))


def layer(number: int) -> Provider:
    """The output of a layer's second norm, which is just what the layer's MLP gets."""
    return Provider(("transformer", "h", Index(str(number), number), "ln_2"), Point.OUTPUT)
