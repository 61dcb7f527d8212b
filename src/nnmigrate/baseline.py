"""Findings that are accepted for now, kept in a file.

A finding is known again by its file, its rule, the function or class around it and what its
statement says, not by its line: other lines may come and go.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from nnmigrate.classes import dataclass
from nnmigrate.comments.layout import Layout, layout_of
from nnmigrate.documents import DocumentProblem, put, read, write
from nnmigrate.findings import Finding
from nnmigrate.patterns import pattern

VERSION = 1
_LONGEST = 160
# Where pins stand. The rest is Python, or holds Python that was taken out of it.
_NO_CODE = (".cfg", ".toml", ".txt", ".yaml", ".yml")
_DEFINITION = pattern(r"(?:async def|def|class) (\w+)")


@dataclass(frozen=True, order=True)
class Identity:
    """What a finding is known again by.

    Args:
        path: its file, from the folder of the baseline, with slashes.
        code: its rule's code.
        scope: the classes and functions around it (`Patcher.run`); empty for the module.
        statement: what its statement says, in one line.
    """

    path: str
    code: str
    scope: str
    statement: str


@dataclass(frozen=True)
class Examined:
    """A file that was looked at.

    Args:
        path: the file.
        code: the code in it.
        findings: what was found.
        ran: whether the rule with a code has looked.
    """

    path: str
    code: str
    findings: tuple[Finding, ...]
    ran: Callable[[str], bool]


@dataclass(frozen=True)
class Accepted:
    """What a baseline accepts of the findings of a file.

    Args:
        baseline: the baseline.
        path: the file.
        findings: the findings that are not accepted.
        used: how often each accepted one was found.
        ran: whether the rule with a code has looked.
    """

    baseline: Baseline
    path: str
    findings: tuple[Finding, ...]
    used: Counter[Identity]
    ran: Callable[[str], bool]


@dataclass(frozen=True)
class Baseline:
    """Accepted findings.

    Args:
        path: the file that they are kept in.
        entries: how often each is accepted.
        raw: the bytes of the file; None where there is none yet.
    """

    path: Path
    entries: Counter[Identity]
    raw: bytes | None = None

    def name(self, path: str | Path) -> str:
        """How a file is called in this baseline."""
        folder = os.path.realpath(self.path.parent)
        try:
            return Path(os.path.relpath(os.path.realpath(path), folder)).as_posix()
        except ValueError:  # on another drive
            return Path(os.path.realpath(path)).as_posix()

    def without_accepted(
        self, path: str, code: str, findings: Iterable[Finding], ran: Callable[[str], bool]
    ) -> Accepted:
        """The findings of a file that are not accepted: of equal ones the last.

        Args:
            path: the file.
            code: the code that the findings' spans point into.
            findings: what is found in it.
            ran: whether the rule with a code has looked.
        """
        found = list(findings)
        used: Counter[Identity] = Counter()
        left = []
        for finding, identity in zip(found, identities(self.name(path), code, found), strict=True):
            if used[identity] < self.entries[identity]:
                used[identity] += 1
            else:
                left.append(finding)
        return Accepted(self, path, tuple(left), +used, ran)

    def renewed(self, found: Sequence[Examined]) -> Baseline:
        """The baseline with what there is now; what was not looked at stays as it is.

        Args:
            found: what is found in each file that was looked at.
        """
        looked = {self.name(one.path): one.ran for one in found}
        kept = {
            one: count
            for one, count in self.entries.items()
            if self._stays(one, looked.get(one.path))
        }
        now = (identities(self.name(one.path), one.code, one.findings) for one in found)
        entries = Counter(kept) + Counter(each for listed in now for each in listed)
        return Baseline(self.path, entries, self.raw)

    def _stays(self, one: Identity, ran: Callable[[str], bool] | None) -> bool:
        if ran is None:
            return (self.path.parent / one.path).exists()
        return not ran(one.code)

    def write(self) -> None:
        """Puts the entries into the file, whole or not at all.

        Raises:
            DocumentProblem: it cannot be written.
        """
        new = _as_json(self.entries).encode()
        if self.raw is None:
            put(self.path, new)
        else:
            write(self.path, new, was=self.raw)


def stale(accepted: Iterable[Accepted]) -> dict[Path, int]:
    """How many entries of each baseline there is nothing to accept for any more.

    An entry counts if its file was looked at or exists no more, and its rule has looked.

    Args:
        accepted: what was accepted in each file of a run.
    """
    unused: dict[Path, Counter[Identity]] = {}
    names: dict[Path, dict[str, Callable[[str], bool]]] = {}
    for one in accepted:
        baseline = one.baseline
        left = unused.setdefault(baseline.path, baseline.entries.copy())
        left.subtract(one.used)
        names.setdefault(baseline.path, {})[baseline.name(one.path)] = one.ran
    return {
        path: count
        for path, left in unused.items()
        if (count := sum(n for one, n in left.items() if _is_stale(path, one, names[path])))
    }


def _is_stale(path: Path, one: Identity, looked: dict[str, Callable[[str], bool]]) -> bool:
    ran = looked.get(one.path)
    return ran(one.code) if ran is not None else not (path.parent / one.path).exists()


def identities(name: str, code: str, findings: Iterable[Finding]) -> list[Identity]:
    """What each finding in some code is known again by.

    Args:
        name: what the file is called in the baseline.
        code: the code.
        findings: what is found in it.
    """
    layout = layout_of(code)
    other = name.endswith(_NO_CODE)
    return [Identity(name, one.code, *_place(layout, one.span.start, other)) for one in findings]


def _place(layout: Layout, offset: int, other: bool) -> tuple[str, str]:
    """The scope and the statement in which a character stands; in other files its line."""
    place = None if other else layout.index(offset)
    if place is None:
        row, _ = layout.lines.place(offset)
        return "", _shortened(" ".join(layout.lines.line(row).split()))
    laid = layout.statements[place]
    heads = (layout.text(layout.statements[head]) for head in laid.heads)
    names = (_DEFINITION.match(head) for head in heads)
    return ".".join(one[1] for one in names if one), _shortened(layout.text(laid))


def _shortened(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}... sha256:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _as_json(entries: Counter[Identity]) -> str:
    listed = [
        {
            "path": one.path,
            "code": one.code,
            "scope": one.scope,
            "statement": one.statement,
            "count": entries[one],
        }
        for one in sorted(entries)
        if entries[one] > 0
    ]
    return json.dumps({"version": VERSION, "findings": listed}, indent=2, ensure_ascii=False) + "\n"


def load(path: Path) -> Baseline:
    """The baseline in a file.

    Raises:
        DocumentProblem: it cannot be read, or is no baseline: with the line.
    """
    raw = read(path)
    try:
        data = json.loads(raw)
    except json.JSONDecodeError as error:
        message = f"cannot read: not a baseline ({error.msg})"
        raise DocumentProblem(str(path), message, error.lineno, error.colno) from error
    except (ValueError, RecursionError) as error:
        raise DocumentProblem(str(path), "cannot read: not a baseline (no JSON)") from error
    if not isinstance(data, dict) or data.get("version") != VERSION:
        message = f'cannot read: not a baseline (it has no "version": {VERSION})'
        raise DocumentProblem(str(path), message)
    listed = data.get("findings")
    if not isinstance(listed, list):
        raise DocumentProblem(str(path), 'cannot read: not a baseline ("findings" is no list)')
    entries: Counter[Identity] = Counter()
    for number, one in enumerate(listed):
        identity, count = _entry(path, raw, number, one)
        entries[identity] += count
    return Baseline(path, entries, raw)


def _entry(path: Path, raw: bytes, number: int, one: Any) -> tuple[Identity, int]:
    if isinstance(one, dict):
        texts = [one.get(key) for key in ("path", "code", "scope", "statement")]
        count = one.get("count", 1)
        whole = isinstance(count, int) and not isinstance(count, bool) and count > 0
        if whole and all(isinstance(text, str) for text in texts):
            return Identity(*map(str, texts)), count
    message = (
        f"cannot read: entry {number + 1} of the baseline is to have path, code, scope and "
        "statement (texts) and count (a number)"
    )
    raise DocumentProblem(str(path), message, _line_of(raw, number))


def _line_of(raw: bytes, number: int) -> int:
    """The line on which an entry begins, in a file as it is written here; else the first."""
    starts = re.finditer(rb"^    (?=\S)(?![}\]])", raw, re.MULTILINE)
    offsets = [match.start() for match in starts]
    return raw.count(b"\n", 0, offsets[number]) + 1 if number < len(offsets) else 1
