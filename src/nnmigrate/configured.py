"""The settings of each file: the command line's, over those of the nearest configuration."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnmigrate.configuration import (
    NAME,
    BadConfiguration,
    Configuration,
    Configurations,
    line_of,
)
from nnmigrate.documents import DocumentProblem, as_written
from nnmigrate.documents.ignores import spec_of
from nnmigrate.rules import codes
from nnmigrate.selection import Selection, UnknownRule
from nnmigrate.settings_keys import target_of, version_of

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

    from nnmigrate.baseline import Baseline
    from nnmigrate.outcomes import Settings

_PLAIN = {"assume-remote": "assume_remote", "timeout": "timeout", "unsafe-fixes": "unsafe"}
_MADE = {"target-version": ("target", target_of), "source-version": ("source", version_of)}


class Configured:
    """Finds the settings of files.

    Args:
        said: the names of the settings that the command line gave: no configuration changes them.
    """

    def __init__(self, said: Iterable[str] = ()) -> None:
        self._said = frozenset(said)
        self._configurations = Configurations()
        self._real: dict[str, str] = {}
        self._around: dict[str, Configuration | BadConfiguration] = {}
        self._baselines: dict[Path, Baseline | DocumentProblem] = {}

    def of(self, path: Path, settings: Settings) -> Settings:
        """The settings of a file.

        A `--select` of the command line stands instead of what a configuration selects and ignores,
        an `--ignore` instead of what it ignores.

        Args:
            path: the file; its name may be `-`.
            settings: the command line's.

        Raises:
            DocumentProblem: the configuration cannot be understood, or the baseline not be read.
        """
        try:
            found = self._of_folder(self._folder(path))
            if not found.values:
                return settings
            own = self._changed(found, settings)
            selection = self._selection(found, path, settings.selection)
        except BadConfiguration as error:
            raise DocumentProblem(as_written(error.path), error.message, error.line) from error
        return replace(settings, selection=selection, **own)

    @cached_property
    def _codes(self) -> tuple[str, ...]:
        found: tuple[str, ...] = codes()
        return found

    def skip(self, path: str, is_directory: bool) -> bool | None:
        """Whether what lies in a directory is excluded, by what holds for that directory.

        Args:
            path: absolute, without links in it.
            is_directory: whether it is one.

        Returns:
            None where the configuration does not speak of it.
        """
        try:
            found = self._of_folder(os.path.dirname(path))
        except BadConfiguration:
            return None  # said with the first file that it counts for
        if not found.values:
            return None
        patterns = (*found.values.get("exclude", ()), *found.values.get("extend-exclude", ()))
        asked = f"{path}/" if is_directory else path
        if patterns and _matches(patterns, asked, found.folder):
            return True
        return False if "exclude" in found.values else None

    def _folder(self, path: Path) -> str:
        """The folder in which a file really lies."""
        if path.is_symlink():
            return os.path.dirname(os.path.realpath(path))
        folder = os.path.dirname(path)
        if folder not in self._real:
            self._real[folder] = os.path.realpath(folder)
        return self._real[folder]

    def _of_folder(self, folder: str) -> Configuration:
        """The configuration of an absolute folder without links in it; asked for every file."""
        found = self._around.get(folder)
        if found is None:
            try:
                found = self._configurations.around(Path(folder))
            except BadConfiguration as error:
                found = error
            self._around[folder] = found
        if isinstance(found, BadConfiguration):
            raise found
        return found

    def excludes(self, path: Path) -> bool:
        """Whether a file, or a folder that it lies in, is excluded."""
        whole = _absolute(path)
        folders = (self.skip(str(folder), True) for folder in whole.parents)
        return bool(self.skip(str(whole), False)) or any(folders)

    def _changed(self, found: Configuration, settings: Settings) -> dict[str, Any]:
        """The settings but the selection that a configuration gives."""
        values = found.values
        own = {name: values[key] for key, name in _PLAIN.items() if key in values}
        own |= {name: make(values[key]) for key, (name, make) in _MADE.items() if key in values}
        if "transparent-magics" in values:
            own["transparent_magics"] = tuple(values["transparent-magics"])
        own = {name: value for name, value in own.items() if name not in self._said}
        if "baseline" in values and "baseline" not in self._said:
            own["baseline"] = self._baseline(found.folder / values["baseline"])
        return own

    def _selection(self, found: Configuration, path: Path, given: Selection) -> Selection:
        values, known = found.values, self._codes
        table: Mapping[str, list[str]] = values.get("per-file-ignores", {})
        never = _per_file(table, path, found.folder)
        try:
            selected = Selection.of(values.get("select", ()), values.get("ignore", ()), known)
            ignored = Selection.of((), never, known).ignore
            Selection.of((), (code for listed in table.values() for code in listed), known)
        except UnknownRule as error:
            raise _unknown(found, error) from error
        if "select" in self._said:
            selected = given
        elif "ignore" in self._said:
            selected = replace(selected, ignore=given.ignore)
        return replace(selected, never=ignored)

    def _baseline(self, path: Path) -> Baseline:
        if path not in self._baselines:
            from nnmigrate.baseline import load

            try:
                self._baselines[path] = load(Path(as_written(path)))
            except DocumentProblem as problem:
                self._baselines[path] = problem
        found = self._baselines[path]
        if isinstance(found, DocumentProblem):
            raise found
        return found


def _per_file(table: Mapping[str, list[str]], path: Path, folder: Path) -> list[str]:
    """What is ignored in a file because of its name."""
    whole = os.path.realpath(path)
    fitting = (listed for name, listed in table.items() if _matches((name,), whole, folder))
    return [code for listed in fitting for code in listed]


def _unknown(found: Configuration, error: UnknownRule) -> BadConfiguration:
    """The problem with the line of the code that no rule has."""
    path = found.path or Path(NAME)
    return BadConfiguration(path, line_of(path, error.text), str(error))


def _matches(patterns: tuple[str, ...], path: str, folder: Path) -> bool:
    inside = os.path.relpath(path, os.path.realpath(folder)).replace(os.sep, "/")
    if path.endswith("/"):
        inside += "/"
    return not inside.startswith("../") and _spec(patterns).match_file(inside)


@lru_cache(maxsize=256)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return spec_of(patterns)


def _absolute(path: Path) -> Path:
    return Path(os.path.realpath(path))
