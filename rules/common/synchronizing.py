"""The change that lets every value of a trace cross from invoke to invoke."""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Fix
from nnmigrate.program import Program, Trace
from nnmigrate.program.memory import remembered

from .changing import Changed, Tries, tried
from .crossings import Run, crossings, held_up, runs, trouble
from .spelling import NotSpelled, Speller


@remembered
def synchronizing_fix(program: Program, trace: Trace) -> Fix | None:
    """The change that lets every use of a trace that can be helped see what it means.

    It is tried before it is offered: the changed code is understood and simulated anew. Where the
    trace may go several ways the barriers of one serve them all: they stand outside of conditions.
    """
    left: dict[Fix, int] = {}
    for fix in _spellings(program, trace):
        after = _trouble_after(program, trace, fix)
        if after is not None:
            left[fix] = after
    return min(left, key=lambda fix: left[fix]) if left else None


def _spelled(program: Program, trace: Trace, run: Run) -> Fix | None:
    """The edits for one way that the trace may go."""
    if not (run.plan.barriers or run.plan.containers or run.repair.removed):
        return None
    speller = Speller(program, trace, run)
    try:
        edits = speller.edits()
    except NotSpelled:
        return None
    return Fix(speller.message(), edits, Applicability.SAFE, trace.statement.span)


@remembered
def spelled_ways(program: Program, trace: Trace) -> Tries:
    """What is tried to let the values of a trace cross."""
    return Tries(fix.edits for fix in _spellings(program, trace))


def _spellings(program: Program, trace: Trace) -> Iterator[Fix]:
    """The changes that serve one way that the trace may go, each once."""
    seen: set[Fix] = set()
    for run in runs(program, trace) if trace.explicit else ():
        fix = _spelled(program, trace, run)
        if fix is not None and fix not in seen:
            seen.add(fix)
            yield fix


def _trouble_after(program: Program, trace: Trace, fix: Fix) -> int | None:
    """How much trouble the trace has in the changed code; None unless it is less, and no other."""
    before = trouble(program, trace)

    def outcome(changed: Changed) -> int | None:
        after = trouble(*changed)
        if before is None or after is None or after >= before:
            return None
        return after if held_up(*changed) <= held_up(program, trace) else None

    return tried(program, trace, fix.edits, spelled_ways, outcome)


def is_cured(changed: Changed) -> bool:
    """Whether every value of a trace crosses."""
    return bool(runs(*changed)) and not crossings(*changed)
