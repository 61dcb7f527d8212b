"""The command `verify`, and what `fix --verify` shares with it: options in, exit codes out.

What runs programs is imported when it is asked for: everything else works without it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from packaging.version import Version

from nnmigrate.console import say_problems
from nnmigrate.documents import DocumentProblem, discover, read
from nnmigrate.reports import Report, escaped
from nnmigrate.run import Outcome, Settings, examine

if TYPE_CHECKING:
    from nnmigrate.executor import Environment, Executors, Verdict
    from nnmigrate.proving import Proof

# The last release of each later line; what the executor was tried on.
_RELEASES: dict[tuple[int, ...], str] = {(0, 6): "0.6.3", (0, 7): "0.7.0", (0, 8): "0.8.1"}
# Every line so far had its own ways to a model and to a server: a new one has to be tried first.
_TOO_NEW = Version("0.9")
_WORDS = {"same": "proved", "different": "differs", "inconclusive": "inconclusive"}

_Command = TypeVar("_Command", bound=Callable[..., Any])
_FILE = click.Path(exists=True, path_type=Path)


def running(command: _Command) -> _Command:
    """The options that say on what programs are run."""
    decorators = (
        click.option("--before-python", type=_FILE, help="An interpreter that has nnsight 0.4."),
        click.option("--after-python", type=_FILE, help="An interpreter that has the target."),
        click.option(
            "--nnsight",
            metavar="OLD,NEW",
            default=None,
            help="The versions to run on. [default: 0.4.11 and the last one of the target]",
        ),
        click.option("--transformers", metavar="VERSION", help="The transformers of both sides."),
        click.option("--python", metavar="VERSION", help="The Python of both sides."),
        click.option("--find-links", multiple=True, metavar="PLACE", help="For the installer."),
        click.option(
            "--installer-option", multiple=True, metavar="OPTION", help="For the installer."
        ),
        click.option("--limit", type=float, default=60.0, show_default=True, help="Seconds a run."),
    )
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


@dataclass(frozen=True)
class Where:
    """On what programs are run.

    Args:
        before_python: an interpreter that has nnsight 0.4; None to make an environment.
        after_python: one that has the target.
        nnsight: both versions, with a comma between them.
        transformers: the version of both sides.
        python: the Python of both sides.
        find_links: where the installer finds more.
        installer_option: other options of the installer.
    """

    before_python: Path | None
    after_python: Path | None
    nnsight: str | None
    transformers: str | None
    python: str | None
    find_links: tuple[str, ...]
    installer_option: tuple[str, ...]

    @classmethod
    def among(cls, options: dict[str, Any]) -> Where:
        """Takes what concerns it out of a command's options."""
        return cls(**{one.name: options.pop(one.name) for one in fields(cls)})


@contextmanager
def sides(target: tuple[int, ...] | None, where: Where) -> Iterator[Executors]:
    """Both sides, their environments made where none is given.

    Raises:
        click.ClickException: one cannot be had, or died.
    """
    from nnmigrate.executor import EnvironmentFailure, ExecutorFailure, executors, given

    old, new = _versions(where.nnsight, target)
    if where.after_python is None:
        _refuse_too_new(new)
    before, after = where.before_python, where.after_python
    try:
        baseline = given(before) if before else _made(old, "--before-python", where)
        migrated = given(after) if after else _made(new, "--after-python", where)
        _refuse_too_new(migrated.nnsight)
        with executors(baseline, migrated) as both:
            yield both
    except (EnvironmentFailure, ExecutorFailure) as error:
        raise _Failure(str(error)) from error


class _Failure(click.ClickException):
    """Something could not be done."""

    exit_code = 2


def _refuse_too_new(nnsight: str) -> None:
    if Version(nnsight) >= _TOO_NEW:
        raise _Failure(f"programs cannot be run on nnsight {nnsight} yet: 0.8 is the newest")


def _versions(nnsight: str | None, target: tuple[int, ...] | None) -> tuple[str, str]:
    from nnmigrate.executor.verification import BASELINE, TARGET

    if nnsight is not None:
        old, _, new = (part.strip() for part in nnsight.partition(","))
        if not old or not new:
            raise click.BadParameter(f"{nnsight!r} is no pair such as 0.4.11,0.5.15")
        for version in (old, new):
            if not re.fullmatch(r"\d+(\.\d+)*", version):
                raise click.BadParameter(f"{version!r} is no version such as 0.5.15")
        return old, new
    if target is None or target == (0, 5):
        return BASELINE, TARGET
    return BASELINE, _RELEASES.get(target, ".".join(map(str, target)))


def _made(nnsight: str, option: str, where: Where) -> Environment:
    from nnmigrate.executor import EnvironmentFailure, ensure
    from nnmigrate.executor.environments import TRANSFORMERS

    options = [*where.installer_option]
    for place in where.find_links:
        options += ["--find-links", place]
    transformers = where.transformers or TRANSFORMERS
    try:
        return ensure(nnsight, transformers=transformers, python=where.python, options=options)
    except EnvironmentFailure as error:
        raise EnvironmentFailure(
            f"there is no environment with nnsight {nnsight}, and none can be made; "
            f"name an interpreter that has it with {option}. The installer said:\n{error}"
        ) from error


