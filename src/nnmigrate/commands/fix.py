"""The command `fix`: changes what can be changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from nnmigrate.commands.adoption import accepting, at, say_adopted
from nnmigrate.commands.console import (
    exit_code,
    say_changes,
    say_findings,
    say_problems,
    say_statistics,
    say_summary,
)
from nnmigrate.commands.options import common, outcomes_of, refuse_counts, settings_of
from nnmigrate.commands.verify import Where, need_forks, running, sides
from nnmigrate.outcomes import Outcome
from nnmigrate.reports import DOCUMENTS


@click.command("fix")
@common
@accepting
@click.option(
    "--unsafe-fixes/--no-unsafe-fixes",
    "unsafe",
    default=False,
    help="Apply unsafe fixes as well.",
)
@click.option(
    "--annotate", is_flag=True, help="Leave a comment where a person must decide what is meant."
)
@click.option("--diff", "as_diff", is_flag=True, help="Write nothing; print the changes.")
@click.option(
    "--verify", is_flag=True, help="RUNS YOUR CODE, see `nnmigrate verify`: write what is proved."
)
@running
@click.pass_context
def fix_command(
    context: click.Context,
    /,
    paths: tuple[str, ...],
    output_format: str,
    counts: bool,
    strict: bool,
    stdin_filename: str,
    unsafe: bool,
    as_diff: bool,
    verify: bool,
    **asked: Any,
) -> None:
    """Change what can be changed, in place (`-`: standard input to standard output)."""
    if as_diff and output_format in DOCUMENTS:
        raise click.UsageError(
            f"--diff and --output-format {output_format} both want standard output"
        )
    refuse_counts(counts, output_format)
    write = not as_diff and paths != ("-",)
    if verify and not write:
        raise click.UsageError("--verify is about what is written: neither with --diff nor with -")
    where = Where.among(asked)
    settings = settings_of(**asked, fix=True, unsafe=unsafe, write=write)
    judge = None
    if verify:
        need_forks()
        from nnmigrate.commands.proofs import Judge, among_fixed
        from nnmigrate.proving import Prover

        here = at(Path.cwd(), settings)
        with sides(here.target, where) as both:
            judge = Judge(Prover.live(here, both, where.conditions, among_fixed(paths)))
            outcomes = outcomes_of(paths, stdin_filename, replace(settings, judge=judge))
    else:
        outcomes = outcomes_of(paths, stdin_filename, settings)
    say_problems(outcomes)
    say_adopted(outcomes)
    if as_diff:
        context.exit(_say_diff(outcomes))
    if not write:
        _say_code(outcomes)
    _say_fixed(outcomes, output_format, counts, err=not write)
    unsaid = judge is not None and judge.unsaid
    context.exit(2 if unsaid else exit_code(outcomes, strict))


def _say_diff(outcomes: list[Outcome]) -> int:
    """Prints the changes; gives the exit code."""
    from nnmigrate.reports.diff import diff

    changed = [outcome for outcome in outcomes if outcome.after != outcome.before]
    for outcome in changed:
        click.echo(diff(outcome.report.path, outcome.before, outcome.after), nl=False)
    say_changes(changed, err=True)
    return 2 if exit_code(outcomes, strict=False) == 2 else int(bool(changed))


def _say_code(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        click.echo(outcome.after, nl=False)


def _say_fixed(outcomes: list[Outcome], output_format: str, counts: bool, err: bool) -> None:
    """What was changed and what remains; around a document, which stands alone, nothing else."""
    alone = output_format in DOCUMENTS
    if not counts:
        say_changes(outcomes, err=err or alone)
    say = say_statistics if counts else say_findings
    say(outcomes, output_format, err)
    if not alone:
        fixed = any(outcome.applied for outcome in outcomes)
        say_summary(outcomes, verb="Left" if fixed else "Found", err=err)
