"""What the commands say, and where: findings to standard output, problems to standard error."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnmigrate.documents import Sheet, put
from nnmigrate.findings import Finding, Severity
from nnmigrate.outcomes import Outcome
from nnmigrate.patterns import pattern
from nnmigrate.reports import FORMATS, escaped
from nnmigrate.reports.summary import counted, summary

if TYPE_CHECKING:
    from nnmigrate.reports.statistics import Statistic


class Failed(click.ClickException):
    """Something could not be done."""

    exit_code = 2


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
            click.echo(_no_command(escaped(str(problem))), err=True)


def say_findings(
    outcomes: Sequence[Outcome], style: str, err: bool = False, file: Path | None = None
) -> None:
    """Findings in an output format.

    Args:
        outcomes: what was found.
        style: the format's name.
        err: write them to standard error, since something else is the output.
        file: write them there instead.

    Raises:
        DocumentProblem: the file cannot be written.
    """
    reports = [
        replace(outcome.report, problems=outcome.problems, notes=outcome.notes)
        for outcome in outcomes
    ]
    _say(partial(FORMATS[style], reports), err, file, commands=style == "github")


def say_statistics(
    outcomes: Sequence[Outcome], style: str, err: bool = False, file: Path | None = None
) -> None:
    """How often each rule found something; where findings were fixed, how often that was as well.

    Args:
        outcomes: what was found and fixed.
        style: `json` for JSON; lines otherwise.
        err: as for findings.
        file: as for findings.

    Raises:
        DocumentProblem: the file cannot be written.
    """
    import json

    from nnmigrate.reports.statistics import statistics, statistics_lines, statistics_objects

    left = statistics(one for outcome in outcomes for one in outcome.report.findings)
    fixed = statistics(one for outcome in outcomes for one in outcome.applied)
    if style == "json":
        objects: object = statistics_objects(left)
        if fixed:
            objects = {"fixed": statistics_objects(fixed), "left": objects}
        _say(lambda color: [json.dumps(objects, indent=2)], err, file)
    elif fixed:
        _say(lambda color: _fixed_and_left(fixed, left, color), err, file)
    else:
        _say(partial(statistics_lines, left), err, file)


def _fixed_and_left(fixed: list[Statistic], left: list[Statistic], color: bool) -> Iterator[str]:
    from nnmigrate.reports.statistics import statistics_lines

    for verb, found in (("Fixed", fixed), ("Left", left)):
        if found:
            yield f"{verb}:"
            yield from statistics_lines(found, color)


_COMMAND = pattern(r"^([ \t]*):(?=:)", re.MULTILINE)


def _no_command(text: str) -> str:
    """Lines that GitHub's runner does not take for commands: a file's name may look like one."""
    return _COMMAND.sub(r"\1\\x3a", text) if os.environ.get("GITHUB_ACTIONS") else text


def _say(
    lines: Callable[[bool], Iterable[str]], err: bool, file: Path | None, commands: bool = False
) -> None:
    """Prints lines, or puts them into a file, without colours there.

    Args:
        lines: gives them, in colours or not.
        err: whether they go to standard error.
        file: where they go instead.
        commands: whether they may be commands for GitHub's runner.
    """
    if file is not None:
        text = "".join(f"{line}\n" for line in lines(False))
        put(file, text.encode("utf-8", "backslashreplace"))
        return
    color = _colored(err)
    for line in lines(color):
        click.echo(line if commands else _no_command(line), err=err, color=color)


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
        path = _no_command(f"{escaped(outcome.report.path)}: fixed {count}")
        click.echo(path, err=err)
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
