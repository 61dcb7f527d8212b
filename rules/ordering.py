"""Puts statements that only read into the order in which the model runs its modules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nnmigrate.findings import Applicability, Fix
from nnmigrate.program import (
    Access,
    Bind,
    Collect,
    Compute,
    Item,
    Program,
    Read,
    Repeat,
    Save,
    Statement,
    Step,
    Trace,
)
from nnmigrate.spans import Edit

from .changing import changed_by
from .crossings import trouble
from .editing import lines_before, merged, movable, removed

# What a statement may do that is moved, or that another one is moved across.
_HARMLESS = (Access, Read, Bind, Item, Collect, Compute, Save, Repeat)


def ordering_fix(program: Program, trace: Trace, step: Access) -> Fix | None:
    """Moves the statement of a late access up, to the first place from which it works."""
    if not trace.entered.proved:
        return None
    statements = _suite_of(trace, step)
    index = next((i for i, s in enumerate(statements) if s.span.holds(step.span)), 0)
    late = statements[index] if statements else None
    if late is None or late.blocks or not movable(late):
        return None
    for number in reversed(range(index)):
        if not _may_cross(late, statements[number]):
            return None
        edits = merged(_moved(program, late, statements[number]))
        if _in_order(program, trace, edits):
            return Fix("Read it before the later module", edits, Applicability.SAFE)
    return None


def _suite_of(trace: Trace, step: Access) -> Sequence[Statement]:
    for invoke in trace.invokes:
        if invoke.body.span.holds(step.span):
            return invoke.body.statements
    return ()


def _moved(program: Program, late: Statement, before: Statement) -> Iterator[Edit]:
    yield removed(late)
    yield lines_before(program, before, program.text(late.span))


def _may_cross(late: Statement, other: Statement) -> bool:
    """Whether two statements only read, and neither needs what the other one binds."""
    if other.blocks or not movable(other):
        return False
    if not all(_is_harmless(step) for s in (late, other) for step in s.all_steps):
        return False
    bound, read = _names(other, Bind), _names(other, Read)
    return not (bound & (_names(late, Read) | _names(late, Bind)) or read & _names(late, Bind))


def _is_harmless(step: Step) -> bool:
    return isinstance(step, _HARMLESS) and not (isinstance(step, Access) and step.swap)


def _names(statement: Statement, kind: type[Bind] | type[Read]) -> set[str]:
    return {step.name for step in statement.all_steps if isinstance(step, kind)}


def _in_order(program: Program, trace: Trace, edits: Sequence[Edit]) -> bool:
    """Whether less goes wrong in the changed trace."""
    changed = changed_by(program, trace, edits)
    if changed is None:
        return False
    before, after = trouble(program, trace), trouble(*changed)
    return before is not None and after is not None and after < before
