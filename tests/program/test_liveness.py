"""Whether a name's value is wanted after a trace, and whether it has one before."""

from __future__ import annotations

import pytest

from nnmigrate.program import Program, Trace, build
from nnmigrate.program.bodies import roots
from nnmigrate.program.liveness import bound_before, read_after, reads_first

HEAD = 'from nnsight import LanguageModel\nlm = LanguageModel("openai-community/gpt2")\n'
TRACE = 'with lm.trace("a"):\n    x = 1\n    h = lm.lm_head.output.save()\n'


def only(code: str) -> tuple[Program, Trace]:
    program = build(HEAD + code)
    return program, next(roots(program))


def indented(code: str, by: int = 1) -> str:
    return "".join("    " * by + line for line in code.splitlines(keepends=True))


READ = {
    "next statement": TRACE + "print(x)\n",
    "only later": TRACE + "y = 2\nprint(y)\nprint(x)\n",
    "part of it": TRACE + "print(x.real)\n",
    "in a branch": TRACE + "if h is None:\n    print(x)\n",
    "bound in one branch only": TRACE + "if h is None:\n    x = 2\nprint(x)\n",
    "bound in a loop that may not turn": TRACE + "for x in []:\n    pass\nprint(x)\n",
    "augmented": TRACE + "x += 1\n",
    "deleted": TRACE + "del x\n",
    "in an f-string": TRACE + 'print(f"{x}")\n',
    "in a lambda": TRACE + "f = lambda: x\n",
    "in a comprehension": TRACE + "ys = [x for y in (1, 2)]\n",
    "in a function made before": "def f():\n    return x\n" + TRACE + "f()\n",
    "in a function made after": TRACE + "def f():\n    return x\n",
    "in a method": TRACE + "class C:\n    def f(self):\n        return x\n",
    "as a default": TRACE + "def f(y=x):\n    return y\n",
    "at the next turn": "for p in 'ab':\n    print(x)\n" + indented(TRACE),
    "by the loop's test": "while x:\n" + indented(TRACE),
    "by the trace at the next turn": "x = 0\nfor p in 'ab':\n"
    '    with lm.trace("a"):\n        x += 1\n        h = lm.lm_head.output.save()\n',
    "by the next turn's prompt": "x = 0\nfor p in 'ab':\n"
    "    with lm.trace(str(x)):\n        x = 1\n        h = lm.lm_head.output.save()\n",
    "behind the loop": "for p in 'ab':\n" + indented(TRACE) + "print(x)\n",
    "in an else of the loop": "for p in 'ab':\n" + indented(TRACE) + "else:\n    print(x)\n",
    "in a handler": "try:\n" + indented(TRACE) + "except ValueError:\n    print(x)\n",
    "finally": "try:\n" + indented(TRACE) + "finally:\n    print(x)\n",
    "behind the handlers that go on": "x = 0\ntry:\n"
    + indented(TRACE)
    + "except ValueError:\n    pass\nprint(x)\n",
    "in a trace": TRACE + 'with lm.trace("b"):\n    print(x)\n',
    "global in its function": "def f():\n    global x\n" + indented(TRACE),
}

NOT_READ = {
    "never": TRACE,
    "as a keyword": TRACE + "print(1, x=2)\n",
    "as an attribute": TRACE + "print(h.x)\n",
    "bound before": TRACE + "x = 2\nprint(x)\n",
    "bound in both branches": TRACE + "if h is None:\n    x = 2\nelse:\n    x = 3\nprint(x)\n",
    "bound by the loop that reads it": TRACE + "for x in (1, 2):\n    print(x)\n",
    "bound by another with": TRACE + "with open('f') as x:\n    print(x)\n",
    "bound by try and handler": TRACE
    + "try:\n    x = 2\nexcept ValueError:\n    x = 3\nprint(x)\n",
    "where it is to fail": TRACE + "with pytest.raises(NameError):\n    print(x)\n",
    "a comprehension's own": TRACE + "ys = [x for x in (1, 2)]\n",
    "a function's parameter": TRACE + "def f(x):\n    return x\n",
    "a function's own": TRACE + "def f():\n    x = 2\n    return x\n",
    "a lambda's parameter": TRACE + "f = lambda x: x\n",
    "only before": "x = 0\nprint(x)\n" + TRACE,
    "bound anew at each turn": "for p in 'ab':\n" + indented(TRACE) + "    x = 2\n    print(x)\n",
    "a class's own, under the line ends of Windows": TRACE
    + "if lm:\r\n    class C:\r\n\r\n        x = 2\r\n",
    "in the other branch": "if lm:\n" + indented(TRACE) + "else:\n    print(x)\n",
    "a function's own name is not the module's": "def f():\n" + indented(TRACE) + "print(x)\n",
}


@pytest.mark.parametrize("code", READ.values(), ids=READ)
def test_read_after(code: str) -> None:
    assert read_after(*only(code), "x")


@pytest.mark.parametrize("code", NOT_READ.values(), ids=NOT_READ)
def test_not_read_after(code: str) -> None:
    assert not read_after(*only(code), "x")


BEFORE = {
    "assigned": "x = 0\n" + TRACE,
    "imported": "import x\n" + TRACE,
    "perhaps": "if lm:\n    x = 0\n" + TRACE,
    "a loop's variable": "for x in 'ab':\n" + indented(TRACE),
    "a parameter": "def f(x):\n" + indented(TRACE),
    "later in the loop": "for p in 'ab':\n" + indented(TRACE) + "    x = 2\n",
    "declared global": "def f():\n    global x\n" + indented(TRACE),
}
UNBOUND = {
    "nowhere": TRACE,
    "after": TRACE + "x = 2\n",
    "only annotated": "x: int\n" + TRACE,
    "in the module, for a function's own name": "x = 0\ndef f():\n" + indented(TRACE),
    "behind the loop": "for p in 'ab':\n" + indented(TRACE) + "x = 2\n",
}


@pytest.mark.parametrize("code", BEFORE.values(), ids=BEFORE)
def test_bound_before(code: str) -> None:
    assert bound_before(only(code)[1], "x")


@pytest.mark.parametrize("code", UNBOUND.values(), ids=UNBOUND)
def test_not_bound_before(code: str) -> None:
    assert not bound_before(only(code)[1], "x")


@pytest.mark.parametrize(
    ("body", "first"),
    [
        ("x += 1", True),
        ("x = x + 1", True),
        ("x = 1\n    x += 1", False),
        ("for i in range(2):\n        x = i", False),
        ("if lm:\n        x = 1\n    print(x)", True),
        ("if lm:\n        x = 1\n    else:\n        x = 2\n    print(x)", False),
        ("f = lambda: x\n    x = 1", True),
    ],
)
def test_reads_first(body: str, first: bool) -> None:
    assert reads_first(*only(f'with lm.trace("a"):\n    {body}\n'), "x") is first
