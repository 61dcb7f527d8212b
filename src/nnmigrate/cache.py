"""What was found before in the same code, asked the same, by the same rules.

It is kept in the user's own cache, never beside the code: what comes with a repository must not be
able to say what is found in it. It holds findings as JSON; whatever cannot be read, or is not what
was written, is passed over, and the answer is worked out anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import fields
from functools import lru_cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nnmigrate
from nnmigrate.classes import dataclass
from nnmigrate.findings import Applicability, Finding, Fix, Severity
from nnmigrate.spans import Edit, Span

if TYPE_CHECKING:
    from nnmigrate.outcomes import Settings
    from nnmigrate.project import Project

_FOLDER = "findings-1"
"""The number goes up when what is kept is written in another way."""

_MOST = 10_000
"""Entries; beyond that the oldest go. They are a few kilobytes each."""

_DAY = 86_400.0

# Of the settings, all but these may decide what the rules find.
_WITHOUT_EFFECT = frozenset(
    "fix unsafe write judge baseline annotate add_ignores project force_exclude".split()
) | {"jobs", "cache", "known_only"}


@dataclass(frozen=True)
class Cache:
    """Findings that are kept.

    Args:
        folder: where.
    """

    folder: Path

    def get(self, key: str, code: str) -> tuple[Finding, ...] | None:
        """What was found; None where nothing is kept under that key.

        Args:
            key: what `key_of` gave for the code.
            code: the code.
        """
        path = self._path(key)
        try:
            digest, _, body = path.read_bytes().partition(b"\n")
            if digest.decode() != hashlib.sha256(body).hexdigest():
                return None
            kept = json.loads(body)
            found = tuple(_finding(one, len(code)) for one in kept)
            if not isinstance(kept, list):
                return None
        except (OSError, ValueError, TypeError, KeyError, IndexError, RecursionError):
            return None
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _DAY:
                os.utime(path)  # what is used stays
        return found

    def put(self, key: str, findings: Iterable[Finding]) -> None:
        """Keeps what was found; where that is impossible, nothing is kept."""
        body = json.dumps([_kept(one) for one in findings], separators=(",", ":")).encode()
        digest = hashlib.sha256(body).hexdigest().encode()
        path = self._path(key)
        temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            try:
                handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(digest + b"\n" + body)
                os.replace(temporary, path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary)
                raise

    def tidy(self) -> None:
        """Takes the oldest entries away where there are too many; looks once a day."""
        mark, now = self.folder / "looked-through", time.time()
        with suppress(OSError):
            if mark.exists() and now - mark.stat().st_mtime < _DAY:
                return
            mark.touch(mode=0o600)
            os.utime(mark)
            entries = sorted(self._entries())
            dead = [path for age, path in entries if path.endswith(".tmp") and now - age > _DAY]
            if len(entries) > _MOST:
                dead += [path for _, path in entries[: len(entries) - _MOST * 3 // 4]]
            for path in dead:
                with suppress(OSError):
                    os.unlink(path)

    def _entries(self) -> Iterator[tuple[float, str]]:
        for folder in self.folder.iterdir():
            if folder.is_dir():
                with os.scandir(folder) as entries:
                    for entry in entries:
                        with suppress(OSError):  # another run has taken it away
                            yield entry.stat(follow_symlinks=False).st_mtime, entry.path

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key[2:]


@lru_cache(maxsize=8)
def cache_in(folder: Path) -> Cache | None:
    """The cache in a folder, made if need be.

    Returns:
        It; None where it cannot be made, or others may write to it.
    """
    own = folder / _FOLDER
    with suppress(OSError, ValueError):
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = os.lstat(own)
        shared = os.name == "posix" and (found.st_uid != os.geteuid() or found.st_mode & 0o022)
        if stat.S_ISDIR(found.st_mode) and not shared:
            return Cache(own)
    return None


def key_of(
    code: str, rigid: Iterable[Span], settings: Settings, project: Project, kind: str
) -> str:
    """What stands for everything that decides what is found in some code.

    Args:
        code: the code.
        rigid: the places in it that no edit may touch.
        settings: what the user asked for.
        project: what the project around it declares.
        kind: what it stands in, which tells whether its parts may run a second time, and whether
            it shows what is wrong.
    """
    asked = {
        one.name: getattr(settings, one.name)
        for one in fields(settings)
        if one.name not in _WITHOUT_EFFECT
    }
    places = [(span.start, span.end) for span in rigid]
    question = repr((_rules(), asked, project, kind, places))
    whole = hashlib.sha256(question.encode("utf-8", "surrogatepass"))
    whole.update(b"\0" + code.encode("utf-8", "surrogatepass"))
    return whole.hexdigest()


@lru_cache(maxsize=1)
def _rules() -> tuple[object, ...]:
    """What stands for the rules and all that they are made of: who changes one asks anew."""
    from nnmigrate import rules

    ours = [*map(str, nnmigrate.__path__), *map(str, rules.__path__)]
    sources = [one for folder in ours for one in _sources(folder)]
    spec = PathFinder.find_spec("libcst")
    libcst = Path(spec.origin or "").parent if spec else Path()
    parser = [(one.name, *_state(one)) for one in sorted(libcst.glob("_version.py"))]
    parser += [(one.name, *_state(one)) for one in sorted(libcst.glob("native*"))]
    return nnmigrate.__version__, sys.version, sys.implementation.cache_tag, parser, sources


def _sources(folder: str) -> Iterator[tuple[object, ...]]:
    """What the files of a package are like; Python tells by the same whether one has changed."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _sources(entry.path)
        elif entry.name.endswith((".py", ".json")):
            yield (entry.path, *_state(entry))


def _state(file: os.DirEntry[str] | Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_size, found.st_mtime_ns


def _kept(finding: Finding) -> list[Any]:
    fix = finding.fix
    return [
        finding.code,
        finding.name,
        finding.severity.value,
        _ends(finding.span),
        finding.message,
        finding.consequence,
        fix
        and [
            fix.message,
            [[*_ends(edit.span), edit.content] for edit in fix.edits],
            fix.applicability.value,
            fix.region and _ends(fix.region),
        ],
    ]


def _ends(span: Span) -> list[int]:
    return [span.start, span.end]


def _finding(kept: list[Any], length: int) -> Finding:
    """The finding that was kept.

    Raises:
        ValueError: it is none, or is none of code of that length.
    """
    code, name, severity, place, message, consequence, fix = kept
    if not all(isinstance(one, str) for one in (code, name, message, consequence)):
        raise ValueError("what a finding says is text")
    found = Severity(severity)
    span = _span(place, length)
    return Finding(code, name, found, span, message, consequence, fix and _fix(fix, length))


def _fix(kept: list[Any], length: int) -> Fix:
    message, edits, applicability, region = kept
    changes = tuple(Edit(_span(edit[:2], length), edit[2]) for edit in edits)
    around = None if region is None else _span(region, length)
    return Fix(message, changes, Applicability(applicability), around)


def _span(ends: list[int], length: int) -> Span:
    start, end = ends
    if not 0 <= start <= end <= length:
        raise ValueError(f"{start} to {end} is no place in {length} characters")
    return Span(start, end)
