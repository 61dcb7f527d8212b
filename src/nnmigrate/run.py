"""From paths to what is to be said of the files there and written into them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from nnmigrate.classes import dataclass
from nnmigrate.documents import (
    SIZE_LIMIT,
    Discovered,
    DocumentProblem,
    as_written,
    discover,
    is_host,
    may_concern_nnsight,
    read,
    write,
)
from nnmigrate.examining import accepting, examined, irrelevant
from nnmigrate.faults import described
from nnmigrate.findings import Severity
from nnmigrate.outcomes import NotKept, Outcome, Settings
from nnmigrate.project import Requirement, project_of
from nnmigrate.reports import Report

# In bytes of code that has to be looked at, for each process: what takes longer than to begin one.
_WORTH_A_FORK = 20_000
_WORTH_A_START = 100_000


@dataclass(frozen=True)
class _Task:
    """A file that has to be looked at closely.

    Args:
        path: the file.
        settings: what holds for it.
        size: its bytes.
    """

    path: Path
    settings: Settings
    size: int


def examine_paths(paths: Iterable[str], settings: Settings) -> Iterator[Outcome]:
    """Checks or fixes the files that paths lead to; what comes of them, in the order of the files.

    Many files are dealt with by several processes, if the settings allow it.
    """
    found = discover(paths, skip=settings.project.skip if settings.project else None)
    for problem in found.problems:
        yield _nothing(problem.path, problem=problem)
    project_of.cache_clear()
    pins: dict[Requirement, None] = {}
    seen = list(_seen(found, settings))
    closely = _closely([one for one in seen if isinstance(one, _Task)], settings)
    for one in seen:
        if isinstance(one, Outcome):
            yield one
            continue
        outcome = next(closely)
        yield outcome
        if _is_migrated(outcome) and one.settings.selection.selects("NNS721"):
            pins.update(dict.fromkeys(project_of(one.path.parent.resolve()).old_pins))
    if settings.cache is not None and any(isinstance(one, _Task) for one in seen):
        _tidy(settings.cache)
    for outcome in _of_pins(pins):
        yield accepting(outcome, _own(Path(outcome.report.path), settings))


def _seen(found: Discovered, settings: Settings) -> Iterator[Outcome | _Task]:
    """Of each file, what its bytes tell already, or that it has to be looked at closely."""
    told: set[str] = set()
    for path in found.files:
        if settings.force_exclude and settings.project and settings.project.excludes(path):
            continue
        try:
            yield _first_look(path, _own(path, settings), path in found.named)
        except DocumentProblem as problem:
            # What is wrong with a configuration is said once.
            if str(problem) not in told:
                yield _nothing(problem.path, problem=problem)
            told.add(str(problem))


def _first_look(path: Path, settings: Settings, named: bool) -> Outcome | _Task:
    name = str(path)
    raw = read(path)
    if not may_concern_nnsight(raw, name) and not (named and _looks_broken(raw, name)):
        # Nobody asks for its bytes, and a tree has many.
        return accepting(irrelevant(name, b""), settings)
    if settings.cache is not None and settings.judge is None:
        known = replace(settings, known_only=True)
        with suppress(NotKept):
            return _finished(path, _looked_at(name, raw, known), settings)
    return _Task(path, settings, len(raw))


def _closely(tasks: list[_Task], settings: Settings) -> Iterator[Outcome]:
    """What comes of each file, by several processes where that is faster."""
    if min(settings.jobs, len(tasks)) > 1 and settings.judge is None:
        from nnmigrate.workers import FORKS, POSSIBLE, results

        size = sum(task.size for task in tasks)
        jobs = min(settings.jobs, size // (_WORTH_A_FORK if FORKS else _WORTH_A_START))
        if POSSIBLE and jobs > 1:
            _prepare()
            yield from results(_examine_task, [_sendable(task) for task in tasks], jobs, _lost)
            return
    yield from map(_examine_task, tasks)


def _tidy(folder: Path) -> None:
    from nnmigrate.cache import cache_in

    cache = cache_in(folder)
    if cache is not None:
        cache.tidy()


def _prepare() -> None:
    """Imports what all processes need before they part."""
    import gc

    from nnmigrate import engine
    from nnmigrate.rules import rules

    del engine
    rules()
    gc.freeze()  # so that looking for garbage does not copy what they share


def _sendable(task: _Task) -> _Task:
    return replace(task, settings=replace(task.settings, project=None))


def _lost(task: _Task) -> Outcome:
    message = "internal error, please report it: the process that looked at it died"
    return _nothing(str(task.path), problem=DocumentProblem(str(task.path), message))


def _own(path: Path, settings: Settings) -> Settings:
    """The settings of a file.

    Raises:
        DocumentProblem: the configuration around it cannot be understood.
    """
    return settings if settings.project is None else settings.project.of(path, settings)


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
        yield Outcome(Report(as_written(path), code, findings), raw, raw)


def _examine_task(task: _Task) -> Outcome:
    path, name = task.path, str(task.path)
    try:
        outcome = _looked_at(name, read(path), task.settings)
    except DocumentProblem as problem:
        return _nothing(name, problem=problem)
    return _finished(path, outcome, task.settings)


def _finished(path: Path, outcome: Outcome, settings: Settings) -> Outcome:
    """The outcome of a file, written into it if that was asked for."""
    if outcome.accepted is None and not outcome.problems:
        outcome = accepting(outcome, settings)
    try:
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
        return irrelevant(name, raw)
    return _looked_at(name, raw, settings)


def _looked_at(name: str, raw: bytes, settings: Settings) -> Outcome:
    """What comes of a document that may concern nnsight."""
    try:
        return examined(name, raw, settings)
    except DocumentProblem as problem:
        return _nothing(name, raw, problem=problem)
    except NotKept:
        raise
    except Exception as error:  # our fault: the other documents must not suffer for it
        message = f"internal error, please report it: {described(error)}"
        return _nothing(name, raw, problem=DocumentProblem(name, message))


def _looks_broken(raw: bytes, name: str) -> bool:
    """Whether the running Python cannot read a document: then it takes a closer look."""
    if is_host(name):
        return True
    if len(raw) > SIZE_LIMIT:
        return False
    import ast
    import warnings

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
