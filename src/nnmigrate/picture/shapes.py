"""The signs on the lanes, and the legend that explains them."""

from __future__ import annotations

from nnmigrate.picture.model import Crossing, Kind, Mark, Picture, State
from nnmigrate.picture.words import CROSSINGS, KINDS

_SIZE = 6.5


def glyph(mark: Mark, x: float, y: float) -> str:
    """The sign of a mark: a shape for what it does, a cross for what fails."""
    if mark.kinds[0] is Kind.PASSED:
        return cross(x, y, "g-passed")
    sign = shape(mark.kinds[0], x, y)
    if mark.state in (State.FAILS, State.STALE):
        # A ring says the same as the colour does.
        return (
            f'<circle class="onbar" cx="{x:.1f}" cy="{y:.1f}" r="11"/>'
            f'<circle class="c-{mark.state.value}" cx="{x:.1f}" cy="{y:.1f}" r="10.5" '
            f'stroke-width="2"/>{sign}'
        )
    return sign


def shape(kind: Kind, x: float, y: float) -> str:
    """A circle reads, a square changes, a diamond hands on, a bar waits, a triangle derives."""
    r, name = _SIZE, f"g-{kind.value}"
    if kind is Kind.READ:
        return f'<circle class="{name}" cx="{x:.1f}" cy="{y:.1f}" r="{r}" stroke-width="1.5"/>'
    if kind is Kind.BARRIER:
        return (
            f'<rect class="{name}" x="{x - 9:.1f}" y="{y - 4:.1f}" width="18" height="8" rx="2" '
            'stroke-width="1.5"/>'
        )
    if kind is Kind.PASSED:
        return cross(x, y, name)
    return f'<path class="{name}" stroke-width="1.5" d="{_outline(kind, x, y, r)}"/>'


def _outline(kind: Kind, x: float, y: float, r: float) -> str:
    corners = {
        Kind.WRITE: ((-r, -r), (r, -r), (r, r), (-r, r)),
        Kind.NAME: ((0, -r - 2), (r + 2, 0), (0, r + 2), (-r - 2, 0)),
        Kind.GRADIENT: ((-r - 1, -r), (r + 1, -r), (0, r + 1)),
        Kind.BODY: ((-r, -4), (r, -4), (r, 4), (-r, 4)),
        Kind.STEPS: ((-r, -r), (0, -r), (r, 0), (0, r), (-r, r), (0, 0)),
    }[kind]
    points = " L".join(f"{x + dx:.1f} {y + dy:.1f}" for dx, dy in corners)
    return f"M{points}Z"


def cross(x: float, y: float, name: str) -> str:
    """Two strokes."""
    r = _SIZE - 1
    return (
        f'<circle class="onbar" cx="{x:.1f}" cy="{y:.1f}" r="9"/>'
        f'<path class="{name}" stroke-width="3" stroke-linecap="round" '
        f'd="M{x - r:.1f} {y - r:.1f} L{x + r:.1f} {y + r:.1f} '
        f'M{x + r:.1f} {y - r:.1f} L{x - r:.1f} {y + r:.1f}"/>'
    )


def legend(picture: Picture, width: float) -> tuple[str, float]:
    """The signs that a picture uses, with their words, and the height that they take."""
    entries = [
        (shape(kind, 9, 9), KINDS[kind])
        for kind in dict.fromkeys(mark.kinds[0] for mark in picture.marks)
    ]
    crossings = dict.fromkeys(arrow.crossing for arrow in picture.arrows)
    entries += [
        (_sample(crossing), f"value {CROSSINGS[crossing]}")
        for crossing in crossings
        if crossing is not Crossing.PASSED
    ]
    if any(c < m.row for m in picture.meetings for c in m.came) or picture.held:
        entries.append(('<line class="held" x1="9" x2="9" y1="0" y2="18"/>', "waits at a barrier"))
    parts, x, y = [], 0.0, 0.0
    for sign, words in entries:
        needed = 26 + 6.6 * len(words) + 16
        if x and x + needed > width:
            x, y = 0.0, y + 24
        parts.append(
            f'<g transform="translate({x:.1f} {y:.1f})">{sign}'
            f'<text class="small soft" x="24" y="13">{words}</text></g>'
        )
        x += needed
    return "".join(parts), y + 24


def _sample(crossing: Crossing) -> str:
    broken = "" if crossing in (Crossing.ARRIVES, Crossing.STALE) else " broken"
    return f'<line class="arrow a-{crossing.value}{broken}" x1="0" x2="18" y1="9" y2="9"/>'
