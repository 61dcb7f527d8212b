"""How changes of statements are spelled as edits: what the rules' fixes have in common.

Lines are inserted and removed whole. A statement that shares its line with another one, or stands
on the header's line of its suite, cannot be moved that way: `movable` says so, and the rule then
has no fix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set

import libcst as cst

from nnmigrate.patterns import pattern
from nnmigrate.program import Block, Program, Scope, Statement
from nnmigrate.program.model import STRING_OR_COMMENT
from nnmigrate.schedule.values import Provider
from nnmigrate.spans import Edit, Span


def movable(*statements: Statement) -> bool:
    """Whether each statement has its lines for itself."""
    return not any(statement.shared for statement in statements)


def lines_before(program: Program, statement: Statement, *texts: str) -> Edit:
    """Inserts lines before a statement, with its indentation."""
    start = statement.line.start
    return Edit(Span(start, start), _lines(program, statement.indent, texts))


def lines_after(program: Program, statement: Statement, *texts: str) -> Edit:
    """Inserts lines behind a statement, with its indentation."""
    end = statement.line.end
    text = _lines(program, statement.indent, texts)
    if end and program.code[end - 1] not in "\r\n":
        # The file's last line has no end: the new lines bring one, and leave the new last one
        # without.
        text = program.newline + text.removesuffix(program.newline)
    return Edit(Span(end, end), text)


def lines_first(program: Program, block: Block, *texts: str) -> Edit:
    """Inserts lines at the start of a suite that does not stand on its header's line."""
    return lines_before(program, block.statements[0], *texts)


def _lines(program: Program, indent: str, texts: Iterable[str]) -> str:
    return "".join(f"{indent}{text}{program.newline}" for text in texts)


def removed(statement: Statement) -> Edit:
    """Removes a statement with its lines."""
    return Edit(statement.line, "")


def reindented(program: Program, statement: Statement, indent: str) -> str:
    """A statement's text with its following lines moved along to another indentation."""
    return moved_along(program.text(statement.span), statement.indent, indent)


def moved_along(text: str, old: str, new: str) -> str:
    """A statement's text with its following lines moved from one indentation to another.

    Lines inside a string keep what they have: their blanks are data.
    """
    if "\n" not in text and "\r" not in text:
        return text
    inside = lines_inside_strings(text)
    rows = text.splitlines(keepends=True)
    moved = [rows[0]]
    for number, row in enumerate(rows[1:], 1):
        own = row.startswith(old) and number not in inside
        moved.append(new + row[len(old) :] if own else row)
    return "".join(moved)


def lines_inside_strings(text: str) -> set[int]:
    """The numbers of a text's lines (from 0) that start inside a string."""
    inside: set[int] = set()
    for string in _TRIPLE_QUOTED.finditer(text):
        first = len(text[: string.start()].splitlines()) - 1
        count = len(string.group().splitlines())
        inside.update(range(max(first, 0) + 1, max(first, 0) + count))
    return inside


def indented(program: Program, span: Span, indent: str, unit: str) -> str:
    """Whole lines, indented by one more unit; what stands in a string keeps its blanks."""
    text = program.text(span)
    kept: set[int] = set()
    for literal in STRING_OR_COMMENT.finditer(text):
        first = text.count("\n", 0, literal.start())
        kept.update(range(first + 1, first + 1 + literal.group().count("\n")))
    moved = [
        indent + unit + row[len(indent) :] if row.startswith(indent) and row.strip() else row
        for row in text.split("\n")
    ]
    rows = enumerate(text.split("\n"))
    return "\n".join(row if number in kept else moved[number] for number, row in rows)


def inside_strings(program: Program, statement: Statement) -> set[int]:
    """Where the statement's lines begin that begin inside a string."""
    numbers = lines_inside_strings(program.text(statement.span))
    starts = {}
    at = statement.span.start
    for number, row in enumerate(program.text(statement.span).splitlines(keepends=True)):
        starts[number] = at
        at += len(row)
    return {starts[number] for number in numbers if number in starts}


_TRIPLE_QUOTED = pattern(r'"""(?:\\.|[^\\])*?"""|' + r"'''(?:\\.|[^\\])*?'''", re.DOTALL)


