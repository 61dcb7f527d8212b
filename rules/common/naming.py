"""Where a program reads the names of a model's modules, and how it gets those of nnsight 0.4."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.program import Bind, Item, Mutation, Program, Read, Statement, Told
from nnmigrate.program.model import code_only
from nnmigrate.program.steps import flat
from nnmigrate.spans import Edit, Span

from .editing import first_after_prologue, fresh_name, lines_after, lines_before

_OLD = '.removeprefix("model")'
_TARGETS = pattern(
    r"\bfor\s+(?:\w+\s*,\s*\()?\(?\s*(?:(\w+)\s*,\s*)?(\w+)\s*\)*\s+in\s+(?:enumerate)?\(*\s*\Z"
)
_ALL = pattern(r"\A(.*?)\s*\.\s*modules\s*\(\s*\)\Z", re.DOTALL)
_NUMBERED = pattern(r"\b(enumerate|zip|next\(\s*iter)\(\s*([^()]*,\s*)?(list\(\s*)?\Z")
_PICKED = pattern(r"\s*\)*\s*\[\s*-?\d")
_BOUND = pattern(r"(\w+)\s*=\s*(?:list\(|tuple\()?\s*")
_NEW_NAME = pattern(r"""["']model(\.|["'])""")
_READS = pattern(r"\.(output|inputs?)\b")
_SORTED = pattern(r"\b(sorted|set|frozenset|any|all)\(\s*[^()]*\bfor\b[^()]*\bin\s+\Z")


@dataclass(frozen=True)
class Listing:
    """A call of `named_modules()` whose names matter.

    Args:
        span: the call.
        receiver: the characters of what it is called on.
        iterated: a loop or a comprehension goes over it.
        names_only: the modules themselves are not used.
        unordered: nothing can tell in which order they come.
        old: only 0.4 has names such as the code around it speaks of.
        chosen_by_path: what is listed depends on `path`, which has other names as well.
    """

    span: Span
    receiver: str
    iterated: bool
    names_only: bool
    unordered: bool
    old: bool
    chosen_by_path: bool


def listings(program: Program) -> Iterator[Listing]:
    """The calls of `named_modules()` on nnsight's own that give names to code for 0.4."""
    for statement, step in _told(program, "named_modules"):
        text = program.text(step.span)
        found = re.search(r"\.\s*named_modules\s*\((.*)\)\Z", text, re.DOTALL)
        before = program.code[statement.span.start : step.span.start]
        targets = _TARGETS.search(before)
        if found is None or before.rstrip().endswith("len(") or _knows(program, statement, targets):
            continue
        name, module = (targets[1] or "", targets[2]) if targets else ("", "")
        if targets and name and _count(program, statement, name) < 2:
            continue
        # The function that lists in the old order takes no choice of modules.
        names_only = bool(name) and _count(program, statement, module) < 2 and not found[1].strip()
        unordered = targets is not None and _is_unordered(program, statement, before)
        receiver = text[: found.start()].rstrip()
        old = bool(name) and _says_old(program.text(statement.span), name)
        by_path = re.search(r"\.path\b", found[1]) is not None
        yield Listing(step.span, receiver, targets is not None, names_only, unordered, old, by_path)


@dataclass(frozen=True)
class Place:
    """A call of `modules()` whose order matters.

    It is numbered, paired, or asked for one of its modules by a number.

    Args:
        span: the call.
        receiver: the characters of what it is called on.
        named: the module's path is read as well, in a way that is not followed.
    """

    span: Span
    receiver: str
    named: bool


def places(program: Program) -> Iterator[Place]:
    """The calls of `modules()` whose order matters."""
    for statement, step in _told(program, "modules"):
        found = _ALL.search(program.text(step.span))
        text = program.text(statement.span)
        before = text[: step.span.start - statement.span.start]
        behind = text[step.span.end - statement.span.start :]
        numbered = _NUMBERED.search(before) or _PICKED.match(behind)
        picked = _picked(program, statement, before, behind)
        if found is not None and (numbered or picked):
            named = any(program.code.startswith(".path", end) for end in picked)
            yield Place(step.span, found[1], named or ".path" in behind)


def _picked(program: Program, statement: Statement, before: str, behind: str) -> list[int]:
    """Where the items end that are asked for by a number of the name that the list gets."""
    bound = _BOUND.fullmatch(before)
    if bound is None or behind.strip(")"):
        return []
    one = re.compile(rf"(?<![\w.]){bound[1]}\[\s*-?\d+\s*\]")
    return [found.end() for found in one.finditer(program.code, statement.span.end)]


def paths(program: Program) -> Iterator[tuple[Span, bool]]:
    """The readings of `path` of an envoy, that of a loop's variable included.

    With each of them comes whether only 0.4 has such a path as the code speaks of.
    """
    # What a function of the file reads is told at its call, which need not give the path.
    told = ((statement, step.span) for statement, step in _told(program, "path"))
    spans = [each for each in told if program.text(each[1]).endswith("path")]
    for what in ("modules", "named_modules"):
        for statement, step in _told(program, what):
            before = program.code[statement.span.start : step.span.start]
            targets = _TARGETS.search(before)
            if targets is not None and (targets[1] is None) == (what == "modules"):
                spans += [(statement, span) for span in _of_variable(statement, targets[2])]
    for statement, span in dict.fromkeys(spans):
        done = program.code.startswith(".removeprefix(", span.end)
        line = _line(program, statement, span)
        if not done and not _says_new(line):
            yield span, _says_old(line, program.text(span))


def _of_variable(statement: Statement, name: str) -> Iterator[Span]:
    for step in statement.all_steps:
        if isinstance(step, Item) and step.key == "path" and step.path == name:
            yield step.span


def old_names(call: str, *, iterated: bool) -> str:
    """The pairs that a call gives, with the names of 0.4."""
    pairs = f"(n{_OLD}, envoy) for n, envoy in {call}"
    return f"({pairs})" if iterated else f"[{pairs}]"


def helper(program: Program) -> tuple[str, tuple[Edit, ...]]:
    """The name of a function that lists modules as 0.4 did, and the edit that writes it."""
    there = re.search(r"^def (_named_modules\w*)\(envoy\):$", program.code, re.MULTILINE)
    if there is not None:
        return there[1], ()
    name = fresh_name(program, "_named_modules")
    text = (
        f"def {name}(envoy):",
        '    """The modules with the names, and in the order, of nnsight 0.4."""',
        f"    below = [pair for child in envoy._children for pair in {name}(child)]",
        f"    return [(envoy.path{_OLD}, envoy), *below]",
    )
    statements = program.scopes[0].body.statements
    last = _last_import(statements)
    if last is None:
        first = first_after_prologue(program.scopes[0])
        return name, (lines_before(program, first, *text, "", ""),)
    behind = re.match(r"(\r?\n)*", program.code[last.line.end :])
    ending = ("", "")[behind[0].count("\n") if behind else 0 :]
    edit = lines_after(program, last, "\0", "\0", *text, *ending)
    return name, (Edit(edit.span, edit.content.replace("\0", "")),)


def _last_import(statements: tuple[Statement, ...]) -> Statement | None:
    """The last of the imports that a module begins with."""
    kinds = ("Import", "ImportFrom")
    begin = takewhile(
        lambda each: each[1].kind in kinds or (each[0] == 0 and each[1].kind == "Expr"),
        enumerate(statements),
    )
    return next((one for _, one in reversed(list(begin)) if one.kind in kinds), None)


def _told(program: Program, what: str) -> Iterator[tuple[Statement, Told]]:
    """What is told of proved envoys, once each, with the innermost statement that it stands in."""
    seen: set[Span] = set()
    for scope in program.scopes if what in program.code else ():
        for top in scope.body.statements:
            for statement in top.walk():
                for step in flat((*statement.steps, *statement.turn)):
                    if isinstance(step, Told) and step.what == what and step.span not in seen:
                        seen.add(step.span)
                        yield statement, step


def _knows(program: Program, statement: Statement, targets: re.Match[str] | None) -> bool:
    """Whether the code around a call deals with the new names already."""
    text = program.text(statement.span)
    name = targets[1] if targets else None
    return bool(name and f"{name}.removeprefix(" in text) or _says_new(text)


def _says_new(text: str) -> bool:
    return _NEW_NAME.search(text.replace(_OLD, "")) is not None


def _says_old(text: str, name: str) -> bool:
    """Whether a name is compared with one that begins with a dot, or its first character cut off.

    No name of 0.5 begins with a dot, and none is empty.
    """
    made = rf"(?<![\w.]){re.escape(name)}"
    dot = r"""["']\."""
    said = (
        rf"{made}(\.(startswith|lstrip|removeprefix)\(\s*{dot}|\s*[=!]=\s*({dot}|''|\"\")|\[1:\])"
    )
    return re.search(said, text) is not None


def _line(program: Program, statement: Statement, span: Span) -> str:
    """What a simple statement says; of a compound one, the line of the place."""
    if not statement.blocks:
        return program.text(statement.span)
    start = program.code.rfind("\n", 0, span.start) + 1
    end = program.code.find("\n", span.end)
    return program.code[start : end if end >= 0 else len(program.code)]


def _count(program: Program, statement: Statement, name: str) -> int:
    text = program.text(statement.span)
    return len(re.findall(rf"(?<![\w.]){name}\b", text))


def _is_unordered(program: Program, statement: Statement, before: str) -> bool:
    """Whether the order leaves no trace but that of a dictionary's keys."""
    if _SORTED.search(before):
        return True
    if "enumerate(" in before:
        return False
    steps = statement.all_steps
    if statement.kind != "For" or not _READS.search(code_only(program.text(statement.span))):
        return False
    left = any(inner.kind in ("Break", "Return") for inner in statement.walk())
    bound = {step.name for step in steps if isinstance(step, Bind)}
    keyed = all(step.how == "setitem" for step in steps if isinstance(step, Mutation))
    plain = not any(isinstance(step, Bind) and step.how == "augment" for step in steps)
    return keyed and plain and not left and not _read_behind(program, statement, bound)


def _read_behind(program: Program, statement: Statement, names: set[str]) -> bool:
    """Whether a name that a loop binds is read outside of it."""
    return any(
        isinstance(step, Read) and step.name in names and not statement.span.holds(step.span)
        for scope in program.scopes
        for top in scope.body.statements
        for step in top.all_steps
    )
