"""Evaluates literals, operations and conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import libcst as cst

from nnmigrate.patterns import pattern
from nnmigrate.program.guards import guarded, is_guard
from nnmigrate.program.joins import is_none, joined
from nnmigrate.program.literals import whole_number
from nnmigrate.program.steps import Access, Told
from nnmigrate.program.values import (
    UNKNOWN,
    Constant,
    Container,
    Countdown,
    Counter,
    Items,
    Label,
    Traced,
    Value,
    is_traced,
)
from nnmigrate.program.walk import Walk, evaluates
from nnmigrate.program.wholes import take_whole


@evaluates(cst.Integer)
def _integer(walk: Walk, node: cst.Integer) -> Value:
    number = whole_number(node)
    return UNKNOWN if number is None else Constant(value=number)


@evaluates(cst.SimpleString)
def _string(walk: Walk, node: cst.SimpleString) -> Value:
    text = node.value
    plain = text[0] in "'\"" and "\\" not in text and text[1] != text[0]
    # Most strings mean what they look like; Python's own parser would cost ten times as much.
    return Constant(value=text[1:-1] if plain else node.evaluated_value)


@evaluates(cst.Float, cst.Imaginary)
def _literal(walk: Walk, node: cst.CSTNode) -> Value:
    return Constant(value=walk.text(node))


@evaluates(cst.FormattedString)
def _formatted(walk: Walk, node: cst.FormattedString) -> Value:
    values = [walk.evaluate(_plain(part) or part) for part in node.parts]
    if any(map(is_traced, values)):
        return walk.computed(node)
    texts = [part.value for part in node.parts if isinstance(part, cst.FormattedStringText)]
    if len(texts) != len(node.parts) - 1 or any(map(_ESCAPED.search, texts)):
        return UNKNOWN
    for number, value in enumerate(values):
        if isinstance(value, Counter) and not value.offset:
            before, after = texts[:number], texts[number:]
            form = _form(next(p for p in node.parts if not isinstance(p, cst.FormattedStringText)))
            return Label(loop=value.loop, before="".join(before), after="".join(after), form=form)
    return UNKNOWN


_ESCAPED = pattern(r"[\\{}]")


# How a number may be written so that it is told from every other one: `{i:02}`, `{i:3d}`.
_WHOLE = pattern(r"\d{1,2}d?|d")


def _plain(part: cst.BaseFormattedStringContent) -> cst.BaseExpression | None:
    """What a part of a formatted string shows as `str`, or as a whole number, would show it."""
    if not isinstance(part, cst.FormattedStringExpression) or part.conversion or part.equal:
        return None
    return part.expression if not part.format_spec or _form(part) else None


def _form(part: cst.BaseFormattedStringContent) -> str:
    """How a part of a formatted string writes its number."""
    spec = part.format_spec if isinstance(part, cst.FormattedStringExpression) else None
    text = spec[0] if spec and len(spec) == 1 else None
    whole = isinstance(text, cst.FormattedStringText) and _WHOLE.fullmatch(text.value)
    return text.value if isinstance(text, cst.FormattedStringText) and whole else ""


@evaluates(cst.UnaryOperation)
def _unary(walk: Walk, node: cst.UnaryOperation) -> Value:
    value = walk.evaluate(node.expression)
    number = value.value if isinstance(value, Constant) else None
    if isinstance(number, int) and isinstance(node.operator, cst.Minus):
        return Constant(value=-number)
    if isinstance(value, Counter) and isinstance(node.operator, (cst.Minus, cst.BitInvert)):
        return _less(Constant(value=-1 if isinstance(node.operator, cst.BitInvert) else 0), value)
    if isinstance(node.operator, cst.Not):
        take_whole(walk, node.expression, value)
        return UNKNOWN
    return walk.computed(node) if is_traced(value) else UNKNOWN


@evaluates(cst.BinaryOperation, cst.Comparison)
def _operation(walk: Walk, node: cst.BinaryOperation | cst.Comparison) -> Value:
    if isinstance(node, cst.Comparison):
        operands = [node.left, *(part.comparator for part in node.comparisons)]
    else:
        operands = [node.left, node.right]
    values = [walk.evaluate(operand) for operand in operands]
    if _is_identity(node):
        return UNKNOWN
    for operand, value in zip(operands, values, strict=True):
        take_whole(walk, operand, value)
    if any(isinstance(value, Traced) for value in values):
        return walk.computed(node)
    return _arithmetic(node, values)


def _is_identity(node: cst.CSTNode) -> bool:
    """`h is None` asks for no value of the model."""
    return isinstance(node, cst.Comparison) and all(
        isinstance(part.operator, (cst.Is, cst.IsNot)) for part in node.comparisons
    )


def _arithmetic(node: cst.CSTNode, values: Sequence[Value]) -> Value:
    """`[None] * 3` and sums of collections stay collections."""
    for value in values:
        if isinstance(value, (Items, Container)) and isinstance(node, cst.BinaryOperation):
            return Container(kind=value.kind, element=_joined(values))
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, (cst.Add, cst.Subtract)):
        return _moved(values[0], values[1], -1 if isinstance(node.operator, cst.Subtract) else 1)
    return UNKNOWN


def _moved(left: Value, right: Value, sign: int) -> Value:
    """`layer + 1` of a loop's counter, or of a number."""
    if isinstance(left, Constant) and isinstance(right, Counter) and sign == 1:
        left, right = right, left
    if isinstance(right, Counter) and sign == -1 and not isinstance(left, (Counter, Countdown)):
        return _less(left, right)
    if not isinstance(right, Constant) or not isinstance(right.value, int):
        return UNKNOWN
    if isinstance(left, Counter):
        return replace(left, offset=left.offset + sign * right.value)
    if isinstance(left, Countdown):
        return left if left.base is None else replace(left, base=left.base + sign * right.value)
    if isinstance(left, Constant) and isinstance(left.value, int):
        return Constant(value=left.value + sign * right.value)
    return UNKNOWN


