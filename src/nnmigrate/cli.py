"""The command line: options in, exit codes out.

Exit codes: 0 nothing found, 1 findings, 2 something could not be read, parsed or was asked wrongly,
130 interrupted.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from nnmigrate import __version__
from nnmigrate.commands.adoption import accepting, at, begun, defaults, say_adopted, write_to
from nnmigrate.commands.console import (
    exit_code,
    say_changes,
    say_findings,
    say_problems,
    say_statistics,
    say_summary,
)
from nnmigrate.commands.lsp import lsp_command
from nnmigrate.commands.options import common, outcomes_of, refuse_counts, rewriting, settings_of
from nnmigrate.commands.proofs import (
    Judge,
    among_fixed,
    record,
    recorded_in,
    verify_matrix,
    verify_pair,
    verify_paths,
)
from nnmigrate.commands.report import report_command
from nnmigrate.commands.show import show_command
from nnmigrate.commands.verify import (
    Failed,
    Where,
    need_forks,
    new_environment,
    old_environment,
    running,
    side,
    sides,
)
from nnmigrate.documents import DocumentProblem
from nnmigrate.outcomes import Outcome
from nnmigrate.reports import DOCUMENTS, diff

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nnmigrate")
@click.pass_context
def cli(context: click.Context) -> None:
    """Takes programs written for nnsight 0.4 to nnsight 0.5.

    What [tool.nnmigrate] in the nearest pyproject.toml above a file gives counts for that file; the
    command line's options go before it.

    Exit codes: 0 nothing found (or notes alone), 1 findings, 2 something could not be read, parsed
    or was asked wrongly.
    """
    if context.invoked_subcommand in ("check", "fix"):
        context.default_map = {context.invoked_subcommand: defaults(Path.cwd())}


@cli.command("check")
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


@cli.command("fix")
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


@cli.command("verify")
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@click.option("--each", is_flag=True, help="Take two files for two programs, not for OLD NEW.")
@rewriting
@click.option("--matrix", metavar="VERSIONS", help="Run the rewrite on each of these nnsights.")
@click.option(
    "--record", "target", type=_NEW_FILE, help="Run the originals alone; keep what they give."
)
@click.option("--against", type=_FILE, help="Compare with what was kept; run no originals.")
@click.option("--requests", is_flag=True, help="Say what a remote trace sent and got back.")
@running
@click.pass_context
def verify_command(
    context: click.Context,
    /,
    paths: tuple[str, ...],
    each: bool,
    matrix: str | None,
    target: Path | None,
    against: Path | None,
    requests: bool,
    **asked: Any,
) -> None:
    """RUNS YOUR CODE: proves that the rewrite of a program computes what the program did.

    With PATHs, each program or notebook is migrated in memory; the file stays as it is. With OLD
    NEW, two files, the second one is the migration of the first one.

    The old program runs on nnsight 0.4.11 and the new one on the target, in processes without
    network that cannot change your files, with tiny random twins in the place of checkpoints. Every
    program comes out as proved (the same to the last bit), proved but for rounding, differs, or
    inconclusive.

    Exit codes: 0 all proved, 1 one differs, 2 of one nothing can be said.
    """
    if sum(one is not None for one in (matrix, target, against)) > 1:
        raise click.UsageError("--matrix, --record and --against exclude one another")
    need_forks()
    from nnmigrate.proving import Prover

    where = Where.among(asked)
    settings = at(Path.cwd(), settings_of(**asked, unsafe=True))
    settings, conditions = replace(settings, unsafe=True, baseline=None), where.conditions
    if matrix is not None:
        versions = [one.strip() for one in matrix.split(",") if one.strip()]
        context.exit(verify_matrix(paths, versions, settings, where))
    if target is not None:
        with side(partial(old_environment, where)) as old:
            context.exit(record(paths, target, settings, old, conditions))
    if against is not None:
        with side(partial(new_environment, where, settings.target)) as new:
            prover = Prover(settings, recorded_in(against, new), new, conditions)
            context.exit(verify_paths(paths, prover, requests))
    with sides(settings.target, where) as both:
        prover = Prover.live(settings, both, conditions)
        if len(paths) == 2 and not each and all(Path(path).is_file() for path in paths):
            context.exit(verify_pair(Path(paths[0]), Path(paths[1]), prover, requests))
        context.exit(verify_paths(paths, prover, requests))


@cli.command("explain")
@click.argument("page", required=False, metavar="[RULE|GUIDE]")
def explain_command(page: str | None) -> None:
    """Print the page of a rule, named by code or name, or a guide; without either, list them."""
    from nnmigrate.catalogue import UnknownPage, contents, page_of

    try:
        click.echo(contents() if page is None else page_of(page))
    except UnknownPage as error:
        raise click.UsageError(str(error)) from error


@cli.command("rules")
@click.option(
    "--output-format", type=click.Choice(["table", "json"]), default="table", show_default=True
)
def rules_command(output_format: str) -> None:
    """List the rules."""
    from nnmigrate.catalogue import as_json, as_table

    click.echo(as_json() if output_format == "json" else as_table())


cli.add_command(lsp_command)


def _say_diff(outcomes: list[Outcome]) -> int:
    """Prints the changes; gives the exit code."""
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


cli.add_command(report_command)
cli.add_command(show_command)


def main() -> None:
    """Runs the command line as a program."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character must not end the run.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = cli.main(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        code = 130
    except BrokenPipeError:
        # Whoever read has left. Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)
