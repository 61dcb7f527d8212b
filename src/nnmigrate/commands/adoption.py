"""The options by which a project takes nnmigrate on: what it configures, and what it accepts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from nnmigrate.commands.console import exit_code
from nnmigrate.configuration import BadConfiguration, Configurations
from nnmigrate.configured import Configured
from nnmigrate.documents import DocumentProblem
from nnmigrate.outcomes import Outcome, Settings
from nnmigrate.reports import escaped
from nnmigrate.reports.summary import counted
from nnmigrate.settings_keys import version_of

if TYPE_CHECKING:
    from nnmigrate.baseline import Baseline

_Command = TypeVar("_Command", bound=Callable[..., Any])

# Of the options that a configuration may give as well: the setting that each one is.
_SETTINGS = {
    "select": "select",
    "ignore": "ignore",
    "target_version": "target",
    "source": "source",
    "assume_remote": "assume_remote",
    "timeout": "timeout",
    "unsafe": "unsafe",
    "baseline": "baseline",
    "write_baseline": "baseline",
}
# What counts for a run and not for a file: the working directory's configuration says it.
_OF_RUNS = ("output-format", "strict")


def _source(_: click.Context, option: click.Parameter, text: str | None) -> tuple[int, ...] | None:
    try:
        return None if text is None else version_of(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param=option) from error


def _baseline(_: click.Context, __: click.Parameter, path: Path | None) -> Baseline | None:
    if path is None:
        return None
    from nnmigrate.baseline import load

    try:
        return load(path)
    except DocumentProblem as problem:
        raise click.UsageError(str(problem)) from problem


def sourced(command: _Command) -> _Command:
    """The option that says for which nnsight the code is written."""
    return click.option(
        "--source-version",
        "source",
        callback=_source,
        metavar="VERSION",
        help="The nnsight version that the code is written for. [default: what the code shows]",
    )(command)


def accepting(command: _Command) -> _Command:
    """The options that name findings that are accepted, and keep to what is excluded."""
    command = click.option(
        "--force-exclude",
        is_flag=True,
        help="Pass over what the project excludes though it is named, as hooks do.",
    )(command)
    return click.option(
        "--baseline",
        type=click.Path(dir_okay=False, path_type=Path),
        callback=_baseline,
        metavar="FILE",
        help="Pass over the findings that are kept there (see check --write-baseline).",
    )(command)


def defaults(folder: Path) -> dict[str, Any]:
    """What the configuration around a folder says of runs, by the names of the options."""
    # What is wrong with it is said with the first file that it counts for.
    with suppress(BadConfiguration):
        values = Configurations().around(folder).values
        return {key.replace("-", "_"): values[key] for key in _OF_RUNS if key in values}
    return {}


def following(context: click.Context, settings: Settings) -> Settings:
    """Settings to which each file's configuration adds what the command line did not say."""
    said = {
        setting
        for option, setting in _SETTINGS.items()
        if context.get_parameter_source(option) is ParameterSource.COMMANDLINE
    }
    return replace(settings, project=Configured(said))


def at(path: Path, settings: Settings) -> Settings:
    """The settings of one file, or of a folder's files if it is one.

    Raises:
        click.UsageError: the configuration around it cannot be understood.
    """
    if settings.project is None:
        return settings
    try:
        return settings.project.of(path / "any" if path.is_dir() else path, settings)
    except DocumentProblem as problem:
        raise click.UsageError(str(problem)) from problem


def begun(settings: Settings, target: Path | None) -> Settings:
    """Settings in which nothing is accepted yet, if a baseline is to be written."""
    if target is None:
        return settings
    from nnmigrate.baseline import Baseline

    return replace(settings, baseline=Baseline(target, Counter()))


def write_to(target: Path, outcomes: Sequence[Outcome]) -> int:
    """Keeps what was found in a baseline; gives the exit code."""
    from nnmigrate.baseline import Baseline, Examined, load

    try:
        old = load(target) if target.exists() else Baseline(target, Counter())
        found = [
            Examined(one.path, outcome.report.code, one.findings, one.ran)
            for outcome in outcomes
            if (one := outcome.accepted) is not None
        ]
        new = old.renewed(found)
        new.write()
    except DocumentProblem as problem:
        raise click.UsageError(str(problem)) from problem
    accepted = counted(new.entries.total(), "finding")
    click.echo(f"{escaped(str(target))} accepts {accepted}.", err=True)
    return 2 if exit_code(outcomes, strict=False) == 2 else 0


def say_adopted(outcomes: Iterable[Outcome]) -> None:
    """Which comments were written, and what a baseline accepts in vain, to standard error."""
    outcomes = list(outcomes)
    for outcome in outcomes:
        if outcome.comments:
            comments = counted(outcome.comments, "comment")
            click.echo(f"{escaped(outcome.report.path)}: {comments} changed", err=True)
    accepted = [outcome.accepted for outcome in outcomes if outcome.accepted is not None]
    if not accepted:
        return
    from nnmigrate.baseline import stale

    for path, count in stale(accepted).items():
        entries = "entry" if count == 1 else "entries"
        needed = "is no longer needed" if count == 1 else "are no longer needed"
        again = f"`--write-baseline {path}` writes it anew"
        click.echo(escaped(f"{path}: {count} {entries} {needed}; {again}"), err=True)