def _less(number: Value, counter: Counter) -> Countdown:
    """A number less a loop's counter."""
    known = number.value if isinstance(number, Constant) else None
    base = known - counter.offset if isinstance(known, int) else None
    return Countdown(loop=counter.loop, base=base, falling=counter.ascending)


def _joined(values: Sequence[Value]) -> Value | None:
    """What the items of joined collections are, where they are values of the model."""
    for value in values:
        for item in value.items if isinstance(value, Items) else (value,):
            found = item.element if isinstance(item, Container) else item
            if isinstance(found, Traced):
                return found
    return None


@evaluates(cst.IfExp)
def _conditional(walk: Walk, node: cst.IfExp) -> Value:
    take_whole(walk, node.test, walk.evaluate(node.test))
    with guarded(walk, node.test), walk.collecting() as one:
        body = walk.evaluate(node.body)
    with walk.collecting() as other:
        orelse = walk.evaluate(node.orelse)
    if all(any(isinstance(step, Access) for step in steps) for steps in (one, other)):
        walk.note(Told(walk.site(), walk.span(node), "either", UNKNOWN))
    walk.steps += [*one, *other]
    if is_guard(walk, node):
        walk.note(Told(walk.site(), walk.span(node), "hasattr", orelse))
    value = joined(body, orelse, f"if@{walk.site()}")
    return replace(value, optional=True) if is_none(body) or is_none(orelse) else value


@evaluates(cst.BooleanOperation)
def _boolean(walk: Walk, node: cst.BooleanOperation) -> Value:
    """`a or b` gives one of them: no operation of the model's values."""
    left, right = walk.evaluate(node.left), walk.evaluate(node.right)
    value = joined(left, right, f"either@{walk.site()}")
    return replace(value, optional=True) if is_none(left) or is_none(right) else value


@evaluates(cst.NamedExpr)
def _named(walk: Walk, node: cst.NamedExpr) -> Value:
    value = walk.evaluate(node.value)
    target = cst.ensure_type(node.target, cst.Name)
    walk.bind(target, "walrus", value, walk.positions.whole(node.value))
    return value
