"""Whether a piece of code is Python, and if not, why."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence

from nnmigrate.nesting import too_deep
from nnmigrate.patterns import pattern

_SURROGATE = pattern("[\ud800-\udfff]")


def half_of_character(code: str) -> tuple[int, str] | None:
    """Where half of a surrogate pair stands, and a message: no Python code can hold it."""
    found = _SURROGATE.search(code)
    return (found.start(), f"{ascii(found[0])[1:-1]} is half a character") if found else None


def problem_in(rows: Sequence[str]) -> tuple[int, str] | None:
    """What is wrong with some lines: the number of the line, from 1, and a message.

    Code that only a newer Python understands is no problem if LibCST does.

    Args:
        rows: the lines, without line ends.
    """
    code = "\n".join(rows) + "\n"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the user's literals: not our business
        try:
            ast.parse(code)
        except SyntaxError as error:
            line = min(max(error.lineno or 1, 1), max(len(rows), 1))
            return None if _libcst_parses(code) else (line, error.msg)
        except (ValueError, RecursionError, MemoryError) as error:
            return 1, str(error)
    return None


def _libcst_parses(code: str) -> bool:
    import libcst  # seldom needed, and slow to import

    if too_deep(code) is not None:
        return False
    try:
        libcst.parse_module(code)
    except (libcst.ParserSyntaxError, RecursionError):
        return False
    return True
