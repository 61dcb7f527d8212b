"""Measures expressions, kind by kind: see `measures`."""

from __future__ import annotations

from typing import Any

import libcst as cst

from nnmigrate.program.measures import Measures, Mismatch, measures


@measures(cst.Name, cst.Integer, cst.Float, cst.Imaginary, cst.SimpleString)
def _leaf(m: Measures, node: Any, at: int) -> int:
    value = node.value
    if node.lpar:
        at = m.open(node, at)
        if not m.code.startswith(value, at):
            raise Mismatch
        return m.close(node, at, at + len(value))
    if not m.code.startswith(value, at):
        raise Mismatch
    end = at + len(value)
    m.places[id(node)] = (at, end, m.number)
    return end


@measures(cst.Ellipsis)
def _ellipsis(m: Measures, node: cst.Ellipsis, at: int) -> int:
    start = m.open(node, at)
    return m.close(node, start, start + 3)


@measures(cst.Attribute)
def _attribute(m: Measures, node: cst.Attribute, at: int) -> int:
    start = m.open(node, at) if node.lpar else at
    at = m.comma(node.dot, m.of(node.value, start))
    return m.close(node, start, _leaf(m, node.attr, at))


@measures(cst.Call)
def _call(m: Measures, node: cst.Call, at: int) -> int:
    start = m.open(node, at) if node.lpar else at
    at = m.blank(node.whitespace_after_func, m.of(node.func, start))
    at = m.blank(node.whitespace_before_args, at + 1)
    for argument in node.args:
        at = _argument(m, argument, at)
    return m.close(node, start, at + 1)


@measures(cst.Arg)
def _argument(m: Measures, node: cst.Arg, at: int) -> int:
    start = at
    at = m.blank(node.whitespace_after_star, at + len(node.star))
    if node.keyword is not None:
        at = m.comma(node.equal, _leaf(m, node.keyword, at))
    at = m.of(node.value, at)
    m.places[id(node)] = (start, at, m.number)
    return m.blank(node.whitespace_after_arg, m.comma(node.comma, at))


@measures(cst.Subscript)
def _subscript(m: Measures, node: cst.Subscript, at: int) -> int:
    start = m.open(node, at) if node.lpar else at
    at = m.blank(node.whitespace_after_value, m.of(node.value, start))
    at = m.blank(node.lbracket.whitespace_after, at + 1)
    for element in node.slice:
        first = at
        at = m.of(element.slice, at)
        m.places[id(element)] = (first, at, m.number)
        at = m.comma(element.comma, at)
    return m.close(node, start, m.blank(node.rbracket.whitespace_before, at) + 1)


@measures(cst.Index)
def _index(m: Measures, node: cst.Index, at: int) -> int:
    if node.star is not None:
        at = m.blank(node.whitespace_after_star, at + len(node.star))
    return m.of(node.value, at)


@measures(cst.Slice)
def _slice(m: Measures, node: cst.Slice, at: int) -> int:
    if node.lower is not None:
        at = m.of(node.lower, at)
    at = m.comma(node.first_colon, at)
    if node.upper is not None:
        at = m.of(node.upper, at)
    at = m.comma(node.second_colon, at)
    return at if node.step is None else m.of(node.step, at)


@measures(cst.BinaryOperation, cst.BooleanOperation)
def _binary(m: Measures, node: Any, at: int) -> int:
    start = m.open(node, at) if node.lpar else at
    at = m.of(node.operator, m.of(node.left, start))
    return m.close(node, start, m.of(node.right, at))


@measures(cst.UnaryOperation)
def _unary(m: Measures, node: cst.UnaryOperation, at: int) -> int:
    start = m.open(node, at)
    operator = node.operator
    width = 3 if type(operator) is cst.Not else 1
    at = m.blank(operator.whitespace_after, start + width)
    return m.close(node, start, m.of(node.expression, at))


@measures(cst.Comparison)
def _comparison(m: Measures, node: cst.Comparison, at: int) -> int:
    start = m.open(node, at)
    at = m.of(node.left, start)
    for part in node.comparisons:
        at = m.of(part.comparator, m.of(part.operator, at))
    return m.close(node, start, at)


