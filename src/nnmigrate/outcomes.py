"""What the user asks for, and what becomes of a document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from nnmigrate.classes import dataclass
from nnmigrate.documents import DocumentProblem, Sheet
from nnmigrate.findings import Finding
from nnmigrate.reports import Report
from nnmigrate.selection import Selection

if TYPE_CHECKING:
    from nnmigrate.baseline import Accepted, Baseline
    from nnmigrate.configured import Configured


@dataclass(frozen=True)
class Settings:
    """What the user asked for.

    Args:
        selection: which rules run.
        target: the nnsight version to migrate to, as numbers; None to ask the project's own pin,
            and to take any 0.5 where that says nothing.
        assume_remote: treat every trace as remote.
        fix: whether to apply fixes.
        unsafe: whether to apply unsafe fixes as well.
        write: whether to put what was fixed back into its file.
        judge: what decides what may be written: given a file and its outcome, it gives the outcome
            to write, which may be that nothing changes.
        source: the nnsight version that the code is written for, as numbers; None to tell it from
            the code.
        transparent_magics: further cell magics whose cells are Python.
        baseline: the findings that are accepted: neither shown nor counted nor asked about.
        annotate: whether to leave comments where a person must decide.
        add_ignores: whether to write comments that accept what is found.
        project: what gives each file its own settings; None for these in every file.
        force_exclude: whether what the project excludes is passed over where it is named, too.
        jobs: how many processes may look at files.
        cache: the folder in which findings are kept; None to work them out.
        known_only: whether what is not kept is not to be worked out either: `NotKept` says so.
        timeout: seconds of the processor's time after which a document is given up; 0 for never,
            None for `patience.PATIENCE`.
    """

    selection: Selection = field(default_factory=Selection)
    target: tuple[int, ...] | None = None
    assume_remote: bool = False
    fix: bool = False
    unsafe: bool = False
    write: bool = False
    judge: Callable[[Path, Outcome], Outcome] | None = None
    source: tuple[int, ...] | None = None
    transparent_magics: tuple[str, ...] = ()
    baseline: Baseline | None = None
    annotate: bool = False
    add_ignores: bool = False
    project: Configured | None = None
    force_exclude: bool = False
    jobs: int = 1
    cache: Path | None = None
    known_only: bool = False
    timeout: float | None = None


class NotKept(Exception):
    """Nothing is known of a document, and only what is kept was asked for."""


_NO_CODE = Sheet("")


@dataclass(frozen=True)
class Outcome:
    """What became of one document.

    Args:
        report: the findings that there are, or that remain.
        before: the bytes that were read.
        after: the bytes that ought to be there; the same where nothing is to be changed.
        original: the code that was read, which the spans of `applied` point into, with the places
            of its lines.
        applied: the findings that `after` no longer has.
        problems: what could not be done.
        relevant: whether the document concerns nnsight at all.
        notes: what was passed over, such as a block of a text that is no Python.
        accepted: which findings the baseline accepted; None without one.
        comments: how many comments were put in, changed or taken away.
    """

    report: Report
    before: bytes
    after: bytes
    original: Sheet = _NO_CODE
    applied: tuple[Finding, ...] = ()
    problems: tuple[DocumentProblem, ...] = ()
    relevant: bool = True
    notes: tuple[DocumentProblem, ...] = ()
    accepted: Accepted | None = None
    comments: int = 0
