"""The rules: one file each, found by being here.

A rule is a module whose name begins with its code (`nns101_unsynchronized_reference.py`). It has
`RULE`, a docstring that is its page, and `check(program)`, which yields findings.
"""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from typing import cast

from nnmigrate.findings import RuleModule
from nnmigrate.patterns import pattern

__all__ = ["RuleModule", "codes", "rules"]

_RULE_FILE = pattern(r"(nns\d{3}_\w+)\.pyc?")


def codes() -> tuple[str, ...]:
    """The codes of all rules, in order; from the names of their files, so nothing is imported."""
    return tuple(name.partition("_")[0].upper() for name in _names())


@cache
def rules() -> tuple[RuleModule, ...]:
    """Every rule, in the order of the codes; imported when first asked for."""
    return tuple(cast(RuleModule, import_module(f"{__name__}.{name}")) for name in _names())


def _names() -> list[str]:
    files = [name for folder in __path__ for name in os.listdir(folder)]
    return sorted({found[1] for found in map(_RULE_FILE.fullmatch, files) if found})
