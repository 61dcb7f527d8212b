"""Puts what an invoke does into the order in which the model runs its modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from nnmigrate.findings import Applicability, Fix
from nnmigrate.program import Access, Bind, Block, Program, Read, Statement, Trace, Write
from nnmigrate.program.memory import remembered
from nnmigrate.schedule import compare
from nnmigrate.schedule.values import Order
from nnmigrate.spans import Edit, Span, apply_edits

from .changing import Changed, Tries, tried
from .crossings import late_accesses, late_writes, trouble
from .editing import fresh_name, lines_before, merged, movable, name_for, removed
from .fusing import fused
from .handing import may_be_one
from .touching import Touched, may_change_places, touched

T = TypeVar("T")

# Of the late accesses of a trace so many are tried before a person has to look.
_MOST_TRIED = 4

# So many places are tried for one of them.
_MOST_PLACES = 3


@remembered
def ordering_fix(program: Program, trace: Trace) -> Fix | None:
    """The change after which less comes late than before; the rest is for the next round.

    A statement moves up, with what it needs; or two loops over the same layers become one; or a
    name is bound to the module's value where that is there, and read where it is wanted.
    """
    for message, edits in _candidates(program, trace):
        if _in_order(program, trace, edits):
            return Fix(message, edits, Applicability.SAFE, trace.statement.span)
    return None


def _candidates(program: Program, trace: Trace) -> Iterator[tuple[str, tuple[Edit, ...]]]:
    for step, _ in late_accesses(program, trace)[:_MOST_TRIED]:
        for message, ways in (
            ("Read it before the later module", _moves),
            ("Go over the layers once", fused),
            ("Bind it once, where it is there", _bindings),
        ):
            for edits in ways(program, trace, step):
                yield message, merged(edits)


@remembered
def _ways(program: Program, trace: Trace) -> Tries:
    return Tries(edits for _, edits in _candidates(program, trace))


def _passed(step: Access, other: Touched) -> bool:
    """Whether a statement may wait for a later module than an access does."""
    order = (compare(step.provider, used) for used in other.used)
    return any(each in (Order.BEFORE, Order.UNKNOWN) for each in order)


def _farthest(places: Sequence[T]) -> Sequence[T]:
    """The places to try, of those that come from the nearest to the farthest."""
    return places[::-1][:_MOST_PLACES]


def suites_around(trace: Trace, step: Access) -> list[Block]:
    """The suites of an invoke in which a step stands, the innermost first."""
    body = next(one.body for one in trace.invokes if one.body.span.holds(step.span))
    return list(_suites(body, step))[::-1]


def _suites(block: Block, step: Access) -> Iterator[Block]:
    yield block
    for statement in block.statements:
        for inner in statement.blocks:
            if inner.span.holds(step.span):
                yield from _suites(inner, step)


def _in_order(program: Program, trace: Trace, edits: tuple[Edit, ...]) -> bool:
    """Whether less goes wrong in the changed trace."""
    before = trouble(program, trace)

    def better(changed: Changed) -> bool | None:
        after = trouble(*changed)
        if before is None or after is None or after >= before:
            return None
        return late_writes(*changed) <= late_writes(program, trace) or None

    return bool(tried(program, trace, edits, _ways, better))


# --- a statement moves up -------------------------------------------------------------------------


def _moves(program: Program, trace: Trace, step: Access) -> Iterator[list[Edit]]:
    """The places to which the statement of a late access may move, the nearest first."""
    for suite in suites_around(trace, step):
        index = next(i for i, s in enumerate(suite.statements) if s.span.holds(step.span))
        yield from _moves_in(program, trace, step, suite.statements, index)


def _moves_in(
    program: Program, trace: Trace, step: Access, statements: Sequence[Statement], index: int
) -> Iterator[list[Edit]]:
    moving = _with_followers(trace, statements, index)
    what = [touched(trace, statement) for statement in moving]
    if not movable(*moving) or any(each.fixed for each in what):
        return
    yield from _up(program, trace, step, statements[:index], moving, what, {})
    name = _own_name(program, trace, statements, moving)
    if name is not None:
        names = {name: fresh_name(program, name)}
        what = [each.renamed(names) for each in what]
        yield from _up(program, trace, step, statements[:index], moving, what, names)


def _up(
    program: Program,
    trace: Trace,
    step: Access,
    above: Sequence[Statement],
    group: Sequence[Statement],
    what: Sequence[Touched],
    names: Mapping[str, str],
) -> Iterator[list[Edit]]:
    """The places above to which some statements may move, under other names for their own."""
    moving, meant = list(group), list(what)
    found: list[list[Edit]] = []
    for other in reversed(above):
        passed = touched(trace, other)
        if not all(may_change_places(passed, each) for each in meant):
            # What one of them needs moves along.
            if not movable(other) or passed.fixed:
                break
            moving.insert(0, other)
            meant.append(passed)
        elif movable(other) and _passed(step, passed):
            texts = [_lines(program, each, names if each in group else {}) for each in moving]
            found.append([*map(removed, moving), lines_before(program, other, *texts)])
    yield from _farthest(found)


def _own_name(
    program: Program, trace: Trace, statements: Sequence[Statement], moving: Sequence[Statement]
) -> str | None:
    """The name that the first statement binds, if only those that move with it read it."""
    binds = [step.name for step in moving[0].steps if isinstance(step, Bind)]
    if len(binds) != 1 or moving[0].kind != "Assign":
        return None
    (name,) = binds
    if any(isinstance(step, Read) for step in _mentions(moving[0], name)):
        return None  # `x = h[:, x]` reads the old one
    for statement in statements[statements.index(moving[0]) + 1 :]:
        steps = _mentions(statement, name)
        if statement in moving:
            if any(isinstance(step, Bind) for step in steps):
                return None
        elif steps:
            return name if isinstance(steps[0], Bind) and not statement.blocks else None
    return name if _read_nowhere_else(program, trace, moving[0], name) else None


def _mentions(statement: Statement, name: str) -> list[Bind | Read]:
    return [s for s in statement.all_steps if isinstance(s, (Bind, Read)) and s.name == name]


def _read_nowhere_else(program: Program, trace: Trace, here: Statement, name: str) -> bool:
    """Whether a name is used in no other invoke that does not bind it first, and not outside."""
    for invoke in trace.invokes:
        steps = [step for s in invoke.body.statements for step in _mentions(s, name)]
        again = invoke.parents or trace.loops or not invoke.body.span.holds(here.span)
        if again and steps and isinstance(steps[0], Read):
            return False
    inside = sum(isinstance(step, Read) for step in _mentions(trace.statement, name))
    every = sum(
        isinstance(step, Read)
        for scope in program.scopes
        for statement in scope.body.statements
        for step in _mentions(statement, name)
    )
    return every == inside


def _with_followers(trace: Trace, statements: Sequence[Statement], index: int) -> list[Statement]:
    """A statement, and those below it that change what it reads, with what these need."""
    first, *later = statements[index:]
    meant = touched(trace, first).used
    moving: list[Statement] = []
    what: list[Touched] = []
    for other in reversed(later):
        passed = touched(trace, other)
        if passed.written & meant or not all(may_change_places(passed, each) for each in what):
            moving.insert(0, other)
            what.append(passed)
    return [first, *moving]


def _lines(program: Program, statement: Statement, names: Mapping[str, str]) -> str:
    """A statement's lines with the comment behind it, without the first indentation."""
    start = statement.line.start
    edits = sorted(
        Edit(Span(step.span.start - start, step.span.end - start), names[step.name])
        for step in statement.all_steps
        if isinstance(step, (Bind, Read)) and step.name in names
    )
    text = apply_edits(statement.line.of(program.code), edits)
    return text.rstrip("\r\n")[len(statement.indent) :]


