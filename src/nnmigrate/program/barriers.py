"""Barriers: `tracer.barrier(2)` makes one, and a call of it waits there."""

from __future__ import annotations

import libcst as cst

from nnmigrate.program.iterables import first_of
from nnmigrate.program.steps import BarrierCall, BarrierMade, Item
from nnmigrate.program.values import Barrier, Constant, Value
from nnmigrate.program.walk import Arguments, Walk
from nnmigrate.spans import Span


def call_barrier(walk: Walk, node: cst.Call, barrier: Barrier) -> None:
    """`barrier()`, or `barriers[layer]()`."""
    key: str | int | None = None
    counter = ""
    for step in walk.steps[-1:]:
        if isinstance(step, Item) and isinstance(node.func, cst.Subscript):
            key, counter = step.key, step.counter
    span, text, foreign = walk.span(node), walk.text(node.func), bool(walk.foreign)
    walk.note(BarrierCall(walk.site(), span, barrier.site, text, key, counter, foreign))


def barrier_made(walk: Walk, node: cst.Call, arguments: Arguments) -> Value:
    """`tracer.barrier(2)`."""
    count = first_of(arguments)
    number = count.value if isinstance(count, Constant) and isinstance(count.value, int) else None
    span: Span | None = walk.positions.whole(node.args[0].value) if node.args else None
    site = walk.site()
    walk.note(BarrierMade(site, walk.span(node), number, span))
    return Barrier(site=site, count=number)
