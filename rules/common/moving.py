"""Moves statements that stand beside the invokes to where their values are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nnmigrate.findings import Applicability, Fix
from nnmigrate.program import (
    Access,
    Bind,
    Invoke,
    Mutation,
    Program,
    Read,
    Save,
    Statement,
    Step,
    Told,
    Trace,
    Write,
)
from nnmigrate.program.memory import remembered
from nnmigrate.program.values import Constant
from nnmigrate.schedule import Effect
from nnmigrate.spans import Edit, Span, apply_edits

from .beside import Beside, beside_invokes, opens_invoke
from .changing import Changed, Edits, Tries, tried
from .crossings import crossings, given_back_otherwise
from .editing import (
    binds_tightly,
    lines_after,
    lines_before,
    merged,
    movable,
    moved_along,
    reindented,
    removed,
    saved,
)
from .helpers import calls_helper
from .leaving import leaving_fix, leaving_statements


class Stays(Exception):
    """The statements cannot be moved; the message says why."""


@remembered
def misplaced(program: Program, trace: Trace) -> tuple[Beside, ...]:
    """What stands beside the invokes of a trace that uses their values.

    Not what NNS302 moves behind the trace: what that needs is there then.
    """
    found = beside_invokes(trace)
    return tuple(each for each in found if not _leaves(program, each.statement))


def _leaves(program: Program, statement: Statement) -> bool:
    leaving = (each for each in leaving_statements(program) if each.statement is statement)
    return any(leaving_fix(program, each) is not None for each in leaving)


def moving_fix(program: Program, trace: Trace) -> Fix | None:
    """Moves all that is misplaced behind the trace, or each into the invoke before it.

    Returns:
        The change; None where no such move keeps what the program means.
    """
    for message, edits in _moves(program, trace):
        if _settles(program, trace, edits):
            return Fix(message, edits, Applicability.SAFE)
    return None


@remembered
def _ways(program: Program, trace: Trace) -> Tries:
    return Tries(edits for _, edits in _moves(program, trace))


def _moves(program: Program, trace: Trace) -> Iterator[tuple[str, Edits]]:
    found = misplaced(program, trace)
    if not found or any(each.returned or _invokes(each.statement) for each in found):
        return
    for mover, message in (
        (_behind_trace, "Move it behind the trace and save what it uses"),
        (_into_invokes, "Move it into the invoke before it"),
    ):
        try:
            edits = merged(mover(program, trace, found))
        except Stays:
            continue
        yield message, edits


def _invokes(statement: Statement) -> bool:
    """Whether invokes stand in a statement: they may stand in no other, and in none alone."""
    opened = any(o.opens is not None and o.opens.kind == "invoke" for o in statement.walk())
    return opened or opens_invoke(statement)


def _settles(program: Program, trace: Trace, edits: Edits) -> bool:
    """Whether nothing is left beside the invokes then, and no value crosses worse than before."""

    def better(changed: Changed) -> bool | None:
        if beside_invokes(changed[1]) or _lost(*changed) > _lost(program, trace):
            return None
        # What the statements need behind the trace has to come back from it.
        return not given_back_otherwise(*changed) & _saved_names(changed[1]) or None

    return bool(tried(program, trace, edits, _ways, better))


def _lost(program: Program, trace: Trace) -> int:
    """How many values do not cross as they should."""
    bad = (Effect.RAISES, Effect.SILENT)
    return sum(each.difference.effect in bad for each in crossings(program, trace))


def _saved_names(trace: Trace) -> set[str]:
    steps = trace.statement.all_steps
    saved_by_name = {step.name for step in steps if isinstance(step, Save) and step.name}
    return saved_by_name | {s.name for s in steps if isinstance(s, Bind) and s.value.saved}


# --- behind the trace -----------------------------------------------------------------------------


def _behind_trace(program: Program, trace: Trace, found: Sequence[Beside]) -> Iterator[Edit]:
    """Moves the statements behind the trace; the values that they use are saved in the invokes."""
    moving = [beside.statement for beside in found]
    _check_free(trace, found, moving)
    bound_here = {name for statement in moving for name in _names_bound(statement)}
    for name in sorted({name for beside in found for name in beside.needs} - bound_here):
        yield from _saving(program, trace, name)
    yield from map(removed, moving)
    indent = trace.statement.indent
    texts = [_without_saves(program, statement, indent) for statement in moving]
    yield lines_after(program, trace.statement, *texts)


def _check_free(trace: Trace, found: Sequence[Beside], moving: Sequence[Statement]) -> None:
    """Nothing that stays may need what moves, and what moves may not need the model."""
    if trace.session is not None or not movable(trace.statement, *moving):
        raise Stays("the session's later traces may need it")
    if any(beside.parents or beside.name is None for beside in found):
        raise Stays("it stands in a loop, or reads a module")
    kinds = (Access, Write, Told)
    for statement in moving:
        if statement.kind in ("Return", "Break", "Continue", "FunctionDef", "ClassDef"):
            raise Stays("it is no statement that can be moved")
        if any(isinstance(step, kinds) for step in statement.all_steps):
            raise Stays("it acts on the model")
        if any(isinstance(s, Read) and s.name == trace.entered.name for s in statement.all_steps):
            raise Stays("it uses the tracer")
    names = {name for statement in moving for name in _names_bound(statement)}
    read = {step.name for each in moving for step in each.all_steps if isinstance(step, Read)}
    filled = {step.base for each in moving for step in each.all_steps if isinstance(step, Mutation)}
    for statement in _staying(trace, moving):
        if any(isinstance(step, Read) and step.name in names for step in statement.all_steps):
            raise Stays("something in the trace needs what it binds")
        if not read.isdisjoint(_names_bound(statement)):
            raise Stays("something in the trace binds anew what it needs")
        if any(isinstance(s, Mutation) and s.base in filled for s in statement.all_steps):
            raise Stays("something in the trace is put behind what it puts there")


def _staying(trace: Trace, moving: Sequence[Statement]) -> Iterator[Statement]:
    first = moving[0].span.start
    for statement in trace.body.statements:
        if statement not in moving and statement.span.end > first:
            yield statement


def _names_bound(statement: Statement) -> Iterator[str]:
    for step in statement.all_steps:
        if isinstance(step, Bind) and not step.foreign:
            yield step.name


def _saving(program: Program, trace: Trace, name: str) -> Iterator[Edit]:
    """Saves a name at its last binding, in the one invoke that binds it."""
    binders = [i for i in trace.invokes if name in _bound_in(i)]
    if not binders:
        yield from _saving_level(program, trace, name)
        return
    if len(binders) != 1 or binders[0].parents:
        raise Stays("several invokes bind it")
    statements = [
        inner
        for statement in binders[0].body.statements
        for inner in statement.walk()
        if name in set(_own_names(inner))
    ]
    yield from _saving_in(program, statements[-1], name, binders[0])


def _saving_level(program: Program, trace: Trace, name: str) -> Iterator[Edit]:
    """Saves a collection that is made beside the invokes and filled in them."""
    for statement in trace.body.statements:
        for step in statement.steps:
            if not isinstance(step, Bind) or step.name != name or step.how != "assign":
                continue
            if not step.value.saved and step.expression is not None:
                yield Edit(step.expression, saved(program, step.expression))


def _saving_in(program: Program, statement: Statement, name: str, invoke: Invoke) -> Iterator[Edit]:
    steps = invoke.statement.all_steps
    if any(isinstance(step, Save) and step.name == name for step in steps):
        return
    bind = next(s for s in _own_steps(statement) if isinstance(s, Bind) and s.name == name)
    if bind.value.saved:
        return
    if isinstance(bind.value, Constant) and bind.value.value is None:
        raise Stays("None is never kept")
    if bind.how == "assign" and bind.expression is not None and _short(program, bind.expression):
        yield Edit(bind.expression, saved(program, bind.expression))
    elif bind.how in ("assign", "augment", "unpack") and movable(statement):
        yield lines_after(program, statement, f"{name}.save()")
    else:
        raise Stays("it is bound in a way that cannot be saved")


def _short(program: Program, expression: Span) -> bool:
    """Whether `.save()` behind the expression reads well."""
    text = program.text(expression)
    return "\n" not in text and binds_tightly(text)


def _bound_in(invoke: Invoke) -> set[str]:
    return {name for statement in invoke.body.statements for name in _names_bound(statement)}


def _own_steps(statement: Statement) -> tuple[Step, ...]:
    """What a statement does itself; a loop binds its variable at every turn."""
    return (*statement.steps, *statement.turn)


def _own_names(statement: Statement) -> Iterator[str]:
    for step in _own_steps(statement):
        if isinstance(step, Bind) and not step.foreign:
            yield step.name


def _without_saves(program: Program, statement: Statement, indent: str) -> str:
    """The statement's text without its `.save()`s: behind a trace nothing has them."""
    saves = [step for step in statement.all_steps if isinstance(step, Save)]
    if not saves:
        return reindented(program, statement, indent)
    if any(a.span != b.span and a.span.overlaps(b.span) for a in saves for b in saves):
        raise Stays("its saves are nested")
    base = statement.span.start
    edits = [
        Edit(Span(save.span.start - base, save.span.end - base), program.text(save.argument))
        for save in saves
    ]
    text = apply_edits(program.text(statement.span), edits)
    return moved_along(text, statement.indent, indent)


# --- into the invokes -----------------------------------------------------------------------------


def _into_invokes(program: Program, trace: Trace, found: Sequence[Beside]) -> Iterator[Edit]:
    """Moves each statement to the end of the invoke before it, or to the start of the last one."""
    opened = any(map(calls_helper, trace.statement.walk()))
    for beside in found:
        invoke = trace.invokes[beside.after]
        if opened and any(isinstance(step, Access) for step in beside.statement.all_steps):
            raise Stays("the invoke whose module it reads may be one that a function opens")
        if invoke.implicit or beside.parents != invoke.parents or not movable(beside.statement):
            raise Stays("it does not stand right beside the invoke")
        if invoke.body.inline or beside.statement.kind in ("Return", "Break", "Continue"):
            raise Stays("no line can be put there")
        last = invoke.body.statements[-1]
        yield removed(beside.statement)
        if beside.after < 0:
            first = invoke.body.statements[0]
            yield lines_before(program, first, reindented(program, beside.statement, last.indent))
            continue
        yield lines_after(program, last, reindented(program, beside.statement, last.indent))
