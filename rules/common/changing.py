"""Code as it would be: fixes are understood and simulated before they are offered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias, TypeVar

from nnmigrate.program import NotPython, Program, Trace, build
from nnmigrate.program.memory import remembered
from nnmigrate.spans import Edit, apply_edits

Outcome = TypeVar("Outcome")
Changed: TypeAlias = tuple[Program, Trace]
Edits: TypeAlias = tuple[Edit, ...]
First: TypeAlias = Callable[[Program, Trace], Edits]


def changed_by(program: Program, trace: Trace, edits: Sequence[Edit]) -> Changed | None:
    """The changed program and its trace of the same number; None where there is none."""
    return _with_trace(program, trace, built(program, tuple(edits)))


def tried(
    program: Program,
    trace: Trace,
    edits: Edits,
    first: First,
    outcome: Callable[[Changed], Outcome | None],
) -> Outcome | None:
    """What comes of a change of a trace, if it does any good.

    Where it is what is tried first, it is tried together with what is tried first for all the
    other traces: they will be carried out in one round, and a program of many traces is understood
    once for all of them. If it does not work there, it is tried alone.

    Args:
        program: the program.
        trace: one of its traces.
        edits: the change.
        first: what is tried first for a trace; nothing where nothing is.
        outcome: what a changed trace comes to; None where it is no better.
    """
    proposed, changed = _together(program, first)
    beside = _with_trace(program, trace, changed) if proposed.get(trace) == edits else None
    found = None if beside is None else outcome(beside)
    if found is not None:
        return found
    alone = changed_by(program, trace, edits)
    return None if alone is None else outcome(alone)


@remembered
def _together(program: Program, first: First) -> tuple[Mapping[Trace, Edits], Program | None]:
    """What is tried first for each trace, and the program after all of it."""
    proposed: dict[Trace, Edits] = {}
    end = 0
    for trace in program.traces:
        edits = tuple(sorted(first(program, trace)))
        if edits and edits[0].span.start >= end:
            proposed[trace] = edits
            end = edits[-1].span.end + 1
    if len(proposed) < 2:
        return {}, None
    return proposed, built(program, tuple(edit for edits in proposed.values() for edit in edits))


def _with_trace(program: Program, trace: Trace, changed: Program | None) -> Changed | None:
    if changed is None or len(changed.traces) != len(program.traces):
        return None
    return changed, changed.traces[program.traces.index(trace)]


@lru_cache(maxsize=64)
def built(program: Program, edits: tuple[Edit, ...]) -> Program | None:
    """The changed program; None where the edits overlap, or give no Python."""
    try:
        return build(apply_edits(program.code, edits), program.options, program)
    except (NotPython, ValueError):
        return None
