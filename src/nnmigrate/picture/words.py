"""The fixed words and signs that all forms of the picture share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nnmigrate.picture.model import Crossing, Kind, Picture, Problem, Shown, State

KINDS = {
    Kind.READ: "reads a module",
    Kind.WRITE: "changes a module",
    Kind.NAME: "a value crosses",
    Kind.BARRIER: "calls a barrier",
    Kind.GRADIENT: "gradients",
    Kind.PASSED: "goes by unasked",
    Kind.BODY: "beside the invokes",
    Kind.STEPS: "for each token",
}

STATES = {
    State.FINE: "note",
    State.FAILS: "fails",
    State.STALE: "silently wrong",
    State.LATE: "no effect",
}

CROSSINGS = {
    Crossing.ARRIVES: "arrives",
    Crossing.MISSED: "not made yet",
    Crossing.MEANT: "meant, does not arrive",
    Crossing.STALE: "arrives, is not meant",
    Crossing.PASSED: "has passed",
}

BEFORE, AFTER, ALONE = "before the fix", "after the fix", "as it stands"
STOPS = "0.5 ends the trace here"
START, END = "before the model runs", "the model has run"
NEVER = "never reached"
BODY = "trace body, first of all"


SIGNS = {State.FINE: "✓", State.FAILS: "✗", State.STALE: "≠", State.LATE: "≠", None: "·"}
"""What stands before a picture's verdict."""


def cut(text: str, room: int) -> str:
    """A text without its end, where it is longer than there is room for."""
    return text if len(text) <= room else f"{text[: max(room - 1, 0)]}…"


def listed(names: Sequence[str]) -> str:
    """`a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def going_on(picture: Picture, lanes: Sequence[int]) -> str:
    """Who goes on when a barrier opens."""
    names = [picture.lanes[lane].title for lane in lanes]
    if all(name.startswith("invoke ") and "," not in name for name in names) and len(names) > 1:
        return f"invokes {listed([name.removeprefix('invoke ') for name in names])} go on together"
    return f"{listed(names)} go on together"


def titled(shown: Shown) -> Iterator[tuple[str, Picture]]:
    """The pictures of a trace with what to call them."""
    yield BEFORE if shown.after else ALONE, shown.before
    for number, picture in enumerate(shown.after):
        which = f", trace {number + 1} of {len(shown.after)}" if len(shown.after) > 1 else ""
        yield AFTER + which, picture


def fate(problem: Problem) -> str:
    """How a problem fares, and whether 0.5 comes to it at all."""
    if problem.word:
        return problem.word
    if problem.reached:
        return STATES[problem.state]
    return {State.FAILS: "would fail next", State.STALE: "would be silently wrong"}.get(
        problem.state, STATES[problem.state]
    )
