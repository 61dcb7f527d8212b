"""What a project says about itself: `[tool.nnmigrate]` in its `pyproject.toml`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NAME = "pyproject.toml"


class BadConfiguration(Exception):
    """What a project says cannot be understood. The message begins with the file and the line."""


def configured(start: Path) -> dict[str, Any]:
    """The options that the project around a directory gives, by the names of their parameters.

    The nearest `pyproject.toml` that has the table counts, from the directory upwards.

    Args:
        start: the directory.

    Raises:
        BadConfiguration: a file cannot be read or parsed, or says something that is not known.
    """
    for folder in (start, *start.parents):
        path = folder / NAME
        if path.is_file():
            table = _table(path)
            if table is not None:
                return _options(path, table)
    return {}


def _table(path: Path) -> Mapping[str, Any] | None:
    """The tool's table; None in a file that has none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{path}:1: cannot be read: {error}") from error
    if "nnmigrate" not in text:
        return None  # whatever else is wrong with it is not this tool's business
    try:
        tools = tomllib.loads(text).get("tool", {})
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise BadConfiguration(f"{path}:{found[1] if found else 1}: {error}") from error
    table = tools.get("nnmigrate") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise BadConfiguration(f"{path}:{_line(path, 'nnmigrate')}: tool.nnmigrate is no table")
    return table


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


_KNOWN: dict[str, tuple[Callable[[object], bool], str]] = {
    "assume-remote": (_is_flag, "true or false"),
    "ignore": (_are_texts, 'a list such as ["NNS201"]'),
    "select": (_are_texts, 'a list such as ["NNS1"]'),
    "target-version": (_is_text, 'a version such as "0.5.13"'),
}


def _options(path: Path, table: Mapping[str, Any]) -> dict[str, Any]:
    options = {}
    for key, value in table.items():
        if key not in _KNOWN:
            problem = f"tool.nnmigrate has no {key!r}; it has {', '.join(_KNOWN)}"
            raise BadConfiguration(f"{path}:{_line(path, key)}: {problem}")
        fits, wanted = _KNOWN[key]
        if not fits(value):
            problem = f"tool.nnmigrate.{key} is to be {wanted}"
            raise BadConfiguration(f"{path}:{_line(path, key)}: {problem}")
        options[key.replace("-", "_")] = value
    return options


def _line(path: Path, key: str) -> int:
    """The line on which a key stands, counted from 1, behind the tool's header if it has one."""
    rows = path.read_text(encoding="utf-8").splitlines()
    headers = [number for number, row in enumerate(rows, 1) if row.strip() == "[tool.nnmigrate]"]
    start = headers[0] if headers else 1
    written = re.compile(rf"\b{re.escape(key)}\b")
    return next((n for n, row in enumerate(rows, 1) if n >= start and written.search(row)), start)
