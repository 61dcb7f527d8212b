"""Dictionaries of keyword arguments (`**options`), where the call that is given them sees them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.program import Bind, Program
from nnmigrate.spans import Edit, Span

from .calling import Called, is_dict_call, is_plain
from .editing import code_of, expression_of


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


def given(program: Program, call: Called) -> Iterator[tuple[Given, ...]]:
    """The dictionaries that a call is given, as far as they are in view.

    Returns:
        For each of them its literals: several where its name is bound in several places (`if DEBUG:
        options = {...}`, `else: options = {...}`).
    """
    for argument in call.node.args:
        if argument.star != "**" or not isinstance(argument.value, cst.Name):
            continue
        name = argument.value.value
        spans = [bind.expression for bind in _bindings(program, call, name)]
        nodes = [None if span is None else _literal(program.text(span)) for span in spans]
        only = _goes_nowhere_else(program, name, len(spans))
        found = tuple(
            Given(span, frozenset(_keys(node)), only)
            for span, node in zip(spans, nodes, strict=True)
            if span is not None and node is not None
        )
        if len(found) == len(spans):
            yield found


def _bindings(program: Program, call: Called, name: str) -> tuple[Bind, ...]:
    """What binds a name; nothing where it is bound otherwise than by assignments."""
    scope = call.scope if name in call.scope.bindings else program.scopes[0]
    bound = scope.bindings.get(name, ())
    return bound if all(bind.how == "assign" for bind in bound) else ()


def _literal(text: str) -> cst.Dict | cst.Call | None:
    node = expression_of(text)
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


def _goes_nowhere_else(program: Program, name: str, bound: int) -> bool:
    """Whether the code speaks of it only where it is bound and where it is given with two stars."""
    code = program.bare
    spoken = len(re.findall(rf"(?<![\w.]){re.escape(name)}\b", code))
    return spoken == bound + len(re.findall(rf"\*\*\s*{re.escape(name)}\b(?!\s*[.\[(])", code))


def without_keys(program: Program, found: Given, gone: Callable[[str], bool]) -> Edit | None:
    """The literal without some of its keys; None where a value that goes does something."""
    node = _literal(program.text(found.span))
    assert node is not None
    parts = list(node.args) if isinstance(node, cst.Call) else list(node.elements)
    left = [one for one in parts if not gone(_key(one))]
    if not all(is_plain(one.value) for one in parts if one not in left):
        return None
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
