"""The change that lets every value of a trace cross from invoke to invoke."""

from __future__ import annotations

from nnmigrate.findings import Applicability, Fix
from nnmigrate.program import (
    NotPython,
    Program,
    Trace,
    build,
)
from nnmigrate.spans import apply_edits

from .crossings import Run, held_up, runs, trouble
from .spelling import NotSpelled, Speller


def synchronizing_fix(program: Program, trace: Trace) -> Fix | None:
    """The change that lets every use of a trace that can be helped see what it means.

    It is tried before it is offered: the changed code is understood and simulated anew.
    """
    every = runs(program, trace)
    if not every or not trace.explicit or not trace.entered.proved:
        return None
    wanted = {spelled for run in every if (spelled := _spelled(program, trace, run)) is not None}
    if len(wanted) != 1:
        return None
    (fix,) = wanted
    return fix if _helps(program, trace, fix) else None


def _spelled(program: Program, trace: Trace, run: Run) -> Fix | None:
    """The edits for one way that the trace may go."""
    if not (run.plan.barriers or run.plan.containers or run.repair.removed):
        return None
    speller = Speller(program, trace, run)
    try:
        edits = speller.edits()
    except NotSpelled:
        return None
    return Fix(speller.message(), edits, Applicability.SAFE)


def _helps(program: Program, trace: Trace, fix: Fix) -> bool:
    """Whether the trace has less trouble in the changed code, and no other trouble."""
    try:
        changed = build(apply_edits(program.code, fix.edits), program.options)
    except (NotPython, ValueError):
        return False
    number = program.traces.index(trace)
    if len(changed.traces) != len(program.traces):
        return False
    then = changed.traces[number]
    before, after = trouble(program, trace), trouble(changed, then)
    if before is None or after is None or after >= before:
        return False
    return held_up(changed, then) <= held_up(program, trace)
