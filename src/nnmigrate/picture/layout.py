"""Where everything of a picture goes on a page, in pixels."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.picture.model import Axis, Kind, Mark, Picture, Row, RowKind
from nnmigrate.picture.words import BODY, END, NEVER, START, STOPS, going_on
from nnmigrate.reports.text import escaped

CARD = 262
"""The width of a mark's card; wide enough for a statement of 34 characters."""
GUTTER = 92
"""Between the columns: where values cross, with their names."""
PADDING = 22
HEAD = 56
"""The heads of the columns."""
LINE = 16
MONO = 7.25
"""The width of a character of code, at 12 pixels, in the widest of the fonts that may be used."""
SANS = 6.2
"""The same of a sentence at 11 pixels; letters differ, so that it is on the safe side."""
BOLD = 7.0
"""The same of bold letters."""
GLYPH = 18
"""From a lane's line to the card beside it."""

_LEAST_AXIS = 120
_GAP, _MEETING, _STOP, _SPACE = 26, 46, 50, 10
_CODE_LINES = 3
_PIECE = pattern(r"[^\s.,(]*(?:\(\)[.,:]?|[\s.,(])+|[^\s.,(]+")


@dataclass(frozen=True)
class Box:
    """A mark's card: its lane's line, its place, and what stands in it."""

    mark: Mark
    line_x: float
    x: float
    y: float
    height: float
    code: tuple[str, ...]
    headline: tuple[str, ...]

    @property
    def middle(self) -> float:
        """Where the sign stands on the lane's line."""
        return self.y + 15


@dataclass(frozen=True)
class Band:
    """The rows of one moment."""

    y: float
    height: float
    label: tuple[str, ...]
    axis: Axis
    shaded: bool


@dataclass(frozen=True)
class Layout:
    """A picture's places.

    Args:
        axis: the x of the line that modules stand at.
        lanes: the x of each lane's line.
        tops: the y of each row.
        heights: of each row.
        boxes: for each mark.
        top: where the rows begin, below the heads.
        bottom: where they end.
    """

    picture: Picture
    axis: float
    lanes: tuple[float, ...]
    tops: tuple[float, ...]
    heights: tuple[float, ...]
    boxes: tuple[Box, ...]
    bands: tuple[Band, ...]
    top: float
    bottom: float
    width: float


def layout(picture: Picture) -> Layout:
    """Finds a place for everything; the left upper corner is at 0, 0."""
    axis = _axis_width(picture)
    lanes = tuple(
        axis + PADDING + 8 + number * (CARD + GUTTER) for number in range(len(picture.lanes))
    )
    contents = [_content(mark) for mark in picture.marks]
    heights = [_height(picture, number, contents) for number in range(len(picture.rows))]
    tops, y = [], float(HEAD)
    for height in heights:
        tops.append(y)
        y += height
    boxes = tuple(
        Box(m, lanes[m.lane], lanes[m.lane] + GLYPH, tops[m.row] + _SPACE / 2, _tall(c), *c)
        for m, c in zip(picture.marks, contents, strict=True)
    )
    width = (lanes[-1] if lanes else axis) + GLYPH + CARD + 4
    bands = tuple(_bands(picture, tops, heights))
    return Layout(
        picture, axis, lanes, tuple(tops), tuple(heights), boxes, bands, HEAD, y + 8, width
    )


def _axis_width(picture: Picture) -> float:
    labels = [label for row in picture.rows for label in axis_label(picture, row)]
    longest = max((len(label) for label in labels), default=0)
    return max(_LEAST_AXIS, longest * MONO + 12)


def axis_label(picture: Picture, row: Row) -> tuple[str, ...]:
    """What stands at the axis beside a row, in one or two lines."""
    if row.kind is RowKind.GAP:
        return ("⋮",)
    if row.label:
        path, dot, point = row.label.rpartition(".")
        return (path, f"{dot}{point}") if dot and len(row.label) > 18 else (row.label,)
    words = {Axis.START: START, Axis.END: END if row.reached else NEVER, Axis.TEXT: BODY}
    first = next(r for r in picture.rows if r.axis is row.axis and r.kind is not RowKind.GAP)
    if row is first and row.axis in words and (picture.simulated or row.axis is not Axis.TEXT):
        return tuple(textwrap.wrap(words[row.axis], 16))
    return ()