def fresh_name(program: Program, wish: str, taken: Iterable[str] = ()) -> str:
    """A name like `wish` that nothing in the document is called, and none of `taken`."""
    others = taken if isinstance(taken, Set) else set(taken)
    name, number = wish, 2
    while name in program.names or name in others:
        name, number = f"{wish}_{number}", number + 1
    return name


def name_for(provider: Provider) -> str:
    """What to call a module's value: `mlp_output`; `h_input` for `h[1].input`."""
    names = [part for part in provider.path if isinstance(part, str)]
    return "_".join((*names[-1:], provider.point.name.lower()))


def code_of(node: cst.CSTNode) -> str:
    """A node's characters, as they stand in its document."""
    return cst.Module([]).code_for_node(node)


def pattern_of(node: cst.CSTNode) -> str:
    """Finds a node's code where it stands: by itself its lines have no indentation any more."""
    rows = code_of(node).splitlines()
    return r"\r?\n[ \t]*".join(re.escape(row.lstrip(" \t")) for row in rows)


def saves_by_function(program: Program) -> bool:
    """Whether `nnsight.save` may be written: it exists from 0.5.13 (nnsight/__init__.py)."""
    return program.options.target >= (0, 5, 13)


def saved(program: Program, expression: Span) -> str:
    """An expression's text with `.save()` behind it, in parentheses where it needs them.

    Args:
        program: the program that `expression` points into.
        expression: the characters, with the expression's own parentheses.
    """
    text = program.text(expression)
    return f"{text}.save()" if binds_tightly(text) else f"({text}).save()"


def binds_tightly(text: str) -> bool:
    """Whether `.save()` behind an expression's text means the whole expression."""
    try:
        node = cst.parse_expression(text)
    except cst.ParserSyntaxError:
        return False
    if node.lpar:
        return True
    tight = (cst.Name, cst.Attribute, cst.Subscript, cst.Call, cst.List, cst.Dict, cst.Set)
    return isinstance(node, (*tight, cst.ListComp, cst.DictComp, cst.SetComp))


def expression_of(text: str) -> cst.BaseExpression:
    """What an expression's text says; alone a walrus, or what goes over lines, is none.

    Args:
        text: the characters; parentheses of their own stay part of the expression.
    """
    node = cst.parse_expression(f"({text})")
    return node.with_changes(lpar=node.lpar[1:], rpar=node.rpar[1:])


def import_of_nnsight(program: Program) -> tuple[str, tuple[Edit, ...]]:
    """The name of the nnsight package in the document, and the edits that import it."""
    if program.nnsight is not None:
        return program.nnsight, ()
    return import_of(program, "nnsight")


def import_of(program: Program, package: str) -> tuple[str, tuple[Edit, ...]]:
    """The name of a package that the document does not import, and the edits that import it."""
    first = first_after_prologue(program.scopes[0])
    return package, (lines_before(program, first, f"import {package}"),)


def first_after_prologue(module: Scope) -> Statement:
    """The first statement that may have an import before it."""
    statements = module.body.statements
    later = (each for number, each in enumerate(statements) if not _is_prologue(number, each))
    return next(later, statements[-1])


def _is_prologue(number: int, statement: Statement) -> bool:
    """Whether a statement has to come before all imports: the docstring is the first one."""
    future = isinstance(statement.node, cst.ImportFrom) and (
        isinstance(statement.node.module, cst.Name) and statement.node.module.value == "__future__"
    )
    docstring = number == 0 and statement.kind == "Expr"
    return docstring or future or _calls_ipython(statement)


def _calls_ipython(statement: Statement) -> bool:
    """Whether a statement is what `%matplotlib inline` or `!pip install nnsight` stands for."""
    node = statement.node
    return isinstance(node, cst.Expr) and code_of(node).startswith("get_ipython().")


def merged(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """The edits, sorted; insertions at one place become one, in the order in which they come."""
    texts: dict[Span, str] = {}
    for edit in edits:
        texts[edit.span] = texts.get(edit.span, "") + edit.content
    return tuple(sorted(Edit(span, text) for span, text in texts.items()))
