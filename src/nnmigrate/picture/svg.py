"""The picture as SVG: one element that stands alone, without scripts, fonts or links."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from nnmigrate.picture.arrows import arrows
from nnmigrate.picture.layout import (
    BOLD,
    CARD,
    HEAD,
    LINE,
    MONO,
    SANS,
    Box,
    Layout,
    layout,
    said_at_meeting,
    said_at_stop,
    said_bold,
)
from nnmigrate.picture.markup import clean
from nnmigrate.picture.model import Axis, Kind, Mark, Picture, Problem, RowKind, Shown, State
from nnmigrate.picture.shapes import glyph, legend
from nnmigrate.picture.style import svg_style
from nnmigrate.picture.words import SIGNS, cut, fate, titled
from nnmigrate.reports.text import escaped

_WIDEST = 1900
_BETWEEN = 48
_TITLE = 58
_MARGIN = 20
_TITLE_LETTER, _BOLD_MONO = 9.0, 7.6
_SHORT = 22


def svg(*every: Shown) -> str:
    """Traces before and after the fix: side by side, or one under the other where that is wide."""
    parts, right, y = [], 0.0, float(_MARGIN)
    for shown in every:
        panels = [_Panel(title, picture) for title, picture in titled(shown)]
        drawn, width, height = _arranged(panels, y)
        parts.append(drawn)
        right, y = max(right, width), y + height + _BETWEEN
    summary = " ".join(map(_summary, every))
    return _document(right + _MARGIN, y - _BETWEEN + _MARGIN, "".join(parts), summary)


def _arranged(panels: Sequence[_Panel], top: float) -> tuple[str, float, float]:
    """Panels beside one another, or below, with how far they reach to the right and how high."""
    beside = sum(p.width for p in panels) + _BETWEEN * (len(panels) - 1) <= _WIDEST
    x, y = float(_MARGIN), top
    parts, right, bottom = [], 0.0, top
    for panel in panels:
        parts.append(f'<g transform="translate({_n(x)} {_n(y)})">{panel.drawn()}</g>')
        right, bottom = max(right, x + panel.width), max(bottom, y + panel.height)
        if beside:
            x += panel.width + _BETWEEN
        else:
            y += panel.height + _BETWEEN
    return "".join(parts), right, bottom - top


def panel_svg(title: str, picture: Picture) -> str:
    """One picture alone, under a title."""
    panel = _Panel(title, picture)
    return _document(panel.width, panel.height, panel.drawn(), f"{title}: {picture.verdict}")


def _summary(shown: Shown) -> str:
    verdicts = "; ".join(f"{title}: {picture.verdict}" for title, picture in titled(shown))
    return f"{shown.before.title}, line {shown.before.line}. {verdicts}."


def _document(width: float, height: float, body: str, summary: str) -> str:
    w, h = _n(width), _n(height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="nnm" role="img" width="{w}" height="{h}" '
        f'viewBox="0 0 {w} {h}"><title>{clean(summary)}</title><style>{svg_style()}</style>'
        f'<rect class="page" width="{w}" height="{h}"/>{body}</svg>'
    )


def _n(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")


def _text(x: float, y: float, classes: str, text: str, anchor: str = "") -> str:
    place = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{_n(x)}" y="{_n(y)}" class="{classes}"{place}>{clean(text)}</text>'


class _Panel:
    """One picture under its title, with what goes wrong below it."""

    def __init__(self, title: str, picture: Picture) -> None:
        self.title, self.picture = title, picture
        self.layout = layout(picture)
        signs, self.legend_height = legend(picture, self.layout.width)
        self.signs = signs
        self.width = max(self.layout.width, 430.0)
        self.below = list(self._below())
        self.height = _TITLE + self.layout.bottom + self.legend_height + 14 + LINE * len(self.below)

    def drawn(self) -> str:
        """The whole panel."""
        y = _TITLE + self.layout.bottom + 12
        parts = [
            self._head(),
            f'<g transform="translate(0 {_TITLE})">{"".join(_rows(self.layout))}</g>',
            f'<g transform="translate(0 {_n(y)})">{self.signs}</g>',
        ]
        y += self.legend_height + LINE
        for classes, text in self.below:
            parts.append(_text(0 if "bold" in classes else 22, y, classes, text))
            y += LINE
        return "".join(parts)

    def _head(self) -> str:
        state = self.picture.state
        room = int((self.width - 30) / (BOLD * 1.1))
        verdict = cut(escaped(self.picture.verdict), room)
        header = cut(escaped(self.picture.title), self._header_room())
        ink = f"t-{state.value}" if state is not None else "soft"
        return (
            f'<text x="0" y="16" class="title ink">{clean(self.title)}'
            f'<tspan class="mono soft" dx="10">{clean(header)}</tspan></text>'
            + _text(0, 38, f"bold {ink}", f"{SIGNS[state]}  {verdict}")
        )

    def _header_room(self) -> int:
        """The characters of code that fit behind the panel's title."""
        return max(int((self.width - len(self.title) * _TITLE_LETTER - 24) / _BOLD_MONO), 8)

    def _below(self) -> Iterator[tuple[str, str]]:
        """Lines of text with their classes: the problems, then the notes."""
        room = int((self.width - 22) / SANS)
        for note in self.picture.notes:
            yield from (("small soft", line) for line in textwrap.wrap(note, room))
        for problem in self.picture.problems:
            soft = problem.state is State.FINE
            yield "bold soft" if soft else f"bold t-{problem.state.value}", _first(problem)
            for sentence in (problem.headline, problem.says):
                yield from (("small ink", line) for line in textwrap.wrap(sentence, room))


