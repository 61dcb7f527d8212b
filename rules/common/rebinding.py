"""Moves the statement that binds a name out of the trace."""

from __future__ import annotations

import libcst as cst

from nnmigrate.findings import Fix
from nnmigrate.program import Bind, Read, Save, Statement
from nnmigrate.program.bodies import Placed
from nnmigrate.program.liveness import reads_free
from nnmigrate.program.survival import Held
from nnmigrate.program.values import Value
from nnmigrate.spans import Edit

from .editing import lines_after, lines_before, movable, reindented, removed
from .hoisting import Moving, hoisted, plain
from .lost_name import Case, bind_of, fix_for, temporary


def behind_trace(case: Case) -> Fix | None:
    """`idx += 1` moves behind the trace; of `total += h.sum()` the sum stays in it."""
    moving = []
    for place in case.lost.every:
        bind, statement = bind_of(place), place.statement
        if not place.straight or bind.how not in ("assign", "augment", "import", "delete"):
            return None
        if plain(statement):
            moving.append(Moving(statement))
        elif statement.kind in ("Assign", "AugAssign") and bind.expression is not None:
            moving.append(Moving(statement, bind.expression, _kept(case, bind), temporary(case)))
        else:
            return None
    if any(part.value is not None for part in moving) and not _accumulates(case):
        return None
    moved = hoisted(case.program, case.trace, case.body, moving, set())
    if moved is None:
        return None
    edits = [*moved.edits, lines_after(case.program, case.trace.statement, *moved.lines)]
    return fix_for(f"Bind `{case.lost.name}` behind the trace", edits, case)


def _kept(case: Case, bind: Bind) -> Value:
    """What the right side is: saved, if the whole of it is."""
    saves = [p.step.span for p in case.body if isinstance(p.step, Save)]
    return Value(saved=bind.expression in saves)


def _accumulates(case: Case) -> bool:
    """Whether every binding adds to the value from before."""
    return case.lost.before and all(
        bind_of(place).how == "augment" or _reads_itself(case, place) for place in case.lost.every
    )


def _reads_itself(case: Case, place: Placed) -> bool:
    return any(
        isinstance(other.step, Read) and other.step.name == case.lost.name
        for other in case.body
        if other.statement is place.statement
    )


def before_trace(case: Case) -> Fix | None:
    """`layer = 3` moves before the trace."""
    place = case.lost.every[0]
    statement = place.statement
    if not place.straight or not movable(statement):
        return None
    if not plain(statement) and not _defines(case, statement):
        return None
    if len((place.suites or (case.trace.body,))[-1].statements) == 1:
        return None
    binds = [(p, p.step.name) for p in case.body if isinstance(p.step, Bind)]
    names = list(dict.fromkeys(name for p, name in binds if p.statement is statement))
    again = any(name in names for p, name in binds if p.statement is not statement)
    header = [s.name for s in case.trace.statement.steps if isinstance(s, Read)]
    reads = [(p, p.step) for p in case.body if isinstance(p.step, Read)]
    needed = {step.name for p, step in reads if p.statement is statement}
    earlier = {
        s.name for p, s in reads if p.statement is not statement and s.site < place.step.site
    }
    if again or not earlier.union(header).isdisjoint(names):
        return None
    if not needed.isdisjoint(name for p, name in binds if p.statement is not statement):
        return None
    text = reindented(case.program, statement, case.trace.statement.indent)
    edits = [removed(statement), lines_before(case.program, case.trace.statement, text)]
    said = ", ".join(f"`{name}`" for name in names)
    return fix_for(f"Bind {said} before the trace", edits, case)


def leads(case: Case) -> bool:
    """Whether a name is bound by the plain statements that the body begins with, in this order."""
    for statement in case.trace.body.statements:
        if not plain(statement):
            return False
        if all(place.statement is statement for place in case.lost.every):
            return True
    return False


def _defines(case: Case, statement: Statement) -> bool:
    """Whether a statement makes a function that takes nothing from the trace."""
    node = statement.node
    if not isinstance(node, cst.FunctionDef) or node.decorators or statement.kind != "FunctionDef":
        return False
    if any(not isinstance(step, Bind) for step in statement.steps):
        return False
    bound = {place.step.name for place in case.body if isinstance(place.step, Bind)}
    others = bound - {node.name.value}
    return not any(reads_free(case.program, statement, name) for name in others)


def beside_invoke(case: Case) -> Fix | None:
    """A counter that an invoke bumps is bumped beside the invoke: the next invoke sees it there."""
    edits: list[Edit] = []
    for place in case.lost.every:
        invoke, statement = place.invoke, place.statement
        if invoke is None:
            continue
        inside = place.parents[place.parents.index(invoke) + 1 :]
        alone = len(invoke.blocks[0].statements) == 1
        if inside or alone or not plain(statement) or not movable(statement, invoke):
            return None
        if _needs_invoke(case, statement):
            return None
        text = reindented(case.program, statement, invoke.indent)
        if not _read_in(case, statement.span.end, invoke.span.end):
            edits += (removed(statement), lines_after(case.program, invoke, text))
        elif not _read_in(case, invoke.span.start, statement.span.start):
            edits += (removed(statement), lines_before(case.program, invoke, text))
        else:
            return None
    if not edits or case.lost.held is not Held.PLAIN:
        return None
    return fix_for(f"Bind `{case.lost.name}` beside the invokes", edits, case)


def _needs_invoke(case: Case, statement: Statement) -> bool:
    """Whether a statement reads another name that an invoke binds."""
    binds = (p for p in case.body if isinstance(p.step, Bind) and p.invoke is not None)
    own = {place.step.name for place in binds} - {case.lost.name}  # type: ignore[attr-defined]
    return any(isinstance(step, Read) and step.name in own for step in statement.all_steps)


def _read_in(case: Case, start: int, end: int) -> bool:
    return any(
        isinstance(place.step, Read)
        and place.step.name == case.lost.name
        and start <= place.step.span.start < end
        for place in case.body
    )
