"""Whether what the fixes make of a program computes what the program did: fixing, then running.

Runs the user's code. Nothing but the command `verify`, the option `--verify` and the function
`nnmigrate.verify` come here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path

from nnmigrate.classes import dataclass
from nnmigrate.documents import DocumentProblem, Place
from nnmigrate.executor import (
    Baseline,
    Conditions,
    Executor,
    Executors,
    Original,
    Script,
    Verdict,
    judge,
    without_barriers,
)
from nnmigrate.executor import Outcome as Result
from nnmigrate.findings import Finding
from nnmigrate.outcomes import Outcome, Settings
from nnmigrate.programs import Program, Rewrite, program_at, script_of
from nnmigrate.reports import Report
from nnmigrate.run import examine

Baselines = Callable[["Program"], Baseline | None]
"""What gives the baseline of a program; None where there is none."""


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
        """Whether the rewrite computes the same, to the last bit or but for rounding."""
        return self.verdict is not None and self.verdict.holds

    @property
    def rewritten(self) -> bytes:
        """The program's bytes after migration."""
        return self.outcome.after

    def noting(self, note: str) -> Proof:
        """The same with one more note."""
        if self.verdict is None:
            return self
        return replace(self, verdict=replace(self.verdict, notes=(*self.verdict.notes, note)))

    @classmethod
    def of_problem(cls, problem: DocumentProblem) -> Proof:
        """The proof of a file that could not be read."""
        report = Report(str(problem.path), "", ())
        return cls(str(problem.path), Outcome(report, b"", b"", problems=(problem,)))


def _worth(proof: Proof) -> tuple[bool, bool]:
    """Which proof to show: of those that differ one that runs says more than one that fails."""
    fails = proof.verdict is not None and proof.verdict.reason.startswith(("fails: ", "hangs: "))
    return proof.proved, not fails


def findings_in(path: str, raw: bytes, settings: Settings) -> Iterator[tuple[Place, Finding]]:
    """What the rules find in a document as it stands, each with its place.

    Args:
        path: the document's file.
        raw: its bytes.
        settings: which rules run, and for which version; nothing is fixed.
    """
    report = examine(path, raw, replace(settings, fix=False, write=False)).report
    for finding in report.findings:
        yield report.place(finding.span.start), finding


def _faults_of_04(program: Program, settings: Settings) -> Iterator[str]:
    """What the rules say of what 0.4 itself did to a program: why its numbers change."""
    for place, one in findings_in(program.path, program.rewrites[0].outcome.before, settings):
        if one.of_04:
            yield f"{place.said}: {one.code} {one.message}"


def originals(executor: Executor, conditions: Conditions) -> Callable[[Program], Original]:
    """Baselines that are run when they are needed, and each of them once.

    Args:
        executor: runs originals, on 0.4.
        conditions: what a run may take, and what its models are.
    """
    known: dict[Script, Original] = {}

    def baseline(program: Program) -> Original:
        script = program.script
        if script not in known:
            known[script] = Original(script, executor, conditions, program.hints)
        return known[script]

    return baseline


