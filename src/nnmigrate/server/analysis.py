"""What is to be said of one program in an editor, and what can be done about it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nnmigrate.classes import dataclass
from nnmigrate.documents import SIZE_LIMIT, mentions_nnsight
from nnmigrate.documents.parsing import half_of_character
from nnmigrate.faults import described
from nnmigrate.findings import Applicability, Finding
from nnmigrate.project import project_of
from nnmigrate.server.notebooks import Texts
from nnmigrate.server.settings import Wishes, settings_for
from nnmigrate.spans import Edit, Lines, Span

if TYPE_CHECKING:
    from nnmigrate.outcomes import Settings
    from nnmigrate.program import Options


_MOST_PATIENCE = 30.0
"""Seconds of the processor's time for one look at a program."""


@dataclass(frozen=True)
class SyntaxProblem:
    """Where a text stops being Python.

    Args:
        text: the file or the cell, counted from 0.
        span: the place in it.
        message: what is wrong.
    """

    text: int
    span: Span
    message: str


@dataclass(frozen=True)
class Analysis:
    """What is to be said of one program.

    Args:
        program: the program.
        findings: by place.
        stale: whether they are those of an earlier program, as far as their places can be told:
            what they would do about it was meant for that one.
        syntax: what keeps a file or a cell from being Python.
        problems: what went wrong with the project's settings; for the person.
        failures: what went wrong in nnmigrate itself; for the log.
    """

    program: Texts
    findings: tuple[Finding, ...] = ()
    stale: bool = False
    syntax: tuple[SyntaxProblem, ...] = ()
    problems: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


def analysed(
    program: Texts, path: Path, wishes: Wishes, before: Analysis | None = None
) -> Analysis:
    """Checks a program. Whatever goes wrong is in what comes back.

    Code under somebody's hands is no Python most of the time. If its findings went away and came
    back with every word, nobody could look at them: while a file is no Python, and while nothing
    changes but cells that are none, they stay.

    Args:
        program: what the editor shows.
        path: where it lies or would lie: settings and pins are looked for around it.
        wishes: what the editor asks for.
        before: what was said last of the program as it was then.
    """
    if not _concerns_nnsight(program):
        return Analysis(program)
    from nnmigrate.engine import check
    from nnmigrate.patience import GivenUp, bounded
    from nnmigrate.program import NotPython

    settings, problems = settings_for(path, wishes)
    if settings.project is not None and settings.project.excludes(path):
        return Analysis(program, problems=problems)
    broken = tuple(_broken_cells(program))
    if before is not None and _breaks(before.program, program):
        same = before.program.code == program.code
        findings = before.findings if same else _carried(before, program.code)
        return Analysis(program, findings, before.stale or not same, broken, problems)
    try:
        _refuse_halves(program.code)
        options = _options_for(path, settings)
        checked = bounded(
            lambda: check(program.code, options, settings.selection, program.rigid),
            _patience(settings),
        )
    except NotPython as error:
        syntax = _syntax(program, error.message, error.line, error.column)
        carried = _carried(before, program.code) if before is not None else ()
        return Analysis(program, carried, True, (*broken, *syntax), problems)
    except GivenUp as error:
        return Analysis(program, (), True, broken, (*problems, f"{path}: {error}"))
    except Exception as error:  # our fault: the server goes on
        failure = f"internal error, please report it: {described(error)}"
        return Analysis(program, (), True, broken, problems, (failure,))
    failures = tuple(
        f"internal error in {one.code}, please report it: {one.message}" for one in checked.failures
    )
    findings = _not_accepted(path, program.code, checked.findings, settings)
    return Analysis(program, findings, False, broken, problems, failures)


def _not_accepted(
    path: Path, code: str, findings: tuple[Finding, ...], settings: Settings
) -> tuple[Finding, ...]:
    """The findings that the project's baseline does not accept."""
    if settings.baseline is None:
        return findings
    ran = settings.selection.selects
    return settings.baseline.without_accepted(str(path), code, findings, ran).findings


