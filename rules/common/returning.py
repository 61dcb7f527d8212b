"""The one change that brings home what a trace does to objects made outside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field, replace

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.findings import Applicability, Fix
from nnmigrate.program import Program, Told, Trace
from nnmigrate.program.bodies import Placed, placed
from nnmigrate.program.values import Container, Items
from nnmigrate.spans import Edit, Span

from .editing import code_of, fresh_name, lines_after, lines_first, merged, movable, removed, saved
from .hoisting import Moved, Moving, hoisted, needs_no_trace
from .leaving import is_left
from .merging import Merged, copied_back, own_name, redirected
from .outer import Change, Outer, uses_of
from .passing import parts_have_names


@dataclass
class Homecoming:
    """What is decided for the outer objects of one trace.

    Args:
        moved: the statements that move behind the trace.
        merged: the objects that get a collection of the trace's own.
        stranded: the objects for which nothing is known that would be right.
    """

    moved: Moved | None = None
    merged: list[Merged] = field(default_factory=list)
    stranded: list[Outer] = field(default_factory=list)
    home: list[Outer] = field(default_factory=list)


def decide(program: Program, trace: Trace, outers: Sequence[Outer]) -> Homecoming:
    """Chooses for each object: move its changes behind the trace, else merge, else copy back."""
    here = trace.statement
    if trace.body.inline or not movable(here) or is_left(program, here):
        return Homecoming(stranded=list(outers))
    body = placed(program, trace)
    for outer in outers:
        back = _read_back(program, trace, body, outer)
        if back is not None:
            # The others are looked at anew when the body no longer reads this one.
            return Homecoming(back, home=list(outers))
    taken: set[str] = set()
    hoistable = [outer for outer in outers if can_move(program, body, outer)]
    moved = None
    while hoistable:
        moving = list(_moving(outer for outer in hoistable))
        moved = hoisted(program, trace, body, moving, taken)
        if moved is not None:
            break
        hoistable = _fewer(program, trace, body, hoistable)
    decided = Homecoming(moved, home=list(hoistable))
    for outer in outers:
        if outer not in hoistable:
            other = _merged(program, trace, outer, taken)
            (decided.merged if other else decided.stranded).append(other or outer)  # type: ignore[arg-type]
            decided.home += [outer] if other else []
    return decided


def _merged(program: Program, trace: Trace, outer: Outer, taken: set[str]) -> Merged | None:
    """The object's changes brought back, or the object itself."""
    if outer.homeless or (outer.kind == "plain" and not _ends_surely(trace)):
        return None
    fresh = None if outer.shared else redirected(program, outer, taken)
    return fresh or (None if outer.stuck else copied_back(program, outer, taken))


def _remade(program: Program, outer: Outer, change: Change, later: Sequence[Span]) -> Moved | None:
    """`self.acts = {}`, filled further down: the trace makes and fills one of its own."""
    value = change.mutation.value_span
    if value is None or not isinstance(change.mutation.value, (Container, Items)):
        return None
    name = fresh_name(program, own_name(outer.path))
    made = Edit(change.place.statement.span, f"{name} = {saved(program, value)}")
    edits = (made, *(Edit(use, name) for use in later))
    return Moved(edits, (f"{outer.path} = {name}",), (name,))


def _ends_surely(trace: Trace) -> bool:
    """Whether the end of the body is reached, and is when everything has been done."""
    steps = (step for top in trace.body.statements for step in top.all_steps)
    stopped = any(isinstance(step, Told) and "stop" in step.what for step in steps)
    return not trace.explicit and not stopped and movable(trace.body.statements[-1])


def _read_back(
    program: Program, trace: Trace, body: Sequence[Placed], outer: Outer
) -> Moved | None:
    """`self.h = v`, set once and used further down: there the value has a name of its own."""
    change, *others = outer.changes
    once = change.whole and change.place.straight and not change.several
    inside = all(not other.helper and other.mutation.how != "setattr" for other in others)
    used = bool(others) or (outer.reads and not outer.mentions)
    if not inside or not once or not used or change.mutation.how != "setattr":
        return None
    statement = change.place.statement
    uses = list(uses_of(program, trace, outer.path))
    target = change.mutation.target
    later = [use for use in uses if use.start >= statement.span.end]
    if outer.homeless or target is None or len(later) != len(uses) - 1:
        return None
    wish = own_name(outer.path) if others else _singular(outer.path)
    moved = hoisted(program, trace, body, [as_moving(change, wish)], set(), outer.path)
    if moved is None or len(moved.names) != 1:
        return None
    name = moved.names[0]
    if not name.isidentifier():
        return _remade(program, outer, change, later) if others else None
    return replace(moved, edits=(*moved.edits, *(Edit(use, name) for use in later)))