_OPERATORS: dict[type[cst.CSTNode], int] = {
    **dict.fromkeys((cst.Add, cst.Subtract, cst.Multiply, cst.Divide, cst.Modulo), 1),
    **dict.fromkeys((cst.MatrixMultiply, cst.BitOr, cst.BitAnd, cst.BitXor), 1),
    **dict.fromkeys((cst.LessThan, cst.GreaterThan), 1),
    **dict.fromkeys((cst.Power, cst.FloorDivide, cst.LeftShift, cst.RightShift), 2),
    **dict.fromkeys((cst.Equal, cst.LessThanEqual, cst.GreaterThanEqual), 2),
    **dict.fromkeys((cst.In, cst.Is, cst.Or), 2),
    cst.And: 3,
    **dict.fromkeys((cst.AddAssign, cst.SubtractAssign, cst.MultiplyAssign), 2),
    **dict.fromkeys((cst.DivideAssign, cst.ModuloAssign, cst.MatrixMultiplyAssign), 2),
    **dict.fromkeys((cst.BitOrAssign, cst.BitAndAssign, cst.BitXorAssign), 2),
    **dict.fromkeys((cst.PowerAssign, cst.FloorDivideAssign), 3),
    **dict.fromkeys((cst.LeftShiftAssign, cst.RightShiftAssign), 3),
}


@measures(*_OPERATORS)
def _operator(m: Measures, node: Any, at: int) -> int:
    start = m.blank(node.whitespace_before, at)
    end = start + _OPERATORS[type(node)]
    m.places[id(node)] = (start, end, m.number)
    return m.blank(node.whitespace_after, end)


@measures(cst.List, cst.Tuple, cst.Set, cst.Dict)
def _display(m: Measures, node: Any, at: int) -> int:
    start = m.open(node, at)
    left, right = _brackets(node)
    at = start if left is None else m.blank(left.whitespace_after, start + 1)
    for element in node.elements:
        at = m.of(element, at)
    if right is not None:
        at = m.blank(right.whitespace_before, at) + 1
    return m.close(node, start, at)


def _brackets(node: Any) -> tuple[Any, Any]:
    if isinstance(node, (cst.List, cst.ListComp)):
        return node.lbracket, node.rbracket
    if isinstance(node, (cst.Tuple, cst.GeneratorExp)):
        return None, None
    return node.lbrace, node.rbrace


@measures(cst.Element)
def _element(m: Measures, node: cst.Element, at: int) -> int:
    end = m.of(node.value, at)
    m.places[id(node)] = (at, end, m.number)
    return m.comma(node.comma, end)


@measures(cst.StarredElement)
def _starred(m: Measures, node: cst.StarredElement, at: int) -> int:
    start = m.open(node, at)
    at = m.of(node.value, m.blank(node.whitespace_before_value, start + 1))
    return m.comma(node.comma, m.close(node, start, at))


@measures(cst.DictElement)
def _item(m: Measures, node: cst.DictElement, at: int) -> int:
    start = at
    at = m.blank(node.whitespace_before_colon, m.of(node.key, at))
    at = m.of(node.value, m.blank(node.whitespace_after_colon, at + 1))
    m.places[id(node)] = (start, at, m.number)
    return m.comma(node.comma, at)


@measures(cst.StarredDictElement)
def _spread(m: Measures, node: cst.StarredDictElement, at: int) -> int:
    end = m.of(node.value, m.blank(node.whitespace_before_value, at + 2))
    m.places[id(node)] = (at, end, m.number)
    return m.comma(node.comma, end)


@measures(cst.ListComp, cst.SetComp, cst.GeneratorExp)
def _comprehension(m: Measures, node: Any, at: int) -> int:
    start = m.open(node, at)
    left, right = _brackets(node)
    at = start if left is None else m.blank(left.whitespace_after, start + 1)
    at = _turns(m, node.for_in, m.of(node.elt, at))
    if right is not None:
        at = m.blank(right.whitespace_before, at) + 1
    return m.close(node, start, at)


@measures(cst.DictComp)
def _dictionary(m: Measures, node: cst.DictComp, at: int) -> int:
    start = m.open(node, at)
    at = m.blank(node.lbrace.whitespace_after, start + 1)
    at = m.blank(node.whitespace_before_colon, m.of(node.key, at))
    at = m.of(node.value, m.blank(node.whitespace_after_colon, at + 1))
    at = _turns(m, node.for_in, at)
    return m.close(node, start, m.blank(node.rbrace.whitespace_before, at) + 1)


def _turns(m: Measures, node: cst.CompFor, at: int) -> int:
    at = asynchronous(m, node, m.blank(node.whitespace_before, at))
    at = m.of(node.target, m.blank(node.whitespace_after_for, at + 3))
    at = m.blank(node.whitespace_after_in, m.blank(node.whitespace_before_in, at) + 2)
    at = m.of(node.iter, at)
    for condition in node.ifs:
        at = m.blank(condition.whitespace_before, at) + 2
        at = m.of(condition.test, m.blank(condition.whitespace_before_test, at))
    return at if node.inner_for_in is None else _turns(m, node.inner_for_in, at)