def proofs_of(
    paths: Iterable[str], settings: Settings, both: Executors, limit: float
) -> Iterator[Proof]:
    """Proves the programs that paths lead to, one after the other.

    Under a progress bar they come when all are done: each is said in a line of its own.
    """
    from nnmigrate.proving import Proof

    found = discover(paths)
    for problem in found.problems:
        yield Proof(str(problem.path), _problem(problem))
    if sys.stderr.isatty() and len(found.files) > 1:
        with click.progressbar(found.files, label="Running", file=sys.stderr) as files:
            done = [_proved(path, settings, both, limit) for path in files]
        yield from done
    else:
        for path in found.files:
            yield _proved(path, settings, both, limit)


def verify_paths(
    paths: Iterable[str], settings: Settings, both: Executors, limit: float
) -> list[Proof]:
    """Proves the programs that paths lead to, and says of each what it came to."""
    proofs = []
    for proof in proofs_of(paths, settings, both, limit):
        say_proof(proof)
        proofs.append(proof)
    return proofs


def _proved(path: Path, settings: Settings, both: Executors, limit: float) -> Proof:
    from nnmigrate.proving import Proof, prove

    try:
        return prove(path, read(path), settings, both, limit)
    except DocumentProblem as problem:
        return Proof(str(path), _problem(problem))


def _problem(problem: DocumentProblem) -> Outcome:
    return Outcome(Report(str(problem.path), "", ()), b"", b"", problems=(problem,))


def say_proof(proof: Proof, err: bool = False) -> None:
    """One line for a program, and one for each note."""
    say_problems([proof.outcome])
    if proof.verdict is None:
        return
    how = " (with unsafe fixes)" if proof.unsafe else ""
    click.echo(f"{escaped(proof.path)}: {_said(proof.verdict, how)}", err=err)


def _said(verdict: Verdict, how: str = "") -> str:
    reason = f": {escaped(verdict.reason)}" if verdict.reason else ""
    notes = "".join(f"\n  note: {escaped(note)}" for note in verdict.notes)
    return f"{_WORDS[verdict.outcome.value]}{how}{reason}{notes}"


def verify_matrix(
    paths: Iterable[str], versions: Sequence[str], settings: Settings, where: Where, limit: float
) -> int:
    """Runs each rewrite on several versions of nnsight; gives the exit code."""
    found: dict[str, list[Proof]] = {}
    baseline, _ = _versions(where.nnsight, settings.target)
    for version in versions:
        _versions(f"{baseline},{version}", None)
        _refuse_too_new(version)
    for version in versions:
        pair = replace(where, nnsight=f"{baseline},{version}", after_python=None)
        with sides(settings.target, pair) as both:
            for proof in proofs_of(paths, settings, both, limit):
                found.setdefault(proof.path, []).append(proof)
    say_matrix(found, versions)
    from nnmigrate.proving import code_of

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
            cells.append(f"{_WORDS[proof.verdict.outcome.value]:>12}")
            if not proof.proved:
                reasons.append(f"{escaped(path)} on {version}: {_said(proof.verdict)}")
        click.echo("  ".join([escaped(path).ljust(wide), *cells]))
    for reason in reasons:
        click.echo(reason)
    say_problems([row[0].outcome for row in found.values()])


@dataclass
class Judge:
    """Lets `fix` write only what is proved.

    Args:
        settings: how the files are fixed.
        both: what runs programs.
        limit: seconds for each run.
        proofs: what was run, and what came of it.
    """

    settings: Settings
    both: Executors
    limit: float
    proofs: list[Proof] = field(default_factory=list)

    @property
    def unsaid(self) -> bool:
        """Whether of some rewrite nothing can be said."""
        from nnmigrate.proving import code_of

        return code_of(self.proofs) == 2

    def __call__(self, path: Path, outcome: Outcome) -> Outcome:
        """The rewrite that may be written: a proved one, or the file as it is."""
        from nnmigrate.proving import prove

        if outcome.problems or outcome.after == outcome.before:
            return outcome
        proof = prove(path, outcome.before, self.settings, self.both, self.limit, fullest=True)
        self.proofs.append(proof)
        say_proof(proof, err=True)
        if proof.proved:
            return proof.outcome
        return examine(str(path), outcome.before, replace(self.settings, fix=False, write=False))


def verify_pair(old: Path, new: Path, both: Executors, limit: float) -> int:
    """Compares two programs; gives the exit code."""
    from nnmigrate.executor import verify

    try:
        verdict = verify(old, new, executors=both, limit=limit)
    except OSError as error:
        raise _Failure(f"{error.filename}: {error.strerror}") from error
    click.echo(f"{escaped(str(new))}: {_said(verdict)}")
    return {"same": 0, "different": 1}.get(verdict.outcome.value, 2)


def say_count(proofs: Sequence[Proof]) -> int:
    """Says how many programs came to what; gives the exit code."""
    from nnmigrate.proving import code_of

    results = [proof.verdict.outcome.value for proof in proofs if proof.verdict is not None]
    counts = ", ".join(
        f"{results.count(result)} {word}" for result, word in _WORDS.items() if result in results
    )
    click.echo(f"{counts}." if counts else "Nothing that concerns nnsight.")
    return code_of(proofs)
