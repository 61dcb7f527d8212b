"""Whether what the fixes make of a program computes what the program did: fixing, then running.

Runs the user's code. Nothing but the command `verify` and the option `--verify` come here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nnmigrate.executor import Executors, Script, Verdict, verify
from nnmigrate.executor import Outcome as Result
from nnmigrate.run import Outcome, Settings, examine


@dataclass(frozen=True)
class Proof:
    """What became of one program and its rewrite.

    Args:
        path: the program's file.
        outcome: the rewrite that was run, and what is to be said of it.
        verdict: whether it computes the same; None where nothing was run.
        unsafe: whether it has unsafe fixes that the safe ones alone would not have made.
    """

    path: str
    outcome: Outcome
    verdict: Verdict | None = None
    unsafe: bool = False

    @property
    def proved(self) -> bool:
        """Whether the rewrite computes the same."""
        return self.verdict is not None and self.verdict.outcome is Result.SAME


def prove(
    path: Path,
    raw: bytes,
    settings: Settings,
    sides: Executors,
    limit: float,
    *,
    fullest: bool = False,
) -> Proof:
    """Rewrites a program in memory and runs both.

    Args:
        path: the program's file; its folder is where its imports look first.
        raw: its bytes.
        settings: how to rewrite; `unsafe` allows unsafe fixes. Where the rewrite without them
            differs, the one with them is tried.
        fullest: try the rewrite with them first.
        sides: what runs the program and its rewrite.
        limit: seconds for each run.

    Raises:
        ExecutorFailure: a process that runs scripts died.
    """
    found: Proof | None = None
    for outcome, unsafe in _rewrites(str(path), raw, settings, fullest):
        if outcome.problems or not outcome.relevant:
            return found or Proof(str(path), outcome)
        before = Script(raw, path.name, path.resolve().parent)
        verdict = verify(
            before, replace(before, source=outcome.after), executors=sides, limit=limit
        )
        proof = Proof(str(path), outcome, verdict, unsafe)
        if found is None or verdict.outcome is Result.SAME:
            found = proof
        if verdict.outcome is not Result.DIFFERENT:
            break
    assert found is not None
    return found


def _rewrites(
    path: str, raw: bytes, settings: Settings, fullest: bool
) -> Iterator[tuple[Outcome, bool]]:
    """The rewrites that there are; what assumes nothing comes first, or the fullest one."""
    fixing = replace(settings, fix=True, write=False)
    safe = examine(path, raw, replace(fixing, unsafe=False))
    found = [(safe, False)]
    if settings.unsafe and not safe.problems:
        other = examine(path, raw, replace(fixing, unsafe=True))
        found += [(other, True)] if other.after != safe.after else []
    yield from reversed(found) if fullest else found


def code_of(proofs: Sequence[Proof]) -> int:
    """The exit code: 2 where of something nothing can be said, else 1 where something differs."""
    if any(proof.outcome.problems for proof in proofs):
        return 2
    results = {proof.verdict.outcome for proof in proofs if proof.verdict is not None}
    if Result.INCONCLUSIVE in results:
        return 2
    return int(Result.DIFFERENT in results)
