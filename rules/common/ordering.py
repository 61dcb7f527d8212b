"""Puts what an invoke does into the order in which the model runs its modules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nnmigrate.findings import Applicability, Fix
from nnmigrate.program import Access, Bind, Block, Program, Read, Statement, Trace, Write
from nnmigrate.program.memory import remembered
from nnmigrate.schedule import compare
from nnmigrate.schedule.values import Order
from nnmigrate.spans import Edit

from .changing import Changed, Tries, tried
from .crossings import late_accesses, late_writes, trouble
from .editing import fresh_name, lines_before, merged, movable, name_for
from .fusing import fused
from .handing import may_be_one
from .rising import MOST_PLACES, all_rising, rising, suites_around, waits_for_later
from .touching import touched

# Of the late accesses of a trace so many are tried before a person has to look. Where there are
# more, all are tried together first: a round for each would take the square of their number.
_MOST_TRIED = 4


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
    late = tuple(step for step, _ in late_accesses(program, trace))
    if len(late) > _MOST_TRIED:
        for message, all_ways in (
            ("Read each before the later modules", all_rising),
            ("Bind each once, where it is there", _all_bound),
        ):
            every = all_ways(program, trace, late)
            if every:
                yield message, every
    for step in late[:_MOST_TRIED]:
        for message, ways in (
            ("Read it before the later module", rising),
            ("Go over the layers once", fused),
            ("Bind it once, where it is there", _bindings),
        ):
            for edits in ways(program, trace, step):
                yield message, merged(edits)


@remembered
def _ways(program: Program, trace: Trace) -> Tries:
    return Tries(edits for _, edits in _candidates(program, trace))


def _in_order(program: Program, trace: Trace, edits: tuple[Edit, ...]) -> bool:
    """Whether less goes wrong in the changed trace."""
    before = trouble(program, trace)

    def better(changed: Changed) -> bool | None:
        after = trouble(*changed)
        if before is None or after is None or after >= before:
            return None
        return late_writes(*changed) <= late_writes(program, trace) or None

    return bool(tried(program, trace, edits, _ways, better))


# --- a name for the value -------------------------------------------------------------------------


def _bindings(program: Program, trace: Trace, step: Access) -> Iterator[list[Edit]]:
    """Ways to read a module's value by a name that is bound before the later module."""
    if _cannot_be_bound(trace, step):
        return
    for suite in suites_around(trace, step):
        places = list(_places_above(program, trace, suite, step))
        for other in places:
            name = None if step in other.steps else _bound_to(program, other, step)
            if name is not None and not _rebound(suite, other, name, step):
                yield [Edit(step.span, name)]
        name = fresh_name(program, name_for(step.provider))
        line = f"{name} = {program.text(step.span)}"
        for other in _ones_to_come_before(program, trace, step, places):
            yield [lines_before(program, other, line), Edit(step.span, name)]


def _ones_to_come_before(
    program: Program, trace: Trace, step: Access, places: Sequence[Statement]
) -> Sequence[Statement]:
    """The statements before which a late access may be bound, the farthest first."""
    late = [one for one in places if waits_for_later(step, touched(program, trace, one))]
    return late[::-1][:MOST_PLACES]


@remembered
def _all_bound(program: Program, trace: Trace, steps: tuple[Access, ...]) -> tuple[Edit, ...]:
    """Binds the value of each late access where it is there; none where it is about one alone."""
    edits: list[Edit] = []
    lines: dict[Statement, list[tuple[Access, str]]] = {}
    taken: set[str] = set()
    for step in steps:
        for suite in () if _cannot_be_bound(trace, step) else suites_around(trace, step):
            places = [*_places_above(program, trace, suite, step)]
            before = next(iter(_ones_to_come_before(program, trace, step, places)), None)
            if before is not None:
                name = fresh_name(program, name_for(step.provider), taken)
                taken.add(name)
                there = lines.setdefault(before, [])
                later = (compare(step.provider, one.provider) is Order.BEFORE for one, _ in there)
                at = next((number for number, is_later in enumerate(later) if is_later), len(there))
                there.insert(at, (step, f"{name} = {program.text(step.span)}"))
                edits.append(Edit(step.span, name))
                break
    for before, bound in lines.items():
        edits.append(lines_before(program, before, *(line for _, line in bound)))
    return merged(edits) if len(taken) > 1 else ()


def _cannot_be_bound(trace: Trace, step: Access) -> bool:
    return step.swap or step.foreign or _is_written(trace, step)


def _places_above(
    program: Program, trace: Trace, suite: Block, step: Access
) -> Iterator[Statement]:
    """The statements before which an access means the same as where it stands, nearest first."""
    index = next(i for i, s in enumerate(suite.statements) if s.span.holds(step.span))
    here = suite.statements[index]
    names = _names_read(here, step)
    if movable(here) and step in here.steps:
        yield here
    elif names & touched(program, trace, here).bound:
        return
    for other in reversed(suite.statements[:index]):
        passed = touched(program, trace, other)
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
