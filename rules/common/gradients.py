"""Gradients that stand above the backward pass that makes them, and how they get into it.

A gradient of 0.4 was a node that waited for the next backward pass. Since 0.5 it is there in the
body of `with loss.backward():`, where gradients come in the order of the pass, the last module's
first (nnsight 0.5.15, intervention/tracing/backwards.py; both were run).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cmp_to_key

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program import Access, Bind, Block, Program, Read, Statement, Told, Trace
from nnmigrate.program.values import Traced, is_traced
from nnmigrate.schedule import compare
from nnmigrate.schedule.values import Order, Provider
from nnmigrate.spans import Span


@dataclass(frozen=True)
class Reading:
    """One `value.grad` in a statement.

    Args:
        span: the whole of it.
        of: the characters of the value.
        provider: the module's value that it is, where that is known.
        writes: the gradient is set or changed.
        proved: the value is one of the model's; else it only looks like that (`layer.output`).
    """

    span: Span
    of: Span
    provider: Provider | None
    writes: bool
    proved: bool = True


@dataclass(frozen=True)
class Pass:
    """A backward pass and what stands above it, up to the pass before it.

    Args:
        block: the suite that all of it stands in.
        statement: the pass.
        readings: the statements with gradients, in the order of the text, with their gradients.
        dependents: the statements that use what those bind.
    """

    block: Block
    statement: Statement
    readings: tuple[tuple[Statement, tuple[Reading, ...]], ...]
    dependents: tuple[Statement, ...]

    @property
    def moving(self) -> tuple[Statement, ...]:
        """All statements that cannot stay above the pass, in the order of the text."""
        found = [*(statement for statement, _ in self.readings), *self.dependents]
        return tuple(sorted(found, key=lambda one: one.span))

    @property
    def all_readings(self) -> tuple[Reading, ...]:
        """All gradients, in the order of the text."""
        return tuple(one for _, readings in self.readings for one in readings)


def passes(program: Program, trace: Trace) -> Iterator[Pass]:
    """The backward passes of a trace in whose suites gradients stand above them."""
    waiting: list[Statement] = []
    for invoke in trace.invokes:
        if not any(told(one, "backward") for one in invoke.body.walk()):
            # A pass in a later invoke makes them, of a value that crosses over.
            waiting += [one for one in invoke.body.statements if told(one, "grad")]
            continue
        yield from _in_block(program, trace, invoke.body, waiting)
        waiting = []


def _in_block(
    program: Program, trace: Trace, block: Block, waiting: Sequence[Statement] = ()
) -> Iterator[Pass]:
    start = 0
    for number, statement in enumerate(block.statements):
        if statement.opens is not None and statement.opens.kind == "backward":
            start = number + 1
        elif told(statement, "backward"):
            above = (*waiting, *block.statements[start:number])
            waiting = ()
            found = [(one, _readings(program, trace, one)) for one in above]
            readings = tuple((one, tuple(each)) for one, each in found if each)
            if readings:
                dependents = tuple(_dependents(above, [one for one, _ in readings]))
                yield Pass(block, statement, readings, dependents)
            start = number + 1
        elif statement.opens is None or statement.opens.kind == "invoke":
            for inner in statement.blocks:
                yield from _in_block(program, trace, inner)


def told(statement: Statement, what: str) -> list[Told]:
    """The calls and attributes of a name that a statement's own steps tell of."""
    steps = (*statement.steps, *statement.turn)
    return [step for step in steps if isinstance(step, Told) and step.what == what]


def _readings(program: Program, trace: Trace, statement: Statement) -> list[Reading]:
    found: dict[Span, Reading] = {}
    for inner in statement.walk():
        for step in inner.all_steps if inner is statement and not inner.blocks else _own(inner):
            if isinstance(step, Told) and step.what == "grad" and step.span not in found:
                text = program.text(step.span)
                of = Span(step.span.start, step.span.start + len(text[: text.rindex(".")].rstrip()))
                provider = _provider(trace, step)
                writes, proved = _writes(program, inner, step), is_traced(step.receiver)
                found[step.span] = Reading(step.span, of, provider, writes, proved)
    return sorted(found.values(), key=lambda one: one.span)


def _own(statement: Statement) -> Iterator[object]:
    yield from (*statement.steps, *statement.turn)


def _provider(trace: Trace, step: Told) -> Provider | None:
    if isinstance(step.receiver, Traced):
        for each in trace.statement.all_steps:
            if isinstance(each, Access) and each.site == step.receiver.origin:
                return each.provider
    return None


def _writes(program: Program, statement: Statement, step: Told) -> bool:
    """Whether a statement sets a gradient, or writes into it."""
    node = statement.node
    targets: list[cst.BaseExpression] = []
    if isinstance(node, cst.Assign):
        targets = [one.target for one in node.targets]
    elif isinstance(node, cst.AugAssign):
        targets = [node.target]
    head = program.code[statement.span.start : step.span.end]
    if targets and not re.search(r"(?<![=!<>])=(?!=)", head):
        return True
    behind = program.code[step.span.end : statement.span.end]
    return re.match(r"(\[[^\]]*\])?\.\w+_\(", behind) is not None


def _dependents(above: Sequence[Statement], moving: Sequence[Statement]) -> Iterator[Statement]:
    """The statements below that need, one by another, what the moving ones bind."""
    names: set[str] = set()
    for statement in above:
        steps = statement.all_steps
        needs = any(isinstance(step, Read) and step.name in names for step in steps)
        if statement in moving or needs:
            names |= {step.name for step in steps if isinstance(step, Bind)}
        if needs and statement not in moving:
            yield statement


def backwards(program: Program, readings: Sequence[Reading]) -> tuple[list[Reading], bool]:
    """Gradients in the order in which a pass makes them, and whether that order is certain.

    Where the order of the modules was not recorded it is taken for that of the text.
    """
    known = {one.provider for one in readings if one.provider is not None}
    certain = all(one.provider is not None for one in readings)
    pairs = [(a, b) for a in known for b in known if a != b]
    certain = certain and all(compare(a, b) in (Order.BEFORE, Order.AFTER) for a, b in pairs)
    if certain:
        return sorted(readings, key=cmp_to_key(_later_first)), True
    first: dict[object, int] = {}
    for number, one in enumerate(readings):
        first.setdefault(one.provider or program.text(one.of), number)
    order = {key: -number for key, number in first.items()}
    return sorted(readings, key=lambda one: order[one.provider or program.text(one.of)]), False


def _later_first(one: Reading, other: Reading) -> int:
    if one.provider is None or other.provider is None or one.provider == other.provider:
        return 0
    return -1 if compare(one.provider, other.provider) is Order.AFTER else 1