# --- a name for the value -------------------------------------------------------------------------


def _bindings(program: Program, trace: Trace, step: Access) -> Iterator[list[Edit]]:
    """Ways to read a module's value by a name that is bound before the later module."""
    if step.swap or step.foreign or _is_written(trace, step):
        return
    for suite in suites_around(trace, step):
        places = list(_places_above(trace, suite, step))
        late = [other for other in places if _passed(step, touched(trace, other))]
        for other in places:
            name = None if step in other.steps else _bound_to(program, other, step)
            if name is not None and not _rebound(suite, other, name, step):
                yield [Edit(step.span, name)]
        name = fresh_name(program, name_for(step.provider))
        line = f"{name} = {program.text(step.span)}"
        for other in _farthest(late):
            yield [lines_before(program, other, line), Edit(step.span, name)]


def _places_above(trace: Trace, suite: Block, step: Access) -> Iterator[Statement]:
    """The statements before which an access means the same as where it stands, nearest first."""
    index = next(i for i, s in enumerate(suite.statements) if s.span.holds(step.span))
    here = suite.statements[index]
    names = _names_read(here, step)
    if movable(here) and step in here.steps:
        yield here
    elif names & touched(trace, here).bound:
        return
    for other in reversed(suite.statements[:index]):
        passed = touched(trace, other)
        if passed.fixed or not movable(other):
            return
        # On 0.4 what is computed of the value was computed before such a change, here it is behind.
        if any(may_be_one(step.provider, written) for written in passed.written):
            return
        if names & passed.bound:
            return
        yield other


def _is_written(trace: Trace, step: Access) -> bool:
    return any(isinstance(s, Write) and s.got == step.site for s in trace.statement.all_steps)


def _names_read(statement: Statement, step: Access) -> frozenset[str]:
    """The names in the expression that reaches a module."""
    return frozenset(
        each.name
        for each in statement.all_steps
        if isinstance(each, Read) and step.span.holds(each.span)
    )


def _bound_to(program: Program, statement: Statement, step: Access) -> str | None:
    """The name that a statement binds to the very same value: `hidden = h[1].output`."""
    text = program.text(step.span)
    for bind in statement.steps:
        if isinstance(bind, Bind) and bind.how == "assign" and bind.expression is not None:
            return bind.name if program.text(bind.expression) == text else None
    return None


def _rebound(suite: Block, since: Statement, name: str, step: Access) -> bool:
    return any(
        isinstance(each, Bind) and each.name == name
        for statement in suite.statements
        if statement.span.start > since.span.start
        for each in statement.all_steps
        if each.span.start < step.span.start
    )
