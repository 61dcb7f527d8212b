"""What a picture of a simulated trace has to show, in the order in which it happens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from nnmigrate.classes import dataclass
from nnmigrate.picture.cells import BODY, Cell, Key, arrival, cells_of
from nnmigrate.picture.course import Course
from nnmigrate.picture.crossing import Value, crossing_values
from nnmigrate.picture.model import Crossing, Kind
from nnmigrate.picture.telling import Teller, Words
from nnmigrate.program import Statement
from nnmigrate.schedule import START, Fault, instances
from nnmigrate.schedule.values import Get, Provider, Swap, Wait

_LATE = (Fault.OUT_OF_ORDER_GET, Fault.OUT_OF_ORDER_SWAP, Fault.NOT_PROVIDED)
_AT_THE_END = (Fault.NOT_PROVIDED, Fault.PARKED_BARRIER, Fault.ITERATION_MISSED)

# Of a loop's turns so many are shown at its beginning; its last one is shown as well.
_FIRST_TURNS = 2


@dataclass(frozen=True)
class Entry:
    """Something that becomes a mark, or a row of its own.

    Args:
        key: when it happens.
        lane: the invoke at run time; -1 for the trace's body.
        statement: where it stands.
        kinds: what it does; empty for a meeting.
        sites: the operations that it stands for.
        turns: of the loops around it.
        words: what goes wrong.
        access: the module's expression, where the statement has begun further up.
        calls: of a meeting, the sites of the calls.
        callers: of a meeting, the invokes that meet.
        passed: the site of the access that comes too late for the module that goes by.
        held: it waits at a barrier, for good.
    """

    key: Key
    lane: int
    statement: Statement | None
    kinds: tuple[Kind, ...] = ()
    sites: tuple[int, ...] = ()
    turns: tuple[tuple[str, int], ...] = ()
    words: Words | None = None
    access: int | None = None
    calls: tuple[int, ...] = ()
    callers: tuple[int, ...] = ()
    passed: int | None = None
    held: bool = False


@dataclass(frozen=True)
class Happenings:
    """All entries of a trace, in order, and what crosses between them.

    Args:
        stop: when 0.5 ends the trace; None where it runs to its end.
        exception: what it ends with.
        end: the position behind the last module.
    """

    entries: tuple[Entry, ...]
    values: tuple[Value, ...]
    stop: Key | None
    exception: Words | None
    end: int

    @property
    def at_the_end(self) -> bool:
        """Whether 0.5 ends it when the model has run."""
        return self.stop is not None and self.stop[0] >= self.end


def happenings(course: Course, teller: Teller) -> Happenings:
    """What happens in a trace, as the simulator has it."""
    cells, values = cells_of(course), crossing_values(course)
    crossing = {site for value in values for site in (value.source, value.target)}
    entries = [entry for cell in cells for entry in _entries(course, teller, cells, cell, crossing)]
    entries += _meetings(course)
    first, end, stop, words = course.outcome.first, _end(course), None, None
    if first is not None:
        cell = next(c for c in cells if any(o.site == first.site for o in c.operations))
        stop = (end, 0.0, 0) if first.fault in _AT_THE_END else cell.key
        words = teller.words(cell)
    entries += _passing(course, cells, stop)
    entries.sort(key=lambda entry: entry.key)
    return Happenings(tuple(entries), values, stop, words, end)


def _entries(
    course: Course, teller: Teller, cells: list[Cell], cell: Cell, crossing: set[int]
) -> Iterator[Entry]:
    """What is shown of a cell: nothing, or one mark, or two."""
    words, sites = teller.words(cell), tuple(o.site for o in cell.operations)
    crosses = not crossing.isdisjoint(sites)
    kinds = (*cell.kinds, Kind.NAME) if crosses else cell.kinds
    if not kinds and words is None:
        return
    never = not cell.executed and cell.failure is None
    key = (_end(course) + 1, *cell.key[1:]) if never else cell.key
    entry = Entry(key, cell.lane, cell.statement, kinds or (Kind.NAME,), sites, cell.turns, words)
    entry = replace(entry, access=_access(cell))
    wait = next((o for o in cell.operations if isinstance(o, Wait)), None)
    if wait is not None:
        last = any(meeting.calls[-1] == wait.site for meeting in course.outcome.meetings)
        if not last:
            held = cell.failure is not None
            yield entry if never else replace(entry, key=arrival(cells, cell), held=held)
        return
    yield entry


def _end(course: Course) -> int:
    """The position behind the last module."""
    return max(course.rank.values(), default=START) + 1


def _access(cell: Cell) -> int | None:
    return next((o.site for o in cell.operations if isinstance(o, Get | Swap)), None)


def _passing(course: Course, cells: list[Cell], stop: Key | None) -> Iterator[Entry]:
    """The modules that invokes ask for when they have gone by, as far as 0.5 comes to that."""
    for cell in cells:
        failure = cell.failure
        if failure is None or failure.fault not in _LATE or (stop is not None and cell.key > stop):
            continue
        assert isinstance(failure.subject, Provider)
        key = (course.rank[failure.subject], -1.0, cell.lane)
        kinds = (Kind.PASSED,)
        yield Entry(key, cell.lane, cell.statement, kinds, (), cell.turns, passed=failure.site)


def _meetings(course: Course) -> Iterator[Entry]:
    """The barriers that everybody comes to: just before they go on."""
    log = {site: place for place, site in enumerate(course.outcome.times)}
    where = instances(course.unrolled.trace)
    for meeting in course.outcome.meetings:
        first = min(log[site] for site in meeting.calls)
        statement = course.unrolled.origins[meeting.calls[-1]].innermost
        callers = tuple(where[site] for site in meeting.calls)
        key = (meeting.position, first - 0.5, -1)
        yield Entry(key, -1, statement, calls=meeting.calls, callers=callers)


# --- what is left out -----------------------------------------------------------------------------


def thinned(
    entries: Sequence[Entry], values: Sequence[Value], lanes: Sequence[int]
) -> list[Entry | int]:
    """The entries without most turns of long loops: numbers say how many turns are left out.

    Args:
        entries: in order.
        values: what crosses.
        lanes: the invokes that have columns.
    """
    hidden = {id(entry) for entry in _of_long_loops(entries, values)}
    for entry in entries:
        if len(entry.callers) > 1 and sum(caller in lanes for caller in entry.callers) < 2:
            hidden.add(id(entry))
    found: list[Entry | int] = []
    gone: dict[tuple[int, int, int], int] = {}
    for entry in entries:
        if id(entry) in hidden:
            family = _family(entry)
            if not gone:
                found.append(0)
            gone[family] = gone.get(family, 0) + 1
            found[-1] = max(gone.values())
        else:
            gone = {}
            found.append(entry)
    return found


def _of_long_loops(entries: Sequence[Entry], values: Sequence[Value]) -> Iterator[Entry]:
    """The entries of turns in the middle, but those where something goes wrong."""
    turns: dict[tuple[int, int, int], list[Entry]] = {}
    for entry in entries:
        if entry.turns and not entry.calls:
            turns.setdefault(_family(entry), []).append(entry)
    long = [family for family in turns.values() if len(family) > _FIRST_TURNS + 2]
    among = {site for family in long for entry in family for site in entry.sites}
    there = {site for entry in entries for site in entry.sites}
    telling: set[int] = set()
    for value in values:
        ends = {value.source, value.target}
        if not ends <= there:
            continue
        # What belongs to something that is shown is shown as well.
        if value.crossing is not Crossing.ARRIVES or not ends <= among:
            telling |= ends
    for family in long:
        for entry in family[_FIRST_TURNS:-1]:
            if entry.words is None and entry.passed is None and telling.isdisjoint(entry.sites):
                yield entry


def _family(entry: Entry) -> tuple[int, int, int]:
    """What an entry has in common with those of other turns."""
    kind = 0 if not entry.kinds else list(Kind).index(entry.kinds[0])
    return entry.lane, id(entry.statement), kind


def in_body(statement: Statement, number: int, words: Words | None) -> Entry:
    """A statement beside the invokes."""
    return Entry((BODY, float(number), -1), -1, statement, (Kind.BODY,), words=words)
