"""Code as it would be: fixes are understood and simulated before they are offered."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

from nnmigrate.program import NotPython, Program, Trace, build
from nnmigrate.spans import Edit, apply_edits

Changed: TypeAlias = tuple[Program, Trace]


def changed_by(program: Program, trace: Trace, edits: Sequence[Edit]) -> Changed | None:
    """The changed program and its trace of the same number; None where there is none."""
    changed = built(program, tuple(edits))
    if changed is None or len(changed.traces) != len(program.traces):
        return None
    return changed, changed.traces[program.traces.index(trace)]


@lru_cache(maxsize=64)
def built(program: Program, edits: tuple[Edit, ...]) -> Program | None:
    """The changed program; None where the edits overlap, or give no Python."""
    try:
        return build(apply_edits(program.code, edits), program.options)
    except (NotPython, ValueError):
        return None
