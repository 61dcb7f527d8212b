"""`python -m drift 0.8.1 [VERSION]...` runs what the rules rewrite on releases of nnsight.

Run in `tests/`. What each rule's examples and the fixtures are rewritten to for a release is run on
it and compared with what 0.5.15 computes. For a new rule or fixture `--only NNS123` is enough, with
all releases of the table. It prints what is no longer so that was so on an older
release, and exits with 1 if there is such a thing; `--record` keeps what came out, for the page
`releases`. Environments are made on demand, as for `nnmigrate verify`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from packaging.version import Version

from nnmigrate.executor import Conditions, Executor, Observation, Outcome, Script, Verdict, ensure
from nnmigrate.executor.baseline import Original
from nnmigrate.executor.verification import TARGET, judge

from .cases import Case, cases
from .recorded import drifts, merged, read, write


@click.command()
@click.argument("versions", nargs=-1, required=True)
@click.option("--record", is_flag=True, help="Keep what came out, and write the table anew.")
@click.option("--only", default="", help="Only cases with this in their names.")
def main(versions: tuple[str, ...], record: bool, only: str) -> None:
    """Say which rules drift on releases of nnsight."""
    recorded, found = read(), 0
    chosen = [case for case in cases() if only in case.name]
    with _Known(ensure(TARGET)) as known:
        originals = {case.name: _original(case, known) for case in chosen}
        for version in versions:
            new = _came(version, chosen, originals)
            for line in drifts(recorded, version, new):
                click.echo(f"{version}: {line}")
                found += " drifts: " in line
            recorded[version] = merged(recorded.get(version, {}), new) if only else new
            if record:
                write(recorded)
    sys.exit(1 if found else 0)


class _Known(Executor):
    """Runs what is measured by; an original without a trace would be no measure, and only on 0.4
    are traces counted."""

    def run(self, script: Script | Path | str, **how: Any) -> Observation:
        return replace(super().run(script, **how), traces=1)


def _original(case: Case, known: Executor) -> Original:
    """What a case computes on 0.5.15; it is run when it is asked for, once for all releases."""
    script = Script(case.after.encode(), "before.py")
    return Original(script, known, Conditions(), script.hints)


def _came(
    version: str, chosen: Sequence[Case], originals: Mapping[str, Original]
) -> dict[str, dict[str, str]]:
    """What comes of the cases on a release, by rule."""
    came: dict[str, dict[str, str]] = {}
    target = Version(version).release
    with Executor(ensure(version)) as new:
        for case in chosen:
            after = Script(case.rewritten(target).encode(), "after.py")
            outcome = _said(judge(originals[case.name], after, new, Conditions()))
            click.echo(f"{version}: {case.name}: {outcome}", err=True)
            for code in case.rules:
                came.setdefault(code, {})[case.name] = outcome
    return came


def _said(verdict: Verdict) -> str:
    """A word, and where it is no proof the reason."""
    if verdict.outcome in (Outcome.SAME, Outcome.CLOSE):
        return str(verdict.outcome.value)
    return f"{verdict.outcome.value}: {verdict.reason}".partition("\n")[0][:200]


if __name__ == "__main__":
    main()
