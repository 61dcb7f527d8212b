"""From a document's bytes to what is to be said of it and written into it."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nnmigrate.commenting import commented, document_in, origins_after
from nnmigrate.documents import (
    SIZE_LIMIT,
    Document,
    DocumentProblem,
    Sheet,
    discover,
    is_host,
    is_notebook,
    may_concern_nnsight,
    mentions_nnsight,
    read,
    refuse_too_long,
    write,
)
from nnmigrate.faults import described
from nnmigrate.findings import Finding, Severity
from nnmigrate.project import Requirement, project_of
from nnmigrate.reports import Report
from nnmigrate.selection import Selection
from nnmigrate.spans import Span

if TYPE_CHECKING:
    from nnmigrate.baseline import Accepted, Baseline
    from nnmigrate.configured import Configured
    from nnmigrate.engine import RuleFailure
    from nnmigrate.program import Dialect, Options


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


def examine_paths(paths: Iterable[str], settings: Settings) -> Iterator[Outcome]:
    """Checks or fixes the files that paths lead to, one after the other."""
    found = discover(paths, skip=settings.project.skip if settings.project else None)
    for problem in found.problems:
        yield _nothing(problem.path, problem=problem)
    project_of.cache_clear()
    pins: dict[Requirement, None] = {}
    told: set[str] = set()
    for path in found.files:
        if settings.force_exclude and settings.project and settings.project.excludes(path):
            continue
        try:
            own = _own(path, settings)
        except DocumentProblem as problem:
            if str(problem) not in told:
                yield _nothing(problem.path, problem=problem)
            told.add(str(problem))
            continue
        outcome = _examine_file(path, own, named=path in found.named)
        yield outcome
        if _is_migrated(outcome) and own.selection.selects("NNS721"):
            pins.update(dict.fromkeys(project_of(path.parent.resolve()).old_pins))
    for outcome in _of_pins(pins):
        yield _accepting(outcome, _own(Path(outcome.report.path), settings))


def _own(path: Path, settings: Settings) -> Settings:
    """The settings of a file.

    Raises:
        DocumentProblem: the configuration around it cannot be understood.
    """
    return settings if settings.project is None else settings.project.of(path, settings)


def _accepting(outcome: Outcome, settings: Settings) -> Outcome:
    """An outcome without the findings that the baseline accepts."""
    if settings.baseline is None:
        return outcome
    report = outcome.report
    ran = settings.selection.selects
    accepted = settings.baseline.without_accepted(report.path, report.code, report.findings, ran)
    return replace(outcome, report=replace(report, findings=accepted.findings), accepted=accepted)


def _is_migrated(outcome: Outcome) -> bool:
    """Whether a document is written for 0.4: something had to be changed, or still has."""
    left = any(one.severity is not Severity.NOTE for one in outcome.report.findings)
    return bool(outcome.applied) or left


def _of_pins(pins: Iterable[Requirement]) -> Iterator[Outcome]:
    """The files of projects that still ask for an old nnsight, next to the code."""
    by_path: dict[Path, list[Requirement]] = {}
    for pin in pins:
        by_path.setdefault(pin.path, []).append(pin)
    if by_path:
        from nnmigrate.rules.nns721_old_pin import of_pin
    for path, found in by_path.items():
        code = path.read_text(encoding="utf-8")
        findings = tuple(of_pin(one) for one in sorted(found, key=lambda one: one.start))
        raw = code.encode()
        yield Outcome(Report(_shown(path), code, findings), raw, raw)


def _shown(path: Path) -> str:
    """A path as the user would write it, where it lies below the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def options_of(name: str, settings: Settings) -> Options:
    """What is known of a document's code from its name, the settings and the project around it."""
    from nnmigrate.program import Options

    folder = Path.cwd() if name == "-" else Path(name).resolve().parent
    project = project_of(folder)
    target = settings.target or project.target or (0, 5)
    return Options(
        target=target,
        assume_remote=settings.assume_remote,
        project=project,
        asked=frozenset(settings.selection.select),
        again=is_notebook(name),
        source=_dialect(settings.source),
    )


def _dialect(source: tuple[int, ...] | None) -> Dialect | None:
    """The dialect that code for a version of nnsight is written in."""
    from nnmigrate.program import Dialect

    if source is None:
        return None
    return Dialect.OLD if source < (0, 5) else Dialect.NEW


def _examine_file(path: Path, settings: Settings, *, named: bool) -> Outcome:
    try:
        outcome = examine(str(path), read(path), settings, named=named)
        if outcome.accepted is None and not outcome.problems:
            outcome = _accepting(outcome, settings)
        if settings.write and settings.judge is not None:
            outcome = settings.judge(path, outcome)
        if settings.write:
            write(path, outcome.after, was=outcome.before)
    except DocumentProblem as problem:
        return _nothing(str(path), problem=problem)
    return outcome


