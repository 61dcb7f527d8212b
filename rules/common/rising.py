"""Moves statements of an invoke up, before what waits for a later module than they ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from nnmigrate.classes import dataclass
from nnmigrate.program import Access, Bind, Block, Program, Read, Statement, Trace
from nnmigrate.program.memory import remembered
from nnmigrate.schedule import compare
from nnmigrate.schedule.values import Order
from nnmigrate.spans import Edit, Span, apply_edits

from .editing import fresh_name, lines_before, merged, movable, removed
from .touching import Touched, may_change_places, touched

# So many places are tried for one access.
MOST_PLACES = 3


@dataclass(frozen=True)
class Rise:
    """Some statements of a suite go up.

    Args:
        group: the statements, in their order.
        before: the one that they go before.
        certain: whether that one waits for a later module, as far as the order is known.
        names: other names for what some of them bind.
        renamed: those that get the names; the others only move along.
    """

    group: tuple[Statement, ...]
    before: Statement
    certain: bool
    names: Mapping[str, str]
    renamed: tuple[Statement, ...]

    def text(self, program: Program, statement: Statement) -> str:
        """The lines of one of the statements, under its new name."""
        return _lines(program, statement, self.names if statement in self.renamed else {})


def rising(program: Program, trace: Trace, step: Access) -> Iterator[list[Edit]]:
    """The ways to move the statement of a late access up, the farthest first."""
    for suite in suites_around(trace, step):
        for places in _places(program, trace, step, suite.statements):
            for rise in places[::-1][:MOST_PLACES]:
                texts = [rise.text(program, one) for one in rise.group]
                yield [*map(removed, rise.group), lines_before(program, rise.before, *texts)]


@remembered
def all_rising(program: Program, trace: Trace, steps: tuple[Access, ...]) -> tuple[Edit, ...]:
    """Moves the statements of all late accesses up that can be, each as far as it has to go.

    One after the other, each among what stands where the ones before have come to stand.

    Returns:
        The edits; none where it is not about several statements, or the edits do not go together.
    """
    orders: dict[Block, list[Statement]] = {}
    moved: set[Statement] = set()
    for step in sorted(steps, key=lambda one: one.span):
        for suite in suites_around(trace, step):
            order = orders.setdefault(suite, [*suite.statements])
            places = next(_places(program, trace, step, order), [])
            rise = next((one for one in reversed(places) if one.certain), None)
            if rise is not None:
                moved.update(rise.group)
                order[:] = [one for one in order if one not in rise.group]
                at = order.index(rise.before)
                order[at:at] = rise.group
                break
    edits = merged(edit for order in orders.values() for edit in _ordered(program, order, moved))
    apart = all(one.span.end <= other.span.start for one, other in pairwise(edits))
    return edits if apart and len(moved) > 1 else ()


def _ordered(program: Program, order: Sequence[Statement], moved: set[Statement]) -> Iterator[Edit]:
    """The edits that put the moved ones of some statements where they stand in an order."""
    texts: list[str] = []
    for statement in order:
        if statement in moved:
            yield removed(statement)
            texts.append(_lines(program, statement, {}))
        elif texts:
            yield lines_before(program, statement, *texts)
            texts = []


def waits_for_later(step: Access, other: Touched) -> bool:
    """Whether a statement may wait for a later module than an access does."""
    return _waits(step, other) is not None


def _waits(step: Access, other: Touched) -> Order | None:
    """The same: `BEFORE` where it is known, `UNKNOWN` where it is not, None where it does not."""
    orders = {compare(step.provider, used) for used in other.used}
    return next((each for each in (Order.BEFORE, Order.UNKNOWN) if each in orders), None)


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


def _places(
    program: Program, trace: Trace, step: Access, statements: Sequence[Statement]
) -> Iterator[list[Rise]]:
    """Where the statement of an access may go: as it is, and with a name of its own."""
    index = next(i for i, s in enumerate(statements) if s.span.holds(step.span))
    moving = _with_followers(program, trace, statements, index)
    what = [touched(program, trace, statement) for statement in moving]
    if not movable(*moving) or any(each.fixed for each in what):
        return
    above = statements[:index]
    yield list(_up(program, trace, step, above, moving, what, {}))
    name = _own_name(program, trace, statements, moving)
    if name is not None:
        names = {name: fresh_name(program, name)}
        what = [each.renamed(names) for each in what]
        yield list(_up(program, trace, step, above, moving, what, names))


def _up(
    program: Program,
    trace: Trace,
    step: Access,
    above: Sequence[Statement],
    group: Sequence[Statement],
    what: Sequence[Touched],
    names: Mapping[str, str],
) -> Iterator[Rise]:
    """The places above to which some statements may move, the nearest first."""
    moving, meant = list(group), list(what)
    for other in reversed(above):
        passed = touched(program, trace, other)
        if not all(may_change_places(passed, each) for each in meant):
            # What one of them needs moves along.
            if not movable(other) or passed.fixed:
                break
            moving.insert(0, other)
            meant.append(passed)
        elif movable(other) and (order := _waits(step, passed)) is not None:
            yield Rise(tuple(moving), other, order is Order.BEFORE, names, tuple(group))


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


def _with_followers(
    program: Program, trace: Trace, statements: Sequence[Statement], index: int
) -> list[Statement]:
    """A statement, and those below it that change what it reads, with what these need."""
    first, *later = statements[index:]
    meant = touched(program, trace, first).used
    moving: list[Statement] = []
    what: list[Touched] = []
    for other in reversed(later):
        passed = touched(program, trace, other)
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