@dataclass(frozen=True)
class Prover:
    """Proves one program after the other.

    Args:
        settings: how to rewrite them.
        baselines: what they are measured by.
        migrated: runs the rewrites.
        conditions: what a run may take, and what its models are.
        rewritten: which of the modules beside a program are rewritten with it.
        newer: gives one with a newer transformers, if there is one.
    """

    settings: Settings
    baselines: Baselines
    migrated: Executor
    conditions: Conditions
    rewritten: Callable[[Path], bool] = lambda _: True
    newer: Callable[[], Prover | None] = lambda: None

    @classmethod
    def live(
        cls,
        settings: Settings,
        sides: Executors,
        conditions: Conditions,
        rewritten: Callable[[Path], bool] = lambda _: True,
    ) -> Prover:
        """One that runs the originals.

        Args:
            settings: how to rewrite.
            sides: runs the originals and the rewrites.
            conditions: what a run may take, and what its models are.
            rewritten: which of the modules beside a program are rewritten with it.
        """

        def newer() -> Prover | None:
            others = sides.newer()
            return cls.live(settings, others, conditions, rewritten) if others else None

        baselines = originals(sides.baseline, conditions)
        return cls(settings, baselines, sides.migrated, conditions, rewritten, newer)

    def of_file(self, path: Path, raw: bytes | None = None, *, fullest: bool = False) -> Proof:
        """Proves the program of a file; what kept it from being read is in the proof.

        Args:
            path: a Python file or a notebook.
            raw: its bytes, if they were read.
            fullest: try the rewrite with unsafe fixes first.

        Raises:
            ExecutorFailure: a process that runs scripts could not be started.
        """
        try:
            program = program_at(path, self.settings, raw, self.rewritten)
        except DocumentProblem as problem:
            return Proof.of_problem(problem)
        return self._proof(program, fullest)

    def of_pair(self, old: Path, new: Path) -> Proof:
        """Proves what somebody made of a program.

        Args:
            old: the program as it was.
            new: its migration.

        Raises:
            DocumentProblem: a file cannot be read.
            ExecutorFailure: a process that runs scripts could not be started.
        """
        before, after = script_of(old), script_of(new)
        outcome = Outcome(Report(str(new), "", ()), before.source, after.source)
        return self._proof(Program(str(new), before, (Rewrite(outcome, after, False),)), False)

    def _proof(self, program: Program, fullest: bool) -> Proof:
        nothing = Proof(program.path, program.rewrites[0].outcome)
        if not program.concerned:
            return nothing
        baseline = self.baselines(program)
        if baseline is None:
            missing = Verdict(Result.INCONCLUSIVE, "there is no recording of it")
            return replace(nothing, verdict=missing)
        if _wants_tensors(baseline):
            newer = self.newer()
            if newer is not None:
                found = newer._proof(program, fullest)
                version = newer.migrated.environment.transformers
                return found.noting(f"ran with transformers {version}: its layers give tensors")
        if _lacks_barriers(baseline):
            source = without_barriers(program.script.source)
            if source != program.script.source:
                as_on_04 = replace(program, script=replace(program.script, source=source))
                found = self._proof(as_on_04, fullest)
                return found.noting("0.4 has no barriers: the original ran without them")
        return self._best(program, baseline, fullest)

    def _best(self, program: Program, baseline: Baseline, fullest: bool) -> Proof:
        """Runs a program's rewrites until one computes the same, or there is no other."""
        tried = []
        for one in reversed(program.rewrites) if fullest else program.rewrites:
            verdict = judge(baseline, one.script, self.migrated, self.conditions)
            tried.append(Proof(program.path, one.outcome, verdict, one.unsafe))
            if verdict.outcome is not Result.DIFFERENT:
                break
        best = max(tried, key=_worth)
        if best.verdict is not None and best.verdict.outcome is Result.DIFFERENT:
            return reduce(Proof.noting, _faults_of_04(program, self.settings), best)
        return best


def _lacks_barriers(baseline: Baseline) -> bool:
    """Whether an original is half migrated, and stops where it makes a barrier."""
    error = baseline.local.error
    return error is not None and error.message.endswith("has no attribute 'barrier'")


def _wants_tensors(baseline: Baseline) -> bool:
    """Whether an original fails since layers give tuples, as they do with older transformers."""
    error = baseline.local.error
    return error is not None and bool(re.search(r"\btuple\b", error.message))


def code_of(proofs: Sequence[Proof]) -> int:
    """The exit code: 2 where of something nothing can be said, else 1 where something differs."""
    if any(proof.outcome.problems for proof in proofs):
        return 2
    results = {proof.verdict.outcome for proof in proofs if proof.verdict is not None}
    if Result.INCONCLUSIVE in results:
        return 2
    return int(Result.DIFFERENT in results)
