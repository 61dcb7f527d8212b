"""From code to the program that it is, whatever the code is like."""

from __future__ import annotations

import ast
import warnings
from functools import lru_cache

from nnmigrate.nesting import BRACKETS, LIMIT, PATTERNS, too_deep
from nnmigrate.patience import GivenUp, bounded
from nnmigrate.patterns import pattern
from nnmigrate.program import NotPython, Options, Program, build
from nnmigrate.spans import Lines

_LONE_RETURN = pattern(r"\r(?!\n)")
# Not behind a backslash, where an empty line would end the statement.
_PAGE_BREAK = pattern(r"(?:\A|(?<=\n))(?<!\\\n)(?<!\\\r\n)\f+")


def understood(code: str, options: Options | None = None) -> Program:
    """The program that some code is, as the rules see it.

    Args:
        code: the code.
        options: what the user says about it.

    Raises:
        NotPython: it cannot be parsed, or is nested too deeply.
        GivenUp: it takes too long.
    """
    at = too_deep(code)
    if at is not None:
        limits = f"{LIMIT} operators, {BRACKETS} brackets, {PATTERNS} levels of a pattern"
        message = f"nested too deeply (the limits are {limits})"
        # A bracket that is never closed looks deep as well.
        raise _in_pythons_words(code) or NotPython(message, *Lines(code).place(at))
    try:
        return bounded(lambda: build(_parsable(code), options or Options()))
    except NotPython as error:
        raise _in_pythons_words(code) or error from None
    except RecursionError:
        raise NotPython("nested too deeply to be looked at", 1, 1) from None
    except GivenUp:
        raise
    except Exception:
        # LibCST takes literals that stand for nothing: `"\N{DASH}"`, numbers of 5,000 digits.
        refused = _in_pythons_words(code)
        if refused is None:
            raise
        raise refused from None


@lru_cache(maxsize=2)
def compiles(code: str) -> bool:
    """Whether this Python takes the code: LibCST parses more than that (`f() += 1`)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the user's literals: not our business
        try:
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            compile(code, "<fixed>", "exec", flags=flags, dont_inherit=True)
        except (SyntaxError, MemoryError, RecursionError, ValueError, OverflowError):
            return False
    return True


def _parsable(code: str) -> str:
    """The code with line feeds for what LibCST (1.9.0) would drop.

    That is a carriage return alone at the end, and form feeds that begin lines. Every other
    character keeps its offset, so that all spans point into `code` as well.
    """
    if "\r" in code:
        code = _LONE_RETURN.sub("\n", code)
    if "\f" in code:
        code = _PAGE_BREAK.sub(lambda feeds: "\n" * len(feeds[0]), code)
    return code


def _in_pythons_words(code: str) -> NotPython | None:
    """What Python finds wrong with the syntax, if it does: LibCST lists tokens it would take."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the user's literals: not our business
        try:
            ast.parse(code)
        except SyntaxError as error:
            return NotPython(error.msg, max(error.lineno or 1, 1), max(error.offset or 1, 1))
        except (MemoryError, RecursionError, ValueError):
            return None
    return None
