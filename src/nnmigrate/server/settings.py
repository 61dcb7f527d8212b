"""What holds for a document: the editor's wishes over what the document's project says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from nnmigrate.classes import dataclass
from nnmigrate.configured import Configured
from nnmigrate.documents import DocumentProblem
from nnmigrate.outcomes import Settings
from nnmigrate.rules import codes
from nnmigrate.selection import Selection, UnknownRule
from nnmigrate.settings_keys import target_of

SECTION = "nnmigrate"
"""Under which name an editor keeps the settings."""

# Under which name an option is a setting, where that differs.
_SETTINGS = {"target_version": "target"}


@dataclass(frozen=True)
class Wishes:
    """What the editor asks for.

    Args:
        options: what stands over the project's own `[tool.nnmigrate]`, by the names of the options
            there, with underscores.
        unsafe_fixes: whether fixes that rest on an assumption are offered, marked as such.
        syntax_errors: whether code that is no Python gets a diagnostic that says so.
        problems: what could not be understood, each in a sentence.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    unsafe_fixes: bool = True
    syntax_errors: bool = True
    problems: tuple[str, ...] = ()


def section_of(said: object) -> Mapping[str, Any] | None:
    """The settings of nnmigrate in what an editor sent; None where it sent none.

    Args:
        said: the settings, or an object that has them under `nnmigrate` or `settings`.
    """
    while isinstance(said, Mapping):
        inner = next((said[key] for key in (SECTION, "settings") if key in said), None)
        if inner is None:
            return said or None
        said = inner
    return None


def wishes_of(*said: Mapping[str, Any] | None) -> Wishes:
    """What an editor asks for; what makes no sense is passed over and named.

    Args:
        said: settings, the later over the earlier. Their keys are those of `[tool.nnmigrate]`,
            hyphenated, with underscores, or in camel case.
    """
    options: dict[str, Any] = {}
    problems = []
    for table in said:
        for key, value in (table or {}).items():
            name = _name(key)
            if name not in _KNOWN:
                known = ", ".join(one.replace("_", "-") for one in _KNOWN)
                problems.append(f"nnmigrate has no setting {key!r}; it has {known}")
            elif value is not None:
                try:
                    options[name] = _KNOWN[name](value)
                except ValueError as error:
                    problems.append(f"nnmigrate's setting {key!r}: {error}")
    unsafe, syntax = options.pop("unsafe_fixes", True), options.pop("syntax_errors", True)
    return Wishes(options, unsafe, syntax, tuple(problems))


def knows(table: Mapping[str, Any]) -> bool:
    """Whether an object looks like settings of nnmigrate, and not like those of other servers."""
    return any(_name(key) in _KNOWN for key in table)


def _name(key: object) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(key)).replace("-", "_").lower()


def settings_for(path: Path, wishes: Wishes) -> tuple[Settings, tuple[str, ...]]:
    """The settings for a document, and what its project says that makes no sense.

    Args:
        path: where the document lies.
        wishes: what the editor asks for.
    """
    given = _settings(wishes.options)
    said = {_SETTINGS.get(name, name) for name in wishes.options}
    try:
        project = Configured(said)
        return replace(project.of(path, given), project=project), ()
    except DocumentProblem as problem:
        return given, (f"{problem.path}:{problem.line}: {problem.message}",)


def _settings(options: Mapping[str, Any]) -> Settings:
    selection = Selection.of(options.get("select", ()), options.get("ignore", ()), codes())
    assume_remote = options.get("assume_remote", False)
    return Settings(selection, options.get("target_version"), assume_remote)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("it is to be true or false")
    return value


def _selectors(value: object) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)) or not all(isinstance(one, str) for one in texts):
        raise ValueError('it is to be a list such as ["NNS1", "NNS201"]')
    try:
        Selection.of(texts, (), codes())
    except UnknownRule as error:
        raise ValueError(str(error)) from error
    return tuple(texts)


def _target(value: object) -> tuple[int, ...]:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no version such as 0.5 or 0.5.13")
    return target_of(value)


_KNOWN: dict[str, Callable[[object], Any]] = {
    "select": _selectors,
    "ignore": _selectors,
    "target_version": _target,
    "assume_remote": _flag,
    "unsafe_fixes": _flag,
    "syntax_errors": _flag,
}
