"""Barriers that invokes call at steps of a generation, where these are counted by literals."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program import BarrierCall, Invoke, Statement, Trace
from nnmigrate.program.literals import whole_number


@dataclass(frozen=True)
class Uneven:
    """Two invokes that call one barrier another number of times.

    Args:
        call: the call of the invoke that calls it more often.
        times: how often that is.
        others: how often the other one does.
    """

    call: BarrierCall
    times: int
    others: int


def uneven_calls(trace: Trace) -> Iterator[Uneven]:
    """The barriers of a trace that some invoke still waits at when another one has gone."""
    found: dict[int, list[tuple[int, BarrierCall]]] = {}
    for invoke in trace.invokes:
        for made, (times, call) in _calls(invoke).items():
            if times is not None and not invoke.parents:
                found.setdefault(made, []).append((times, call))
    for counts in found.values():
        most, call = max(counts, key=lambda pair: pair[0])
        least = min(times for times, _ in counts)
        if most != least:
            yield Uneven(call, most, least)


def _calls(invoke: Invoke) -> dict[int, tuple[int | None, BarrierCall]]:
    """How often an invoke calls each barrier, None where that is not known."""
    found: dict[int, tuple[int | None, BarrierCall]] = {}
    for statement, times in _turning(invoke.body.statements, 1):
        for step in statement.steps:
            if isinstance(step, BarrierCall):
                before = found.get(step.made, (0, step))[0]
                known = before is not None and times is not None
                found[step.made] = (before + times if known else None, step)  # type: ignore[operator]
    return found


def _turning(
    statements: tuple[Statement, ...], times: int | None
) -> Iterator[tuple[Statement, int | None]]:
    """The statements with the number of times that each is run."""
    for statement in statements:
        yield statement, times
        turns = _turns(statement)
        for block in statement.blocks:
            inner = None if times is None or turns is None else times * turns
            yield from _turning(block.statements, inner)


def _turns(statement: Statement) -> int | None:
    if statement.loop is not None:
        return statement.loop.turns
    if statement.opens is not None and statement.opens.kind == "iterate":
        return _steps(statement)
    return 1 if statement.kind == "With" else None


def _steps(statement: Statement) -> int | None:
    """How many steps `tracer.iter[:3]` is entered at."""
    node = statement.node
    if not isinstance(node, cst.With) or len(node.items) != 1:
        return None
    item = node.items[0].item
    if not isinstance(item, cst.Subscript) or len(item.slice) != 1:
        return None
    index = item.slice[0].slice
    if isinstance(index, cst.Index):
        return 1 if isinstance(index.value, cst.Integer) else None
    assert isinstance(index, cst.Slice)
    first = 0 if index.lower is None else _number(index.lower)
    last = None if index.upper is None else _number(index.upper)
    if first is None or last is None or index.step is not None:
        return None
    return max(last - first, 0)


def _number(node: cst.BaseExpression) -> int | None:
    return whole_number(node) if isinstance(node, cst.Integer) else None
