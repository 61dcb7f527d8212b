"""Conditions within a trace: which are the same, and which way those go whose parts are known."""

from __future__ import annotations

import operator
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import TypeAlias

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program.literals import whole_number, within
from nnmigrate.program.model import Statement, Trace
from nnmigrate.program.steps import Access, Bind, Read
from nnmigrate.program.turns import Turns
from nnmigrate.program.values import Constant, Counter

Known: TypeAlias = "int | None"
Scalar = Callable[[int, int], int]

_COMPARED: dict[type[cst.BaseCompOp], Callable[[int, int], bool]] = {
    cst.Equal: operator.eq,
    cst.NotEqual: operator.ne,
    cst.LessThan: operator.lt,
    cst.LessThanEqual: operator.le,
    cst.GreaterThan: operator.gt,
    cst.GreaterThanEqual: operator.ge,
}
_COMPUTED: dict[type[cst.BaseBinaryOp], Scalar] = {
    cst.Add: operator.add,
    cst.Subtract: operator.sub,
    cst.Multiply: operator.mul,
}
_DIVIDED: dict[type[cst.BaseBinaryOp], Scalar] = {
    cst.Modulo: operator.mod,
    cst.FloorDivide: operator.floordiv,
}


# Of more conditions than this only the case that all hold is looked at.
MAX_CONDITIONS = 3


def choices(trace: Trace) -> Iterator[Choice]:
    """The ways that the conditions of a trace may go."""
    conditions = Conditions(trace)
    keys = conditions.open()
    ways: Iterable[tuple[bool, ...]] = product((True, False), repeat=len(keys))
    if len(keys) > MAX_CONDITIONS:
        ways = [(True,) * len(keys)]
    for way in ways:
        yield Choice(conditions, dict(zip(keys, way, strict=True)))


@dataclass(frozen=True)
class Choice:
    """Which way each condition of which it is not known goes in one run."""

    conditions: Conditions
    ways: Mapping[str, bool]

    def of(self, statement: Statement, turns: Turns) -> bool:
        """Whether an if statement's body is run."""
        known = decided(statement, turns)
        return self.ways[self.conditions.key(statement)] if known is None else known


class Conditions:
    """The conditions of one trace.

    Args:
        trace: the trace.
    """

    def __init__(self, trace: Trace) -> None:
        self._statements = [s for s in trace.statement.walk() if s.kind in ("If", "Elif")]
        self._bound: dict[str, list[int]] = {}
        for step in trace.statement.all_steps if self._statements else ():
            if isinstance(step, Bind):
                self._bound.setdefault(step.name, []).append(step.site)

    def open(self) -> list[str]:
        """The conditions that are not decided by what is known, each once."""
        keys = (self.key(s) for s in self._statements if not _is_constant(s))
        return sorted(set(keys))

    def key(self, statement: Statement) -> str:
        """A condition's identity: the same text, of names bound alike, goes the same way."""
        test = _test(statement)
        reads = [step for step in statement.steps if isinstance(step, (Read, Access))]
        if not reads or _calls(test):
            return f"at {statement.span.start}"
        names = sorted({step.name for step in reads if isinstance(step, Read)})
        bound = (f"{name}:{self._count(name, statement)}" for name in names)
        return " ".join((cst.Module([]).code_for_node(test), *bound))

    def _count(self, name: str, statement: Statement) -> int:
        """How many bindings of a name stand before a statement."""
        return bisect_left(sorted(self._bound.get(name, ())), statement.steps[0].site)


def decided(statement: Statement, turns: Turns) -> bool | None:
    """Which way a condition goes; None where that is not known.

    Args:
        statement: the if statement.
        turns: the turns of the loops around it.
    """
    names = {
        step.name: number
        for step in statement.steps
        if isinstance(step, Read) and (number := _number(step, turns)) is not None
    }
    value = _evaluate(_test(statement), names)
    return None if value is None else bool(value)


def _is_constant(statement: Statement) -> bool:
    return decided(statement, {}) is not None


def _number(step: Read, turns: Turns) -> Known:
    value = step.value
    if isinstance(value, Constant) and isinstance(value.value, int):
        return int(value.value)
    if isinstance(value, Counter) and value.loop in turns:
        loop, turn = turns[value.loop]
        return None if loop.numbers is None else loop.numbers[turn] + value.offset
    return None


def _test(statement: Statement) -> cst.BaseExpression:
    node = statement.node
    assert isinstance(node, cst.If)
    return node.test


def _calls(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) or any(map(_calls, node.children))


# --- arithmetic -----------------------------------------------------------------------------------


def _evaluate(node: cst.BaseExpression, names: Mapping[str, int]) -> Known:
    """The value of an expression of whole numbers; None where it is not known."""
    if isinstance(node, cst.Integer):
        return whole_number(node)
    if isinstance(node, cst.Name):
        return {"True": 1, "False": 0}.get(node.value, names.get(node.value))
    if isinstance(node, cst.UnaryOperation):
        return _negated(node, _evaluate(node.expression, names))
    if isinstance(node, cst.BooleanOperation):
        left, right = _evaluate(node.left, names), _evaluate(node.right, names)
        return _either(left, right) if isinstance(node.operator, cst.Or) else _both(left, right)
    if isinstance(node, cst.BinaryOperation):
        return _computed(node, _evaluate(node.left, names), _evaluate(node.right, names))
    if isinstance(node, cst.Comparison) and len(node.comparisons) == 1:
        return _compared(node, names)
    return None


def _negated(node: cst.UnaryOperation, value: Known) -> Known:
    if value is None:
        return None
    if isinstance(node.operator, cst.Not):
        return int(not value)
    return -value if isinstance(node.operator, cst.Minus) else None


def _both(left: Known, right: Known) -> Known:
    if left == 0 or right == 0:
        return 0
    return None if left is None or right is None else 1


def _either(left: Known, right: Known) -> Known:
    if left or right:
        return 1
    return None if left is None or right is None else 0


def _computed(node: cst.BinaryOperation, left: Known, right: Known) -> Known:
    if left is None or right is None:
        return None
    kind = type(node.operator)
    compute = _COMPUTED.get(kind) or (_DIVIDED.get(kind) if right else None)
    return None if compute is None else within(compute(left, right))


def _compared(node: cst.Comparison, names: Mapping[str, int]) -> Known:
    left, (part,) = _evaluate(node.left, names), node.comparisons
    if left is None:
        return None
    if isinstance(part.operator, (cst.In, cst.NotIn)):
        members = list(_members(part.comparator, names))
        if not members or any(member is None for member in members):
            return None
        return int((left in members) == isinstance(part.operator, cst.In))
    right, compare = _evaluate(part.comparator, names), _COMPARED.get(type(part.operator))
    return None if right is None or compare is None else int(compare(left, right))


def _members(node: cst.BaseExpression, names: Mapping[str, int]) -> Iterator[Known]:
    if isinstance(node, (cst.Tuple, cst.List, cst.Set)):
        for element in node.elements:
            yield _evaluate(element.value, names)
