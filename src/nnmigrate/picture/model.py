"""What a picture of a trace shows, before it is decided how it is drawn.

Lines are written as a person counts them: `12`, or in a notebook `3:12`, line 12 of cell 3.

A picture is a table: a column for each invoke, rows in the order in which things happen, and marks
in the cells. Rows that belong to one module stand together as a moment.
"""

from __future__ import annotations

from enum import Enum

from nnmigrate.classes import dataclass


class Kind(str, Enum):
    """What a mark stands for."""

    READ = "read"
    """A module's value is read."""
    WRITE = "write"
    """A module's value is set, or changed in place."""
    NAME = "name"
    """A name or an item crosses from one invoke to another here: it is made, or needed."""
    BARRIER = "barrier"
    """A barrier is called."""
    GRADIENT = "gradient"
    """Gradients are computed or read."""
    PASSED = "passed"
    """A module goes by that this invoke wants, and does not wait for."""
    BODY = "body"
    """A statement beside the invokes: it runs before all of them."""
    STEPS = "steps"
    """A block that goes over the tokens of a generation."""


class State(str, Enum):
    """How a mark fares on 0.5."""

    FINE = "fine"
    FAILS = "fails"
    """It raises, or is what another mark raises for."""
    STALE = "stale"
    """It gets another value than the one that is meant, and nothing tells."""
    LATE = "late"
    """It is without effect: the model has gone on."""


class Crossing(str, Enum):
    """How a value fares that crosses from one invoke to another."""

    ARRIVES = "arrives"
    MISSED = "missed"
    """It is needed before it is made."""
    MEANT = "meant"
    """It is the one that is meant; another one arrives."""
    STALE = "stale"
    """It arrives, and is not the one that is meant."""
    PASSED = "passed"
    """From a module that has gone by to where it is asked for."""


class RowKind(str, Enum):
    """What a row of the picture is."""

    MARKS = "marks"
    MEETING = "meeting"
    """All that a barrier waits for go on."""
    GAP = "gap"
    """Modules, or turns of a loop, that are not shown."""
    STOP = "stop"
    """0.5 ends the trace here with an exception."""


class Axis(str, Enum):
    """What stands on the axis beside a row."""

    START = "start"
    MODULE = "module"
    END = "end"
    TEXT = "text"
    """Beside the model's time: statements beside the invokes, or of a trace not simulated."""


@dataclass(frozen=True)
class Lane:
    """One column.

    Args:
        title: `invoke 1`, `invoke 2, turn 3`, `the trace`, `trace body`.
        prompt: what the invoke is given, as it is written.
        line: where it stands.
        body: it is for the statements beside the invokes.
        hidden: so many invokes of a loop stand behind this column and are not shown.
    """

    title: str
    prompt: str
    line: str
    body: bool = False
    hidden: int = 0


@dataclass(frozen=True)
class Row:
    """One row.

    Args:
        axis: what stands beside it.
        label: the module, on the first row of a moment; else empty.
        text: of a meeting, what the barrier is called; of a stop, the exception; of a gap, what it
            stands for.
        reached: whether 0.5 comes to it.
    """

    kind: RowKind
    axis: Axis
    label: str = ""
    text: str = ""
    reached: bool = True


@dataclass(frozen=True)
class Mark:
    """Something that an invoke does.

    Args:
        lane: the column.
        row: the row.
        kinds: what it does, the most telling first.
        line: where it stands.
        text: the statement, on one line, as the user wrote it.
        continued: a mark further up stands for the beginning of the same statement.
        state: how it fares.
        reached: whether 0.5 comes to it, or has ended the trace before.
        headline: the exception, or what is silently wrong; empty where all is well.
        says: a sentence on how that comes about.
        number: of the problem that it belongs to.
        turn: of the innermost loop inside the invoke, counted from 1.
    """

    lane: int
    row: int
    kinds: tuple[Kind, ...]
    line: str
    text: str
    continued: bool = False
    state: State = State.FINE
    reached: bool = True
    headline: str = ""
    says: str = ""
    number: int | None = None
    turn: int | None = None


@dataclass(frozen=True)
class Arrow:
    """A value on its way from one mark to another.

    Args:
        source: the index of the mark where it is made.
        target: the index of the mark where it is used.
        name: the variable, or the way to the item.
    """

    source: int
    target: int
    name: str
    crossing: Crossing


@dataclass(frozen=True)
class Meeting:
    """A barrier at which invokes meet.

    Args:
        row: where all go on.
        lanes: those who meet.
        came: for each of them, the row from which it has waited.
        lines: for each of them, the line of its call.
        text: the call.
    """

    row: int
    lanes: tuple[int, ...]
    came: tuple[int, ...]
    lines: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Held:
    """An invoke that waits at a barrier for good: from a row to the end."""

    lane: int
    row: int


@dataclass(frozen=True)
class Problem:
    """One thing that goes wrong.

    Args:
        number: as on its mark; None where it is on none.
        line: of the code.
        state: how it fares.
        headline: the exception, or what is silently wrong.
        says: how that comes about.
        codes: of the findings that tell of it.
        reached: whether 0.5 comes to it.
        word: how grave the rules take it, where it is on no mark.
    """

    number: int | None
    line: str
    state: State
    headline: str
    says: str
    codes: tuple[str, ...] = ()
    reached: bool = True
    word: str = ""


@dataclass(frozen=True)
class Picture:
    """One trace, as 0.5 runs it.

    Args:
        title: the header of the trace, as it is written.
        line: where that stands.
        marks: in the order of the rows.
        problems: by their numbers; then what is found in the trace but is on no mark.
        notes: on what the picture rests, and what it leaves out.
        simulated: whether rows stand for time; otherwise they stand for the order of the text.
    """

    title: str
    line: str
    lanes: tuple[Lane, ...]
    rows: tuple[Row, ...]
    marks: tuple[Mark, ...]
    arrows: tuple[Arrow, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    held: tuple[Held, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    simulated: bool = True

    @property
    def fails(self) -> bool:
        """Whether 0.5 ends the trace with an exception."""
        return any(row.kind is RowKind.STOP for row in self.rows)

    @property
    def state(self) -> State | None:
        """The gravest of what happens; None where nothing is known of it."""
        if self.fails:
            return State.FAILS
        states = [problem.state for problem in self.problems]
        gravest = (State.FAILS, State.STALE, State.LATE)
        found = next((state for state in gravest if state in states), None)
        return found or (State.FINE if self.simulated else None)

    @property
    def verdict(self) -> str:
        """What 0.5 makes of the trace, in a few words."""
        stops = [row.text for row in self.rows if row.kind is RowKind.STOP]
        if stops:
            return stops[0]
        words = {
            State.FAILS: "fails",
            State.STALE: "runs, and is silently wrong",
            State.LATE: "runs, and a change is without effect",
            State.FINE: "nothing is missed",
            None: "not simulated",
        }[self.state]
        lines = [p.line for p in self.problems if p.state is self.state]
        return f"{words} (line {lines[0]})" if lines and self.state is not State.FINE else words


@dataclass(frozen=True)
class Shown:
    """A trace before and after the fix.

    Args:
        name: of the document.
        before: as it stands.
        after: as the fix leaves it: several where it is taken apart, none where the fix changes
            nothing of it.
        outcome: what the fix does, in a sentence.
    """

    name: str
    before: Picture
    after: tuple[Picture, ...]
    outcome: str