def examine(name: str, raw: bytes, settings: Settings, *, named: bool = True) -> Outcome:
    """Checks or fixes one document; whatever goes wrong is in the outcome.

    A document that has nothing to do with nnsight is told by its bytes. If it was named it must be
    Python all the same; those that a directory holds are not read any further.

    Args:
        name: what to call it in messages.
        raw: its bytes.
        settings: what the user asked for.
        named: whether the user named this very document.
    """
    if not may_concern_nnsight(raw, name) and not (named and _looks_broken(raw, name)):
        return _irrelevant(name, raw)
    try:
        return _examine(name, raw, settings)
    except DocumentProblem as problem:
        return _nothing(name, raw, problem=problem)
    except Exception as error:  # our fault: the other documents must not suffer for it
        message = f"internal error, please report it: {described(error)}"
        return _nothing(name, raw, problem=DocumentProblem(name, message))


def _irrelevant(name: str, raw: bytes) -> Outcome:
    return Outcome(Report(name, "", ()), raw, raw, relevant=False)


def _looks_broken(raw: bytes, name: str) -> bool:
    """Whether the running Python cannot read a document: then it takes a closer look."""
    if is_host(name):
        return True
    if len(raw) > SIZE_LIMIT:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the user's literals: not our business
        try:
            ast.parse(raw)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return True
    return False


def _nothing(name: str, raw: bytes = b"", *, problem: DocumentProblem) -> Outcome:
    """The outcome for a document with which nothing could be done."""
    return Outcome(Report(name, "", ()), raw, raw, problems=(problem,))


def _examine(name: str, raw: bytes, settings: Settings) -> Outcome:
    # Imported only now: LibCST takes longer to import than most trees take to be read.
    from nnmigrate.program import NotPython

    refuse_too_long(raw, name)
    document = document_in(raw, name, settings.transparent_magics)
    if is_host(name) and not mentions_nnsight(document.code.encode(errors="replace")):
        return replace(_irrelevant(name, raw), notes=document.notes)
    try:
        return _fix(name, document, settings) if settings.fix else _check(name, document, settings)
    except NotPython as error:
        message = f"cannot parse: {error.message}"
        place = Sheet(document.code, document.origins).at(error.line, error.column)
        raise DocumentProblem(name, message, place.row, place.column, place.cell) from error


def _check(name: str, document: Document, settings: Settings) -> Outcome:
    from nnmigrate.engine import check

    options = options_of(name, settings)
    checked = check(document.code, options, settings.selection, document.rigid)
    outcome = Outcome(
        Report(name, document.code, checked.findings, document.origins),
        document.raw,
        document.raw,
        Sheet(document.code, document.origins),
        problems=_problems(name, checked.failures),
        notes=document.notes,
    )
    outcome = _accepting(outcome, settings)
    return _ignoring(document, outcome, settings) if settings.add_ignores else outcome


def _fix(name: str, document: Document, settings: Settings) -> Outcome:
    from nnmigrate.engine import fix

    options, rigid = options_of(name, settings), document.rigid
    fixed = fix(document.code, options, settings.selection, settings.unsafe, rigid)
    after = document.with_code(fixed.code, fixed.rigid)
    outcome = Outcome(
        Report(
            name,
            fixed.code,
            fixed.remaining,
            origins_after(name, document, fixed.code, after, settings.transparent_magics),
        ),
        document.raw,
        after,
        Sheet(document.code, document.origins),
        fixed.applied,
        _problems(name, fixed.failures),
        notes=document.notes,
    )
    outcome = _accepting(outcome, settings)
    return _annotating(document, outcome, settings, fixed.rigid) if settings.annotate else outcome


def _ignoring(document: Document, outcome: Outcome, settings: Settings) -> Outcome:
    """An outcome after comments have been written that accept its findings."""
    from nnmigrate.ignoring import ignoring

    report = outcome.report
    edits = ignoring(report.code, report.findings, document.rigid)
    if not edits:
        return outcome
    changed = commented(document, outcome, edits, document.rigid, settings.transparent_magics)
    again = document_in(changed.after, report.path, settings.transparent_magics)
    left = _check(report.path, again, replace(settings, add_ignores=False)).report.findings
    return replace(changed, report=replace(changed.report, findings=left))


def _annotating(
    document: Document, outcome: Outcome, settings: Settings, rigid: tuple[Span, ...]
) -> Outcome:
    """An outcome after its comments say what a person must decide."""
    from nnmigrate.annotations import annotating, undecided

    report = outcome.report
    if outcome.problems:  # a rule that failed may have had something to say
        return outcome
    asked = undecided(report.findings)
    edits = annotating(report.code, asked, settings.selection.selects, rigid)
    return commented(document, outcome, edits, rigid, settings.transparent_magics)


def _problems(name: str, failures: Iterable[RuleFailure]) -> tuple[DocumentProblem, ...]:
    messages = (f"{one.code}, please report it: {one.message}" for one in failures)
    return tuple(DocumentProblem(name, f"internal error in {message}") for message in messages)
