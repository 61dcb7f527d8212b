"""The changes that let a name keep, behind a trace, the value that the trace gives it."""

from __future__ import annotations

from nnmigrate.findings import Fix
from nnmigrate.program import Program, Remote, Trace
from nnmigrate.program.bodies import placed
from nnmigrate.program.survival import Held, Lost

from .editing import movable
from .leaving import is_left
from .lost_name import Case, is_made_by_lambda, is_made_here
from .rebinding import before_trace, behind_trace, beside_invoke, leads
from .renaming import in_a_cell, under_another_name
from .saving import at_each_binding, behind_binding, where_bound


def keeping_fix(program: Program, trace: Trace, lost: Lost) -> Fix | None:
    """The change that keeps a name; None where none is known to be right."""
    if trace.remote is not Remote.NO and (is_made_here(lost) or is_made_by_lambda(program, lost)):
        return None
    if lost.needed and not lost.before:
        return None  # the first turn has nothing that could be passed in
    here = trace.statement
    if trace.body.inline or not movable(here) or is_left(program, here):
        return None
    case = Case(program, trace, lost, placed(program, trace))
    if lost.caught:
        # Nothing that is saved comes back from a trace that fails, and nothing behind it is done.
        return before_trace(case) if leads(case) else None
    if lost.exported:
        return under_another_name(case) or in_a_cell(case)
    if lost.restarts:
        return behind_trace(case) or beside_invoke(case)
    if lost.held is Held.UNSET and not lost.before and not lost.handed:
        return None
    for way in _HANDED if lost.handed and lost.held is Held.UNSET else _WAYS[lost.held]:
        fix = way(case)
        if fix is not None:
            return fix
    return None


# What 0.4 returned without a value nobody could use: any value will do.
_HANDED = (where_bound, behind_binding, at_each_binding)
_WAYS = {
    Held.UNFILLED: (where_bound, behind_trace, under_another_name, in_a_cell),
    Held.COLLECTION: (where_bound, behind_trace, under_another_name, in_a_cell),
    Held.OPAQUE: (where_bound, behind_binding, under_another_name, in_a_cell),
    Held.PLAIN: (
        behind_trace,
        before_trace,
        beside_invoke,
        behind_binding,
        under_another_name,
        at_each_binding,
        in_a_cell,
    ),
    Held.UNSET: (behind_trace, under_another_name, in_a_cell),
}