def asynchronous(m: Measures, node: Any, at: int) -> int:
    """The end of a node's `async`, if it has one."""
    word = node.asynchronous
    if word is None:
        return at
    m.places[id(word)] = (at, at + 5, m.number)
    return m.blank(word.whitespace_after, at + 5)


@measures(cst.IfExp)
def _choice(m: Measures, node: cst.IfExp, at: int) -> int:
    start = m.open(node, at)
    at = m.blank(node.whitespace_before_if, m.of(node.body, start)) + 2
    at = m.of(node.test, m.blank(node.whitespace_after_if, at))
    at = m.blank(node.whitespace_before_else, at) + 4
    at = m.of(node.orelse, m.blank(node.whitespace_after_else, at))
    return m.close(node, start, at)


@measures(cst.NamedExpr)
def _walrus(m: Measures, node: cst.NamedExpr, at: int) -> int:
    start = m.open(node, at)
    at = m.blank(node.whitespace_before_walrus, m.of(node.target, start)) + 2
    at = m.of(node.value, m.blank(node.whitespace_after_walrus, at))
    return m.close(node, start, at)


@measures(cst.FormattedString)
def _formatted(m: Measures, node: cst.FormattedString, at: int) -> int:
    start = m.open(node, at)
    at = start + len(node.start)
    for part in node.parts:
        at = m.of(part, at)
    return m.close(node, start, at + len(node.end))


@measures(cst.FormattedStringText)
def _text(m: Measures, node: cst.FormattedStringText, at: int) -> int:
    return at + len(node.value)


@measures(cst.FormattedStringExpression)
def _formatted_value(m: Measures, node: cst.FormattedStringExpression, at: int) -> int:
    at = m.of(node.expression, m.blank(node.whitespace_before_expression, at + 1))
    at = m.blank(node.whitespace_after_expression, m.comma(node.equal, at))
    if node.conversion is not None:
        at += 1 + len(node.conversion)
    if node.format_spec is not None:
        at += 1
        for part in node.format_spec:
            at = m.of(part, at)
    return at + 1


@measures(cst.ConcatenatedString)
def _concatenated(m: Measures, node: cst.ConcatenatedString, at: int) -> int:
    start = m.open(node, at)
    at = m.blank(node.whitespace_between, m.of(node.left, start))
    return m.close(node, start, m.of(node.right, at))


@measures(cst.Lambda)
def _lambda(m: Measures, node: cst.Lambda, at: int) -> int:
    start = m.open(node, at)
    at = m.blank(node.whitespace_after_lambda, start + 6)
    at = m.comma(node.colon, parameters(m, node.params, at))
    return m.close(node, start, m.of(node.body, at))


def parameters(m: Measures, node: cst.Parameters, at: int) -> int:
    """The end of a function's parameters, without parentheses."""
    for one in node.posonly_params:
        at = _parameter(m, one, at)
    if isinstance(node.posonly_ind, cst.ParamSlash):
        slash = node.posonly_ind
        at = m.comma(slash.comma, m.blank(slash.whitespace_after, at + 1))
    for one in node.params:
        at = _parameter(m, one, at)
    if isinstance(node.star_arg, cst.ParamStar):
        at = m.comma(node.star_arg.comma, at + 1)
    elif isinstance(node.star_arg, cst.Param):
        at = _parameter(m, node.star_arg, at)
    for one in node.kwonly_params:
        at = _parameter(m, one, at)
    return at if node.star_kwarg is None else _parameter(m, node.star_kwarg, at)


def _parameter(m: Measures, node: cst.Param, at: int) -> int:
    start = at
    assert isinstance(node.star, str)
    at += len(node.star)
    at = _leaf(m, node.name, m.blank(node.whitespace_after_star, at))
    m.places[id(node)] = (start, at, m.number)
    if node.annotation is not None:
        at = annotation(m, node.annotation, at, 1)
    at = m.comma(node.equal, at)
    if node.default is not None:
        at = m.of(node.default, at)
    return m.blank(node.whitespace_after_param, m.comma(node.comma, at))


def annotation(m: Measures, node: cst.Annotation, at: int, width: int) -> int:
    """The end of an annotation behind a colon or an arrow, `width` characters wide."""
    at = m.blank(node.whitespace_before_indicator, at) + width
    start = m.blank(node.whitespace_after_indicator, at)
    end = m.of(node.annotation, start)
    m.places[id(node)] = (start, end, m.number)
    return end
