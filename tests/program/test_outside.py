"""Which names are bound outside a trace when it starts (N1 of the rules that make a name safe)."""

from __future__ import annotations

import pytest

from nnmigrate.program import build
from nnmigrate.program.outside import outer_names

IMPORT = "from nnsight import LanguageModel\nlm = LanguageModel('x')\n"
TRACE = """\
with lm.trace() as t:
    with t.invoke('p'):
        h = lm.a.output{}
    with t.invoke('q'):
        lm.b.output = h
"""


def _bound(code: str) -> bool:
    program = build(IMPORT + code)
    return "h" in outer_names(program, program.traces[-1])


def _indented(code: str) -> str:
    return "".join(f"    {row}\n" for row in code.splitlines())


@pytest.mark.parametrize(
    "code",
    [
        "h = 0\n" + TRACE.format(""),
        "for h in range(3):\n    pass\n" + TRACE.format(""),
        "for n in range(3):\n    pass\nelse:\n    h = 0\n" + TRACE.format(""),
        "while c():\n    a = 1\n    if a:\n        h = 0\n" + TRACE.format(""),
        "try:\n    n = 1\nexcept E:\n    pass\nelse:\n    h = 0\n" + TRACE.format(""),
        "try:\n    n = 1\nfinally:\n    h = 0\n" + TRACE.format(""),
        "(a, *h) = f()\n" + TRACE.format(""),
        "import h\n" + TRACE.format(""),
        "h = 0\ndef f():\n" + _indented(TRACE.format("")),
        "def f(h=None):\n" + _indented(TRACE.format("")),
        "def f():\n    h = 0\n" + _indented(TRACE.format("")),
        "for p in ps:\n" + _indented(TRACE.format(".save()")),
        TRACE.format(".save()") + TRACE.format(""),
        # By chance: an id that was saved may be given to another object.
        "for p in ps:\n" + _indented(TRACE.format("")),
        "with lm.session(remote=True):\n    for p in ps:\n"
        + _indented(_indented(TRACE.format(""))),
    ],
)
def test_bound(code: str) -> None:
    assert _bound(code)


@pytest.mark.parametrize(
    "code",
    [
        TRACE.format(""),
        TRACE.format(".save()"),
        TRACE.format("") + TRACE.format(""),
        TRACE.format("") + "h = 0\n",
        "h = 0\ndel h\n" + TRACE.format(""),
        "h = 0\ntry:\n    n = 1\nfinally:\n    del h\n" + TRACE.format(""),
        "for n in range(3):\n    h = 0\nelse:\n    del h\n" + TRACE.format(""),
        "def g():\n    h = 0\n" + TRACE.format(""),
        "def g():\n    h = 0\n    def f():\n" + _indented(_indented(TRACE.format(""))),
        "x = [h for h in range(3)]\n" + TRACE.format(""),
        "def f():\n" + _indented(TRACE.format(".save()")),
        # Born on 0.5: what works by all but chance is not told.
        "for p in ps:\n"
        + _indented(TRACE.format("").replace("as t:", "as t:\n    b = t.barrier(2)")),
    ],
)
def test_not_bound(code: str) -> None:
    assert not _bound(code)


@pytest.mark.parametrize(
    ("around", "depth"),
    [
        ("with lm.trace():\n    class C:\n", 2),
        ("with lm.trace():\n    if x:\n        def f():\n", 3),
    ],
)
def test_a_definition_in_a_trace_is_followed(around: str, depth: int) -> None:
    inside = TRACE.format("")
    for _ in range(depth):
        inside = _indented(inside)

    assert not _bound(around + inside)
    assert _bound("h = 0\n" + around + inside)


def test_of_a_function_that_nobody_comes_to_nothing_is_said() -> None:
    assert not _bound("h = 0\nraise SystemExit\ndef f():\n" + _indented(TRACE.format("")))
