"""Calls of nnsight's own methods, and how they are written with other arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program import Made, Program, Scope, Statement
from nnmigrate.program.memory import remembered
from nnmigrate.program.values import Envoy, NnsightModule, Opener, Tracer
from nnmigrate.spans import Edit, Span

from .editing import code_of, expression_of


@dataclass(frozen=True)
class Called:
    """A call that makes a trace, a session, an edit or an invoke.

    Args:
        opener: what it makes.
        span: its characters.
        node: its node, without parentheses around it.
        statement: the statement that it stands in.
        scope: the scope of that.
    """

    opener: Opener
    span: Span
    node: cst.Call
    statement: Statement
    scope: Scope


@remembered
def called(program: Program) -> tuple[Called, ...]:
    """Every such call on what is proved to be nnsight's, in the order of the text."""
    return tuple(_called(program))


def _called(program: Program) -> Iterator[Called]:
    entered = {trace.entered.call for trace in program.traces}
    for scope in program.scopes:
        for statement in scope.body.walk():
            for step in (*statement.steps, *statement.turn):
                if not isinstance(step, Made):
                    continue
                proved = isinstance(step.opener.receiver, (Envoy, Tracer, NnsightModule))
                node = parsed_call(program, step.span)
                if node is not None and (proved or step.span in entered):
                    yield Called(step.opener, step.span, node, statement, scope)


def parsed_call(program: Program, span: Span) -> cst.Call | None:
    """The call that some characters are, without parentheses around it."""
    text = program.text(span)
    known = program.calls.get(span)
    # Over several lines, a part of a tree writes itself with the indent of its own level.
    if known is not None and "\n" not in text and "\r" not in text:
        return known.with_changes(lpar=(), rpar=()) if known.lpar else known
    node = expression_of(text)
    return node if isinstance(node, cst.Call) else None


def keyword_of(argument: cst.Arg) -> str:
    """An argument's keyword; empty where it has none."""
    return argument.keyword.value if argument.keyword is not None else ""


def kept(node: cst.Call, keep: Callable[[cst.Arg], bool]) -> cst.Call:
    """The call with some of its arguments; what ends the list keeps its form."""
    left = [one for one in node.args if keep(one)]
    if left and left[-1] is not node.args[-1]:
        last = node.args[-1]
        left[-1] = left[-1].with_changes(
            comma=last.comma, whitespace_after_arg=last.whitespace_after_arg
        )
    return node.with_changes(args=left)


def with_argument(program: Program, call: Span, argument: str) -> Edit:
    """Gives a call one more argument; a comma behind the last one stays behind the last one."""
    inside = program.code[: call.end - 1].rstrip()
    at = Span(len(inside), len(inside))
    if inside.endswith(","):
        return Edit(at, f" {argument}" if len(inside) == call.end - 1 else f" {argument},")
    return Edit(at, argument if inside.endswith("(") else f", {argument}")


def is_plain(expression: cst.BaseExpression) -> bool:
    """Whether nothing happens when an expression is evaluated: it may be left out."""
    if isinstance(expression, (cst.Attribute, cst.UnaryOperation)):
        inner = expression.value if isinstance(expression, cst.Attribute) else expression.expression
        return is_plain(inner)
    if isinstance(expression, cst.Dict):
        return all(
            isinstance(e, cst.DictElement) and is_plain(e.value) for e in expression.elements
        )
    atoms = (cst.Name, cst.Integer, cst.Float, cst.SimpleString)
    return isinstance(expression, atoms)


def as_keywords(expression: cst.BaseExpression) -> str | None:
    """A dictionary's items as a call's keywords: `a=1, b=2`; `**kw` for what is no literal.

    None where its keys are no names.
    """
    if is_dict_call(expression):
        return ", ".join(argument_text(one) for one in cst.ensure_type(expression, cst.Call).args)
    if not isinstance(expression, cst.Dict):
        return f"**{code_of(expression)}" if is_plain(expression) else None
    return _of_items(expression.elements)


def is_dict_call(expression: cst.BaseExpression) -> bool:
    """Whether it is `dict(a=1, b=2)`."""
    return (
        isinstance(expression, cst.Call)
        and code_of(expression.func) == "dict"
        and all(one.keyword is not None for one in expression.args)
    )


def _of_items(elements: Sequence[cst.BaseDictElement]) -> str | None:
    found = []
    for one in elements:
        if not isinstance(one, cst.DictElement) or not isinstance(one.key, cst.SimpleString):
            return None
        name = one.key.evaluated_value
        if not isinstance(name, str) or not name.isidentifier():
            return None
        found.append(f"{name}={code_of(one.value)}")
    return ", ".join(found)


def argument_text(argument: cst.Arg) -> str:
    """An argument without its comma: `a`, `k=v`."""
    return code_of(argument.with_changes(comma=cst.MaybeSentinel.DEFAULT)).strip()
