"""The keys of `[tool.nnmigrate]`: what each means, what it may be, and the schema of the table."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isfinite
from typing import Any

from nnmigrate.classes import dataclass

OLDEST_TARGET = (0, 5)
_VERSION = r"[0-9]{1,4}(\.[0-9]{1,4}){1,2}"
_TARGET = r"(0\.([5-9]|[1-9][0-9]{1,3})|[1-9][0-9]{0,3}\.[0-9]{1,4})(\.[0-9]{1,4})?"
_SELECTOR = r"(?:[Aa][Ll][Ll]|[Nn][Nn][Ss][0-9]{0,3})"


@dataclass(frozen=True)
class Key:
    """One key.

    Args:
        schema: what its value may be, as JSON schema.
        wanted: the same in words ("is to be ...").
        says: what it is for, in a sentence.
    """

    schema: dict[str, Any]
    wanted: str
    says: str


@dataclass(frozen=True)
class Problem:
    """What is wrong with a key or its value.

    Args:
        message: what is wrong; the key's name stands before it.
        at: the key, and the words that lead from it to the place.
    """

    message: str
    at: tuple[str, ...]


_FLAG = {"type": "boolean"}
_SECONDS = {"type": "number", "minimum": 0}
_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": _TEXT}
_SELECTORS = {"type": "array", "items": {"type": "string", "pattern": f"^{_SELECTOR}$"}}
_A_VERSION = {"type": "string", "pattern": f"^{_VERSION}$"}

KEYS: dict[str, Key] = {
    "assume-remote": Key(_FLAG, "true or false", "Treat every trace as remote."),
    "baseline": Key(
        _TEXT,
        'a path such as "nnmigrate-baseline.json"',
        "The file of accepted findings, from the configuration's folder.",
    ),
    "exclude": Key(
        _TEXTS,
        'a list such as ["vendored/"]',
        "What is not looked for in directories, as in a .gitignore; instead of what is passed over "
        "by default (environments, caches, builds).",
    ),
    "extend-exclude": Key(
        _TEXTS,
        'a list such as ["vendored/"]',
        "What is not looked for in directories besides, as in a .gitignore.",
    ),
    "ignore": Key(
        _SELECTORS, 'a list such as ["NNS201"]', "Rules that do not run: codes or beginnings."
    ),
    "output-format": Key(_TEXT, 'a name such as "concise"', "How findings are shown."),
    "per-file-ignores": Key(
        {"type": "object", "additionalProperties": _SELECTORS},
        'a table such as { "tests/" = ["NNS2"] }',
        "Rules that do not run in the files that a pattern fits, as in a .gitignore.",
    ),
    "select": Key(
        _SELECTORS,
        'a list such as ["NNS1"]',
        "Rules that run, instead of all: codes or beginnings.",
    ),
    "source-version": Key(
        _A_VERSION, 'a version such as "0.4"', "The nnsight that the code is written for."
    ),
    "strict": Key(_FLAG, "true or false", "Let notes count for the exit code."),
    "target-version": Key(
        {"type": "string", "pattern": f"^{_TARGET}$"},
        'a version such as "0.5.13"',
        "The nnsight version to migrate to.",
    ),
    "timeout": Key(
        _SECONDS,
        "a number of seconds such as 120",
        "Seconds of the processor's time after which a file is given up; 0 for never.",
    ),
    "transparent-magics": Key(
        {"type": "array", "items": {"type": "string", "pattern": r"^\w[\w.]*$"}},
        'a list such as ["mytimer"]',
        "Further cell magics whose cells are Python, without the percent signs.",
    ),
    "unsafe-fixes": Key(_FLAG, "true or false", "Apply unsafe fixes as well."),
}


def version_of(text: str) -> tuple[int, ...]:
    """The numbers of a version.

    Raises:
        ValueError: it is none; the message says so.
    """
    if not re.fullmatch(_VERSION, text, re.ASCII):
        raise ValueError(f"{text!r} is no version such as 0.5 or 0.5.13")
    return tuple(int(part) for part in text.split("."))


def target_of(text: str) -> tuple[int, ...]:
    """The numbers of a version that code can be migrated to.

    Raises:
        ValueError: it is none; the message says why.
    """
    version = version_of(text)
    if version < OLDEST_TARGET:
        raise ValueError(f"{text} is older than 0.5, the oldest target")
    return version


def problem_of(key: str, value: object) -> Problem | None:
    """What is wrong with a key or its value, if anything is.

    Whether there is a rule for each code is not asked here.
    """
    known = KEYS.get(key)
    if known is None:
        return Problem(f"has no {key!r}; it has {', '.join(KEYS)}", (key,))
    if key == "target-version" and isinstance(value, str):
        try:
            target_of(value)
        except ValueError as error:
            return Problem(f"cannot be that: {error}", (key,))
    if not _fits(known.schema, value):
        return Problem(f"is to be {known.wanted}", (key,))
    if key == "output-format":
        from nnmigrate.reports import FORMATS

        if value not in FORMATS:
            return Problem(f"is to be one of {', '.join(FORMATS)}", (key,))
    return None


def _fits(schema: dict[str, Any], value: object) -> bool:
    """Whether a value is what a schema of the few kinds above allows."""
    of_type: dict[str, Callable[[Any], bool]] = {
        "boolean": lambda one: isinstance(one, bool),
        "number": lambda one: _is_number(one) and one >= schema.get("minimum", one),
        "string": lambda one: isinstance(one, str) and _is_text(schema, one),
        "array": lambda one: isinstance(one, list) and all(_fits(schema["items"], i) for i in one),
        "object": lambda one: (
            isinstance(one, dict)
            and all(_fits(schema["additionalProperties"], inner) for inner in one.values())
        ),
    }
    return of_type[schema["type"]](value)


def _is_number(value: object) -> bool:
    # JSON schema knows no infinity, and true is no number there.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _is_text(schema: dict[str, Any], text: str) -> bool:
    long_enough = len(text) >= schema.get("minLength", 0)
    return long_enough and re.search(schema.get("pattern", ""), text) is not None


def schema() -> dict[str, Any]:
    """The JSON schema of the table, which `nnmigrate.schema.json` in this package repeats."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "nnmigrate",
        "description": "The table [tool.nnmigrate] of a pyproject.toml, or a whole nnmigrate.toml.",
        "type": "object",
        "properties": {name: {"description": key.says, **key.schema} for name, key in KEYS.items()},
        "additionalProperties": False,
    }
