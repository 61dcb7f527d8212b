from __future__ import annotations

import pytest

from nnmigrate.nesting import BRACKETS, LIMIT, PATTERNS, too_deep

FLAT = {
    "statements": "x = a.b + c\n" * 2000,
    "on one line": "x = a.b + c; " * 2000,
    "carriage returns": "x = a.b + c\r" * 2000,
    "a table": "x = [\n" + "    [1.5, -2.5e-3, (a.b)],\n" * 2000 + "]\n",
    "a mapping": "x = {\n" + "    'a.b.c': d.e(f)[0],\n" * 2000 + "}\n",
    "a string": "x = '" + "a.b + (c, [" * 2000 + "'\n",
    "a long string": 'x = """' + "it's a.b + (c, [\n" * 2000 + '"" \\""" """\n',
    "a comment": "# " + "a.b + (c " * 2000 + "\n",
    "escapes": r"x = '\'' + a, " * 2000,
    "brackets at the limit": "x = " + "[" * BRACKETS + "]" * BRACKETS,
    "brackets in a text": "x = '" + "[" * 300 + "'\n",
    "many patterns": "match x:\n" + "  case {'a': [B(c, d=e), *_]}: pass\n" * 50,
    "a pattern at the limit": f"match x:\n  case 'a', {'[' * PATTERNS}{']' * PATTERNS}: pass",
    "a name": "x = [\n  case\n, " + "[" * (PATTERNS + 1),
    "behind a pattern": "match x:\n  case [1]:\n    f" + "(" * (PATTERNS + 1),
    "at the limit": "x = " + "-" * LIMIT + "1\n",
}
DEEP = {
    "one more": "x = " + "-" * (LIMIT + 1) + "1\n",
    "over lines": "x = (\n" + "a +\n" * 600 + "a)\n",
    "continued": "x = a" + " + \\\n a" * 600,
    "continued with crlf": "x = a" + " + \\\r\n a" * 600,
    "behind commas": "x = f(a, b, " + "(" * 600,
    "a chain of calls": "x = a" + ".b(c, d)" * 300,
    "words": "x = " + "not " * 600 + "a",
    "brackets": "x = " + "[" * (BRACKETS + 1),
    "a pattern": "match x:\n  case 'a', [\n" + "[" * PATTERNS,
    "a pattern of mappings": "match x:\n\tcase " + "{'a': (" * (PATTERNS // 3) + "[",
    "a decorator": "@f(" + "-" * 600 + "1)\ndef g(): pass\n",
    "an elif": "if a:\n    b\nelif " + "-" * 600 + "1:\n    c\n",
    "an except": "try:\n    a\nexcept (\n    " + "-" * 600 + "1\n):\n    b\nfinally:\n    c\n",
    "behind a finally": "try:\n    a\nfinally:\n    x = " + "-" * 600 + "1\n",
    "behind a long text": "'" + "a" * 600 + "'\nx = " + "-" * 600 + "1\n",
    "on a header's line": "while a: x = " + "-" * 600 + "1\n",
    "for another Python": "print 1\nx = " + "-" * 600 + "1\n",
    "strings": "x = (\n" + "'a'\n" * 600 + ")",
}


@pytest.mark.parametrize("code", FLAT.values(), ids=FLAT)
def test_long_is_not_deep(code: str) -> None:
    assert too_deep(code) is None


@pytest.mark.parametrize("code", DEEP.values(), ids=DEEP)
def test_deep_is_seen_where_it_begins_to_be(code: str) -> None:
    at = too_deep(code)

    assert at is not None
    assert too_deep(code[:at]) is None


def test_the_time_is_proportional_to_the_length() -> None:
    # Quotes that are never closed must not be searched for to the end again and again.
    assert too_deep('it\'s a """ b\n' * 50_001) is None
