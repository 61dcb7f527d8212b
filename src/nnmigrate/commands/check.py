"""The command `check`: says what breaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nnmigrate.commands.adoption import accepting, begun, say_adopted, write_to
from nnmigrate.commands.console import (
    Failed,
    exit_code,
    say_findings,
    say_problems,
    say_statistics,
    say_summary,
)
from nnmigrate.commands.options import common, outcomes_of, refuse_counts, settings_of
from nnmigrate.documents import DocumentProblem
from nnmigrate.reports import DOCUMENTS

_NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("check")
@common
@accepting
@click.option("--write-baseline", type=_NEW_FILE, help="Accept all findings: keep them there.")
@click.option("--add-ignores", is_flag=True, help="Accept all findings: in comments, in the code.")
@click.option(
    "--output-file", type=_NEW_FILE, metavar="FILE", help="Write what is found there instead."
)
@click.pass_context
def check_command(
    context: click.Context,
    /,
    paths: tuple[str, ...],
    output_format: str,
    counts: bool,
    strict: bool,
    stdin_filename: str,
    output_file: Path | None,
    write_baseline: Path | None,
    add_ignores: bool,
    **asked: Any,
) -> None:
    """Say what breaks on 0.5, in files and directories (`-` for standard input)."""
    refuse_counts(counts, output_format)
    if (add_ignores or write_baseline is not None) and "-" in paths:
        raise click.UsageError("what accepts findings is written, and - has no file")
    if add_ignores and write_baseline is not None:
        raise click.UsageError("--add-ignores and --write-baseline exclude one another")
    settings = settings_of(**asked, add_ignores=add_ignores, write=add_ignores)
    outcomes = outcomes_of(paths, stdin_filename, begun(settings, write_baseline))
    say_problems(outcomes)
    if write_baseline is not None:
        context.exit(write_to(write_baseline, outcomes))
    say_adopted(outcomes)
    say = say_statistics if counts else say_findings
    try:
        say(outcomes, output_format, file=output_file)
    except DocumentProblem as problem:
        raise Failed(str(problem)) from problem
    if output_file is not None or output_format not in DOCUMENTS:
        say_summary(outcomes)
    context.exit(exit_code(outcomes, strict))
