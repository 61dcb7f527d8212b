"""The changes that let a name keep, behind a trace, the value that the trace gives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from nnmigrate.findings import Applicability, Fix
from nnmigrate.program import Bind, Block, Program, Read, Remote, Save, Statement, Trace
from nnmigrate.program.bodies import Placed, placed, straight
from nnmigrate.program.liveness import reads_free
from nnmigrate.program.survival import Held, Lost, is_module, is_none
from nnmigrate.program.values import Constant, Container, Function, Items, LocalClass, Value
from nnmigrate.spans import Edit, Span

from .editing import (
    fresh_name,
    lines_after,
    lines_before,
    lines_first,
    merged,
    movable,
    reindented,
    removed,
    saved,
    saves_by_function,
)
from .hoisting import Moving, hoisted, plain
from .leaving import is_left


@dataclass(frozen=True)
class Case:
    """A lost name with what surrounds it.

    Args:
        program: the program.
        trace: the outermost trace that loses it.
        lost: the name.
        body: what `placed` gives for the trace.
    """

    program: Program
    trace: Trace
    lost: Lost
    body: tuple[Placed, ...]

    @property
    def fresh(self) -> bool:
        """Whether the body may bind the name without having it from before, wherever it runs."""
        return not self.lost.needed and not self.lost.exported


def keeping_fix(program: Program, trace: Trace, lost: Lost) -> Fix | None:
    """The change that keeps a name; None where none is known to be right."""
    here = trace.statement
    if trace.body.inline or not movable(here) or is_left(program, here):
        return None
    case = Case(program, trace, lost, placed(program, trace))
    if lost.exported:
        return _under_another_name(case) or _in_a_cell(case)
    if lost.restarts:
        return _behind_trace(case) or _beside_invoke(case)
    if lost.held is Held.UNSET and not lost.before:
        return None
    for way in _WAYS[lost.held]:
        fix = way(case)
        if fix is not None:
            return fix
    return None


def _fix(message: str, edits: Sequence[Edit] | Iterator[Edit], case: Case) -> Fix:
    # What a function out of view returns, and what 0.4 never computed, is only guessed.
    guessed = case.lost.held in (Held.OPAQUE, Held.UNSET) and not case.lost.kept
    safety = Applicability.UNSAFE if guessed else Applicability.SAFE
    return Fix(message, merged(edits), safety)


# --- saving what is bound -------------------------------------------------------------------------


def _where_bound(case: Case) -> Fix | None:
    """`acts = []` becomes `acts = list().save()`."""
    if not case.fresh:
        return None
    makers = [place for place in case.lost.every if _makes(place)]
    if not makers or any(not _is_covered(case, place, makers) for place in case.lost.binds):
        return None
    edits = [Edit(_bind(p).expression or p.step.span, _saved_maker(case, p)) for p in makers]
    return _fix(f"Save `{case.lost.name}` where it is made", edits, case)


def _makes(place: Placed) -> bool:
    bind = _bind(place)
    return bind.how == "assign" and bind.expression is not None and not bind.value.saved


def _is_covered(case: Case, place: Placed, makers: Sequence[Placed]) -> bool:
    """Whether a last binding is a saved one, or extends the object of one."""
    bind = _bind(place)
    in_place = isinstance(bind.value, (Container, Items)) and bind.value.kind != "tuple"
    return place in makers or bind.value.saved or (bind.how == "augment" and in_place)


def _saved_maker(case: Case, place: Placed) -> str:
    """A maker's text, saved: `list().save()`, as nnsight's own documentation writes it."""
    expression = _bind(place).expression
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


def _behind_binding(case: Case) -> Fix | None:
    """A line `i.save()` behind the last binding."""
    if not case.fresh or any(not _can_be_saved(_bind(place).value) for place in case.lost.every):
        return None
    suite = _common_suite(case)
    if suite is None or not _sure(case):
        return None
    # A loop over nothing leaves what was there before, which a server does not have.
    if case.trace.remote is not Remote.NO and case.lost.before and not case.lost.every[0].straight:
        return None
    name = case.lost.name
    edit = lines_after(case.program, suite.statements[-1], f"{name}.save()")
    return _fix(f"Save `{name}` at the end", [edit], case)


def _can_be_saved(value: Value) -> bool:
    # A function made in the trace cannot travel, and a class has no `save` of its own.
    return not (is_none(value) or is_module(value) or isinstance(value, (Function, LocalClass)))


def _common_suite(case: Case) -> Block | None:
    """The suite at whose end the name has its last value; None where invokes share the name.

    Every time that the suite is run, the name gets a value there, or has one from before.
    """
    if len({place.invoke for place in case.lost.every}) != 1:
        return None
    first = case.lost.every[0]
    start = first.parents.index(first.invoke) + 1 if first.invoke is not None else 0
    inside = range(start, len(first.parents))
    numbers = (n for n in inside if not straight((first.parents[n],)))
    number = next(numbers, len(first.parents))
    suite = first.suites[number - 1] if number else case.trace.body
    ends = suite.statements[-1]
    return None if ends.shared or ends.kind in ("Return", "Break", "Continue") else suite


def _sure(case: Case) -> bool:
    """Whether the name surely has a value at the end of that suite, a loop over nothing aside."""
    first = case.lost.every[0]
    return all(straight((parent,)) or parent.kind == "For" for parent in first.parents)


def _at_each_binding(case: Case) -> Fix | None:
    """A line `flag.save()` behind each binding: only one of them may happen."""
    places = case.lost.every
    simple = all(place.statement.kind in ("Assign", "AugAssign") for place in places)
    savable = all(_can_be_saved(_bind(place).value) for place in places)
    statements = dict.fromkeys(place.statement for place in places)
    if not (case.fresh and simple and savable and movable(*statements)) or case.lost.before:
        return None
    name = case.lost.name
    edits = [lines_after(case.program, statement, f"{name}.save()") for statement in statements]
    return _fix(f"Save `{name}` where it is bound", edits, case)


# --- moving the statement -------------------------------------------------------------------------


def _behind_trace(case: Case) -> Fix | None:
    """`idx += 1` moves behind the trace; of `total += h.sum()` the sum stays in it."""
    moving = []
    for place in case.lost.every:
        bind, statement = _bind(place), place.statement
        if not place.straight or bind.how not in ("assign", "augment", "import"):
            return None
        if plain(statement):
            moving.append(Moving(statement))
        elif statement.kind in ("Assign", "AugAssign") and bind.expression is not None:
            moving.append(Moving(statement, bind.expression, _kept(case, bind), _temporary(case)))
        else:
            return None
    if any(part.value is not None for part in moving) and not _accumulates(case):
        return None
    moved = hoisted(case.program, case.trace, case.body, moving, set())
    if moved is None:
        return None
    edits = [*moved.edits, lines_after(case.program, case.trace.statement, *moved.lines)]
    return _fix(f"Bind `{case.lost.name}` behind the trace", edits, case)


def _kept(case: Case, bind: Bind) -> Value:
    """What the right side is: saved, if the whole of it is."""
    saves = [p.step.span for p in case.body if isinstance(p.step, Save)]
    return Value(saved=bind.expression in saves)


def _accumulates(case: Case) -> bool:
    """Whether every binding adds to the value from before."""
    return case.lost.before and all(
        _bind(place).how == "augment" or _reads_itself(case, place) for place in case.lost.every
    )


def _reads_itself(case: Case, place: Placed) -> bool:
    return any(
        isinstance(other.step, Read) and other.step.name == case.lost.name
        for other in case.body
        if other.statement is place.statement
    )


def _before_trace(case: Case) -> Fix | None:
    """`layer = 3` moves before the trace."""
    (place, *others), name = case.lost.every, case.lost.name
    statement = place.statement
    if others or not place.straight or not movable(statement):
        return None
    if not plain(statement) and not _defines(case, statement):
        return None
    if len((place.suites or (case.trace.body,))[-1].statements) == 1:
        return None
    bound = {p.step.name for p in case.body if isinstance(p.step, Bind)} - {name}
    header = [s.name for s in case.trace.statement.steps if isinstance(s, Read)]
    early = [p for p in case.body if isinstance(p.step, Read) and p.step.site < place.step.site]
    reads = [p.step.name for p in early if p.statement is statement]  # type: ignore[attr-defined]
    elsewhere = any(p.step.name == name for p in early if p.statement is not statement)  # type: ignore[attr-defined]
    several = len({p.step.name for p in case.body if _binds_in(p, statement)}) > 1  # type: ignore[attr-defined]
    if name in header or elsewhere or several or bound.intersection(reads):
        return None
    text = reindented(case.program, statement, case.trace.statement.indent)
    edits = [removed(statement), lines_before(case.program, case.trace.statement, text)]
    return _fix(f"Bind `{name}` before the trace", edits, case)


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


def _binds_in(place: Placed, statement: Statement) -> bool:
    return place.statement is statement and isinstance(place.step, Bind)


def _beside_invoke(case: Case) -> Fix | None:
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
        text = reindented(case.program, statement, invoke.indent)
        if not _read_in(case, invoke, statement.span.end, invoke.span.end):
            edits += (removed(statement), lines_after(case.program, invoke, text))
        elif not _read_in(case, invoke, invoke.span.start, statement.span.start):
            edits += (removed(statement), lines_before(case.program, invoke, text))
        else:
            return None
    if not edits or case.lost.held is not Held.PLAIN:
        return None
    return _fix(f"Bind `{case.lost.name}` beside the invokes", edits, case)


def _read_in(case: Case, invoke: Statement, start: int, end: int) -> bool:
    return any(
        isinstance(place.step, Read)
        and place.step.name == case.lost.name
        and start <= place.step.span.start < end
        for place in case.body
        if place.invoke is invoke or place.statement is invoke
    )


# --- another name ---------------------------------------------------------------------------------


def _under_another_name(case: Case) -> Fix | None:
    """The trace works under a saved name of its own, and gives it back behind the trace."""
    suite = _common_suite(case)
    values = [_bind(place).value for place in case.lost.every]
    if suite is None or not all(map(_can_be_saved, values)) or _read_by_function(case):
        return None
    if not _sure(case) and not _was_something(case):
        return None
    name = case.lost.name
    own = fresh_name(case.program, _temporary(case))
    edits = [Edit(span, own) for span in _occurrences(case)]
    if _needs_start(case):
        edits.append(lines_first(case.program, suite, f"{own} = {name}"))
    if not case.lost.kept:
        edits.append(lines_after(case.program, suite.statements[-1], f"{own}.save()"))
    if case.lost.read:
        edits.append(lines_after(case.program, case.trace.statement, f"{name} = {own}"))
    return _fix(f"Use another name than `{name}` in the trace", edits, case)


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


def _in_a_cell(case: Case) -> Fix | None:
    """The trace keeps the value in a list of one item, which may be None and is shared."""
    hows = {_bind(place).how for place in case.lost.every}
    if not hows <= {"assign", "augment", "for", "unpack"} or _read_by_function(case):
        return None
    if len({place.invoke for place in case.lost.every}) != 1:
        return None
    name = case.lost.name
    own = fresh_name(case.program, _temporary(case))
    start = name if case.lost.before else "None"
    edits = [Edit(span, f"{own}[0]") for span in _occurrences(case)]
    edits.append(lines_first(case.program, case.trace.body, f"{own} = [{start}].save()"))
    if case.lost.read:
        edits.append(lines_after(case.program, case.trace.statement, f"{name} = {own}[0]"))
    return _fix(f"Keep `{name}` in a list that the trace saves", edits, case)


def _occurrences(case: Case) -> list[Span]:
    return sorted(
        {
            place.step.span
            for place in case.body
            if isinstance(place.step, (Read, Bind)) and place.step.name == case.lost.name
        }
    )


def _read_by_function(case: Case) -> bool:
    """Whether a function made in the body reads the name: it would not learn the other one."""
    definitions = (
        p.statement for p in case.body if p.statement.kind in ("FunctionDef", "ClassDef")
    )
    return any(reads_free(case.program, statement, case.lost.name) for statement in definitions)


def _temporary(case: Case) -> str:
    return f"_{case.lost.name.lstrip('_')}"


def _bind(place: Placed) -> Bind:
    assert isinstance(place.step, Bind)
    return place.step


_WAYS = {
    Held.COLLECTION: (_where_bound, _behind_trace, _under_another_name, _in_a_cell),
    Held.OPAQUE: (_where_bound, _behind_binding, _under_another_name, _in_a_cell),
    Held.PLAIN: (
        _behind_trace,
        _before_trace,
        _beside_invoke,
        _behind_binding,
        _under_another_name,
        _at_each_binding,
        _in_a_cell,
    ),
    Held.UNSET: (_behind_trace, _under_another_name, _in_a_cell),
}
