"""The one change that is offered for the values of a trace that do not cross as they should."""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Fix
from nnmigrate.program import Program, Trace
from nnmigrate.program.memory import remembered

from .apart import apart_fix
from .changing import Changed, Tries, Ways, tried
from .crossings import Crossing, crossings, runs
from .ordering import ordering_fix
from .reshaping import reshapings
from .synchronizing import is_cured, spelled_ways, synchronizing_fix

# So many statements are reshaped, one after the other, before barriers have to do.
_MOST_SHAPES = 4


@remembered
def arriving_fix(program: Program, trace: Trace) -> Fix | None:
    """The change that makes a trace's values arrive.

    Barriers and dictionaries, if they cure the trace; else a statement in another shape, if that
    opens a way to a cure; else the invokes one after the other, which needs an assumption. Where
    nothing cures the trace, what helps some of its values.
    """
    way = _way(program, trace, _MOST_SHAPES)
    return way or apart_fix(program, trace) or _partial_fix(program, trace)


def _partial_fix(program: Program, trace: Trace) -> Fix | None:
    """What helps some of the values, if its barriers would stand as they are."""
    fix = synchronizing_fix(program, trace)
    if fix is None:
        return None
    stands = tried(program, trace, fix.edits, spelled_ways, _stands)
    return fix if stands else None


def _stands(changed: Changed) -> bool | None:
    """True where no barrier of the changed trace would be taken away again."""
    return None if any(run.repair.removed for run in runs(*changed)) else True


@remembered
def _way(program: Program, trace: Trace, shapes: int) -> Fix | None:
    """The first step of a safe way after which every value crosses."""
    fix = synchronizing_fix(program, trace)
    hopeless = _hopeless(program, trace)
    if fix is not None and not hopeless and _leads_on(program, trace, fix, spelled_ways, 0):
        return fix
    for shaped in _shapes(program, trace):
        if _leads_on(program, trace, shaped, _shaped_ways, shapes - 1):
            return shaped
    return None


@remembered
def _shaped_ways(program: Program, trace: Trace) -> Tries:
    return Tries(fix.edits for fix in _shapes(program, trace))


def _shapes(program: Program, trace: Trace) -> Iterator[Fix]:
    """Ways to write what an invoke does that may let a value arrive."""
    if not trace.explicit:
        return
    ordered = ordering_fix(program, trace)
    if ordered is not None:
        yield ordered
    for crossing in _hopeless(program, trace):
        yield from reshapings(program, trace, crossing)


def _leads_on(program: Program, trace: Trace, fix: Fix, ways: Ways, shapes: int) -> bool:
    def leads(changed: Changed) -> bool | None:
        return is_cured(changed) or (shapes > 0 and _way(*changed, shapes) is not None) or None

    return bool(tried(program, trace, fix.edits, ways, leads))


@remembered
def _hopeless(program: Program, trace: Trace) -> tuple[Crossing, ...]:
    """The crossings for which there is no barrier, or none that can be written down."""
    return tuple(_without_barrier(program, trace))


def _without_barrier(program: Program, trace: Trace) -> Iterator[Crossing]:
    unwritten = synchronizing_fix(program, trace) is None
    places = {
        run.origin(each.use).innermost.span
        for run in runs(program, trace)
        for each in run.plan.infeasible
    }
    seen: set[tuple[int, ...]] = set()
    for crossing in crossings(program, trace):
        made = tuple(origin.step.site for origin in crossing.definitions)
        hopeless = unwritten or crossing.origin.innermost.span in places
        if hopeless and (made not in seen or len(seen) < _MOST_SHAPES):
            seen.add(made)
            yield crossing
