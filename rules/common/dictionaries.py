"""Dictionaries of keyword arguments (`**options`), where the call that is given them sees them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program import Bind, Program
from nnmigrate.program.model import code_only
from nnmigrate.spans import Edit, Span

from .calling import Called, is_dict_call
from .editing import code_of


@dataclass(frozen=True)
class Given:
    """A dictionary literal that a call is given with two stars.

    Args:
        span: the literal's characters.
        keys: its keys, where they are literals.
        only: the dictionary goes nowhere but into such calls.
    """

    span: Span
    keys: frozenset[str]
    only: bool


def given(program: Program, call: Called) -> Iterator[Given]:
    """The dictionaries that a call is given, as far as they are in view."""
    for argument in call.node.args:
        if argument.star != "**" or not isinstance(argument.value, cst.Name):
            continue
        bind = _single_binding(program, call, argument.value.value)
        if bind is not None and bind.expression is not None:
            node = _literal(program.text(bind.expression))
            if node is not None:
                only = _goes_nowhere_else(program, argument.value.value)
                yield Given(bind.expression, frozenset(_keys(node)), only)


def _single_binding(program: Program, call: Called, name: str) -> Bind | None:
    scope = call.scope if name in call.scope.bindings else program.scopes[0]
    bound = scope.bindings.get(name, ())
    return bound[0] if len(bound) == 1 and bound[0].how == "assign" else None


def _literal(text: str) -> cst.Dict | cst.Call | None:
    try:
        node = cst.parse_expression(f"({text})")
    except cst.ParserSyntaxError:
        return None
    node = node.with_changes(lpar=node.lpar[1:], rpar=node.rpar[1:])
    if isinstance(node, cst.Dict) or (isinstance(node, cst.Call) and is_dict_call(node)):
        return node
    return None


def _keys(node: cst.Dict | cst.Call) -> Iterator[str]:
    if isinstance(node, cst.Call):
        yield from (one.keyword.value for one in node.args if one.keyword is not None)
        return
    for one in node.elements:
        if isinstance(one, cst.DictElement) and isinstance(one.key, cst.SimpleString):
            yield str(one.key.evaluated_value)


def _goes_nowhere_else(program: Program, name: str) -> bool:
    """Whether the code speaks of it only where it is bound and where it is given with two stars."""
    code = code_only(program.code)
    spoken = len(re.findall(rf"(?<![\w.]){re.escape(name)}\b", code))
    return spoken == 1 + len(re.findall(rf"\*\*\s*{re.escape(name)}\b(?!\s*[.\[(])", code))


def without_keys(program: Program, found: Given, gone: Callable[[str], bool]) -> Edit | None:
    """The literal without some of its keys; None where a value that goes does something."""
    node = _literal(program.text(found.span))
    if node is None:
        return None
    parts = list(node.args) if isinstance(node, cst.Call) else list(node.elements)
    left = [one for one in parts if not gone(_key(one))]
    if left and left[-1] is not parts[-1]:
        left[-1] = left[-1].with_changes(comma=parts[-1].comma)
    name = "args" if isinstance(node, cst.Call) else "elements"
    return Edit(found.span, code_of(node.with_changes(**{name: left})))


def _key(part: cst.CSTNode) -> str:
    if isinstance(part, cst.Arg):
        return part.keyword.value if part.keyword is not None else ""
    if isinstance(part, cst.DictElement) and isinstance(part.key, cst.SimpleString):
        return str(part.key.evaluated_value)
    return ""
