"""Saves a name where it is bound, so that it comes back from the trace."""

from __future__ import annotations

from collections.abc import Sequence

from nnmigrate.findings import Fix
from nnmigrate.program import Remote
from nnmigrate.program.bodies import Placed
from nnmigrate.program.joins import is_none
from nnmigrate.program.values import Container, Items
from nnmigrate.spans import Edit

from .editing import import_of_nnsight, lines_after, movable, saved, saves_by_function
from .lost_name import Case, bind_of, can_be_saved, common_suite, fix_for, has_save, is_sure


def where_bound(case: Case) -> Fix | None:
    """`acts = []` becomes `acts = list().save()`."""
    if not case.fresh:
        return None
    makers = [place for place in case.lost.every if _makes(place)]
    if not makers or any(not _is_covered(case, place, makers) for place in case.lost.binds):
        return None
    if any(is_none(bind_of(place).value) for place in makers):
        return None  # it never comes back
    edits = [Edit(bind_of(p).expression or p.step.span, _saved_maker(case, p)) for p in makers]
    return fix_for(f"Save `{case.lost.name}` where it is made", edits, case)


def _makes(place: Placed) -> bool:
    bind = bind_of(place)
    return bind.how == "assign" and bind.expression is not None and not bind.value.saved


def _is_covered(case: Case, place: Placed, makers: Sequence[Placed]) -> bool:
    """Whether a last binding is a saved one, or extends the object of one."""
    bind = bind_of(place)
    in_place = isinstance(bind.value, (Container, Items)) and bind.value.kind != "tuple"
    return place in makers or bind.value.saved or (bind.how == "augment" and in_place)


def _saved_maker(case: Case, place: Placed) -> str:
    """A maker's text, saved: `list().save()`, as nnsight's own documentation writes it."""
    expression = bind_of(place).expression
    assert expression is not None
    text = case.program.text(expression)
    level = case.trace.kind == "session" and not _in_trace(place)
    if level and saves_by_function(case.program) and case.program.nnsight is not None:
        # At a session's level objects have no `save` before the first trace from 0.6 on.
        return f"{case.program.nnsight}.save({text})"
    return {"[]": "list().save()", "{}": "dict().save()"}.get(text) or saved(
        case.program, expression
    )


def _in_trace(place: Placed) -> bool:
    return any(parent.opens is not None for parent in place.parents)


def behind_binding(case: Case) -> Fix | None:
    """A line `i.save()` behind the last binding."""
    if not case.fresh or any(not can_be_saved(bind_of(place).value) for place in case.lost.every):
        return None
    suite = common_suite(case)
    if suite is None or not is_sure(case):
        return None
    own = not all(has_save(bind_of(place).value) for place in case.lost.binds)
    if own and not saves_by_function(case.program):
        return None
    # A loop over nothing leaves what was there before, which a server does not have.
    if case.trace.remote is not Remote.NO and case.lost.before and not case.lost.every[0].straight:
        return None
    name = case.lost.name
    # Objects of the file's own classes may have a `save` that means something else.
    nnsight, imports = import_of_nnsight(case.program) if own else ("", ())
    line = f"{nnsight}.save({name})" if own else f"{name}.save()"
    edits = [*imports, lines_after(case.program, suite.statements[-1], line)]
    return fix_for(f"Save `{name}` at the end", edits, case)


def at_each_binding(case: Case) -> Fix | None:
    """A line `flag.save()` behind each binding: only one of them may happen."""
    places = case.lost.every
    simple = all(place.statement.kind in ("Assign", "AugAssign") for place in places)
    savable = all(has_save(bind_of(place).value) for place in places)
    statements = dict.fromkeys(place.statement for place in places)
    if not (case.fresh and simple and savable and movable(*statements)) or case.lost.before:
        return None
    name = case.lost.name
    edits = [lines_after(case.program, statement, f"{name}.save()") for statement in statements]
    return fix_for(f"Save `{name}` where it is bound", edits, case)
