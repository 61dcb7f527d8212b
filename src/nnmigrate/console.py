"""What the commands say, and where: findings to standard output, problems to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

import click

from nnmigrate.documents import Sheet
from nnmigrate.findings import Finding, Severity
from nnmigrate.reports import FORMATS, escaped, summary
from nnmigrate.reports.summary import counted
from nnmigrate.run import Outcome


def exit_code(outcomes: Iterable[Outcome], strict: bool) -> int:
    """2 where something could not be done, else 1 where something was found, else 0."""
    outcomes = list(outcomes)
    if any(outcome.problems for outcome in outcomes):
        return 2
    findings = (finding for outcome in outcomes for finding in outcome.report.findings)
    return int(any(strict or finding.severity is not Severity.NOTE for finding in findings))


def say_problems(outcomes: Iterable[Outcome]) -> None:
    """Problems, and what was passed over, as `file:line:column: message`, to standard error."""
    for outcome in outcomes:
        for problem in (*outcome.problems, *outcome.notes):
            click.echo(escaped(str(problem)), err=True)


def say_findings(outcomes: Sequence[Outcome], style: str, err: bool = False) -> None:
    """Findings in an output format; to standard error where something else is the output."""
    color = _colored(err)
    reports = [outcome.report for outcome in outcomes]
    for line in FORMATS[style](reports, color):
        click.echo(line, err=err, color=color)


def say_summary(outcomes: Sequence[Outcome], verb: str = "Found", err: bool = False) -> None:
    """How many findings there are; of which files, if there are none."""
    reports = [outcome.report for outcome in outcomes]
    if any(report.findings for report in reports):
        click.echo(summary(reports, verb), err=err)
    elif not any(outcome.problems for outcome in outcomes):
        relevant = sum(outcome.relevant for outcome in outcomes)
        files = counted(len(outcomes), "file")
        concern = "concerns" if relevant == 1 else "concern"
        click.echo(f"{verb} nothing in {files}, of which {relevant} {concern} nnsight.", err=err)


def say_changes(outcomes: Iterable[Outcome], err: bool = False) -> None:
    """For each file that was changed, what was fixed at which of its old lines."""
    for outcome in outcomes:
        if not outcome.applied:
            continue
        count = counted(len(outcome.applied), "finding")
        click.echo(f"{escaped(outcome.report.path)}: fixed {count}", err=err)
        for finding in outcome.applied:
            click.echo(f"  {_change(finding, outcome.original)}", err=err)


def _change(finding: Finding, original: Sheet) -> str:
    place = original.place(finding.span.start)
    done = finding.fix.message if finding.fix else finding.message
    return f"{place.said}: {finding.code} {escaped(done)}"


def _colored(err: bool) -> bool:
    """Whether to colour: on a terminal, unless NO_COLOR is set (https://no-color.org)."""
    stream = sys.stderr if err else sys.stdout
    return stream.isatty() and not os.environ.get("NO_COLOR")
