"""What a program that uses nnmigrate calls."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

# Everything else is imported when it is used: the command line starts by importing this.
if TYPE_CHECKING:
    from nnmigrate.executor import Conditions, Executors
    from nnmigrate.proving import Proof


def verify(
    program: str | os.PathLike[str],
    migration: str | os.PathLike[str] | None = None,
    *,
    unsafe_fixes: bool = True,
    target: tuple[int, ...] | None = None,
    executors: Executors | None = None,
    conditions: Conditions | None = None,
) -> Proof:
    """Runs a program and its migration, and says whether the migration computes the same.

    **This runs the program**, on nnsight 0.4.11, and its migration on 0.5.15, as the command
    `nnmigrate verify` does: in processes of their own, without network, with tiny random twins for
    checkpoints.

    Args:
        program: a Python file or a notebook, written for 0.4.
        migration: the program as it was migrated; None to migrate it in memory.
        unsafe_fixes: whether unsafe fixes are tried where the safe ones alone do not compute the
            same.
        target: the version to migrate to, as numbers; None to ask the project's own pin. It runs on
            the last release of that line.
        executors: both sides, where several programs are to be verified: starting them takes ten
            seconds and more. Made with `nnmigrate.executor.executors()`, a context manager.
        conditions: what a run may take; see `nnmigrate.executor.Conditions`.

    Returns:
        The proof: `proved`, `verdict` (with the first difference, or why nothing can be said), and
        `rewritten`, the program's bytes after migration.

    Raises:
        DocumentProblem: a file cannot be read, or is no Python.
        EnvironmentFailure: an environment with one of the versions cannot be made.
        ExecutorFailure: a process that runs programs could not be started.
    """
    from nnmigrate.executor import Conditions
    from nnmigrate.outcomes import Settings
    from nnmigrate.proving import Prover

    settings = Settings(target=target, unsafe=unsafe_fixes)
    with nullcontext(executors) if executors is not None else _started(target) as sides:
        prover = Prover.live(settings, sides, conditions or Conditions())
        if migration is not None:
            return prover.of_pair(Path(program), Path(migration))
        proof = prover.of_file(Path(program))
    for problem in proof.outcome.problems:
        raise problem
    return proof


def _started(target: tuple[int, ...] | None) -> AbstractContextManager[Executors]:
    """Both sides for a target; the ones that are known where there is none."""
    from nnmigrate.executor import ensure, executors
    from nnmigrate.executor.verification import release_of

    return executors() if target is None else executors(None, ensure(release_of(target)))
