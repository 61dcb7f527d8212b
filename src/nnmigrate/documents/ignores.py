"""Which files git would ignore (https://git-scm.com/docs/gitignore)."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from nnmigrate.classes import dataclass
from nnmigrate.documents.hints import Hints

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


@dataclass(frozen=True)
class _Patterns:
    """The patterns of one file.

    Args:
        base: the directory that they are relative to, without links in it, ending in a slash.
        lines: the patterns.
    """

    base: str
    lines: tuple[str, ...]

    @cached_property
    def _hints(self) -> Hints:
        return Hints.of(self.lines)

    @cached_property
    def _spec(self) -> GitIgnoreSpec:
        return spec_of(self.lines)

    def verdict(self, path: str) -> bool | None:
        """Ignored, taken back (`!pattern`), or not spoken of."""
        inside = path[len(self.base) :].replace(os.sep, "/")
        return self._spec.check_file(inside).include if self._hints.may_fit(inside) else None


@dataclass(frozen=True)
class Ignores:
    """The patterns that hold in one directory; the nearest come first and win."""

    patterns: tuple[_Patterns, ...] = ()

    @classmethod
    def above(cls, directory: Path) -> Ignores:
        """What the repository around a directory says, outermost file to the directory's parent.

        A directory that is itself ignored was asked for all the same: what ignores it is left out.

        Args:
            directory: absolute, without links in it.
        """
        top = _repository(directory)
        if top is None:
            return cls()
        above = [parent for parent in directory.parents if parent == top or top in parent.parents]
        files = [(parent, parent / ".gitignore") for parent in above]
        found = tuple(_read(files if top == directory else [*files, (top, _exclude_file(top))]))
        spoken = f"{directory}{os.sep}"
        return cls(tuple(one for one in found if not one.verdict(spoken)))

    def within(self, directory: Path, names: set[str]) -> Ignores:
        """What holds in a directory, given what holds around it and the names that lie in it."""
        # A repository inside another one is git's business no more: only its own patterns hold.
        outer = () if ".git" in names else self.patterns
        own = [(directory, directory / ".gitignore")] if ".gitignore" in names else []
        if ".git" in names:
            own.append((directory, _exclude_file(directory)))
        return Ignores((*_read(own), *outer)) if own or outer != self.patterns else self

    def ignore(self, path: str, is_directory: bool) -> bool:
        """Whether git ignores a path (absolute, without links) whose directory it does not."""
        asked = f"{path}{os.sep}" if is_directory else path
        verdicts = (patterns.verdict(asked) for patterns in self.patterns)
        return next((verdict for verdict in verdicts if verdict is not None), False)


def _repository(directory: Path) -> Path | None:
    for candidate in (directory, *directory.parents):
        if (candidate / ".git").exists():
            return candidate
    return None


def _exclude_file(top: Path) -> Path:
    """`.git/info/exclude`, also where `.git` is a file that names the directory (a worktree)."""
    git = top / ".git"
    if git.is_file():
        git = top / git.read_text(errors="surrogateescape").removeprefix("gitdir:").strip()
        common = git / "commondir"
        if common.is_file():
            git = git / common.read_text(errors="surrogateescape").strip()
    return git / "info" / "exclude"


def _read(files: list[tuple[Path, Path]]) -> Iterator[_Patterns]:
    for base, file in files:
        if file.is_file():
            lines = file.read_bytes().removeprefix(b"\xef\xbb\xbf").decode(errors="surrogateescape")
            yield _Patterns(os.path.join(base, ""), tuple(lines.splitlines()))


def spec_of(lines: Sequence[str]) -> GitIgnoreSpec:
    """Patterns as git understands them; what is none is passed over."""
    try:
        return _compiled(lines)
    except (ValueError, re.error):
        return _compiled([line for line in lines if _valid(line)])


def _valid(line: str) -> bool:
    """Whether a line is a pattern; git passes over the others without a word."""
    try:
        _compiled([line])
    except (ValueError, re.error):
        return False
    return True


def _compiled(lines: Sequence[str]) -> GitIgnoreSpec:
    # Imported here: most runs meet nothing that is ignored, and the import costs 0.03 s.
    from pathspec import GitIgnoreSpec

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about brackets in brackets: git takes them as they are
        return GitIgnoreSpec.from_lines(lines)
