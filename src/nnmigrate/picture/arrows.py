"""The curves along which values cross from lane to lane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nnmigrate.classes import dataclass
from nnmigrate.picture.layout import CARD, GUTTER, Box, Layout
from nnmigrate.picture.markup import clean
from nnmigrate.picture.model import Arrow, Crossing
from nnmigrate.picture.words import cut
from nnmigrate.reports.text import escaped

_BROKEN = (Crossing.MISSED, Crossing.MEANT, Crossing.PASSED)
_SIGNS = {Crossing.MISSED: "✗ ", Crossing.MEANT: "✗ ", Crossing.STALE: "≠ "}
_LONGEST_NAME = 10


@dataclass(frozen=True)
class _Label:
    """A name on a curve."""

    x: float
    y: float
    text: str
    crossing: Crossing
    reached: bool


def arrows(place: Layout) -> Iterator[str]:
    """All curves, and then their names, which stand above them."""
    labels: list[_Label] = []
    coming: dict[int, int] = {}
    for arrow in place.picture.arrows:
        source, target = place.boxes[arrow.source], place.boxes[arrow.target]
        if arrow.crossing is Crossing.PASSED:
            yield _back(source, target)
            continue
        count = coming.get(arrow.target, 0)
        coming[arrow.target] = count + 1
        yield _curve(place, arrow, count)
        labels.append(_label(arrow, source, target, count))
    for label in _apart(labels):
        yield _drawn(label)


def _curve(place: Layout, arrow: Arrow, count: int) -> str:
    """From a card's edge to the other lane's sign; it goes up where the value comes too late."""
    source, target = place.boxes[arrow.source], place.boxes[arrow.target]
    way = 1 if target.line_x > source.line_x else -1
    x0 = source.x + CARD if way > 0 else source.line_x - 10
    x1 = target.line_x - 12 if way > 0 else target.x + CARD + 3
    y0, y1 = source.middle, target.middle + 7 * count
    path = f"M{x0:.1f} {y0:.1f} "
    if abs(x1 - x0) > GUTTER * 1.5:
        # Lanes in between are crossed where no card stands: along the edge of the source's row.
        row = source.mark.row
        edge = place.tops[row] + (place.heights[row] if y1 > y0 else 0)
        out, turn = x0 + 24 * way, x1 - 62 * way
        path += f"C{x0 + 16 * way:.1f} {y0:.1f} {x0 + 4 * way:.1f} {edge:.1f} "
        path += f"{out:.1f} {edge:.1f} L{turn:.1f} {edge:.1f} "
        x0, y0 = turn, edge
    bend = 34 * way
    path += f"C{x0 + bend:.1f} {y0:.1f} {x1 - bend:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
    broken = " broken" if arrow.crossing in _BROKEN else ""
    name = arrow.crossing.value
    faint = "" if source.mark.reached or target.mark.reached else " faint"
    back = x1 - 7 * way
    return (
        f'<path class="arrow a-{name}{broken}{faint}" d="{path}"/>'
        f'<path class="h-{name}{faint}" d="M{x1:.1f} {y1:.1f} L{back:.1f} {y1 - 4.5:.1f} '
        f'L{back:.1f} {y1 + 4.5:.1f}Z"/>'
    )


def _back(source: Box, target: Box) -> str:
    """In one lane, from where a module is asked for back to where it went by."""
    x, top, bottom = source.line_x - 10, source.middle, target.middle
    out = x - 14
    faint = "" if source.mark.reached else " faint"
    return (
        f'<path class="arrow a-passed broken{faint}" '
        f'd="M{x:.1f} {bottom:.1f} C{out:.1f} {bottom:.1f} '
        f"{out:.1f} {bottom:.1f} {out:.1f} {bottom - 12:.1f} L{out:.1f} {top + 12:.1f} "
        f'C{out:.1f} {top:.1f} {out:.1f} {top:.1f} {x:.1f} {top:.1f}"/>'
        f'<path class="h-passed{faint}" d="M{x + 2:.1f} {top:.1f} L{x - 5:.1f} {top - 4.5:.1f} '
        f'L{x - 5:.1f} {top + 4.5:.1f}Z"/>'
    )


def _label(arrow: Arrow, source: Box, target: Box, count: int) -> _Label:
    right = target.line_x > source.line_x
    gutter = target.line_x - 54 if right else target.x + CARD + 40
    # A sign says the same as the colour does.
    name = _SIGNS.get(arrow.crossing, "") + escaped(arrow.name)
    name = cut(name, _LONGEST_NAME)
    # The curve comes from above, or from below where the value comes too late.
    y = target.middle + (-24 if source.middle > target.middle else 24 + 7 * count)
    reached = source.mark.reached or target.mark.reached
    return _Label(gutter, y, name, arrow.crossing, reached)


def _apart(labels: Sequence[_Label]) -> Iterator[_Label]:
    """The labels, pushed down where they would cover one another."""
    taken: list[tuple[float, float]] = []
    for label in sorted(labels, key=lambda each: (each.x, each.y)):
        y = label.y
        while any(abs(label.x - x) < 80 and abs(y - other) < 19 for x, other in taken):
            y += 4
        taken.append((label.x, y))
        yield _Label(label.x, y, label.text, label.crossing, label.reached)


def _drawn(label: _Label) -> str:
    width = len(label.text) * 6.7 + 14
    faint = "" if label.reached else ' class="faint"'
    return (
        f'<g{faint}><rect class="pill" x="{label.x - width / 2:.1f}" y="{label.y - 9:.1f}" '
        f'width="{width:.1f}" height="18" rx="9"/>'
        f'<text class="mono h-{label.crossing.value}" style="font-size:11px" '
        f'x="{label.x:.1f}" y="{label.y + 4:.1f}" text-anchor="middle">'
        f"{clean(label.text)}</text></g>"
    )
