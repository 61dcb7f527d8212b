"""How fixes are written into the text: its last line, its first ones, its strings."""

from __future__ import annotations

import pytest

from nnmigrate.engine import fix
from nnmigrate.rules.common.annotating import annotated_only
from nnmigrate.rules.common.headers import indented, rows_inside_strings

from .corners import HEAD

LAST = {
    "a line behind the last one": (
        "m = 0\nfor k in range(3):\n    print(m)\n"
        "    with lm.trace('a'):\n        m = 3\n        m = 4"
    ),
    "a statement that goes into a block": (
        "with lm.generate('a', max_new_tokens=3) as tracer:\n"
        "    h = lm.lm_head.next().output.save()"
    ),
    "a statement that goes behind": (
        "def f():\n    with lm.trace('a'):\n        h = lm.lm_head.output\n"
        "        return h if c else None, h.sum()"
    ),
}


@pytest.mark.parametrize("code", LAST.values(), ids=LAST)
def test_a_last_line_without_an_end_stays_without_one(code: str) -> None:
    fixed = fix(HEAD + code, unsafe=True).code

    assert fixed != HEAD + code
    assert fixed + "\n" == fix(HEAD + code + "\n", unsafe=True).code


def test_a_function_that_a_fix_writes_stands_behind_the_docstring() -> None:
    code = '"""What it does."""\n\n\ndef f(lm):\n    with lm.trace() as tracer:\n'
    code += "        with tracer.invoke('b'):\n            h = lm.lm_head.output.save()\n"
    code += "    return lm.modules()[3]\n"

    fixed = fix(code, unsafe=True).code

    assert fixed.startswith('"""What it does."""\n')
    assert fixed.index("def _named_modules(envoy):") < fixed.index("def f(lm):")


def test_a_string_that_does_not_end_has_no_rows() -> None:
    assert rows_inside_strings('x = """\n') is None
    assert indented('x = """\n', "    ") is None


def test_rows_inside_a_string_stay() -> None:
    assert indented('x = """\ny\n"""\nz = 1\n', "  ") == '  x = """\ny\n"""\n  z = 1\n'


def test_of_code_that_this_python_cannot_read_no_annotations_are_known() -> None:
    code = "def f(x: Proxy):\n    return x\n"

    assert annotated_only(code, "Proxy") is not None
    assert annotated_only(code + '"\\N{no such character}"\n', "Proxy") is None
