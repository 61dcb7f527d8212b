"""Proving a migration: the original on nnsight 0.4 against the migrated program on its target."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from .baseline import Baseline, Original
from .compare import Outcome, Verdict, compare
from .environments import NEWER_TRANSFORMERS, Environment, EnvironmentFailure, ensure
from .observation import Observation
from .running import Conditions, Executor
from .scripts import Script, uses_remote

BASELINE = "0.4.11"
TARGET = "0.5.15"
# The last release of each line; what the executor was tried on.
_RELEASES: dict[tuple[int, ...], str] = {
    (0, 5): TARGET,
    (0, 6): "0.6.3",
    (0, 7): "0.7.0",
    (0, 8): "0.8.1",
}

Environments = Callable[[], tuple[Environment, Environment]]
"""What makes the environments of both sides."""


@dataclass(frozen=True)
class Executors:
    """The two sides of a comparison.

    Args:
        baseline: Runs the original, on 0.4.
        migrated: Runs the migrated program.
        newer: Gives both with a newer transformers, for programs whose layers are to give tensors;
            None where they cannot be had.
    """

    baseline: Executor
    migrated: Executor
    newer: Callable[[], Executors | None] = lambda: None


class _Newer:
    """Both sides once more with a newer transformers, started when they are first needed."""

    def __init__(self, stack: ExitStack, environments: Environments) -> None:
        self._stack = stack
        self._environments = environments
        self._lock = threading.Lock()
        self._started: list[Executors | None] = []

    def __call__(self) -> Executors | None:
        with self._lock:
            if not self._started:
                self._started.append(self._start())
            return self._started[0]

    def _start(self) -> Executors | None:
        try:
            old, new = map(Executor, self._environments())
        except EnvironmentFailure:
            return None
        return Executors(self._stack.enter_context(old), self._stack.enter_context(new))


def release_of(target: tuple[int, ...] | None) -> str:
    """Give the release to run on for a target: the last one of a line, or the very one.

    Args:
        target: A version as numbers; None for any 0.5.
    """
    if target is None:
        return TARGET
    return _RELEASES.get(target, ".".join(map(str, target)))


@contextmanager
def executors(
    baseline: Environment | None = None,
    migrated: Environment | None = None,
    newer: Environments | None = None,
) -> Iterator[Executors]:
    """Start both sides, making their environments where needed.

    Args:
        baseline: The environment of 0.4; nnsight 0.4.11 by default.
        migrated: The environment of the target; nnsight 0.5.15 by default.
        newer: Makes both with a newer transformers; where neither is given they are known.
    """
    if newer is None and baseline is None and migrated is None:
        newer = _newer_environments
    with ExitStack() as stack:
        old = stack.enter_context(Executor(baseline or ensure(BASELINE)))
        new = stack.enter_context(Executor(migrated or ensure(TARGET)))
        if newer is None:
            yield Executors(old, new)
        else:
            yield Executors(old, new, _Newer(stack, newer))


def _newer_environments() -> tuple[Environment, Environment]:
    old, new = (ensure(one, transformers=NEWER_TRANSFORMERS) for one in (BASELINE, TARGET))
    return old, new


def verify(
    before: Path | Script,
    after: Path | Script,
    *,
    executors: Executors,
    conditions: Conditions = Conditions(),  # noqa: B008  # frozen
) -> Verdict:
    """Run a program on 0.4 and its migration on the target, and compare what they computed.

    Args:
        before: The program as it was on 0.4.
        after: The migrated program.
        executors: Both sides.
        conditions: What the runs may take, and what their models are.

    Raises:
        ExecutorFailure: A process that runs scripts could not be started.
        OSError: A file cannot be read.
    """
    old, new = Script.of(before), Script.of(after)
    original = Original(old, executors.baseline, conditions, old.hints | new.hints)
    return judge(original, new, executors.migrated, conditions)


def judge(baseline: Baseline, after: Script, migrated: Executor, conditions: Conditions) -> Verdict:
    """Run a migrated program and compare it with what its original gave.

    Programs that use ``remote=`` are run both with it meaning ordinary local execution and with a
    simulated server; both must agree. An original that does not even repeat itself cannot be
    compared.

    Args:
        baseline: What the original gave.
        after: The migrated program.
        migrated: Runs it.
        conditions: What a run may take, and what its models are.

    Raises:
        ExecutorFailure: The process that runs scripts could not be started.
    """

    def run(remote: bool) -> Observation:
        return migrated.run(after, remote=remote, conditions=conditions, hints=baseline.hints)

    if not baseline.local.completed:
        return compare(baseline.local, Observation())
    verdict = compare(baseline.local, run(remote=False))
    if baseline.remote is not None or uses_remote(after.source):
        verdict = _worse(verdict, _remotely(baseline, run(remote=True)))
    if verdict.outcome is Outcome.DIFFERENT and not baseline.repeats:
        reason = "the original gives something else in every run"
        return Verdict(Outcome.INCONCLUSIVE, reason, requests=verdict.requests)
    return verdict


def _remotely(baseline: Baseline, after: Observation) -> Verdict:
    """Compare under the simulated server.

    Where the original does not survive that itself, what it gave locally is the measure, and to
    miss it is no fault of the migration's.
    """
    original = baseline.remote
    measure = original if original is not None and original.completed else baseline.local
    verdict = replace(compare(measure, after), requests=after.requests)
    if original is not None and not original.completed and not verdict.holds:
        reason = f"the original fails under the simulated server: {original.error or 'it hangs'}"
        return replace(
            verdict, outcome=Outcome.INCONCLUSIVE, reason=reason, notes=(verdict.reason,)
        )
    return replace(verdict, reason=verdict.reason and f"remotely, {verdict.reason}")


def _worse(local: Verdict, remote: Verdict) -> Verdict:
    """Take the worse of two verdicts, with the notes of both."""
    order = (Outcome.DIFFERENT, Outcome.INCONCLUSIVE, Outcome.CLOSE, Outcome.SAME)
    worse = min((local, remote), key=lambda verdict: order.index(verdict.outcome))
    notes = tuple(dict.fromkeys(local.notes + remote.notes))
    return replace(worse, notes=notes, requests=remote.requests)