def applies_alone(program: Texts, finding: Finding) -> bool:
    """Whether a finding's fix, carried out alone, leaves a program that is Python."""
    from nnmigrate.engine import gives_python

    change = finding.fix
    if change is None or not gives_python(program.code, change):
        return False
    return program.edited(change.edits) is not None


def fixed(program: Texts, path: Path, wishes: Wishes) -> dict[int, list[Edit]]:
    """All safe fixes, round by round, as edits of each text; nothing where there are none.

    Args:
        program: what the editor shows.
        path: where it lies or would lie.
        wishes: what the editor asks for.
    """
    if not _concerns_nnsight(program):
        return {}
    from nnmigrate.engine import fix
    from nnmigrate.patience import GivenUp, bounded
    from nnmigrate.program import NotPython

    settings, _ = settings_for(path, wishes)
    options, rigid = _options_for(path, settings), program.rigid
    try:
        _refuse_halves(program.code)
        done = bounded(
            lambda: fix(program.code, options, settings.selection, rigid=rigid),
            _patience(settings),
        )
    except (NotPython, GivenUp):
        return {}
    return program.changed(done.code, done.rigid)


def _patience(settings: Settings) -> float:
    """Nobody waits as long for an editor as for a command; what nobody asks for has an end."""
    return min(settings.timeout or _MOST_PATIENCE, _MOST_PATIENCE)


def is_safe(finding: Finding) -> bool:
    """Whether a finding has a fix that assumes nothing."""
    return finding.fix is not None and finding.fix.applicability is Applicability.SAFE


def _concerns_nnsight(program: Texts) -> bool:
    raw = "\n".join(program.contents).encode(errors="replace")
    return len(raw) <= SIZE_LIMIT and mentions_nnsight(raw)


def _refuse_halves(code: str) -> None:
    """Refuses halves of surrogate pairs: editors can send them, no Python code can hold them.

    Raises:
        NotPython: there is one.
    """
    from nnmigrate.program import NotPython

    half = half_of_character(code)
    if half is not None:
        at, message = half
        raise NotPython(message, *Lines(code).place(at))


def _options_for(path: Path, settings: Settings) -> Options:
    from nnmigrate.examining import options_of

    # What the project asks for may have been changed since the last look, in another window.
    project_of.cache_clear()
    return options_of(os.fspath(path), settings)


def _syntax(program: Texts, message: str, line: int, column: int) -> Iterator[SyntaxProblem]:
    """A problem of the program, at its place in one of the texts."""
    lines = Lines(program.code)
    row = min(line, len(lines.starts))
    start, length = lines.starts[row - 1], len(lines.line(row))
    first = start + min(column - 1, max(length - 1, 0))
    placed = program.placed(Span(first, start + length))
    if placed is not None:
        yield SyntaxProblem(*placed, f"cannot parse: {message}")


def _broken_cells(program: Texts) -> Iterator[SyntaxProblem]:
    for number, (row, message) in program.broken.items():
        lines = Lines(program.contents[number])
        start = lines.starts[row - 1]
        yield SyntaxProblem(number, Span(start, start + len(lines.line(row))), message)


def _breaks(before: Texts, now: Texts) -> bool:
    """Whether nothing has changed but cells that are no Python as they are now."""
    if len(before.contents) != len(now.contents) or not now.broken:
        return False
    pairs = enumerate(zip(before.contents, now.contents, strict=True))
    return all(old == new or number in now.broken for number, (old, new) in pairs)


def _carried(before: Analysis, code: str) -> tuple[Finding, ...]:
    """Earlier findings in changed code: those that stand before or behind what was changed."""
    old = before.program.code
    head = _alike(old, code)
    tail = _alike(old[head:][::-1], code[head:][::-1])
    shift = len(code) - len(old)
    found = []
    for finding in before.findings:
        span = finding.span
        if span.end <= head:
            found.append(replace(finding, fix=None))
        elif span.start >= len(old) - tail:
            moved = Span(span.start + shift, span.end + shift)
            found.append(replace(finding, span=moved, fix=None))
    return tuple(found)


def _alike(one: str, other: str) -> int:
    """How many characters two texts share at their beginnings."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