def can_move(program: Program, body: Sequence[Placed], outer: Outer) -> bool:
    """Whether each change is a statement of its own that happens exactly once."""
    once = all(c.whole and c.place.straight for c in outer.changes)
    if not once or outer.reads or outer.homeless:
        return False
    # What is computed from the object has to be computed when the changes before it are made.
    spans = ((c.place.statement, c.mutation.value_span) for c in outer.changes)
    return (
        not outer.mentions
        or len(outer.changes) == 1
        or all(span and needs_no_trace(program, body, s, span) for s, span in spans)
    )


def _fewer(
    program: Program, trace: Trace, body: Sequence[Placed], outers: list[Outer]
) -> list[Outer]:
    """The objects whose changes can move on their own; one less where all of them can."""
    alone = [o for o in outers if hoisted(program, trace, body, list(_moving([o])), set())]
    return alone if len(alone) < len(outers) else outers[:-1]


def _moving(outers: object) -> Iterator[Moving]:
    seen = set()
    changes = [(change, outer) for outer in outers for change in outer.changes]  # type: ignore[attr-defined]
    for change, outer in sorted(changes, key=lambda pair: pair[0].mutation.span):
        if change.place.statement not in seen:
            seen.add(change.place.statement)
            yield as_moving(change, _singular(outer.path))


def as_moving(change: Change, wish: str) -> Moving:
    """A change as a statement to be moved."""
    mutation = change.mutation
    if change.several:
        return Moving(change.place.statement, _right_side(change), None, wish)
    return Moving(change.place.statement, mutation.value_span, mutation.value, wish)


def _right_side(change: Change) -> Span:
    """The characters of the value of an assignment with several targets."""
    statement = change.place.statement
    assert isinstance(statement.node, cst.Assign)
    text = code_of(statement.node.value)
    return Span(statement.span.end - len(text), statement.span.end)


def _singular(path: str) -> str:
    """`_result` for an item of `results`."""
    name = own_name(path)
    plural = name.endswith("s") and not name.endswith("ss") and len(name) > 3
    return own_name(name[:-1]) if plural else name


def fix_of(program: Program, trace: Trace, decided: Homecoming) -> Fix | None:
    """The change for all objects of a trace for which there is one."""
    edits = list(_edits(program, trace, decided))
    if not edits:
        return None
    stale = any(_leaves_stale(program, trace, outer) for outer in decided.home)
    safety = Applicability.UNSAFE if stale else Applicability.SAFE
    return Fix(_message(decided), merged(edits), safety)


def _leaves_stale(program: Program, trace: Trace, outer: Outer) -> bool:
    """Whether copying an object back would leave other names of its items behind."""
    inner = any(change.mutation.depth for change in outer.changes)
    return inner and outer.kind in ("list", "dict") and parts_have_names(program, trace, outer.path)


def _edits(program: Program, trace: Trace, decided: Homecoming) -> Iterator[Edit]:
    lines: list[str] = []
    for outer in decided.home:
        yield from map(removed, outer.idle)
    if decided.moved is not None:
        yield from decided.moved.edits
        lines += decided.moved.lines
    for part in decided.merged:
        yield from part.edits
        lines += part.lines
    first = [part.first for part in decided.merged if part.first]
    last = [part.last for part in decided.merged if part.last]
    if first:
        yield lines_first(program, trace.body, *first)
    if last:
        yield lines_after(program, trace.body.statements[-1], *last)
    if lines:
        yield lines_after(program, trace.statement, *lines)


def _message(decided: Homecoming) -> str:
    names = ", ".join(f"`{outer.path}`" for outer in decided.home)
    if decided.merged:
        return (
            f"Fill a collection that the trace makes and saves, and put it into {names} behind it"
        )
    return f"Save the values in the trace, and change {names} behind it"