def _first(problem: Problem) -> str:
    number = f"[{problem.number}]" if problem.number else "·"
    codes = "".join(f" · {code}" for code in problem.codes)
    return f"{number} line {problem.line} · {fate(problem)}{codes}"


# --- the rows -------------------------------------------------------------------------------------


def _rows(place: Layout) -> Iterator[str]:
    yield from _bands(place)
    yield from _heads(place)
    yield from _lanes(place)
    yield from arrows(place)
    for number, row in enumerate(place.picture.rows):
        if row.kind is RowKind.MEETING:
            yield _meeting(place, number)
        elif row.kind is RowKind.STOP:
            yield _stop(place, number)
        elif row.kind is RowKind.GAP and row.text:
            middle = place.tops[number] + place.heights[number] / 2 + 4
            yield _text(place.lanes[0] + 18, middle, "small soft", row.text)
    waiting = {
        (lane, came)
        for meeting in place.picture.meetings
        for lane, came in zip(meeting.lanes, meeting.came, strict=True)
    }
    for box in place.boxes:
        yield _box(box, waits=(box.mark.lane, box.mark.row) in waiting)


def _bands(place: Layout) -> Iterator[str]:
    for band in place.bands:
        if band.shaded:
            yield (
                f'<rect class="band" x="0" y="{_n(band.y)}" width="{_n(place.width)}" '
                f'height="{_n(band.height)}" rx="4"/>'
            )
        y = band.y + 20
        mono = "mono" if band.axis is Axis.MODULE else "small"
        for number, line in enumerate(band.label):
            soft = "soft" if number or band.axis is not Axis.MODULE else "ink"
            yield _text(place.axis - 12, y + LINE * number, f"{mono} {soft}", line, "end")
    yield (
        f'<line class="rule" x1="{_n(place.axis)}" x2="{_n(place.axis)}" y1="{_n(place.top)}" '
        f'y2="{_n(place.bottom)}"/>'
    )


def _heads(place: Layout) -> Iterator[str]:
    room = int((CARD + 10) / MONO)
    for lane, x in zip(place.picture.lanes, place.lanes, strict=True):
        hidden = f"  ({lane.hidden} more before)" if lane.hidden else ""
        prompt = escaped(lane.prompt)
        prompt = prompt if len(prompt) <= room else f"{prompt[: room - 1]}…"
        yield _text(x - 7, 18, "bold ink", f"{lane.title}{hidden}")
        yield _text(x - 7, 36, "mono soft" if not lane.body else "small soft", prompt)


