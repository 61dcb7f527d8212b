"""Encodings, other Pythons, depth and length: a place, exit code 2, and the file as it was."""

from __future__ import annotations

import codecs
import encodings.aliases
import json

import pytest

from nnmigrate.outcomes import Outcome, Settings
from nnmigrate.run import examine

CODE = """\
from nnsight import LanguageModel

model = LanguageModel("gpt2")
with model.trace("a"):
    hidden = model.transformer.h[0].output[0].save()
print(hidden.value)
"""
UNSAFE = Settings(fix=True, unsafe=True, timeout=60)


def looked_at(raw: bytes, name: str = "a.py") -> Outcome:
    outcome = examine(name, raw, UNSAFE)
    assert not [one for one in outcome.problems if "internal error" in one.message]
    assert not outcome.problems or outcome.after == raw
    return outcome


def refused(raw: bytes, name: str = "a.py") -> tuple[int, int, str]:
    """The one problem that a document has, which stays as it was."""
    (problem,) = looked_at(raw, name).problems
    return problem.line, problem.column, problem.message


ENCODINGS = sorted({*encodings.aliases.aliases.values(), "utf_8_sig", "nonsense", "idna"})


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_is_kept_or_refused(encoding: str) -> None:
    """What is written is what Python itself would read as the fixed code, or nothing is."""
    code = f"# -*- coding: {encoding} -*-\n{CODE}"
    try:
        raw = code.encode(encoding)
    except (LookupError, ValueError):
        raw = code.encode()
    assert isinstance(raw, bytes)
    outcome = looked_at(raw)
    if not outcome.problems and outcome.relevant:
        assert outcome.after.decode(encoding) == code.replace("hidden.value", "hidden")


