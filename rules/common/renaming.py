"""Lets the trace work under a name of its own, which it gives back behind it."""

from __future__ import annotations

from nnmigrate.findings import Fix
from nnmigrate.program import Bind, Read
from nnmigrate.program.joins import is_none
from nnmigrate.program.liveness import reads_free
from nnmigrate.program.values import Constant, Container, Items
from nnmigrate.spans import Edit, Span

from .editing import fresh_name, lines_after, lines_first
from .lost_name import Case, bind_of, common_suite, fix_for, has_save, is_sure, temporary
from .passing import functions_named


def under_another_name(case: Case) -> Fix | None:
    """The trace works under a saved name of its own, and gives it back behind the trace."""
    suite = common_suite(case)
    values = [bind_of(place).value for place in case.lost.every]
    if suite is None or not all(map(has_save, values)) or _read_by_function(case):
        return None
    if not is_sure(case) and not _was_something(case):
        return None
    name = case.lost.name
    own = fresh_name(case.program, temporary(case))
    edits = [Edit(span, own) for span in _occurrences(case)]
    if _needs_start(case):
        edits.append(lines_first(case.program, suite, f"{own} = {name}"))
    if not case.lost.kept:
        edits.append(lines_after(case.program, suite.statements[-1], f"{own}.save()"))
    if case.lost.read:
        edits.append(lines_after(case.program, case.trace.statement, f"{name} = {own}"))
    return fix_for(f"Use another name than `{name}` in the trace", edits, case)


def _needs_start(case: Case) -> bool:
    first = next(p for p in case.body if getattr(p.step, "name", None) == case.lost.name)
    certain = isinstance(first.step, Bind) and first.straight
    return case.lost.before and (not certain or case.lost.needed)


def _was_something(case: Case) -> bool:
    """Whether the value from before the trace is in view and not `None`, which never comes back."""
    start = case.trace.statement.span.start
    binds = case.trace.scope.bindings.get(case.lost.name, ())
    values = [bind.value for bind in binds if bind.span.start < start]
    known = all(isinstance(value, (Constant, Container, Items)) for value in values)
    return bool(values) and known and not any(map(is_none, values))


def in_a_cell(case: Case) -> Fix | None:
    """The trace keeps the value in a list of one item, which may be None and is shared."""
    hows = {bind_of(place).how for place in case.lost.every}
    if not hows <= {"assign", "augment", "for", "unpack"} or _read_by_function(case):
        return None
    if len({place.invoke for place in case.lost.every}) != 1:
        return None
    name = case.lost.name
    own = fresh_name(case.program, temporary(case))
    start = name if case.lost.before else "None"
    edits = [Edit(span, f"{own}[0]") for span in _occurrences(case)]
    edits.append(lines_first(case.program, case.trace.body, f"{own} = [{start}].save()"))
    if case.lost.read:
        edits.append(lines_after(case.program, case.trace.statement, f"{name} = {own}[0]"))
    return fix_for(f"Keep `{name}` in a list that the trace saves", edits, case)


def _occurrences(case: Case) -> list[Span]:
    return sorted(
        {
            place.step.span
            for place in case.body
            if isinstance(place.step, (Read, Bind)) and place.step.name == case.lost.name
        }
    )


def _read_by_function(case: Case) -> bool:
    """Whether a function made or named in the body reads the name: it would not learn the other."""
    named = {place.step.name for place in case.body if isinstance(place.step, Read)}
    functions = functions_named(case.program)
    called = (each for name in named for each in functions.get(name, ()))
    made = (p.statement for p in case.body if p.statement.kind in ("FunctionDef", "ClassDef"))
    return any(
        reads_free(case.program, statement, case.lost.name) for statement in (*made, *called)
    )
