"""The options that several commands share, and what they come to."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from nnmigrate.commands.adoption import at, following, sourced
from nnmigrate.folders import cache_folder
from nnmigrate.outcomes import Outcome, Settings
from nnmigrate.reports import DOCUMENTS, FORMATS
from nnmigrate.rules import codes
from nnmigrate.run import examine, examine_paths
from nnmigrate.selection import Selection, UnknownRule
from nnmigrate.settings_keys import target_of
from nnmigrate.workers import cores

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _version(_: click.Context, option: click.Parameter, text: str | None) -> tuple[int, ...] | None:
    """The numbers of a version of nnsight that code can be migrated to."""
    try:
        return None if text is None else target_of(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param=option) from error


def rewriting(command: _Command) -> _Command:
    """The options that say what is found and where the code is to go."""
    decorators = (
        click.option("--select", multiple=True, metavar="CODES", help="Run only these rules."),
        click.option("--ignore", multiple=True, metavar="CODES", help="Do not run these rules."),
        click.option(
            "--target-version",
            callback=_version,
            metavar="VERSION",
            help="The nnsight version to migrate to. [default: the project's own pin, or 0.5]",
        ),
        click.option(
            "--assume-remote/--no-assume-remote",
            default=False,
            help="Treat every trace as remote.",
        ),
        sourced,
        click.option(
            "--timeout",
            type=click.FloatRange(min=0),
            metavar="SECONDS",
            help="Give a file up after that much of the processor's time; 0 for never. "
            "[default: 120]",
        ),
    )
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def common(command: _Command) -> _Command:
    """The options that `check` and `fix` share."""
    decorators = (
        click.argument("paths", nargs=-1, type=click.Path()),
        rewriting,
        click.option(
            "--output-format",
            type=click.Choice(list(FORMATS)),
            default="full",
            show_default=True,
            help="How findings are shown.",
        ),
        click.option(
            "--statistics",
            "counts",
            is_flag=True,
            help="Show how often each rule found something, not the findings.",
        ),
        click.option("--strict", is_flag=True, help="Let notes count for the exit code."),
        click.option(
            "--jobs",
            type=click.IntRange(min=1),
            metavar="N",
            help="Use that many processes for many files. [default: one for each processor]",
        ),
        click.option(
            "--no-cache",
            is_flag=True,
            envvar="NNMIGRATE_NO_CACHE",
            help="Neither use nor keep what was found in earlier runs.",
        ),
        click.option(
            "--cache-dir",
            type=click.Path(file_okay=False, path_type=Path),
            envvar="NNMIGRATE_CACHE_DIR",
            metavar="FOLDER",
            help="Keep it there. [default: the user's cache; $NNMIGRATE_CACHE_DIR]",
        ),
        click.option(
            "--stdin-filename", metavar="PATH", default="-", help="The name of standard input."
        ),
    )
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def refuse_counts(counts: bool, output_format: str) -> None:
    """Refuses `--statistics` in formats that have no place for it.

    Raises:
        click.UsageError: this is one.
    """
    if counts and output_format in (DOCUMENTS | {"github"}) - {"json"}:
        raise click.UsageError(f"--statistics is text or json, never {output_format}")


def settings_of(
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    target_version: tuple[int, ...] | None,
    assume_remote: bool,
    **how: Any,
) -> Settings:
    """What `rewriting` gave, as settings; to those of files, their configurations add.

    Raises:
        click.UsageError: no rule has such a code.
    """
    try:
        selection = Selection.of(select, ignore, codes())
    except UnknownRule as error:
        raise click.UsageError(str(error)) from error
    if how.get("jobs", 1) is None:
        how["jobs"] = cores()
    if not how.pop("no_cache", True):
        how["cache"] = how["cache_dir"] or cache_folder()
    how.pop("cache_dir", None)
    settings = Settings(selection, target_version, assume_remote, **how)
    return following(click.get_current_context(), settings)


def outcomes_of(paths: tuple[str, ...], stdin_filename: str, settings: Settings) -> list[Outcome]:
    """What becomes of the files that paths lead to, or of standard input (`-`).

    Raises:
        click.UsageError: standard input is asked for beside other paths.
    """
    if "-" not in paths:
        return list(examine_paths(paths or (".",), settings))
    if len(paths) > 1:
        raise click.UsageError("standard input (-) cannot be combined with other paths")
    raw = sys.stdin.buffer.read()
    return [examine(stdin_filename, raw, at(Path(stdin_filename), settings))]