def _lanes(place: Layout) -> Iterator[str]:
    picture = place.picture
    ends = [place.tops[n] for n, row in enumerate(picture.rows) if row.kind is RowKind.STOP]
    cut = ends[0] + 12 if ends else place.bottom
    for x in place.lanes:
        dashed = "" if picture.simulated else " dashed"
        yield _vertical(x, HEAD - 10, cut, f"lane{dashed}")
        if ends:
            yield _vertical(x, cut, place.bottom, "lane dashed")
    for meeting in picture.meetings:
        for lane, came in zip(meeting.lanes, meeting.came, strict=True):
            if came < meeting.row:
                bottom = place.tops[meeting.row] + place.heights[meeting.row] / 2
                yield _vertical(place.lanes[lane], place.tops[came] + 20, bottom, "held")
    for held in picture.held:
        top = place.tops[held.row]
        bottom = max(cut, top + place.heights[held.row])
        yield _vertical(place.lanes[held.lane], top + 20, bottom, "held")


def _vertical(x: float, top: float, bottom: float, classes: str) -> str:
    return f'<line class="{classes}" x1="{_n(x)}" x2="{_n(x)}" y1="{_n(top)}" y2="{_n(bottom)}"/>'


def _meeting(place: Layout, number: int) -> str:
    meeting = next(m for m in place.picture.meetings if m.row == number)
    left, right = place.lanes[min(meeting.lanes)], place.lanes[max(meeting.lanes)]
    middle = place.tops[number] + place.heights[number] / 2
    said = said_at_meeting(place.picture, number)
    faint = "" if place.picture.rows[number].reached else ' class="faint"'
    ends = "".join(
        f'<circle class="onbar" cx="{_n(place.lanes[lane])}" cy="{_n(middle)}" r="4"/>'
        for lane in meeting.lanes
    )
    return (
        f'<g{faint}><rect class="bar" x="{_n(left - 10)}" y="{_n(middle - 12)}" '
        f'width="{_n(right - left + 20)}" height="24" rx="12"/>{ends}'
        + _text(left + 14, middle + 4, "bold small onbar", said)
        + "</g>"
    )


def _stop(place: Layout, number: int) -> str:
    head, exception = said_at_stop(place.picture.rows[number])
    top = place.tops[number] + 8
    left = place.axis
    room = int((place.width - left - 34) / MONO) - len(head) - 4
    said = f"{head}: {cut(escaped(exception), room)}" if room > 20 else head
    return (
        f'<rect class="stop" x="{_n(left)}" y="{_n(top)}" width="{_n(place.width - left)}" '
        f'height="30" rx="4"/>' + _text(left + 14, top + 19.5, "bold onstop", f"✗  {said}")
    )


def _box(box: Box, waits: bool) -> str:
    mark = box.mark
    faint = "" if mark.reached else ' class="faint"'
    card = "card" if mark.state is State.FINE else f"c-{mark.state.value}"
    dash = ' stroke-dasharray="4 3"' if not mark.reached or mark.kinds[0] is Kind.PASSED else ""
    parts = [
        f'<rect class="{card}" x="{_n(box.x)}" y="{_n(box.y)}" width="{CARD}" '
        f'height="{_n(box.height)}" rx="6"{dash}/>'
    ]
    lead = str(mark.line) if mark.kinds[0] is not Kind.PASSED else ""
    x, y = box.x + 10, box.y + 19
    if lead:
        parts.append(_text(x, y, "mono soft", lead))
        x += (len(lead) + 2) * MONO - MONO * 0.6
    for line in box.code:
        parts.append(_text(x, y, "mono ink", line))
        y += LINE
    if waits and len(box.code) == 1 and len(box.code[0]) < _SHORT:
        x = box.x + CARD - 10
        parts.append(_text(x, box.y + 19, "bold tiny t-held", "waits", "end"))
    if box.headline:
        parts.append(_callout(box, mark, y + 8))
    parts.append(glyph(mark, box.line_x, box.middle))
    if box.code and box.code[-1].endswith("…"):
        parts.append(f"<title>{clean(mark.text)}</title>")
    return f"<g{faint}>{''.join(parts)}</g>"


def _callout(box: Box, mark: Mark, y: float) -> str:
    state = mark.state.value
    parts = []
    if mark.number is not None:
        parts.append(
            f'<circle class="t-{state}" cx="{_n(box.x + 17)}" cy="{_n(y - 4)}" r="8"/>'
            + _text(box.x + 17, y, "bold tiny onstop", str(mark.number), "middle")
        )
    head = len(said_bold(mark))
    for number, line in enumerate(box.headline):
        bold = number < head
        classes = f"bold small t-{state}" if bold else "small ink"
        parts.append(_text(box.x + (30 if bold else 12), y + LINE * number, classes, line))
    return "".join(parts)
