"""The picture in a terminal: lanes at the left as in a graph of commits, the code beside them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence

from nnmigrate.picture.model import (
    Axis,
    Crossing,
    Kind,
    Mark,
    Picture,
    Row,
    RowKind,
    Shown,
    State,
)
from nnmigrate.picture.words import (
    BODY,
    CROSSINGS,
    END,
    KINDS,
    NEVER,
    START,
    STOPS,
    fate,
    going_on,
    titled,
)
from nnmigrate.picture.words import SIGNS as VERDICTS
from nnmigrate.reports.text import escaped, painted, width

SIGNS = {
    Kind.READ: "●",
    Kind.WRITE: "■",
    Kind.NAME: "◆",
    Kind.BARRIER: "╥",
    Kind.GRADIENT: "▽",
    Kind.PASSED: "✕",
    Kind.BODY: "▪",
    Kind.STEPS: "»",
}
_COLOURS: dict[State | None, str | None] = {
    None: None,
    State.FAILS: "red",
    State.STALE: "magenta",
    State.LATE: "yellow",
}

# For terminals without the signs.
_ASCII = str.maketrans(
    {
        **dict(
            zip(
                "●■◆╥▽✕▪»│║╟╢├┤┼─╌═╪╞╡━▶◀⋮✓✗≠…·┊←→∙",
                "o#*Tvx+>||||||+--=+||=><:v!!~-:<>.",
                strict=True,
            )
        ),
    }
)
_NARROWEST = 60
_LABELS = 0.36
_PITCH = 4

Paint = Callable[[str, str | None, bool], str]


def text(shown: Shown, columns: int = 100, color: bool = False, ascii_only: bool = False) -> str:
    """A trace before and after the fix, one under the other.

    Args:
        shown: what to draw.
        columns: how wide a line may be.
        color: whether to use the terminal's colours.
        ascii_only: whether to do without box-drawing characters.
    """
    columns = max(columns, _NARROWEST)
    lines: list[str] = []
    for title, picture in titled(shown):
        place = f"{escaped(shown.name)}:{picture.line}" if shown.name and not lines else ""
        lines += [*([""] if lines else []), *_panel(title, place, picture, columns, color)]
    if shown.outcome:
        lead = "fix: " if shown.after else ""
        lines += ["", *_wrapped(lead + escaped(shown.outcome), columns, "")]
    joined = "\n".join(line.rstrip() for line in lines)
    return joined.translate(_ASCII) if ascii_only else joined


def _panel(title: str, place: str, picture: Picture, columns: int, color: bool) -> Iterator[str]:
    head = f"{title} ─ {picture.title}"
    yield painted(escaped(head), color, bold=True) + (f"  {place}" if place else "")
    sign, colour = VERDICTS[picture.state], _COLOURS.get(picture.state, "green")
    for line in _wrapped(f"{sign} {escaped(picture.verdict)}", columns, "  "):
        yield painted(line, color, fg=colour, bold=True)
    yield ""
    yield from _Graph(picture, columns, color).lines()
    yield from _below(picture, columns, color)


def _below(picture: Picture, columns: int, color: bool) -> Iterator[str]:
    """What goes wrong, in sentences; the signs; notes."""
    used = dict.fromkeys(mark.kinds[0] for mark in picture.marks)
    yield ""
    signs = (f"{SIGNS[kind]}\u00a0{KINDS[kind]}".replace(" ", "\u00a0") for kind in used)
    yield from (line.replace("\u00a0", " ") for line in _wrapped("   ".join(signs), columns, "  "))
    for note in picture.notes:
        yield from _wrapped(escaped(note), columns, "  ")
    if picture.problems:
        yield ""
    for problem in picture.problems:
        sign = f"[{problem.number}]" if problem.number else " ∙ "
        word = painted(fate(problem), color, fg=_COLOURS.get(problem.state), bold=True)
        codes = "".join(f" · {code}" for code in problem.codes)
        yield f"  {sign} line {problem.line}{codes} · {word}"
        for sentence in (problem.headline, problem.says):
            yield from _wrapped(escaped(sentence), columns, " " * 6) if sentence else ()


def _wrapped(line: str, columns: int, indent: str) -> list[str]:
    return textwrap.wrap(
        line, max(columns, 20), initial_indent=indent, subsequent_indent=indent
    ) or [""]


class _Graph:
    """The lanes of one picture, line by line."""

    def __init__(self, picture: Picture, columns: int, color: bool) -> None:
        self.picture, self.color = picture, color
        labels = [self._axis(row) for row in picture.rows]
        self.axis = min(max(map(width, [*labels, ""])), int(columns * _LABELS))
        self.count = len(picture.lanes)
        self.columns = columns
        self.digits = max((len(str(mark.line)) for mark in picture.marks), default=1)

    def lines(self) -> Iterator[str]:
        """The heads of the lanes, then every row."""
        yield from self._heads()
        for number, row in enumerate(self.picture.rows):
            if row.kind is RowKind.MARKS:
                if self._begins(number):
                    yield from self._marks(number, row)
            elif row.kind is RowKind.MEETING:
                yield self._meeting(number, row)
            elif row.kind is RowKind.STOP:
                yield self._stop(row)
            else:
                yield self._line("⋮", self._threads(number), escaped(row.text))

    def _begins(self, number: int) -> bool:
        """Whether a row of marks is the first of its moment, and not told with the one above."""
        above = self.picture.rows[number - 1] if number else None
        label = self._axis(self.picture.rows[number])
        return above is None or above.kind is not RowKind.MARKS or bool(label)

    def _moment(self, number: int) -> Iterator[Mark]:
        """The marks of a moment, in the order in which they happen."""
        rows = [number]
        for later in range(number + 1, len(self.picture.rows)):
            if self.picture.rows[later].kind is not RowKind.MARKS or self._begins(later):
                break
            rows.append(later)
        yield from (mark for mark in self.picture.marks if mark.row in rows)

    def _heads(self) -> Iterator[str]:
        blank = " " * self.axis
        for number, lane in enumerate(self.picture.lanes):
            hidden = f"({lane.hidden} more) " if lane.hidden else ""
            prompt = f"  {lane.prompt}" if lane.prompt else ""
            body = _cut(f"{hidden}{lane.title}{prompt}", self._room() + self.digits)
            before = "".join(f"┊{' ' * (_PITCH - 1)}" for _ in range(number))
            yield f"{blank}  {before}{painted(escaped(body), self.color, bold=True)}"

    def _axis(self, row: Row) -> str:
        if row.axis is Axis.START and row.kind is RowKind.MARKS:
            return START if self._first_of(row, Axis.START) else ""
        if row.axis is Axis.TEXT and self.picture.simulated and self._first_of(row, Axis.TEXT):
            return BODY
        if row.axis is Axis.END and self._first_of(row, Axis.END):
            return END if row.reached else NEVER
        return escaped(row.label)

    def _first_of(self, row: Row, axis: Axis) -> bool:
        return next(r for r in self.picture.rows if r.axis is axis) is row

    def _room(self) -> int:
        """The columns that are left for code."""
        return max(self.columns - self.axis - 2 - _PITCH * self.count - self.digits - 2, 16)

    # --- rows -------------------------------------------------------------------------------------

    def _threads(self, row: int) -> list[str]:
        """The lanes in a row where nothing happens: running, or waiting at a barrier."""
        known = self.picture.simulated and self.picture.rows[row].reached
        threads = ["│" if known else "┊"] * self.count
        for meeting in self.picture.meetings:
            for lane, came in zip(meeting.lanes, meeting.came, strict=True):
                if came < row < meeting.row:
                    threads[lane] = "║"
        for held in self.picture.held:
            if row > held.row:
                threads[held.lane] = "║"
        return threads

    def _line(self, label: str, threads: Sequence[str], said: str, fill: str = " ") -> str:
        drawn = "".join(thread + fill * (_PITCH - 1) for thread in threads)
        return f"{_right(label, self.axis)}  {drawn}{said}"

    def _marks(self, number: int, row: Row) -> Iterator[str]:
        label = self._axis(row)
        for mark in self._moment(number):
            for line in self._connectors(mark):
                yield self._line(label, *line)
                label = ""
            threads = self._threads(mark.row)
            threads[mark.lane] = self._sign(mark)
            yield self._line(label, threads, self._said(mark))
            label = ""
            if mark.headline:
                yield from self._callout(mark)

    def _sign(self, mark: Mark) -> str:
        sign = SIGNS[mark.kinds[0]]
        if mark.headline:
            sign = VERDICTS[mark.state] if mark.state is not State.FINE else sign
        colour = _COLOURS.get(mark.state)
        return painted(sign, self.color, fg=colour, bold=True) if colour else sign

    def _said(self, mark: Mark) -> str:
        turn = f"(turn {mark.turn}) " if mark.turn else ""
        again = "… " if mark.continued else ""
        code = _cut(f"{turn}{again}{mark.text}", self._room())
        said = f"{mark.line:>{self.digits}} {escaped(code)}"
        if mark.kinds[0] is Kind.PASSED:
            said = f"[{mark.number}] {escaped(code)}"
        if not mark.reached:
            return painted(said, self.color, fg="bright_black") if self.color else said
        return said

    def _callout(self, mark: Mark) -> Iterator[str]:
        threads = self._threads(mark.row)
        body = f"[{mark.number}] {mark.headline}"
        for piece in textwrap.wrap(escaped(body), self._room()):
            said = painted(piece, self.color, fg=_COLOURS.get(mark.state), bold=True)
            yield self._line("", threads, " " * (self.digits + 1) + said)

    def _connectors(self, mark: Mark) -> Iterator[tuple[list[str], str]]:
        """A line for each value that comes, or should come, to a mark from another lane."""
        index = self.picture.marks.index(mark)
        for arrow in self.picture.arrows:
            if arrow.target != index or arrow.crossing is Crossing.PASSED:
                continue
            source = self.picture.marks[arrow.source]
            threads = self._threads(mark.row)
            drawn = _bridge(threads, source.lane, mark.lane, arrow.crossing)
            from_ = self.picture.lanes[source.lane].title
            how = CROSSINGS[arrow.crossing]
            wrong = arrow.crossing is not Crossing.ARRIVES
            fate = f" ({how})" if wrong else ""
            said = _cut(f"{arrow.name} ← {from_}, line {source.line}{fate}", self._room())
            text_ = painted(escaped(said), self.color, fg="red" if wrong else "cyan")
            yield [drawn[: 1 - _PITCH]], " " * (self.digits + 1) + text_

    def _meeting(self, number: int, row: Row) -> str:
        meeting = next(m for m in self.picture.meetings if m.row == number)
        first, last = min(meeting.lanes), max(meeting.lanes)
        threads = self._threads(number)
        drawn = ""
        for lane, thread in enumerate(threads):
            inside = first <= lane < last
            ends = {first: "╞", last: "╡"}
            sign = ends.get(lane, "╪") if first <= lane <= last else thread
            if first < lane < last and lane not in meeting.lanes:
                sign = "│"
            drawn += sign + ("═" if inside else " ") * (_PITCH - 1)
        lines = ", ".join(str(line) for line in meeting.lines)
        said = f"{meeting.text}: {going_on(self.picture, meeting.lanes)} (lines {lines})"
        label = self._axis(row)
        return (
            f"{_right(label, self.axis)}  {drawn}{_cut(escaped(said), self._room() + self.digits)}"
        )

    def _stop(self, row: Row) -> str:
        drawn = "━" * (_PITCH * self.count - 1)
        said = painted(f"✗ {STOPS}", self.color, fg="red", bold=True)
        return f"{_right(self._axis(row), self.axis)}  {drawn} {said}"


def _bridge(threads: Sequence[str], source: int, target: int, crossing: Crossing) -> str:
    """A horizontal way from one lane to another."""
    line = "─" if crossing in (Crossing.ARRIVES, Crossing.STALE) else "╌"
    first, last = min(source, target), max(source, target)
    drawn = ""
    for lane, thread in enumerate(threads):
        if not first <= lane <= last:
            drawn += thread + " " * (_PITCH - 1)
            continue
        sign = "├" if lane == first else "┤" if lane == last else "┼"
        fill = (line if lane < last else " ") * (_PITCH - 1)
        if lane == last - 1 and target == last:
            fill = line * (_PITCH - 2) + ("▶" if line == "─" else "✗")
        if lane == first and target == first:
            fill = ("◀" if line == "─" else "✗") + line * (_PITCH - 2)
        drawn += sign + fill
    return drawn


def _cut(line: str, room: int) -> str:
    """A line that fits, with its end left out where it does not."""
    if width(escaped(line)) <= room:
        return line
    kept = ""
    for character in line:
        if width(escaped(kept + character)) > room - 1:
            break
        kept += character
    return kept + "…"


def _right(label: str, columns: int) -> str:
    label = _cut(label, columns)
    return " " * (columns - width(label)) + label
