"""Walks statements: their steps, their suites, and what a with statement enters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import libcst as cst

from nnmigrate.program import assignments, imports, withs
from nnmigrate.program.displays import bind_target, element_of, loop_over
from nnmigrate.program.flow import Ways, interrupt, turning
from nnmigrate.program.guards import guarded
from nnmigrate.program.joins import is_none, joined
from nnmigrate.program.model import Block, Entered, Statement
from nnmigrate.program.steps import Bind, Loop, Step
from nnmigrate.program.values import (
    UNKNOWN,
    Constant,
    Envoy,
    Function,
    Instance,
    LocalClass,
    ModelClass,
    Value,
)
from nnmigrate.program.walk import Walk
from nnmigrate.program.wholes import take_whole
from nnmigrate.spans import Span


def walk_suite(walk: Walk, suite: cst.BaseSuite | cst.Module, name: str) -> Block:
    """Walks the statements of a suite, or of a module."""
    if type(suite) is cst.SimpleStatementSuite:
        statements = list(_line(walk, suite))
    else:
        statements = [statement for part in suite.body for statement in _part(walk, part)]
    if statements:
        span = Span(statements[0].span.start, statements[-1].span.end)
        indent = statements[0].indent
    else:
        span, indent = Span(0, 0), ""
    inline = isinstance(suite, cst.SimpleStatementSuite)
    return Block(name, span, indent, tuple(statements), inline)


def _part(walk: Walk, node: cst.CSTNode) -> Iterator[Statement]:
    if isinstance(node, cst.SimpleStatementLine):
        yield from _line(walk, node)
    else:
        yield _compound(walk, node)


def _line(
    walk: Walk, node: cst.SimpleStatementLine | cst.SimpleStatementSuite
) -> Iterator[Statement]:
    """The statements of one line."""
    line = walk.positions.lines(walk.span(node))
    # LibCST's classes are abstract: to ask whether a node is of another one takes long.
    shared = len(node.body) > 1 or type(node) is cst.SimpleStatementSuite
    for small in node.body:
        with walk.collecting() as steps:
            _SIMPLE.get(type(small), _expression)(walk, small)
        yield Statement(
            kind=type(small).__name__,
            span=walk.span(small),
            line=line,
            indent=_indent(walk, line),
            steps=tuple(steps),
            node=small,
            shared=shared,
        )


def _indent(walk: Walk, line: Span) -> str:
    text = line.of(walk.positions.code)
    return text[: len(text) - len(text.lstrip(" \t\f"))]


def _expression(walk: Walk, node: cst.CSTNode) -> None:
    """Statements that only evaluate something: an expression, return, raise, assert."""
    for part in _parts_of(node):
        walk.evaluate(part)


def _parts_of(node: cst.CSTNode) -> list[cst.BaseExpression]:
    parts = (getattr(node, name, None) for name in ("value", "exc", "test", "msg"))
    return [part for part in parts if part is not None and isinstance(part, cst.BaseExpression)]


def _return(walk: Walk, node: cst.Return) -> None:
    value: Value = Constant() if node.value is None else walk.evaluate(node.value)
    before = walk.frame.returned
    if before is not None:
        optional = before.optional or is_none(before) or is_none(value)
        value = replace(joined(before, value, f"return@{walk.site()}"), optional=optional)
    walk.frame.returned = value


def _declare(walk: Walk, node: cst.Global | cst.Nonlocal) -> None:
    names = [item.name.value for item in node.names]
    walk.frame.declared.update(names)
    if isinstance(node, cst.Global):
        walk.frame.globals.update(names)


# --- compound statements --------------------------------------------------------------------------


def _compound(walk: Walk, node: cst.CSTNode) -> Statement:
    walker = _COMPOUND.get(type(node))
    if walker is None:
        return _statement(walk, node, (), ())
    return walker(walk, node)


def _statement(
    walk: Walk,
    node: cst.CSTNode,
    steps: Sequence[Step],
    blocks: Sequence[Block | None],
    *,
    turn: Sequence[Step] = (),
    loop: Loop | None = None,
    opens: Entered | None = None,
    kind: str = "",
) -> Statement:
    span = walk.span(node)
    decorators = getattr(node, "decorators", ())
    if decorators:
        span = Span(walk.span(decorators[0]).start, span.end)
    line = walk.positions.lines(span)
    return Statement(
        kind=kind or type(node).__name__,
        span=span,
        line=line,
        indent=_indent(walk, line),
        steps=tuple(steps),
        node=node,
        turn=tuple(turn),
        blocks=tuple(block for block in blocks if block is not None),
        loop=loop,
        opens=opens,
    )


def _orelse(walk: Walk, node: cst.If | cst.Else | None) -> Block | None:
    if node is None:
        return None
    if isinstance(node, cst.Else):
        return walk_suite(walk, node.body, "orelse")
    chained = _if(walk, node, kind="Elif")
    return Block("orelse", chained.span, chained.indent, (chained,))


def _if(walk: Walk, node: cst.If, kind: str = "") -> Statement:
    with walk.collecting() as steps:
        take_whole(walk, node.test, walk.evaluate(node.test))
    ways = Ways(walk)
    with ways.way(), guarded(walk, node.test):
        body = walk_suite(walk, node.body, "body")
    if _leaves(body):
        ways.drop()
    with ways.way():
        orelse = _orelse(walk, node.orelse)
    if _leaves(orelse):
        ways.drop()
    ways.meet()
    blocks = (body, orelse)
    return _statement(walk, node, steps, blocks, kind=kind)


def _leaves(block: Block | None) -> bool:
    """Whether what stands behind a suite is not reached from it."""
    return block is not None and block.statements[-1].kind in ("Return", "Raise")


def _for(walk: Walk, node: cst.For) -> Statement:
    with walk.collecting() as steps:
        iterable = walk.evaluate(node.iter)
        take_whole(walk, node.iter, iterable)
    loop = loop_over(walk, iterable)
    with turning(walk, loop, node):
        with walk.collecting() as turn:
            bind_target(walk, node.target, element_of(iterable, loop), "for")
        body = walk_suite(walk, node.body, "body")
    blocks = (body, _orelse(walk, node.orelse))
    return _statement(walk, node, steps, blocks, turn=turn, loop=loop)


def _while(walk: Walk, node: cst.While) -> Statement:
    loop = Loop(f"loop{walk.site()}.")
    with turning(walk, loop, node):
        with walk.collecting() as turn:
            take_whole(walk, node.test, walk.evaluate(node.test))
        body = walk_suite(walk, node.body, "body")
    blocks = (body, _orelse(walk, node.orelse))
    return _statement(walk, node, (), blocks, turn=turn, loop=loop)


def _with(walk: Walk, node: cst.With) -> Statement:
    with walk.collecting() as steps:
        entered, contexts = withs.enter(walk, node)
    traces = entered is not None and entered.kind != "session"
    walk.tracing += traces
    body = walk_suite(walk, node.body, "body")
    walk.tracing -= traces
    statement = _statement(walk, node, steps, (body,), opens=entered)
    return replace(statement, contexts=contexts)


def _bound_before_the_end(
    body: Block | None, bound: dict[str, tuple[Value, str]]
) -> dict[str, tuple[Value, str]]:
    """What a suite binds and may still be left behind: its last statement binds, or it raises."""
    if body is None or not body.statements or body.statements[-1].kind != "Assign":
        return bound
    *earlier, last = body.statements
    steps = [step for statement in earlier for step in statement.all_steps]
    before = {step.name for step in steps if isinstance(step, Bind)}
    at_the_end = {step.name for step in last.steps if isinstance(step, Bind)} - before
    return {name: end for name, end in bound.items() if name not in at_the_end}


def _try(walk: Walk, node: cst.Try | cst.TryStar) -> Statement:
    frame = walk.frame
    start = len(frame.log)
    blocks: list[Block | None] = [walk_suite(walk, node.body, "body")]
    bound = frame.undo(start)
    unsure = _bound_before_the_end(blocks[0], bound)
    ways = Ways(walk)
    with walk.collecting() as steps:
        for handler in node.handlers:
            with ways.way():
                interrupt(walk, unsure)
                blocks.append(_handler(walk, handler))
            if _leaves(blocks[-1]):
                ways.drop()
    with ways.way():
        for name, end in bound.items():
            frame.hold(name, *end)
        blocks.append(_orelse(walk, node.orelse))
    ways.meet()
    if node.finalbody is not None:
        blocks.append(walk_suite(walk, node.finalbody.body, "final"))
    return _statement(walk, node, steps, blocks)


def _handler(walk: Walk, node: cst.ExceptHandler | cst.ExceptStarHandler) -> Block:
    if node.type is not None:
        walk.evaluate(node.type)
    if node.name is not None:
        bind_target(walk, node.name.name, UNKNOWN, "except")
    return walk_suite(walk, node.body, "handler")


def _match(walk: Walk, node: cst.Match) -> Statement:
    with walk.collecting() as steps:
        walk.evaluate(node.subject)
    ways = Ways(walk)
    blocks = []
    for case in node.cases:
        with ways.way(), walk.collecting() as bound:
            for name in _captured(case.pattern):
                walk.bind(name, "match", UNKNOWN)
            if case.guard is not None:
                walk.evaluate(case.guard)
            blocks.append(walk_suite(walk, case.body, "case"))
        steps += bound
        if _leaves(blocks[-1]):
            ways.drop()
    with ways.way():
        pass
    ways.meet()
    return _statement(walk, node, steps, blocks)


def _captured(pattern: cst.CSTNode) -> list[cst.Name]:
    """The names that a pattern binds."""
    found: list[cst.Name] = []
    for child in pattern.children:
        found += _captured(child)
    name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
    if isinstance(name, cst.Name):
        found.append(name)
    return found


def _function(walk: Walk, node: cst.FunctionDef) -> Statement:
    with walk.collecting() as steps:
        for decorator in node.decorators:
            walk.evaluate(decorator.decorator)
        _evaluate_defaults(walk, node.params)
        value = Function(node=node, scope=walk.frame.registered)
        walk.bind(node.name, "def", value)
    statement = _statement(walk, node, steps, ())
    if not walk.inlining:
        walk.definitions[id(node)] = statement
        walk.pending.append((value, walk.frame))
    return statement


def _evaluate_defaults(walk: Walk, parameters: cst.Parameters) -> None:
    every = (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params)
    for parameter in every:
        if parameter.default is not None:
            walk.evaluate(parameter.default)


def _class(walk: Walk, node: cst.ClassDef) -> Statement:
    with walk.collecting() as steps:
        for decorator in node.decorators:
            walk.evaluate(decorator.decorator)
        bases = [walk.evaluate(base.value) for base in node.bases]
        wraps = any(isinstance(base, ModelClass) for base in bases)
        name = node.name.value
        walk.bind(node.name, "class", ModelClass(name=name) if wraps else LocalClass(name=name))
    statement = _statement(walk, node, steps, ())
    if not walk.inlining:
        walk.definitions[id(node)] = statement
        if all(isinstance(base, LocalClass) for base in bases):
            walk.facts.closed.add(name)
        walk.facts.bases[name] = tuple(base.name for base in bases if isinstance(base, LocalClass))
        frame = walk.new_frame("class", name, walk.frame)
        frame.instance = Envoy(model="self") if wraps else Instance(name=name)
        with walk.inside(frame), walk.collecting():
            walk.walked.append((frame, walk_suite(walk, node.body, "body"), node))
    return statement


_Simple = Callable[[Walk, Any], None]
_SIMPLE: dict[type[cst.CSTNode], _Simple] = {
    cst.Assign: assignments.assign,
    cst.AnnAssign: assignments.annotate,
    cst.AugAssign: assignments.augment,
    cst.Del: assignments.delete,
    cst.Import: imports.import_modules,
    cst.ImportFrom: imports.import_names,
    cst.Return: _return,
    cst.Global: _declare,
    cst.Nonlocal: _declare,
}

_Compound = Callable[[Walk, Any], Statement]
_COMPOUND: dict[type[cst.CSTNode], _Compound] = {
    cst.If: _if,
    cst.For: _for,
    cst.While: _while,
    cst.With: _with,
    cst.Try: _try,
    cst.TryStar: _try,
    cst.Match: _match,
    cst.FunctionDef: _function,
    cst.ClassDef: _class,
}
