"""What a call of a function comes to is found out once for each way of calling it.

It depends on what the function is given, on what it asks its surroundings for, and on the facts.
Where all of these are what they were when following the call changed none of them, following it
again would come to the same.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import field, replace
from typing import TYPE_CHECKING

from nnmigrate.classes import dataclass
from nnmigrate.program.values import UNKNOWN, Value

if TYPE_CHECKING:
    import libcst as cst

    from nnmigrate.program.walk import Frame, Walk

# How deep calls of the file's own functions are followed, so that a trace's body can be understood.
MAX_INLINE_DEPTH = 3


@dataclass
class Followed:
    """A call that is followed, and what it comes to.

    Args:
        level: within how many other calls it is.
        callers: the functions whose calls those are.
        asked: the names of its surroundings that it asks for, by the frame around, with what they
            stand for.
        within: of which functions it asks whether a call of them is being followed, and whether
            one is, from outside.
        deep: at which levels below it calls in traces are followed, and whether that is too deep.
        rebinds: whether it may bind a name of its surroundings.
        value: what it comes to.
    """

    level: int
    callers: frozenset[int]
    asked: dict[tuple[int, str], tuple[Frame, Value | None, str]] = field(default_factory=dict)
    within: dict[int, bool] = field(default_factory=dict)
    deep: dict[int, bool] = field(default_factory=dict)
    rebinds: bool = False
    value: Value = UNKNOWN

    def holds(self, level: int, callers: frozenset[int]) -> bool:
        """Whether all that it rests on is the same, at another level and within other calls."""
        return (
            all((one in callers) is was for one, was in self.within.items())
            and all((level + one >= MAX_INLINE_DEPTH) is was for one, was in self.deep.items())
            and all(
                _meaning(frame, name)[0] == was for (_, name), (frame, was, _) in self.asked.items()
            )
        )

    def changes(self) -> bool:
        """Whether following it has changed what a name of its surroundings stands for."""
        return self.rebinds or any(
            _meaning(frame, name) != tuple(was) for (_, name), (frame, *was) in self.asked.items()
        )

    def goes_into(self, outer: Followed) -> None:
        """What a call rests on, the one within which it is followed rests on, too."""
        outer.asked = {**self.asked, **outer.asked}
        outer.within |= {one: one in outer.callers for one in self.within}
        further = self.level - outer.level
        outer.deep |= {one + further: was for one, was in self.deep.items()}
        outer.rebinds = outer.rebinds or self.rebinds


@dataclass
class Recalled:
    """The calls that have been followed.

    Args:
        known: what they come to, by what was asked.
        now: those that are being followed, outermost first.
        words: the words of a function, by its node's id.
    """

    known: dict[Hashable, Followed] = field(default_factory=dict)
    now: list[Followed] = field(default_factory=list)
    words: dict[int, frozenset[str]] = field(default_factory=dict)


class OwnNames(dict[str, Value]):
    """The names of a followed call's frame: for those that are none of them others are asked."""

    def __init__(self, walk: Walk, around: Frame) -> None:
        super().__init__()
        self._now, self._around = walk.recalled.now, around

    def __contains__(self, name: object) -> bool:
        if super().__contains__(name):
            return True
        if self._now and isinstance(name, str):
            key, asked = (id(self._around), name), self._now[-1].asked
            if key not in asked:
                asked[key] = (self._around, *_meaning(self._around, name))
        return False


def _meaning(frame: Frame, name: str) -> tuple[Value | None, str]:
    owner = frame.owner(name)
    return (None, "") if owner is None else (owner.values[name], owner.versions.get(name, ""))


def words_of(walk: Walk, node: cst.FunctionDef) -> frozenset[str]:
    """The words in a function's text."""
    words = walk.recalled.words
    if id(node) not in words:
        words[id(node)] = frozenset(re.findall(r"\w+", walk.text(node)))
    return words[id(node)]


def is_followed(walk: Walk, node: cst.FunctionDef) -> bool:
    """Whether a call of a function is being followed."""
    for call in walk.recalled.now[-1:]:
        call.within[id(node)] = id(node) in call.callers
    return node in walk.inlining


def is_too_deep(walk: Walk) -> bool:
    """Whether a call in a trace is within too many others to be followed."""
    level = len(walk.inlining)
    for call in walk.recalled.now[-1:]:
        call.deep[level - call.level] = level >= MAX_INLINE_DEPTH
    return level >= MAX_INLINE_DEPTH


def rebinds(walk: Walk) -> None:
    """Takes note that what is being followed may bind names of its surroundings."""
    for call in walk.recalled.now[-1:]:
        call.rebinds = True


@contextmanager
def recalled(
    walk: Walk, node: cst.FunctionDef, given: tuple[tuple[str, Value], ...]
) -> Iterator[tuple[Followed, bool]]:
    """Follows a call meanwhile, unless it is known what it comes to.

    Args:
        walk: the walk.
        node: the function.
        given: its parameters and what is passed for them.

    Returns:
        The call, and whether it is still to be followed.
    """
    known, now = walk.recalled.known, walk.recalled.now
    question = (id(node), given, *_state(walk))
    call = Followed(len(walk.inlining), frozenset(map(id, walk.inlining)))
    before = known.get(question)
    if before is not None and before.holds(call.level, call.callers):
        call = replace(before, level=call.level, callers=call.callers)
        yield call, False
    else:
        now.append(call)
        try:
            yield call, True
        finally:
            now.pop()
        if _state(walk) == question[2:] and not call.changes():
            known[question] = call
    for outer in now[-1:]:
        call.goes_into(outer)


def _state(walk: Walk) -> tuple[Hashable, ...]:
    """What a followed call may depend on and change, besides names."""
    return walk.nested, walk.tracing, tuple(walk.guarded), walk.nnsight, walk.facts.state
