"""A bound on how deeply expressions are nested, from one look at the text.

LibCST takes time with the square of the depth (libcst 1.9.0: 8 s for a sum of 5,000 terms),
and everything that walks its trees calls itself once a level.
"""

from __future__ import annotations

import re

from nnmigrate.patterns import pattern

LIMIT = 500
"""Operators, brackets and strings that may lead from a statement to its innermost expression."""
BRACKETS = 200
"""Brackets that may stand within one another; Python itself takes no more."""
PATTERNS = 12
"""Levels of brackets in a pattern of a `match` statement, braces counting double: LibCST (1.9.0)
reads the inside of each of them twice, and that of braces three times."""

_LONG_STRING = r"{0}{0}{0}[^{0}\\]*(?:(?:\\.|{0}{{1,2}}(?!{0}))[^{0}\\]*)*{0}{0}{0}"
_STRING = r"{0}[^{0}\\\r\n]*(?:\\.[^{0}\\\r\n]*)*{0}"
_STRINGS = "|".join(form.format(quote) for form in (_LONG_STRING, _STRING) for quote in "\"'")
_TOKEN = pattern(
    rf"""{_STRINGS}|\#[^\r\n]*|\\\r\n|\\.|[\r\n;,(){{}}\[\]]|[-+*/%@&|^~.]+
    |\b(?:and|or|not|if|else|lambda|await)\b""",
    re.DOTALL | re.VERBOSE,
)
_PATTERN_TOKEN = pattern(
    rf"{_STRINGS}|\#[^\r\n]*|\\\r\n|\\.|[\r\n(){{}}\[\]]|(?:^|(?<=\r))[ \t\f]*case\b",
    re.DOTALL | re.MULTILINE,
)

_WEIGHTS = {"(": 1, "[": 1, "{": 2, ")": -1, "]": -1, "}": -2}


def _links(token: str) -> int:
    """How many levels an operator, a word or a string adds; signs may stand in rows."""
    return len(token) if token[0] in "-+~" else 1


def too_deep(code: str) -> int | None:
    """The offset at which an expression or a pattern exceeds its limit, if one does."""
    at = _deep_expression(code)
    return _deep_pattern(code) if at is None and "case" in code else at


def _deep_expression(code: str) -> int | None:
    depth = 0
    outer: list[int] = []
    for token in _TOKEN.finditer(code):
        first = code[token.start()]
        if first in "([{":
            depth += 1
            outer.append(depth)
        elif first in ")]}":
            depth = outer.pop() if outer else 0
        elif first == ",":
            depth = outer[-1] if outer else 0
        elif first in "\r\n;":
            # Within brackets, the next line goes on with the expression.
            depth = depth if outer else 0
        elif first not in "#\\":
            depth += _links(token[0])
        if depth > LIMIT or len(outer) > BRACKETS:
            return token.start()
    return None


def _deep_pattern(code: str) -> int | None:
    brackets = levels = 0
    within = False
    for token in _PATTERN_TOKEN.finditer(code):
        text = token[0]
        if text in _WEIGHTS:
            brackets += 1 if text in "([{" else -1
            levels += _WEIGHTS[text]
        elif brackets <= 0 and (text in "\r\n" or text.strip() == "case"):
            # The word begins a pattern at the beginning of a line, whose end is the pattern's.
            within, brackets, levels = text not in "\r\n", 0, 0
        if within and levels > PATTERNS:
            return token.start()
    return None
