"""`nnmigrate report`: a migration on a page of Markdown, to be attached to a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from nnmigrate import __version__
from nnmigrate.classes import dataclass
from nnmigrate.commands.adoption import at
from nnmigrate.commands.console import Failed, say_problems
from nnmigrate.commands.options import outcomes_of, rewriting, settings_of
from nnmigrate.commands.proofs import WORDS, Judge, among_fixed
from nnmigrate.commands.verify import Where, need_forks, running, sides
from nnmigrate.documents import DocumentProblem, put
from nnmigrate.outcomes import Outcome, Settings
from nnmigrate.project import project_of
from nnmigrate.run import examine

# What GitHub takes as the description of a pull request, in characters.
_LONGEST = 65_536


@click.command("report")
@click.argument("paths", nargs=-1, type=click.Path())
@rewriting
@click.option("--unsafe-fixes", "unsafe", is_flag=True, help="Take unsafe fixes as well.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the page there. [default: standard output]",
)
@click.option(
    "--verify", is_flag=True, help="RUNS YOUR CODE, see `nnmigrate verify`: say what is proved."
)
@running
@click.pass_context
def report_command(
    context: click.Context,
    /,
    paths: tuple[str, ...],
    unsafe: bool,
    output: Path | None,
    verify: bool,
    **asked: Any,
) -> None:
    """Write a page on a migration, in Markdown, for a pull request; change no file.

    It says where results will change, what needs a person, what was proved, and what is changed, as
    `nnmigrate fix` would do it. Make it before you run that.

    Exit codes: 0 the page is made, 1 a program was run and differs, 2 something could not be read,
    or of a program that was run nothing can be said.
    """
    if "-" in paths:
        raise click.UsageError("a page is about files: it cannot be about standard input (-)")
    where = Where.among(asked)
    settings = settings_of(**asked, fix=True, unsafe=unsafe)
    outcomes = outcomes_of(paths, "-", settings)
    say_problems(outcomes)
    settings = at(Path.cwd(), settings)
    runs = _run(outcomes, paths, settings, where) if verify else _Runs(tuple(outcomes))
    text = _page(runs, settings, _options_of(context), paths or (".",))
    _write(text, output)
    context.exit(max(runs.code, 2 if any(one.problems for one in outcomes) else 0))


@dataclass(frozen=True)
class _Runs:
    """What became of the files, and what was run.

    Args:
        outcomes: of each file what is to be shown.
        said: what is said of the runs; None where nothing was run.
        code: the exit code that the runs ask for.
    """

    outcomes: tuple[Outcome, ...]
    said: Any = None
    code: int = 0


def _run(
    outcomes: Sequence[Outcome], paths: tuple[str, ...], settings: Settings, where: Where
) -> _Runs:
    """Runs what was changed, before and after; shows the rewrites that were run."""
    need_forks()
    from nnmigrate.proving import Prover, code_of
    from nnmigrate.reports.migration import Proved, Runs

    shown, proved = [], []
    with sides(settings.target, where) as both:
        judge = Judge(Prover.live(settings, both, where.conditions, among_fixed(paths)))
        for outcome in outcomes:
            if outcome.problems or outcome.after == outcome.before:
                shown.append(outcome)
                continue
            proof = judge.proof_of(Path(outcome.report.path), outcome)
            # Of a notebook the program that its cells make was run.
            shown.append(proof.outcome if proof.outcome.before == outcome.before else outcome)
            if proof.verdict is not None:
                word, verdict = WORDS[proof.verdict.outcome.value], proof.verdict
                proved.append(Proved(proof.path, word, verdict.reason, verdict.notes))
        old, new = both.baseline.environment, both.migrated.environment
    on = [f"nnsight {one.nnsight} (transformers {one.transformers})" for one in (old, new)]
    runs = Runs(on[0], on[1], where.conditions.twins, tuple(proved))
    return _Runs(tuple(shown), runs, code_of(judge.proofs))


def _page(runs: _Runs, settings: Settings, options: tuple[str, ...], paths: Sequence[str]) -> str:
    from nnmigrate.drawing import pictures_of
    from nnmigrate.reports.migration import Migration
    from nnmigrate.reports.migration_page import migration_page

    outcomes = runs.outcomes
    files = [one for one in outcomes if one.report.findings or one.after != one.before]
    return migration_page(
        Migration(
            files=tuple(_migrated(outcome, settings) for outcome in files),
            looked_at=len(outcomes),
            concerned=sum(outcome.relevant and not outcome.problems for outcome in outcomes),
            target=_target(settings, [outcome.report.path for outcome in files]),
            version=__version__,
            options=options,
            paths=tuple(paths),
            runs=runs.said,
            problems=tuple(problem for outcome in outcomes for problem in outcome.problems),
            pictures=partial(pictures_of, settings=settings),
        )
    )


def _migrated(outcome: Outcome, settings: Settings) -> Any:
    """A file with what was found in it before anything was fixed."""
    from nnmigrate.reports.migration import Migrated

    before = outcome.report
    if outcome.original.code:
        checking = replace(settings, fix=False, unsafe=False)
        before = examine(before.path, outcome.before, checking, named=False).report
    return Migrated(before, outcome.report, outcome.before, outcome.after, outcome.applied)


def _target(settings: Settings, paths: Iterable[str]) -> str:
    """The version that the code is to run on, and who says so."""
    if settings.target:
        return f"nnsight {_version(settings.target)}"
    pins = {project_of(Path(path).resolve().parent).target for path in paths}
    pinned = sorted(_version(pin) for pin in pins if pin)
    if not pinned:
        return "nnsight 0.5"
    return f"nnsight {', '.join(pinned)} (pinned by the project)"


def _version(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


def _options_of(context: click.Context) -> tuple[str, ...]:
    """The options on the command line that bear on what is changed, to be given again."""
    said: list[str] = []
    for parameter in context.command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if name not in _TOLD or not given:
            continue
        value = context.params[name]
        option = parameter.opts[0]
        if isinstance(value, bool):
            said.append(option if value else parameter.secondary_opts[0])
        elif name == "target_version":
            said += [option, _version(value)]
        else:
            said += [word for one in value for word in (option, one)]
    return tuple(said)


_TOLD = ("select", "ignore", "target_version", "assume_remote", "unsafe")


def _write(text: str, output: Path | None) -> None:
    """Puts the page where it belongs, and says so if it is too long to be pasted."""
    if output is None:
        click.echo(text, nl=False)
    else:
        try:
            put(output, text.encode())
        except DocumentProblem as problem:
            raise Failed(str(problem)) from problem
    if len(text) > _LONGEST:
        click.echo(
            f"The page has {len(text):,} characters, and GitHub takes {_LONGEST:,} in a "
            "description: attach it as a file, or make one for each directory.",
            err=True,
        )
