"""What stands beside a block of steps in an invoke: 0.5 cannot go back to an earlier step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import inf

from nnmigrate.patterns import pattern
from nnmigrate.program import Mutation, Program, Statement, Told, Trace

from .cursors import shown
from .stepping import in_order

Range = tuple[float, float]
_BLOCK = pattern(r"\.\s*(all\s*\(\s*\)|iter\s*\[[^\n]*\])$")
_ITER = pattern(r"iter\s*\[(?P<steps>.*)\]$")


def range_of(block: str) -> Range | None:
    """The first and the last step of `all()` or `iter[...]`, where these are numbers."""
    found = _ITER.match(block)
    if found is None:
        return 0, inf
    steps = found["steps"].replace(" ", "")
    if re.fullmatch(r"\d+", steps):
        return int(steps), int(steps)
    between = re.fullmatch(r"(\d*):(\d*)", steps)
    if between is not None:
        return int(between[1] or 0), int(between[2]) - 1 if between[2] else inf
    several = re.fullmatch(r"\[(\d+(?:,\d+)*),?\]", steps)
    if several is not None:
        numbers = [int(number) for number in several[1].split(",")]
        return min(numbers), max(numbers)
    return None


def block_of(program: Program, statement: Statement) -> str | None:
    """The `all()` or `iter[...]` that a statement asks for, entered or not."""
    for step in statement.steps:
        if isinstance(step, Told) and step.what.removeprefix("tracer.") in ("all", "iter[]"):
            found = _BLOCK.search(program.text(step.span))
            return found[1] if found is not None else None
    return None


def is_entered(statement: Statement) -> bool:
    """Whether a statement enters a block of steps."""
    return statement.opens is not None and statement.opens.kind == "iterate"


def hindrance(
    program: Program, trace: Trace, body: Sequence[Statement], own: Sequence[Statement], block: str
) -> str | None:
    """Why statements of an invoke cannot be a block of steps of its own, if so.

    Args:
        program: the program.
        trace: the trace.
        body: the statements of the invoke.
        own: those that hold the block, neighbours of one another.
        block: `all()` or `iter[...]`.
    """
    if any(access.provider.path == ("generator",) for access in shown(own)):
        return "the generator's own value is there only behind all steps"
    first, last = body.index(own[0]), body.index(own[-1])
    steps = range_of(block)
    for other in (*body[:first], *body[last + 1 :]):
        is_before = other.span.start < own[0].span.start
        for inner in other.walk():
            found = block_of(program, inner)
            if found is None:
                continue
            theirs = range_of(found)
            if is_before and (theirs is None or theirs[0] != theirs[1]):
                return "0.4 never came to a second block behind one of several steps"
            early, late = (theirs, steps) if is_before else (steps, theirs)
            if early is None or late is None or early[1] >= late[0]:
                return "another block of steps stands beside it"
    before = [one for one in body[:first] if not _is_stepped(program, one)]
    if (steps is None or steps[0] == 0) and in_order(trace, [*before, *own]) is False:
        return "what runs later is read before it"
    behind = [one for one in body[last + 1 :] if not _is_stepped(program, one)]
    if any(access.provider.path != ("generator",) for access in shown(behind)):
        return "what is read behind it belongs to the first step"
    return None


def _is_stepped(program: Program, statement: Statement) -> bool:
    return any(block_of(program, inner) is not None for inner in statement.walk())


def grows(program: Program, statement: Statement) -> str | None:
    """A plain collection that a block adds to: once on 0.4, at every step on 0.5."""
    for step in statement.all_steps:
        if isinstance(step, Mutation) and step.how in ("method", "augment"):
            once = step.method not in ("update", "setdefault")
            if once and not _is_of_graph(program, statement, step.base):
                return step.path
    return None


def _is_of_graph(program: Program, statement: Statement, name: str) -> bool:
    """Whether every binding that a name has where it is used makes it by `nnsight.list()` or so.

    A list of Python's own has no `save` on 0.4: where one is saved, it was of the graph.
    """
    around = [one for one in program.scopes if one.body.span.holds(statement.span)]
    # The innermost of the scopes around a statement stands behind the others.
    owner = next((one for one in reversed(around) if name in one.bindings), None)
    scopes = program.scopes if owner is None else (owner,)
    binds = (bind for scope in scopes for bind in scope.bindings.get(name, ()))
    made = [program.text(bind.expression) for bind in binds if bind.expression is not None]
    package = re.escape(program.nnsight or "nnsight")
    made_by = re.compile(
        rf"{package}\.(list|dict|set)\(|(\w+\.)?apply\(\s*(list|dict|set)\b"
        r"|(list|dict|set)\((.*)\)\.save\(\)\Z",
        re.DOTALL,
    )
    return bool(made) and all(made_by.match(text) for text in made)
