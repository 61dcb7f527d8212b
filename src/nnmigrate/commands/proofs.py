"""Proving programs that paths lead to, and saying what it came to.

What runs programs is imported when it is asked for: everything else works without it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnmigrate.beside import Importers
from nnmigrate.classes import dataclass
from nnmigrate.commands.console import Failed, say_problems
from nnmigrate.commands.verify import (
    Where,
    environment_of,
    old_environment,
    refuse,
    side,
)
from nnmigrate.documents import PROGRAMS, DocumentProblem, discover
from nnmigrate.findings import Severity
from nnmigrate.outcomes import Outcome, Settings
from nnmigrate.reports import escaped
from nnmigrate.run import examine

if TYPE_CHECKING:
    from nnmigrate.executor import Conditions, Executor, Verdict
    from nnmigrate.proving import Baselines, Proof, Prover

WORDS = {
    "same": "proved",
    "close": "proved but for rounding",
    "different": "differs",
    "inconclusive": "inconclusive",
}
"""What a person is told of an outcome."""
# While one program runs on one side, another one does on the other.
_AT_ONCE = 2


def proofs_of(paths: Iterable[str], prover: Prover) -> Iterator[Proof]:
    """Proves the programs that paths lead to, and gives the proofs in that order.

    Under a progress bar they come when all are done: each is said in a line of its own.
    """
    from nnmigrate.proving import Proof

    found = discover(paths, PROGRAMS)
    yield from map(Proof.of_problem, found.problems)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        proofs = pool.map(prover.of_file, found.files)
        if sys.stderr.isatty() and len(found.files) > 1:
            length = len(found.files)
            with click.progressbar(proofs, length, "Running", file=sys.stderr) as running:
                proofs = iter(list(running))
        yield from proofs


def verify_paths(paths: Iterable[str], prover: Prover, requests: bool) -> int:
    """Proves the programs that paths lead to and says of each what it came to.

    Args:
        paths: files and directories.
        prover: proves each.
        requests: whether to say what went to the simulated server and came back.

    Returns:
        The exit code.
    """
    proofs = []
    importers = Importers()
    for proof in proofs_of(paths, prover):
        if proof.verdict is not None and proof.verdict.empty and importers.of(Path(proof.path)):
            click.echo(f"{escaped(proof.path)}: is proved with the programs that import it")
            continue
        say_proof(proof, requests=requests)
        proofs.append(proof)
    return say_count(proofs)


def say_proof(proof: Proof, err: bool = False, requests: bool = False) -> None:
    """One line for a program, and one for each note and each request."""
    say_problems([proof.outcome])
    if proof.verdict is None:
        return
    how = " (with unsafe fixes)" if proof.unsafe else ""
    click.echo(f"{escaped(proof.path)}: {_said(proof.verdict, how)}", err=err)
    if requests:
        say_requests(proof.verdict)


def say_requests(verdict: Verdict) -> None:
    """What the migrated program sent to the simulated server, and what came back."""
    for number, one in enumerate(verdict.requests, 1):
        names = ", ".join(one.names) or "nothing"
        sent, received = f"{one.sent:,} bytes sent", f"{one.received:,} received"
        click.echo(f"  request {number}: {sent}, {received}: {escaped(names)}")


def _said(verdict: Verdict, how: str = "") -> str:
    reason = f": {escaped(verdict.reason)}" if verdict.reason else ""
    notes = "".join(f"\n  note: {escaped(note)}" for note in verdict.notes)
    return f"{WORDS[verdict.outcome.value]}{how}{reason}{notes}"


def say_count(proofs: Sequence[Proof]) -> int:
    """Says how many programs came to what; gives the exit code."""
    from nnmigrate.proving import code_of

    results = [proof.verdict.outcome.value for proof in proofs if proof.verdict is not None]
    counts = ", ".join(
        f"{results.count(result)} {word}" for result, word in WORDS.items() if result in results
    )
    click.echo(f"{counts}." if counts else "Nothing that concerns nnsight.")
    return code_of(proofs)


def verify_pair(old: Path, new: Path, prover: Prover, requests: bool) -> int:
    """Compares two programs; gives the exit code."""
    from nnmigrate.proving import code_of

    try:
        proof = prover.of_pair(old, new)
    except DocumentProblem as problem:
        raise Failed(str(problem)) from problem
    say_proof(proof, requests=requests)
    return code_of([proof])


def record(
    paths: Iterable[str], target: Path, settings: Settings, old: Executor, conditions: Conditions
) -> int:
    """Runs the originals alone and keeps what they give; gives the exit code."""
    from nnmigrate.executor import Recorded, recording
    from nnmigrate.programs import program_at
    from nnmigrate.proving import originals

    baselines = originals(old, conditions)
    programs: dict[str, Recorded] = {}
    found = discover(paths, PROGRAMS)
    problems = list(found.problems)
    for path in found.files:
        try:
            program = program_at(path, settings)
        except DocumentProblem as problem:
            problems.append(problem)
            continue
        problems += program.rewrites[0].outcome.problems
        if program.concerned:
            programs[program.path] = kept = Recorded.of(baselines(program))
            error = kept.local.error or ("it hangs" if kept.local.hung else None)
            click.echo(f"{escaped(program.path)}: {f'fails: {error}' if error else 'recorded'}")
    for one in problems:
        click.echo(escaped(str(one)), err=True)
    try:
        recording.write(recording.Recording.on(old.environment, programs), target)
    except OSError as error:
        raise Failed(f"cannot write {target}: {error.strerror or error}") from error
    click.echo(f"{len(programs)} recorded in {escaped(str(target))}.")
    return 2 if problems else 0


def recorded_in(path: Path, migrated: Executor) -> Baselines:
    """The baselines in a recording.

    Raises:
        click.ClickException: it cannot be used.
    """
    from nnmigrate.executor import recording

    try:
        found = recording.read(path)
    except OSError as error:
        raise Failed(f"cannot read {path}: {error.strerror or error}") from error
    except recording.BadRecording as error:
        raise Failed(str(error)) from error
    here = migrated.environment.transformers
    if found.transformers != here:
        raise Failed(
            f"{path} was recorded with transformers {found.transformers}, and the target has "
            f"{here}, whose models are others; say --transformers {found.transformers}"
        )

    return lambda program: found.programs.get(program.path)


def verify_matrix(
    paths: Sequence[str],
    versions: Sequence[str],
    settings: Settings,
    where: Where,
) -> int:
    """Runs each rewrite on several versions of nnsight; gives the exit code."""
    from nnmigrate.proving import Prover, code_of, originals

    for version in versions:
        refuse(version)
    found: dict[str, list[Proof]] = {}
    with side(partial(old_environment, where)) as old:
        # Shared by all versions: an original is run once.
        baselines = originals(old, where.conditions)
        for version in versions:
            with side(partial(environment_of, version, where)) as migrated:
                prover = Prover(settings, baselines, migrated, where.conditions)
                for proof in proofs_of(paths, prover):
                    found.setdefault(proof.path, []).append(proof)
    say_matrix(found, versions)
    for path, row in found.items():
        if row[0].verdict is not None:
            say_what_stays(path, row, versions, settings)
    return code_of([proof for row in found.values() for proof in row])


def say_matrix(found: Mapping[str, Sequence[Proof]], versions: Sequence[str]) -> None:
    """A line for each program, a column for each version, and below what went wrong where."""
    rows = {path: row for path, row in found.items() if all(proof.verdict for proof in row)}
    wide = max(map(len, [*rows, "program"]))
    click.echo("  ".join(["program".ljust(wide), *(f"{one:>12}" for one in versions)]))
    reasons = []
    for path, row in rows.items():
        cells = []
        for version, proof in zip(versions, row, strict=True):
            assert proof.verdict is not None
            word = WORDS[proof.verdict.outcome.value].partition(" ")[0]
            cells.append(f"{word:>12}")
            if proof.verdict.reason:
                reasons.append(f"{escaped(path)} on {version}: {_said(proof.verdict)}")
        click.echo("  ".join([escaped(path).ljust(wide), *cells]))
    for reason in reasons:
        click.echo(reason)
    say_problems([row[0].outcome for row in found.values()])


def say_what_stays(
    path: str, row: Sequence[Proof], versions: Sequence[str], settings: Settings
) -> None:
    """The lines of the rewrite that some versions do not take as they are."""
    from nnmigrate.proving import findings_in

    found: dict[tuple[int, int, str, str], list[str]] = {}
    for version, proof in zip(versions, row, strict=True):
        target = tuple(int(part) for part in version.split("."))
        checking = replace(settings, target=target)
        for place, finding in findings_in(path, proof.outcome.after, checking):
            if finding.severity is not Severity.NOTE:
                what = f"{finding.code} {finding.message}"
                key = (place.cell or 0, place.row, place.said, what)
                found.setdefault(key, []).append(version)
    for (_, _, said, what), named in sorted(found.items()):
        where = f"{path}, {said} of its rewrite, on {', '.join(named)}"
        click.echo(escaped(f"{where}: {what}"))


def among_fixed(paths: Iterable[str]) -> Callable[[Path], bool]:
    """Whether a file is one of those that are fixed."""
    fixed = {path.resolve() for path in discover(paths or (".",)).files}
    return lambda path: path.resolve() in fixed


@dataclass
class Judge:
    """Lets `fix` write only what is proved.

    Args:
        prover: proves each file.
        proofs: what was run, and what came of it.
        importers: the programs that a module is proved with.
    """

    prover: Prover
    proofs: list[Proof] = field(default_factory=list)
    importers: Importers = field(default_factory=Importers)

    @property
    def unsaid(self) -> bool:
        """Whether of some rewrite nothing can be said."""
        from nnmigrate.proving import code_of

        return code_of(self.proofs) == 2

    def __call__(self, path: Path, outcome: Outcome) -> Outcome:
        """The rewrite that may be written: a proved one, or the file as it is."""
        if outcome.problems or outcome.after == outcome.before:
            return outcome
        proof = self.proof_of(path, outcome)
        say_proof(proof, err=True)
        if proof.proved:
            return proof.outcome
        settings = replace(self.prover.settings, fix=False, write=False)
        return examine(str(path), outcome.before, settings)

    def proof_of(self, path: Path, outcome: Outcome) -> Proof:
        """The proof of a file, by itself or with the programs that import it."""
        proof = self.prover.of_file(path, outcome.before, fullest=True)
        if proof.verdict is not None and proof.verdict.empty:
            proof = self._with_importers(path, proof)
        self.proofs.append(proof)
        return proof

    def _with_importers(self, path: Path, proof: Proof) -> Proof:
        """The proof of a module: it does nothing itself, so those that import it are run."""
        for importer in self.importers.of(path):
            other = self.prover.of_file(importer, fullest=True)
            proof = replace(proof, verdict=other.verdict)
            if not other.proved:
                break
        return proof