@pytest.mark.parametrize(
    ("raw", "line", "words"),
    [
        (CODE.encode("utf-16"), 1, "null bytes"),
        (CODE.encode("utf-16-le"), 1, "null bytes"),
        (CODE.encode("utf-32"), 1, "null bytes"),
        (codecs.BOM_UTF16_LE + CODE.encode(), 1, ""),
        (codecs.BOM_UTF8 + b"# coding: latin-1\n" + CODE.encode(), 1, "encoding problem"),
        (b"# coding: nonsense\n" + CODE.encode(), 1, "unknown encoding: nonsense"),
        (b"# coding: rot13\n" + CODE.encode(), 1, "no encoding for Python code"),
        (b"# coding: utf-7\n" + CODE.encode(), 1, "no encoding for Python code"),
        (b"# coding: ascii\n" + CODE.encode() + b"# \xe9\n", 8, "0xe9 is not ascii"),
        (b"# coding: shift_jis\n" + CODE.encode() + b"# \x81\n", 8, "0x81 is not shift_jis"),
        (CODE.encode() + b"x = '\xe9'\n", 7, "utf-8"),
        (CODE.encode() + b"x = '\xed\xa0\x80'\n", 7, "utf-8"),
        (CODE.encode() + b"x = '\0'\n", 7, "null bytes"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(raw: bytes, line: int, words: str) -> None:
    at, _, message = refused(raw)
    assert message.startswith("cannot read: ")
    assert (at, words in message) == (line, True)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("within", ["", "\f", "# \v\n", "x = '\u2028\x85\x1c'\n", "\\\n", "\t\n"])
@pytest.mark.parametrize("last", ["", "\n", "\f", "\x1a", "# end", "\\"])
def test_line_ends_and_what_looks_like_them(end: str, within: str, last: str) -> None:
    code = f"{within}{CODE}{last}".replace("\n", end)
    outcome = looked_at(code.encode())
    if not outcome.problems:
        assert outcome.after == code.replace("hidden.value", "hidden").encode()


PYTHON_2 = {
    "print": "print hidden\n",
    "exec": "exec 'x = 1' in {}\n",
    "backticks": "x = `1`\n",
    "raise": "raise ValueError, 'x'\n",
    "octal": "x = 0777\n",
    "unequal": "x = 1 <> 2\n",
    "unpacking": "def f((a, b)): pass\n",
    "long": "x = 10L\n",
    "ur": "x = ur'x'\n",
    "tabs": "if x:\n        y = 1\n\tz = 2\n",
}


@pytest.mark.parametrize("code", PYTHON_2.values(), ids=PYTHON_2)
def test_python_2_is_refused_where_it_begins(code: str) -> None:
    line, _, message = refused(f"{CODE}{code}".encode())
    assert line >= 7
    assert message.startswith("cannot parse: ")


NEWER = {
    "match": "match x:\n    case {'a': [1, *b], **c} if d: pass\n",
    "except*": "try:\n    pass\nexcept* ValueError as e:\n    pass\n",
    "parameters of types": "def f[T: int, *A, **P](x: T) -> T: pass\nclass C[T]: pass\n",
    "type": "type X[T] = list[T]\n",
    "defaults of types": "class C[T = int]: pass\n",
    "quotation marks": "x = f'{d['a']}'\n",
    "f-string over lines": "x = f'{\n    1\n}'\n",
    "backslash": "x = f'{'\\n'.join(a)}'\n",
    "t-string": "x = t'{hidden}'\n",
    "except without brackets": "try:\n    pass\nexcept ValueError, TypeError:\n    pass\n",
    "with": "with (a as b, c as d,): pass\n",
    "star": "x[*a] = 1\nfor y in *a, *b: pass\n",
    "return in finally": "def f():\n    try: pass\n    finally: return\n",
}


@pytest.mark.parametrize("code", NEWER.values(), ids=NEWER)
def test_newer_syntax_is_understood_or_refused_where_it_stands(code: str) -> None:
    outcome = looked_at(f"{CODE}{code}".encode())
    if outcome.problems:
        (problem,) = outcome.problems
        assert problem.line >= 7
        assert problem.message.startswith("cannot parse: ")
    else:
        assert b"print(hidden)" in outcome.after


TRACE = CODE.partition("print")[0]
LARGE = {
    "a text of 2 MB": f"x = '{'a' * 2_000_000}'\n",
    "a text over 200,000 lines": "x = '''" + "a\n" * 200_000 + "'''\n",
    "a line of 2 MB": f"x = 1  # {'a' * 2_000_000}\n",
    "a list of 10,000": f"x = [{'1, ' * 10_000}]\n",
    "a mapping of 5,000": "x = {" + "".join(f"'{n}': {n}, " for n in range(5_000)) + "}\n",
    "a sum": f"x = 1{' + 1' * 200}\n",
    "comparisons": f"x = a{' < a' * 2_000}\n",
    "5,000 targets": f"x = 1\n{'y = ' * 5_000}x\n",
    "100 blocks": "".join(f"{' ' * n}if x:\n" for n in range(99)) + " " * 99 + "pass\n",
}


@pytest.mark.parametrize("code", LARGE.values(), ids=LARGE)
def test_what_is_long_is_dealt_with(code: str) -> None:
    outcome = looked_at(f"{CODE}{code}".encode())
    assert outcome.problems == ()
    assert outcome.after == f"{CODE}{code}".replace("hidden.value", "hidden").encode()


def nested(opening: str, closing: str, count: int) -> str:
    return f"x = {opening * count}1{closing * count}\n"


DEEP = {
    "brackets": nested("(", ")", 10_000),
    "lists": nested("[", "]", 2_000),
    "mappings": nested("{1: ", "}", 1_000),
    "calls": nested("f(", ")", 10_000),
    "subscripts": f"x = a{'[0]' * 10_000}\n",
    "attributes": f"x = a{'.b' * 10_000}\n",
    "a chain of calls": f"x = a{'.b(c)' * 5_000}\n",
    "a sum of 50,000": f"x = 1{' + 1' * 50_000}\n",
    "conditions": f"x = a{' and a' * 20_000}\n",
    "signs": nested("-", "", 50_000),
    "nots": nested("not ", "", 50_000),
    "lambdas": nested("lambda: ", "", 20_000),
    "alternatives": nested("a if b else ", "", 20_000),
    "awaits": f"async def f():\n    x = {'await ' * 10_000}a\n",
    "texts": f"x = ({chr(34)}a{chr(34)}\n{('  ' + repr('a') + chr(10)) * 20_000})\n",
    "f-strings": nested("f'{", "}'", 1_000),
    "comprehensions": nested("[", " for a in b]", 1_000),
    "blocks": "".join(f"{' ' * n}if x:\n" for n in range(300)) + " " * 300 + "pass\n",
    "functions": "".join(f"{' ' * n}def f():\n" for n in range(300)) + " " * 300 + "pass\n",
    "elif": "if x: pass\n" + "elif x: pass\n" * 5_000,
    "patterns": f"match x:\n    case {'[' * 40}{']' * 40}: pass\n",
    "never closed": "(" * 50_000,
    "never opened": ")" * 50_000,
    "a text never closed": "'''" * 5 + '"' * 50_001,
}


@pytest.mark.parametrize("code", DEEP.values(), ids=DEEP)
def test_what_is_too_deep_is_refused_and_quickly(code: str) -> None:
    for whole in (f"{CODE}{code}", TRACE + "".join(f"    {row}\n" for row in code.splitlines())):
        _, _, message = refused(whole.encode())
        assert message.startswith("cannot parse: ")


DEEP_JSON = "[" * 100_000
NOTEBOOKS = {
    "no JSON": b"{nnsight",
    "cut off": b'{"nnsight": 1, "cells": [{"cell_type": "code", "source": "x',
    "deep": b'{"nnsight": ' + DEEP_JSON.encode(),
    "deep and closed": f'{{"nnsight": {DEEP_JSON}{"]" * 100_000}}}'.encode(),
    "a list": b'["nnsight"]',
    "a text": b'"nnsight"',
    "cells of a mapping": b'{"cells": {}, "nnsight": 1}',
    "no cells": b'{"nnsight": 1}',
    "cells of text": b'{"cells": "nnsight"}',
    "a cell of text": b'{"cells": ["nnsight"]}',
    "a cell of nothing": b'{"cells": [null], "nnsight": 1}',
    "a source of numbers": b'{"cells": [{"cell_type": "code", "source": [1]}], "nnsight": 1}',
    "no source": b'{"cells": [{"cell_type": "code"}], "nnsight": 1}',
    "no type": b'{"cells": [{"source": "import nnsight"}]}',
    "not UTF-8": b'{"cells": [], "nnsight": "\xff"}',
    "UTF-16": '{"cells": [], "nnsight": 1}'.encode("utf-16"),
    "a huge number": b'{"nnsight": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("raw", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_what_is_no_notebook_is_refused(raw: bytes) -> None:
    _, _, message = refused(raw, "a.ipynb")
    assert message.startswith("cannot read: ")


def test_keys_twice_and_huge_outputs() -> None:
    """Of two keys the last one counts, as for everybody who reads JSON."""
    cell = {"cell_type": "code", "source": CODE, "outputs": [{"data": "x" * 3_000_000}]}
    text = json.dumps(cell).replace('"source"', '"source": "import broken(", "source"', 1)
    raw = f'{{"cells": [], "cells": [{text}], "nbformat": 4}}'.encode()
    outcome = looked_at(raw, "a.ipynb")

    assert outcome.problems == ()
    assert outcome.after == raw.replace(b"hidden.value", b"hidden")


def test_what_this_python_does_not_know_is_still_told_by_place() -> None:
    """A cell and a block that are no Python are noted; the rest is looked at."""
    cells = [{"cell_type": "code", "source": code} for code in ("print 1", CODE)]
    notebook = json.dumps({"cells": cells, "nbformat": 4}).encode()
    text = f"```python\nprint 1\n```\n\n```python\n{CODE}```\n".encode()
    for raw, name in ((notebook, "a.ipynb"), (text, "a.md")):
        outcome = looked_at(raw, name)
        assert [note.line for note in outcome.notes] == [1 if name.endswith("b") else 2]
        assert b"print(hidden)" in outcome.after


@pytest.mark.parametrize("code", DEEP.values(), ids=DEEP)
def test_a_block_or_a_cell_that_is_too_deep_is_passed_over(code: str) -> None:
    cells = [{"cell_type": "code", "source": text} for text in (code, CODE)]
    notebook = json.dumps({"cells": cells, "nbformat": 4}).encode()
    text = f"```python\n{code}```\n\n```python\n{CODE}```\n".encode()
    for raw, name in ((notebook, "a.ipynb"), (text, "a.md")):
        outcome = looked_at(raw, name)
        assert outcome.notes or outcome.problems
