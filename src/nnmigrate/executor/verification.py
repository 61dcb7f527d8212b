"""Proving a migration: the original on nnsight 0.4 against the migrated program on its target."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from .compare import Outcome, Verdict, compare
from .environments import Environment, ensure
from .observation import Observation
from .running import LIMIT, Executor
from .scripts import Hints, Script, hints_of, uses_remote

BASELINE = "0.4.11"
TARGET = "0.5.15"
_STRETCHES = (1, 2, 3)
_OUT_OF_BOUNDS = re.compile(r"ind(ex|ices).* (is|are) out of bounds|index out of range")


@dataclass(frozen=True)
class Executors:
    """The two sides of a comparison.

    Args:
        baseline: Runs the original, on 0.4.
        migrated: Runs the migrated program.
    """

    baseline: Executor
    migrated: Executor


@contextmanager
def executors(
    baseline: Environment | None = None, migrated: Environment | None = None
) -> Iterator[Executors]:
    """Start both sides, making their environments where needed.

    Args:
        baseline: The environment of 0.4; nnsight 0.4.11 by default.
        migrated: The environment of the target; nnsight 0.5.15 by default.
    """
    with ExitStack() as stack:
        old = stack.enter_context(Executor(baseline or ensure(BASELINE)))
        new = stack.enter_context(Executor(migrated or ensure(TARGET)))
        yield Executors(old, new)


def verify(
    before: Path | Script, after: Path | Script, *, executors: Executors, limit: float = LIMIT
) -> Verdict:
    """Run a program on 0.4 and its migration on the target, and compare what they computed.

    Programs that use ``remote=`` are run both with it meaning ordinary local execution and with a
    simulated server; both must agree. What differs is run again on 0.4, since a program that
    does not even repeat itself cannot be compared.

    Args:
        before: The program as it was on 0.4.
        after: The migrated program.
        executors: Both sides.
        limit: Seconds for each run.

    Raises:
        ExecutorFailure: A process that runs scripts died.
        OSError: A file cannot be read.
    """
    old, new = Script.of(before), Script.of(after)
    comparison = _Comparison(old, new, executors, limit)
    verdict = comparison.locally()
    if uses_remote(old.source) or uses_remote(new.source):
        verdict = _both(verdict, comparison.remotely())
    if verdict.outcome is Outcome.DIFFERENT and not comparison.repeats():
        return Verdict(Outcome.INCONCLUSIVE, "the original gives something else in every run")
    return verdict


class _Comparison:
    """One original and one migration, run as often as needed with the same twins."""

    def __init__(self, before: Script, after: Script, sides: Executors, limit: float) -> None:
        self._before = before
        self._after = after
        self._sides = sides
        self._limit = limit
        self._hints = hints_of(before.source) | hints_of(after.source)
        self._baseline = self._first_baseline()

    def _first_baseline(self) -> Observation:
        """Run the original with longer and longer prompts until its indices fit into them.

        Token positions in a program are those of the real tokenizer, and a twin's is coarser.
        """
        for stretch in _STRETCHES:
            hints = self._hints.stretched(stretch)
            baseline = self._original(hints, remote=False)
            if not _is_out_of_bounds(baseline):
                self._hints = hints
                break
        return baseline

    def _original(self, hints: Hints, remote: bool) -> Observation:
        run = self._sides.baseline.run
        return run(self._before, remote=remote, limit=self._limit, hints=hints)

    def _migrated(self, remote: bool) -> Observation:
        run = self._sides.migrated.run
        return run(self._after, remote=remote, limit=self._limit, hints=self._hints)

    def locally(self) -> Verdict:
        if not self._baseline.completed:
            return compare(self._baseline, Observation())
        return compare(self._baseline, self._migrated(remote=False))

    def remotely(self) -> Verdict:
        """Compare under the simulated server.

        Where the original does not survive that itself, what it gave locally is the measure, and
        to miss it is no fault of the migration's.
        """
        if not self._baseline.completed:
            return compare(self._baseline, Observation())
        original = self._original(self._hints, remote=True)
        measure = original if original.completed else self._baseline
        verdict = _named("remotely", compare(measure, self._migrated(remote=True)))
        if verdict.outcome is Outcome.DIFFERENT and not original.completed:
            reason = (
                f"the original fails under the simulated server: {original.error or 'it hangs'}"
            )
            return Verdict(Outcome.INCONCLUSIVE, reason, (verdict.reason,))
        return verdict

    def repeats(self) -> bool:
        again = self._original(self._hints, remote=False)
        return compare(self._baseline, again).outcome is Outcome.SAME


def _is_out_of_bounds(baseline: Observation) -> bool:
    return baseline.error is not None and bool(_OUT_OF_BOUNDS.search(baseline.error.message))


def _named(place: str, verdict: Verdict) -> Verdict:
    return replace(verdict, reason=f"{place}, {verdict.reason}") if verdict.reason else verdict


def _both(local: Verdict, remote: Verdict) -> Verdict:
    """Take the worse of two verdicts, with the notes of both."""
    order = (Outcome.DIFFERENT, Outcome.INCONCLUSIVE, Outcome.SAME)
    worse = min((local, remote), key=lambda verdict: order.index(verdict.outcome))
    return replace(worse, notes=tuple(dict.fromkeys(local.notes + remote.notes)))
