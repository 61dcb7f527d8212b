"""Puts what happens into rows and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nnmigrate.picture.cells import BODY
from nnmigrate.picture.entries import Entry, Happenings
from nnmigrate.picture.labels import adjacent, one_line, source_of
from nnmigrate.picture.model import (
    Arrow,
    Axis,
    Crossing,
    Held,
    Kind,
    Lane,
    Mark,
    Meeting,
    Picture,
    Problem,
    Row,
    RowKind,
    State,
)
from nnmigrate.picture.telling import Teller, Words, of_finding, unmarked
from nnmigrate.program import Statement
from nnmigrate.schedule import START
from nnmigrate.schedule.values import Provider

Story = tuple[Statement, Words]


class Table:
    """Grows row by row while the entries are added in the order in which they happen."""

    def __init__(self, teller: Teller, places: Mapping[int, int], told: Happenings) -> None:
        self.teller, self.places, self.told = teller, places, told
        self.rows: list[Row] = []
        self.marks: list[Mark] = []
        self.meetings: list[Meeting] = []
        self.held: list[Held] = []
        self.stories: dict[int, Story] = {}
        self.stopped = False
        self._last: dict[int, int] = {}
        self._floor = 0
        self._position: int | None = None
        self._label = ""
        self._by_site: dict[int, int] = {}
        self._passing: list[tuple[int, int]] = []
        self._begun: set[tuple[int, int, tuple[tuple[str, int], ...]]] = set()
        self._sources: dict[int, list[int]] = {}
        for value in told.values:
            if value.crossing in (Crossing.ARRIVES, Crossing.STALE):
                self._sources.setdefault(value.target, []).append(value.source)

    # --- rows -------------------------------------------------------------------------------------

    def add(self, entry: Entry | int) -> None:
        """Adds an entry, or a gap that stands for so many turns of a loop."""
        if isinstance(entry, int):
            turns = "1 more turn" if entry == 1 else f"{entry} more turns"
            self._append(RowKind.GAP, Axis.MODULE, text=turns)
            self._position = None
            return
        stop = self.told.stop
        if self.told.at_the_end and stop is not None and entry.key > stop:
            self._stop(self.told.exception, Axis.END)
        self._come_to(entry.key[0])
        if entry.calls:
            self._meet(entry)
        else:
            self._mark(entry)

    def _come_to(self, position: int) -> None:
        if position == self._position:
            return
        provider, before = self._provider(position), self._provider(self._position)
        if provider and before and not adjacent(before, provider):
            self._append(RowKind.GAP, Axis.MODULE)
        self._position, self._floor = position, len(self.rows)
        self._label = self.teller.label_at(position)

    def _provider(self, position: int | None) -> Provider | None:
        rank = self.teller.course.rank
        return next((one for one, place in rank.items() if place == position), None)

    def _append(self, kind: RowKind, axis: Axis, text: str = "", label: str = "") -> int:
        self.rows.append(Row(kind, axis, label, text, not self.stopped))
        self._floor = len(self.rows)
        return len(self.rows) - 1

    def _axis(self) -> Axis:
        position = self._position
        if position is None or position == BODY:
            return Axis.TEXT
        if position == START:
            return Axis.START
        return Axis.END if position >= self.told.end else Axis.MODULE

    def _new_row(self, kind: RowKind, text: str = "") -> int:
        label, self._label = self._label, ""
        self.rows.append(Row(kind, self._axis(), label, text, not self.stopped))
        return len(self.rows) - 1

    def _row(self, lane: int, above: Sequence[int]) -> int:
        """The first row in which a mark may stand, so that time goes down."""
        row = max([self._floor, self._last.get(lane, -1) + 1, *(each + 1 for each in above)])
        while row >= len(self.rows) or self.rows[row].kind is not RowKind.MARKS:
            if row >= len(self.rows):
                row = self._new_row(RowKind.MARKS)
            else:
                row += 1
        return row

    def _stop(self, words: Words | None, axis: Axis) -> None:
        """0.5 ends the trace here; what follows is what would have come."""
        if self.stopped:
            return
        self._append(RowKind.STOP, axis, text=words.headline if words else "")
        self._position = None
        self.stopped = True

    # --- marks ------------------------------------------------------------------------------------

    def _mark(self, entry: Entry) -> None:
        statement = entry.statement
        assert statement is not None
        lane = self.places[entry.lane]
        words = entry.words or self._gradient(entry, statement)
        ends = entry.key == self.told.stop
        if ends:
            self._floor = len(self.rows)
        row = self._row(lane, self._above(entry))
        self._last[lane] = row
        text, continued = self._text(entry, statement)
        mark = Mark(
            lane,
            row,
            entry.kinds,
            self.teller.line_at(statement.span.start),
            text,
            continued,
            reached=not self.stopped,
            turn=self._turn(entry),
        )
        if words is not None:
            self.stories[len(self.marks)] = statement, words
            mark = replace(mark, state=words.state, headline=words.headline, says=words.says)
        if entry.passed is not None:
            self._passing.append((len(self.marks), entry.passed))
            mark = replace(mark, state=State.FAILS, text=self._passed_text(entry.passed))
        if entry.held:
            self.held.append(Held(lane, row))
        self._by_site.update(dict.fromkeys(entry.sites, len(self.marks)))
        self.marks.append(mark)
        in_body = words is not None and words.state is State.FAILS and entry.key[0] == BODY
        if ends or in_body:
            self._stop(words, self._axis())

    def _above(self, entry: Entry) -> list[int]:
        """The rows in which what an entry takes is made."""
        sources = (source for site in entry.sites for source in self._sources.get(site, ()))
        return [self.marks[self._by_site[s]].row for s in sources if s in self._by_site]

    def _turn(self, entry: Entry) -> int | None:
        """Which turn of a loop inside its invoke an entry belongs to."""
        if entry.lane < 0:
            return None
        around = self.teller.course.unrolled.turns[entry.lane]
        inside = entry.turns[len(around) :]
        return inside[-1][1] + 1 if inside else None

    def _gradient(self, entry: Entry, statement: Statement) -> Words | None:
        """What the rules, and not the simulator, say of gradients."""
        if Kind.GRADIENT not in entry.kinds:
            return None
        found = (
            f
            for f in self.teller.findings
            if f.code.startswith("NNS5") and statement.span.holds(f.span)
        )
        finding = next(found, None)
        return of_finding(finding) if finding is not None else None

    def _text(self, entry: Entry, statement: Statement) -> tuple[str, bool]:
        """The statement; where it has begun further up, the module that its turn has come to."""
        known = (entry.lane, id(statement), entry.turns)
        continued = known in self._begun
        if entry.passed is None:
            self._begun.add(known)
        if continued and entry.access is not None:
            return self._site_text(entry.access), True
        return source_of(self.teller.program, statement), continued

    def _site_text(self, site: int) -> str:
        step = self.teller.course.unrolled.origins[site].step
        return one_line(self.teller.program, step.span)

    def _passed_text(self, site: int) -> str:
        return f"{self._site_text(site)} goes by"

    # --- barriers ---------------------------------------------------------------------------------

    def _meet(self, entry: Entry) -> None:
        course = self.teller.course
        lane_of = {
            operation.site: lane
            for lane, invoke in enumerate(course.unrolled.trace.invokes)
            for operation in invoke.operations
        }
        calls = [site for site in entry.calls if lane_of[site] in self.places]
        calls.sort(key=lambda site: self.places[lane_of[site]])
        row = self._new_row(RowKind.MEETING)
        origins = course.unrolled.origins
        came = [self.marks[self._by_site[s]].row if s in self._by_site else row for s in calls]
        lanes = [self.places[lane_of[site]] for site in calls]
        lines = [self.teller.line_at(origins[site].innermost.span.start) for site in calls]
        text = self._site_text(entry.calls[-1])
        self.rows[row] = replace(self.rows[row], text=text)
        self.meetings.append(Meeting(row, tuple(lanes), tuple(came), tuple(lines), text))
        self._last.update(dict.fromkeys(lanes, row))

    # --- the whole --------------------------------------------------------------------------------

    def picture(
        self, title: str, line: str, lanes: tuple[Lane, ...], notes: tuple[str, ...]
    ) -> Picture:
        """The picture of all that was added."""
        if self.told.at_the_end:
            self._stop(self.told.exception, Axis.END)
        problems = self._numbered()
        arrows = tuple(dict.fromkeys(self._arrows()))
        return Picture(
            title,
            line,
            lanes,
            tuple(self.rows),
            tuple(self.marks),
            arrows,
            tuple(self.meetings),
            tuple(self.held),
            problems,
            notes,
        )

    def _numbered(self) -> tuple[Problem, ...]:
        """Gives numbers to the marks where something goes wrong, and lists that."""
        problems: dict[tuple[str, str], Problem] = {}
        for index in sorted(self.stories, key=lambda each: self.marks[each].row):
            mark, (_, words) = self.marks[index], self.stories[index]
            key = (mark.line, mark.headline)
            if key not in problems:
                count = len(problems) + 1
                problems[key] = Problem(
                    count,
                    mark.line,
                    mark.state,
                    mark.headline,
                    mark.says,
                    words.codes,
                    mark.reached,
                )
            self.marks[index] = replace(mark, number=problems[key].number)
        for index, site in self._passing:
            if site in self._by_site:
                number = self.marks[self._by_site[site]].number
                self.marks[index] = replace(self.marks[index], number=number)
        return (*problems.values(), *self._others())

    def _others(self) -> list[Problem]:
        """What the rules find that is no matter of when things happen."""
        found = []
        for finding in self.teller.findings:
            told = any(
                finding.code in words.codes
                and (statement.span.overlaps(finding.span) or finding.code == "NNS103")
                for statement, words in self.stories.values()
            )
            if not told:
                found.append(unmarked(finding, self.teller.line_at(finding.span.start)))
        return found

    def _arrows(self) -> list[Arrow]:
        found: list[Arrow] = []
        for value in self.told.values:
            source, target = self._by_site.get(value.source), self._by_site.get(value.target)
            if source is None or target is None:
                continue
            name = self._site_text(value.target)
            # An item of what does not arrive does not arrive either.
            if not any(
                name.startswith((f"{arrow.name}[", f"{arrow.name}."))
                for arrow in found
                if arrow.target == target and arrow.crossing is Crossing.MISSED
            ):
                found.append(Arrow(source, target, name, value.crossing))
        for index, site in self._passing:
            if site in self._by_site:
                found.append(Arrow(index, self._by_site[site], "", Crossing.PASSED))
        return found
