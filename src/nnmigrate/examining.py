"""One document: from its bytes to what is to be said of it and written into it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nnmigrate.documents import (
    TRANSPARENT,
    Document,
    DocumentProblem,
    Origin,
    Sheet,
    document_of,
    is_host,
    is_notebook,
    is_text,
    mentions_nnsight,
    refuse_too_long,
)
from nnmigrate.outcomes import NotKept, Outcome, Settings
from nnmigrate.project import project_of
from nnmigrate.reports import Report
from nnmigrate.spans import Edit, Span, apply_edits, moved

# LibCST takes longer to import than most trees take to be read.
if TYPE_CHECKING:
    from nnmigrate.cache import Cache
    from nnmigrate.engine import RuleFailure
    from nnmigrate.findings import Finding
    from nnmigrate.program import Dialect, Options


def examined(name: str, raw: bytes, settings: Settings) -> Outcome:
    """Checks or fixes a document that may concern nnsight.

    Args:
        name: what to call it in messages; its end tells what kind of document it is.
        raw: its bytes.
        settings: what the user asked for.

    Raises:
        DocumentProblem: it cannot be read, parsed or changed.
        NotKept: the settings' cache is asked alone, and has nothing.
    """
    refuse_too_long(raw, name)
    document = document_in(raw, name, settings)
    if is_host(name) and not mentions_nnsight(document.code.encode(errors="replace")):
        return irrelevant(name, raw, document.notes)
    kept = _kept(name, document, settings)
    if kept is not None:
        return kept
    from nnmigrate.patience import GivenUp, bounded
    from nnmigrate.program import NotPython

    examine = _fix if settings.fix else _check
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the user's literals: not our business
            return bounded(lambda: examine(name, document, settings), settings.timeout)
    except GivenUp as error:
        raise DocumentProblem(name, str(error)) from error
    except NotPython as error:
        message = f"cannot parse: {error.message}"
        place = Sheet(document.code, document.origins).at(error.line, error.column)
        raise DocumentProblem(name, message, place.row, place.column, place.cell) from error


def document_in(raw: bytes, name: str, settings: Settings) -> Document:
    """The document in some bytes.

    Args:
        raw: the bytes.
        name: its path; `-` for standard input.
        settings: what the user says of notebooks' magics.

    Raises:
        DocumentProblem: there is none.
    """
    return document_of(raw, name, TRANSPARENT.union(settings.transparent_magics))


def irrelevant(name: str, raw: bytes, notes: tuple[DocumentProblem, ...] = ()) -> Outcome:
    """The outcome for a document that has nothing to do with nnsight."""
    return Outcome(Report(name, "", ()), raw, raw, relevant=False, notes=notes)


def options_of(name: str, settings: Settings) -> Options:
    """What the user and the project around a document say about its code.

    Args:
        name: the document's path; `-` for standard input.
        settings: what the user asked for.
    """
    from nnmigrate.program import Options

    project = project_of(_folder(name))
    return Options(
        target=settings.target or project.target or (0, 5),
        assume_remote=settings.assume_remote,
        source=_dialect(settings.source),
        project=project,
        asked=frozenset(settings.selection.select),
        again=is_notebook(name),
        text=is_text(name),
    )


def _folder(name: str) -> Path:
    return Path.cwd() if name == "-" else Path(name).resolve().parent


def _dialect(source: tuple[int, ...] | None) -> Dialect | None:
    """The dialect that code for a version of nnsight is written in."""
    from nnmigrate.program import Dialect

    if source is None:
        return None
    return Dialect.OLD if source < (0, 5) else Dialect.NEW


def _kept(name: str, document: Document, settings: Settings) -> Outcome | None:
    """The outcome that is known from an earlier run, if nothing has to be changed."""
    cache = _cache(settings)
    if cache is None:
        return None
    found = cache.get(_key(name, document, settings), document.code)
    changes = settings.annotate or settings.add_ignores
    if found is not None and not changes and not (settings.fix and any(one.fix for one in found)):
        return accepting(_unchanged(name, document, found), settings)
    if settings.known_only:
        raise NotKept(name)
    return None


def _cache(settings: Settings) -> Cache | None:
    if settings.cache is None:
        return None
    from nnmigrate.cache import cache_in

    return cache_in(settings.cache)


def _keep(name: str, document: Document, settings: Settings, findings: tuple[Finding, ...]) -> None:
    cache = _cache(settings)
    if cache is not None:
        cache.put(_key(name, document, settings), findings)


def _key(name: str, document: Document, settings: Settings) -> str:
    from nnmigrate.cache import key_of

    kind = "notebook" if is_notebook(name) else "text" if is_text(name) else "code"
    return key_of(document.code, document.rigid, settings, project_of(_folder(name)), kind)


def _unchanged(
    name: str,
    document: Document,
    findings: tuple[Finding, ...],
    failures: Iterable[RuleFailure] = (),
) -> Outcome:
    return Outcome(
        Report(name, document.code, findings, document.origins),
        document.raw,
        document.raw,
        Sheet(document.code, document.origins),
        problems=_problems(name, failures),
        notes=document.notes,
    )


def _check(name: str, document: Document, settings: Settings) -> Outcome:
    from nnmigrate.engine import check

    options = options_of(name, settings)
    checked = check(document.code, options, settings.selection, document.rigid)
    if not checked.failures:
        _keep(name, document, settings, checked.findings)
    outcome = accepting(_unchanged(name, document, checked.findings, checked.failures), settings)
    return _ignoring(name, document, outcome, settings) if settings.add_ignores else outcome


def _fix(name: str, document: Document, settings: Settings) -> Outcome:
    from nnmigrate.engine import fix

    options, rigid = options_of(name, settings), document.rigid
    fixed = fix(document.code, options, settings.selection, settings.unsafe, rigid)
    after = document.with_code(fixed.code, fixed.rigid)
    if not fixed.failures and not fixed.applied and fixed.code == document.code:
        _keep(name, document, settings, fixed.remaining)
    outcome = Outcome(
        Report(name, fixed.code, fixed.remaining, origins_after(name, document, fixed.code, after)),
        document.raw,
        after,
        Sheet(document.code, document.origins),
        fixed.applied,
        _problems(name, fixed.failures),
        notes=document.notes,
    )
    outcome = accepting(outcome, settings)
    if settings.annotate and not outcome.problems:  # a rule that failed may have more to say
        return _annotating(name, document, outcome, fixed.rigid, settings)
    return outcome


def origins_after(name: str, document: Document, code: str, after: bytes) -> tuple[Origin, ...]:
    """Where the lines of changed code stand in what is to be written.

    Raises:
        DocumentProblem: read again, the document would not hold that code: our fault.
    """
    if not document.origins or after == document.raw:
        return document.origins
    again = document_of(after, name, document.transparent)
    if again.code != code:
        raise DocumentProblem(name, "internal error, please report it: fixes do not fit in")
    return again.origins


def accepting(outcome: Outcome, settings: Settings) -> Outcome:
    """An outcome without the findings that the baseline accepts."""
    if settings.baseline is None:
        return outcome
    report = outcome.report
    ran = settings.selection.selects
    accepted = settings.baseline.without_accepted(report.path, report.code, report.findings, ran)
    return replace(outcome, report=replace(report, findings=accepted.findings), accepted=accepted)


def _ignoring(name: str, document: Document, outcome: Outcome, settings: Settings) -> Outcome:
    """An outcome after comments have been written that accept its findings."""
    from nnmigrate.comments.ignoring import ignoring

    report = outcome.report
    edits = ignoring(report.code, report.findings, document.rigid)
    if not edits:
        return outcome
    commented = _commented(name, document, outcome, edits, document.rigid)
    again = document_of(commented.after, name, document.transparent)
    left = _check(name, again, replace(settings, add_ignores=False)).report.findings
    return replace(commented, report=replace(commented.report, findings=left))


def _annotating(
    name: str, document: Document, outcome: Outcome, rigid: tuple[Span, ...], settings: Settings
) -> Outcome:
    """An outcome after its comments say what a person must decide."""
    from nnmigrate.comments.annotations import annotating, undecided

    report, ran = outcome.report, settings.selection.selects
    edits = annotating(report.code, undecided(report.findings), ran, rigid)
    return _commented(name, document, outcome, edits, rigid)


def _commented(
    name: str, document: Document, outcome: Outcome, edits: list[Edit], rigid: tuple[Span, ...]
) -> Outcome:
    """An outcome with comments put into the code; they go into the document as well."""
    from nnmigrate.comments.clearance import carried

    report = outcome.report
    code = apply_edits(report.code, edits)
    after = document.with_code(code, moved(rigid, edits))
    findings = carried(report.findings, edits)
    origins = origins_after(name, document, code, after)
    return replace(
        outcome,
        report=replace(report, code=code, findings=findings, origins=origins),
        after=after,
        comments=len(edits),
    )


def _problems(name: str, failures: Iterable[RuleFailure]) -> tuple[DocumentProblem, ...]:
    messages = (f"{one.code}, please report it: {one.message}" for one in failures)
    return tuple(DocumentProblem(name, f"internal error in {message}") for message in messages)
