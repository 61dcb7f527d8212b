"""What a project says about itself: `[tool.nnmigrate]` in its `pyproject.toml`.

`nnmigrate.toml` and `.nnmigrate.toml` have the same keys at their top. Where several stand in one
folder, `.nnmigrate.toml` counts before `nnmigrate.toml`, and that before `pyproject.toml`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.settings_keys import KEYS, problem_of

NAME = "pyproject.toml"
_NAMES = (".nnmigrate.toml", "nnmigrate.toml", NAME)
_HEADER = pattern(r"\s*\[\s*tool\s*\.\s*nnmigrate\b")


@dataclass
class BadConfiguration(Exception):
    """What a project says cannot be understood.

    Args:
        path: the file.
        line: counted from 1.
        message: what is wrong, in one line.
    """

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Configuration:
    """What the nearest file above a folder says.

    Args:
        path: the file; None where no file says anything.
        values: what it says, by key.
    """

    path: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """What paths and patterns in it are relative to."""
        return self.path.parent if self.path else Path()


class Configurations:
    """The configurations of folders; each file is read once."""

    def __init__(self) -> None:
        self._known: dict[Path, Configuration | BadConfiguration] = {}

    def around(self, folder: Path) -> Configuration:
        """The nearest configuration, from a folder upwards.

        Args:
            folder: the folder, as an absolute path.

        Raises:
            BadConfiguration: the nearest one cannot be read, or says something that is not known.
        """
        waiting = []
        found: Configuration | BadConfiguration | None = None
        for candidate in (folder, *folder.parents):
            found = self._known.get(candidate)
            if found is None:
                waiting.append(candidate)
                found = _of_folder(candidate)
            if found is not None:
                break
        found = found or Configuration()
        self._known.update(dict.fromkeys(waiting, found))
        if isinstance(found, BadConfiguration):
            raise found
        return found


def _of_folder(folder: Path) -> Configuration | BadConfiguration | None:
    """What the files in a folder say; None where none does."""
    for name in _NAMES:
        path = folder / name
        if path.is_file():
            try:
                found = read(path)
            except BadConfiguration as error:
                return error
            if found is not None:
                return found
    return None


def read(path: Path) -> Configuration | None:
    """What a file says; None where it does not speak of this tool.

    Raises:
        BadConfiguration: it cannot be read, or says something that is not known.
    """
    try:
        raw = path.read_bytes()
        if path.name == NAME and b"nnmigrate" not in raw:
            return None  # whatever else is wrong with it is not this tool's business
        text = raw.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfiguration(path, 1, f"cannot be read: {error}") from error
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise BadConfiguration(path, int(found[1]) if found else 1, str(error)) from error
    table = _table(path, text, data)
    if table is None:
        return None
    for key, value in table.items():
        problem = problem_of(key, value)
        if problem is not None:
            where = _line(path, text, *problem.at)
            raise BadConfiguration(path, where, f"{_said(path, key)} {problem.message}")
    return Configuration(path, dict(table))


def _said(path: Path, key: str) -> str:
    """How a key is called in messages; the table, where it has no such key."""
    table = "tool.nnmigrate" if path.name == NAME else path.name
    if key not in KEYS:
        return table
    return f"tool.nnmigrate.{key}" if path.name == NAME else key


def _table(path: Path, text: str, data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if path.name != NAME:
        return data
    tools = data.get("tool")
    table = tools.get("nnmigrate") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise BadConfiguration(path, _line(path, text, "nnmigrate"), "tool.nnmigrate is no table")
    return table


def line_of(path: Path, *words: str) -> int:
    """The line of a configuration on which some words stand, each on or below the one before it."""
    return _line(path, path.read_text(encoding="utf-8"), *words)


def _line(path: Path, text: str, *words: str) -> int:
    """The line on which a key stands, or on or below that a further word, counted from 1."""
    rows = text.splitlines()
    own = path.name != NAME
    headers = [number for number, row in enumerate(rows, 1) if own or _HEADER.match(row)]
    line = headers[0] if headers else 1
    for word in words:
        written = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])")
        stands = (n for n, row in enumerate(rows, 1) if n >= line and written.search(row))
        line = next(stands, line)
    return line
