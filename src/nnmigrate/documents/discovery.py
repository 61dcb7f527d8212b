"""Finds the Python files that a person means by a few paths."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from pathlib import Path

from nnmigrate.classes import dataclass
from nnmigrate.documents.ignores import Ignores
from nnmigrate.documents.kinds import EVERYTHING, STUBS
from nnmigrate.documents.problem import DocumentProblem, system_problem

# Environments, caches and builds: other people's code, or copies. The names are those that Ruff
# excludes by default (its setting `exclude`).
# fmt: off
_NEVER_ENTERED = frozenset({
    ".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".ipynb_checkpoints", ".mypy_cache",
    ".nox", ".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox",
    ".venv", ".vscode", "__pycache__", "__pypackages__", "_build", "buck-out", "build", "dist",
    "node_modules", "site-packages", "venv",
})
# fmt: on


@dataclass(frozen=True)
class Discovered:
    """Files, and what stood in the way of finding more of them.

    Args:
        files: each once, even where several paths lead to it.
        problems: paths that do not exist, directories that cannot be read, files of another kind.
        named: those of the files that were named one by one.
    """

    files: tuple[Path, ...]
    problems: tuple[DocumentProblem, ...]
    named: frozenset[Path] = frozenset()


Skip = Callable[[str, bool], "bool | None"]
"""Whether a project excludes a path (absolute, without links) that is, or is not, a directory.
None where it does not say; False enters what is passed over by default."""


def discover(
    paths: Iterable[str | Path],
    suffixes: tuple[str, ...] = EVERYTHING,
    skip: Skip | None = None,
) -> Discovered:
    """The files that are named, and those in the directories that are named, sorted.

    Files that git ignores and directories of environments, caches and builds are passed over,
    unless they are named. Links to files are followed, links to directories only where named.

    Args:
        paths: files and directories.
        suffixes: what to look for in directories, by the ends of names.
        skip: what a project excludes from what directories hold.
    """
    search = _Search(suffixes, skip or _nothing)
    for path in map(Path, paths):
        try:
            if path.is_dir():
                search.walk(path)
            else:
                search.name(path)
        except OSError as error:  # links in a circle, names that are too long
            search.problems.append(system_problem(str(path), error, "read"))
        except ValueError as error:  # a null character in the name
            search.problems.append(DocumentProblem(str(path), f"cannot read: {error}"))
    files, problems = tuple(search.files.values()), tuple(search.problems)
    return Discovered(files, problems, frozenset(search.named))


@dataclass
class _Search:
    """What was found so far; files are kept by where they really lie."""

    suffixes: tuple[str, ...]
    skip: Skip
    files: dict[str, Path] = field(default_factory=dict)
    problems: list[DocumentProblem] = field(default_factory=list)
    named: set[Path] = field(default_factory=set)

    def name(self, path: Path) -> None:
        """Takes a file that was named."""
        wanted = (*EVERYTHING, *STUBS)
        if path.suffix.lower() not in wanted and path.exists():
            message = f"not looked at: its name ends in none of {' '.join(wanted)}"
            self.problems.append(DocumentProblem(str(path), message))
        else:
            path.stat()
            self.named.add(self.files.setdefault(os.path.realpath(path), path))

    def walk(self, top: Path) -> None:
        """Takes the files in a directory that was named."""
        real = Path(os.path.realpath(top))
        # A stack, since directories may be nested deeper than Python's calls.
        waiting = [(top, real, Ignores.above(real))]
        while waiting:
            directory, real, around = waiting.pop()
            try:
                entries = sorted(_entries(real), key=lambda entry: entry.name)
                ignores = around.within(real, {entry.name for entry in entries})
                inner = list(self._take(directory, entries, ignores))
            except OSError as error:
                self.problems.append(system_problem(str(directory), error, "read"))
            else:
                waiting += [(directory / name, real / name, ignores) for name in reversed(inner)]

    def _take(
        self, directory: Path, entries: list[os.DirEntry[str]], ignores: Ignores
    ) -> Iterator[str]:
        """Takes the files among a directory's entries and gives the directories to enter."""
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if self._is_entered(entry) and not ignores.ignore(entry.path, is_directory=True):
                    yield entry.name
            elif (
                self._is_wanted(entry)
                and not self.skip(entry.path, False)
                and not ignores.ignore(entry.path, is_directory=False)
            ):
                self._take_file(directory / entry.name, entry)

    def _is_wanted(self, entry: os.DirEntry[str]) -> bool:
        return entry.name.endswith(self.suffixes)

    def _is_entered(self, entry: os.DirEntry[str]) -> bool:
        skipped = self.skip(entry.path, True)
        if skipped is None:
            return _worth_entering(entry)
        return not skipped and entry.name != ".git" and not _is_environment(entry)

    def _take_file(self, path: Path, entry: os.DirEntry[str]) -> None:
        try:
            # False for pipes and for links to nowhere, which editors use as locks.
            if entry.is_file():
                real = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
                self.files.setdefault(real, path)
        except OSError as error:
            self.problems.append(system_problem(str(path), error, "read"))


def _entries(directory: Path) -> list[os.DirEntry[str]]:
    with os.scandir(directory) as entries:
        return list(entries)


def _nothing(path: str, is_directory: bool) -> None:
    """What a project says that excludes nothing."""


def _worth_entering(entry: os.DirEntry[str]) -> bool:
    return entry.name not in _NEVER_ENTERED and not _is_environment(entry)


def _is_environment(entry: os.DirEntry[str]) -> bool:
    return os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))
