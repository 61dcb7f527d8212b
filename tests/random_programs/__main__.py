"""`python -m random_programs [--seed N] [--count N]` judges random programs and shows the faults.

Run in `tests/`. Environments of both versions of nnsight are made on demand.
"""

from __future__ import annotations

from collections import Counter

import click

from nnmigrate.executor import executors

from .judge import Fault, judge
from .writer import Writer


@click.command()
@click.option("--seed", default=0, help="The first program's.")
@click.option("--count", default=100, help="How many.")
@click.option(
    "--show/--no-show", default=True, help="Print the programs that something is wrong with."
)
@click.option("--unsafe/--safe", default=True, help="Whether unsafe fixes are applied too.")
def main(seed: int, count: int, show: bool, unsafe: bool) -> None:
    """Judge random programs."""
    faults: Counter[Fault] = Counter()
    tally: Counter[str] = Counter()
    with executors() as sides:
        for number in range(seed, seed + count):
            judged = judge(Writer(number).written(), sides, unsafe=unsafe)
            tally["valid"] += judged.valid
            tally["changed"] += judged.changed
            tally["same"] += judged.same
            tally["left with findings"] += judged.left
            faults.update(judged.faults)
            if show and judged.faults:
                said = ", ".join(fault.name for fault in judged.faults)
                click.echo(
                    f"===== {number}: {said}\n{judged.program.old.split('state = State()')[1]}"
                )
                click.echo(f"----- fixed\n{judged.fixed.split('state = State()')[1]}")
                click.echo(f"----- ran\n{judged.detail}")
    click.echo(f"{count} programs: " + ", ".join(f"{tally[key]} {key}" for key in tally))
    for fault in Fault:
        click.echo(f"{faults[fault]:5} {fault.name}: {fault.value}")


if __name__ == "__main__":
    main()
