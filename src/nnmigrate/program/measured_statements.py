"""Measures statements, kind by kind: see `measures`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import libcst as cst

from nnmigrate.program.measured_expressions import annotation, asynchronous, parameters
from nnmigrate.program.measures import Measures, measures


@measures(cst.Module)
def _module(m: Measures, node: cst.Module, at: int) -> int:
    at = m.empty_lines(node.header, at)
    for statement in node.body:
        at = m.of(statement, at)
    at = m.empty_lines(node.footer, at)
    if not node.has_trailing_newline:
        # The last line end is one that the parser has put there.
        at -= m.line_end
    return at


# --- lines ----------------------------------------------------------------------------------------


@measures(cst.SimpleStatementLine)
def _line(m: Measures, node: cst.SimpleStatementLine, at: int) -> int:
    return _small(m, node, m.begin_line(node.leading_lines, at))


@measures(cst.SimpleStatementSuite)
def _suite(m: Measures, node: cst.SimpleStatementSuite, at: int) -> int:
    return _small(m, node, m.blank(node.leading_whitespace, at))


def _small(m: Measures, node: Any, at: int) -> int:
    """Statements on one line; their common end is where the last one ends, not its semicolon."""
    start = end = at
    for statement in node.body:
        at = m.of(statement, at)
        end = m.places[id(statement)][1]
    m.places[id(node)] = (start, end, m.number)
    return m.rest_of_line(node.trailing_whitespace, at)


def _done(m: Measures, node: Any, start: int, at: int) -> int:
    """Notes down a small statement; the end of its semicolon, if it has one."""
    m.places[id(node)] = (start, at, m.number)
    return m.comma(node.semicolon, at)


@measures(cst.Expr)
def _expression(m: Measures, node: cst.Expr, at: int) -> int:
    return _done(m, node, at, m.of(node.value, at))


@measures(cst.Assign)
def _assign(m: Measures, node: cst.Assign, at: int) -> int:
    start = at
    for target in node.targets:
        first = at
        at = m.of(target.target, at)
        m.places[id(target)] = (first, at, m.number)
        at = m.blank(target.whitespace_before_equal, at) + 1
        at = m.blank(target.whitespace_after_equal, at)
    return _done(m, node, start, m.of(node.value, at))


@measures(cst.AnnAssign)
def _annotated(m: Measures, node: cst.AnnAssign, at: int) -> int:
    start = at
    at = annotation(m, node.annotation, m.of(node.target, at), 1)
    at = m.comma(node.equal, at)
    if node.value is not None:
        at = m.of(node.value, at)
    return _done(m, node, start, at)


@measures(cst.AugAssign)
def _augmented(m: Measures, node: cst.AugAssign, at: int) -> int:
    end = m.of(node.value, m.of(node.operator, m.of(node.target, at)))
    return _done(m, node, at, end)


@measures(cst.Return)
def _return(m: Measures, node: cst.Return, at: int) -> int:
    end = m.blank(node.whitespace_after_return, at + 6)
    if node.value is not None:
        end = m.of(node.value, end)
    return _done(m, node, at, end)


_WORDS: dict[type[cst.CSTNode], int] = {cst.Pass: 4, cst.Break: 5, cst.Continue: 8}


@measures(*_WORDS)
def _word(m: Measures, node: Any, at: int) -> int:
    return _done(m, node, at, at + _WORDS[type(node)])


@measures(cst.Del)
def _delete(m: Measures, node: cst.Del, at: int) -> int:
    return _done(m, node, at, m.of(node.target, m.blank(node.whitespace_after_del, at + 3)))


@measures(cst.Assert)
def _assert(m: Measures, node: cst.Assert, at: int) -> int:
    end = m.of(node.test, m.blank(node.whitespace_after_assert, at + 6))
    end = m.comma(node.comma, end)
    if node.msg is not None:
        end = m.of(node.msg, end)
    return _done(m, node, at, end)


@measures(cst.Raise)
def _raise(m: Measures, node: cst.Raise, at: int) -> int:
    end = m.blank(node.whitespace_after_raise, at + 5)
    if node.exc is not None:
        end = m.of(node.exc, end)
    cause = node.cause
    if cause is not None:
        start = m.blank(cause.whitespace_before_from, end)
        end = m.of(cause.item, m.blank(cause.whitespace_after_from, start + 4))
        m.places[id(cause)] = (start, end, m.number)
    return _done(m, node, at, end)


@measures(cst.Import)
def _import(m: Measures, node: cst.Import, at: int) -> int:
    end = _imported(m, node.names, m.blank(node.whitespace_after_import, at + 6))
    return _done(m, node, at, end)


@measures(cst.ImportFrom)
def _import_from(m: Measures, node: cst.ImportFrom, at: int) -> int:
    start, names = at, node.names
    at = m.blank(node.whitespace_after_from, at + 4)
    for dot in node.relative:
        at = m.comma(dot, at)
    if node.module is not None:
        at = m.of(node.module, at)
    at = m.blank(node.whitespace_before_import, at) + 6
    at = m.blank(node.whitespace_after_import, at)
    if node.lpar is not None:
        at = m.blank(node.lpar.whitespace_after, at + 1)
    at = end = at + 1 if isinstance(names, cst.ImportStar) else _imported(m, names, at)
    if node.rpar is not None:
        at = end = m.blank(node.rpar.whitespace_before, at) + 1
    elif not isinstance(names, cst.ImportStar):
        end = m.places[id(names[-1])][1]
    m.places[id(node)] = (start, end, m.number)
    return m.comma(node.semicolon, at)


def _imported(m: Measures, names: Sequence[cst.ImportAlias], at: int) -> int:
    for one in names:
        at = m.comma(one.comma, _named(m, one, one.name, at))
    return at


def _named(m: Measures, node: Any, what: cst.CSTNode, at: int) -> int:
    """Something that may be bound behind `as`."""
    end = m.of(what, at)
    if node.asname is not None:
        end = _as_name(m, node.asname, end)
    m.places[id(node)] = (at, end, m.number)
    return end


def _as_name(m: Measures, node: cst.AsName, at: int) -> int:
    at = m.blank(node.whitespace_before_as, at) + 2
    return m.of(node.name, m.blank(node.whitespace_after_as, at))


# --- compound statements --------------------------------------------------------------------------


@measures(cst.IndentedBlock)
def _block(m: Measures, node: cst.IndentedBlock, at: int) -> int:
    at = m.rest_of_line(node.header, at)
    m.indents.append(m.indent if node.indent is None else node.indent)
    for statement in node.body:
        at = m.of(statement, at)
    body = node.body
    m.places[id(node)] = (m.places[id(body[0])][0], m.places[id(body[-1])][1], m.number)
    at = m.empty_lines(node.footer, at)
    m.indents.pop()
    return at


def _body(m: Measures, node: Any, start: int, at: int) -> int:
    """The colon and the suite of a compound statement; it ends where the suite does."""
    at = m.of(node.body, at + 1)
    m.places[id(node)] = (start, m.places[id(node.body)][1], m.number)
    return at


def _rest(m: Measures, node: Any, start: int, at: int, rest: cst.CSTNode | None) -> int:
    """What follows a suite; the statement ends where that does."""
    if rest is None:
        return at
    at = _condition(m, rest, at, 4) if isinstance(rest, cst.If) else m.of(rest, at)
    m.places[id(node)] = (start, m.places[id(rest)][1], m.number)
    return at


@measures(cst.If)
def _if(m: Measures, node: cst.If, at: int) -> int:
    return _condition(m, node, at, 2)


def _condition(m: Measures, node: cst.If, at: int, width: int) -> int:
    start = m.begin_line(node.leading_lines, at)
    at = m.of(node.test, m.blank(node.whitespace_before_test, start + width))
    at = _body(m, node, start, m.blank(node.whitespace_after_test, at))
    return _rest(m, node, start, at, node.orelse)


@measures(cst.Else, cst.Finally)
def _else(m: Measures, node: Any, at: int) -> int:
    start = m.begin_line(node.leading_lines, at)
    width = 4 if isinstance(node, cst.Else) else 7
    return _body(m, node, start, m.blank(node.whitespace_before_colon, start + width))


@measures(cst.For)
def _for(m: Measures, node: cst.For, at: int) -> int:
    start = m.begin_line(node.leading_lines, at)
    at = asynchronous(m, node, start) + 3
    at = m.of(node.target, m.blank(node.whitespace_after_for, at))
    at = m.blank(node.whitespace_after_in, m.blank(node.whitespace_before_in, at) + 2)
    at = m.blank(node.whitespace_before_colon, m.of(node.iter, at))
    return _rest(m, node, start, _body(m, node, start, at), node.orelse)


@measures(cst.While)
def _while(m: Measures, node: cst.While, at: int) -> int:
    start = m.begin_line(node.leading_lines, at)
    at = m.of(node.test, m.blank(node.whitespace_after_while, start + 5))
    at = _body(m, node, start, m.blank(node.whitespace_before_colon, at))
    return _rest(m, node, start, at, node.orelse)


@measures(cst.With)
def _with(m: Measures, node: cst.With, at: int) -> int:
    start = m.begin_line(node.leading_lines, at)
    at = m.blank(node.whitespace_after_with, asynchronous(m, node, start) + 4)
    if isinstance(node.lpar, cst.LeftParen):
        m.lefts.append(at)
        at = m.blank(node.lpar.whitespace_after, at + 1)
    for one in node.items:
        at = m.comma(one.comma, _named(m, one, one.item, at))
    if isinstance(node.rpar, cst.RightParen):
        at = m.blank(node.rpar.whitespace_before, at)
        m.rights.append(at)
        at += 1
    return _body(m, node, start, m.blank(node.whitespace_before_colon, at))


@measures(cst.Try)
def _try(m: Measures, node: cst.Try, at: int) -> int:
    start = m.begin_line(node.leading_lines, at)
    at = _body(m, node, start, m.blank(node.whitespace_before_colon, start + 3))
    for handler in node.handlers:
        at = _rest(m, node, start, at, handler)
    at = _rest(m, node, start, at, node.orelse)
    return _rest(m, node, start, at, node.finalbody)


@measures(cst.ExceptHandler)
def _handler(m: Measures, node: cst.ExceptHandler, at: int) -> int:
    start = m.begin_line(node.leading_lines, at)
    at = m.blank(node.whitespace_after_except, start + 6)
    if node.type is not None:
        at = m.of(node.type, at)
    if node.name is not None:
        at = _as_name(m, node.name, at)
    return _body(m, node, start, m.blank(node.whitespace_before_colon, at))


@measures(cst.FunctionDef)
def _function(m: Measures, node: cst.FunctionDef, at: int) -> int:
    start = m.begin_line(node.lines_after_decorators, _decorated(m, node, at))
    at = m.blank(node.whitespace_after_def, asynchronous(m, node, start) + 3)
    at = m.blank(node.whitespace_after_name, m.of(node.name, at))
    if node.type_parameters is not None:
        at = m.other(node.type_parameters, at)
    at = m.blank(node.whitespace_after_type_parameters, at) + 1
    at = parameters(m, node.params, m.blank(node.whitespace_before_params, at)) + 1
    if node.returns is not None:
        at = annotation(m, node.returns, at, 2)
    return _body(m, node, start, m.blank(node.whitespace_before_colon, at))


@measures(cst.ClassDef)
def _class(m: Measures, node: cst.ClassDef, at: int) -> int:
    start = m.begin_line(node.lines_after_decorators, _decorated(m, node, at))
    at = m.of(node.name, m.blank(node.whitespace_after_class, start + 5))
    at = m.blank(node.whitespace_after_name, at)
    if node.type_parameters is not None:
        at = m.other(node.type_parameters, at)
    at = m.blank(node.whitespace_after_type_parameters, at)
    if isinstance(node.lpar, cst.LeftParen):
        at = m.blank(node.lpar.whitespace_after, at + 1)
    for argument in (*node.bases, *node.keywords):
        at = m.of(argument, at)
    if isinstance(node.rpar, cst.RightParen):
        at = m.blank(node.rpar.whitespace_before, at) + 1
    return _body(m, node, start, m.blank(node.whitespace_before_colon, at))


def _decorated(m: Measures, node: Any, at: int) -> int:
    at = m.empty_lines(node.leading_lines, at)
    for decorator in node.decorators:
        start = m.begin_line(decorator.leading_lines, at)
        at = m.of(decorator.decorator, m.blank(decorator.whitespace_after_at, start + 1))
        m.places[id(decorator)] = (start, at, m.number)
        at = m.rest_of_line(decorator.trailing_whitespace, at)
    return at
