"""A bound on how deeply expressions are nested, from one look at the text.

LibCST takes time with the square of the depth (libcst 1.9.0: 8 s for a sum of 5,000 terms),
and everything that walks its trees calls itself once a level.
"""

from __future__ import annotations

import re

from nnmigrate.patterns import pattern

LIMIT = 500
"""Operators, brackets and strings that may lead from a statement to its innermost expression.
Python itself allows 200 brackets inside one another."""

_LONG_STRING = r"{0}{0}{0}[^{0}\\]*(?:(?:\\.|{0}{{1,2}}(?!{0}))[^{0}\\]*)*{0}{0}{0}"
_STRING = r"{0}[^{0}\\\r\n]*(?:\\.[^{0}\\\r\n]*)*{0}"
_STRINGS = "|".join(form.format(quote) for form in (_LONG_STRING, _STRING) for quote in "\"'")
_TOKEN = pattern(
    rf"""{_STRINGS}|\#[^\r\n]*|\\\r\n|\\.|[\r\n;,(){{}}\[\]]|[-+*/%@&|^~.]+
    |\b(?:and|or|not|if|else|lambda|await)\b""",
    re.DOTALL | re.VERBOSE,
)


def _links(token: str) -> int:
    """How many levels an operator, a word or a string adds; signs may stand in rows."""
    return len(token) if token[0] in "-+~" else 1


def too_deep(code: str) -> int | None:
    """The offset at which an expression exceeds `LIMIT`, if one does."""
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
        if depth > LIMIT:
            return token.start()
    return None
