"""The command `verify`: runs programs and their migrations."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from nnmigrate.commands.adoption import at
from nnmigrate.commands.options import rewriting, settings_of
from nnmigrate.commands.proofs import (
    record,
    recorded_in,
    verify_matrix,
    verify_pair,
    verify_paths,
)
from nnmigrate.commands.verify import (
    Where,
    need_forks,
    new_environment,
    old_environment,
    running,
    side,
    sides,
)

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("verify")
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
