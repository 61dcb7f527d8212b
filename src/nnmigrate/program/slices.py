"""Slices of lists of modules, of numbers and of what stands in the text; and in which order."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from nnmigrate.program.iterables import backwards
from nnmigrate.program.literals import whole_number
from nnmigrate.program.values import (
    UNKNOWN,
    Constant,
    Envoy,
    Items,
    Numbers,
    Selected,
    Value,
)


def sliced(value: Value, part: cst.Slice) -> Value:
    """What `value[part]` holds, of modules, numbers and items that are in view."""
    every = tuple(_bound(each) for each in (part.lower, part.upper, part.step))
    known = all(number is not None for _, number in every if _) and every[2] != (True, 0)
    bounds = slice(*(number for _, number in every))
    if isinstance(value, Items):
        return Items(kind=value.kind, items=value.items[bounds]) if known else UNKNOWN
    if isinstance(value, Numbers):
        if value.numbers is not None and known:
            return Items(items=tuple(Constant(value=n) for n in value.numbers[bounds]))
        return _stepped(Numbers(ascending=value.ascending, falling=value.falling), bounds, part)
    if isinstance(value, Envoy):
        return _stepped(Selected(modules=value), bounds, part)
    if isinstance(value, Selected):
        return _stepped(replace(value, whole=False), bounds, part)
    return UNKNOWN


def _stepped(some: Numbers | Selected, bounds: slice, part: cst.Slice) -> Value:
    """What is left of something, in its order or in the opposite one."""
    step = 1 if part.step is None else bounds.step
    if not step:
        return replace(some, ascending=False, falling=False)
    return some if step > 0 else backwards(some)


def _bound(node: cst.BaseExpression | None) -> tuple[bool, int | None]:
    """Whether a bound is given, and the number that it is if that is a literal."""
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        number = _bound(node.expression)[1]
        return True, None if number is None else -number
    if isinstance(node, cst.Integer):
        return True, whole_number(node)
    return node is not None, None
