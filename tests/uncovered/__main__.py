"""`python -m uncovered REPORT [PATH]...` says which lines and branches no test takes.

Run in `tests/`, on what `coverage json` writes. What is named in `uncovered.json`, with the reason
why no test goes there, is passed over; what is named there and taken all the same is told as well.
With PATHs only these files are looked at. Exit code 1 if anything is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from .gaps import Gap, gaps

ROOT = Path(__file__).parent.parent.parent
NAMED = ROOT / "tests" / "uncovered.json"
Named = Mapping[str, Mapping[str, str]]
"""Of each file what no test takes, and why."""


@click.command()
@click.argument("report", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
def main(report: Path, paths: tuple[Path, ...]) -> None:
    """Hold a REPORT of coverage against what is named."""
    try:
        found = missing(json.loads(report.read_text(encoding="utf-8")), ROOT)
    except KeyError as line:
        raise click.UsageError(f"{report} is of other code (line {line}): measure again") from None
    named: Named = json.loads(NAMED.read_text(encoding="utf-8"))
    if paths:
        wanted = {path.resolve().relative_to(ROOT).as_posix() for path in paths}
        found = {file: each for file, each in found.items() if file in wanted}
        named = {file: reasons for file, reasons in named.items() if file in wanted}
    told = list(complaints(found, named))
    click.echo("".join(f"{line}\n" for line in told), nl=False)
    click.echo(f"{len(told)} to look at, {sum(map(len, named.values()))} named")
    raise SystemExit(1 if told else 0)


def missing(report: Mapping[str, Any], root: Path) -> dict[str, list[Gap]]:
    """The gaps of each file that a report of coverage is about, by its path from `root`."""
    found = {}
    for name, measured in report["files"].items():
        path = root / name
        branches = [(start, target) for start, target in measured["missing_branches"]]
        source = path.read_text(encoding="utf-8")
        file = path.resolve().relative_to(root).as_posix()
        found[file] = gaps(source, measured["missing_lines"], branches)
    return found


def complaints(found: Mapping[str, list[Gap]], named: Named) -> Iterator[str]:
    """What is missing and not named, then what is named and not missing."""
    for file, each in found.items():
        for gap in each:
            if gap.name not in named.get(file, {}):
                yield f"{file}:{gap.line}: no test goes here: {gap.name}"
    for file, reasons in named.items():
        for name in sorted(reasons.keys() - {gap.name for gap in found.get(file, [])}):
            yield f"{file}: named, but a test goes there, or it is gone: {name}"


if __name__ == "__main__":
    main()