def _content(mark: Mark) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines of code, and the lines of what goes wrong, that a card holds."""
    room = int((CARD - 20) / MONO)
    lead = f"{mark.line}  " if mark.kinds[0] is not Kind.PASSED else ""
    turn = f"turn {mark.turn}: " if mark.turn and mark.kinds[0] is not Kind.PASSED else ""
    text = escaped(f"{turn}{'… ' if mark.continued else ''}{mark.text}")
    lines = _code_lines(text, room - len(lead))
    code = lines[:_CODE_LINES]
    if len(lines) > _CODE_LINES:
        code[-1] = f"{code[-1][: room - len(lead) - 1]}…"
    said = said_bold(mark)
    if mark.says and mark.headline:
        said += textwrap.wrap(escaped(mark.says), int((CARD - 24) / SANS))
    return tuple(code), tuple(said)


def said_bold(mark: Mark) -> list[str]:
    """The lines of what goes wrong with a mark: the exception alone."""
    return _code_lines(escaped(mark.headline), int((CARD - 42) / BOLD)) if mark.headline else []


def _code_lines(text: str, room: int) -> list[str]:
    """Code on lines that fit, broken where it can be read best."""
    lines, line = [], ""
    for piece in _PIECE.findall(text):
        if len(line) + len(piece.rstrip()) > room and line:
            lines.append(line.rstrip())
            line = ""
        while len(piece) > room:
            lines.append(piece[:room])
            piece = piece[room:]
        line += piece
    return [*lines, line.rstrip()]


def _tall(content: tuple[tuple[str, ...], tuple[str, ...]]) -> float:
    code, said = content
    return 14 + LINE * len(code) + (LINE * len(said) + 12 if said else 0)


def _height(
    picture: Picture, number: int, contents: list[tuple[tuple[str, ...], tuple[str, ...]]]
) -> float:
    row = picture.rows[number]
    if row.kind is RowKind.GAP:
        return _GAP
    if row.kind is RowKind.MEETING:
        return _MEETING
    if row.kind is RowKind.STOP:
        return _STOP
    tall = (_tall(c) for m, c in zip(picture.marks, contents, strict=True) if m.row == number)
    label = len(axis_label(picture, row)) * LINE + 10
    return max([*tall, label - _SPACE]) + _SPACE


def _bands(picture: Picture, tops: list[float], heights: list[float]) -> Iterator[Band]:
    """The moments: rows up to the next one that has a label of its own."""
    start, shaded = 0, True
    for number in range(1, len(picture.rows) + 1):
        if number < len(picture.rows) and not _begins(picture, number):
            continue
        row = picture.rows[start]
        plain = row.kind in (RowKind.GAP, RowKind.STOP)
        height = sum(heights[start:number])
        yield Band(tops[start], height, axis_label(picture, row), row.axis, shaded and not plain)
        shaded, start = shaded if plain else not shaded, number


def _begins(picture: Picture, number: int) -> bool:
    row, above = picture.rows[number], picture.rows[number - 1]
    special = (RowKind.GAP, RowKind.STOP)
    return bool(axis_label(picture, row)) or row.kind in special or above.kind in special


def said_at_meeting(picture: Picture, row: int) -> str:
    """What stands on the bar of a barrier, between its first two lanes."""
    meeting = next(m for m in picture.meetings if m.row == row)
    room = int((CARD + GUTTER - 34) / BOLD)
    call = escaped(meeting.text)
    ways = (
        f"{call}: {going_on(picture, meeting.lanes)}",
        f"{call}: all go on together",
        f"{call[:16]}…: all go on together",
    )
    return next((way for way in ways if len(way) <= room), "all go on together")


def said_at_stop(row: Row) -> tuple[str, str]:
    """What stands where 0.5 ends a trace: that it does, and with what."""
    return STOPS, row.text
