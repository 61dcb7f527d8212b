"""What is known of names in loops that bind them anew."""

from __future__ import annotations

import pytest

from nnmigrate.program import Access, build

ANEW = {
    "an assignment": "n = n + 1",
    "an operation in place": "n += 1",
    "an annotated one": "n: int = 2",
    "a deletion": "del n",
    "a loop": "for n in (2, 3): pass",
    "a with": "with f() as n: pass",
    "a tuple": "(n, m) = 2, 3",
    "a starred name": "*n, m = f()",
    "a list": "[m, n] = f()",
    "a handler": "try:\n        pass\n    except E:\n        n = 3",
    "a case": "match m:\n        case 2:\n            n = 3",
    "an else": "if m:\n        pass\n    else:\n        n = 3",
    "a finally": "try:\n        pass\n    finally:\n        n = 3",
    "an expression": "print(n := n + 1)",
    "a comprehension": "print([n := m for m in f()])",
}


def layers(loop: str, behind: str) -> list[int | None]:
    """The numbers of the layers that a trace in a loop reads, where they are known."""
    code = f"""from nnsight import LanguageModel
lm = LanguageModel("x")
n = 1
{loop}
    with lm.trace("p"):
        h = lm.transformer.h[n].output
    {behind}
"""
    (trace,) = build(code).traces
    steps = [step for top in trace.body.statements for step in top.all_steps]
    found = [step.provider.path[-1] for step in steps if isinstance(step, Access)]
    return [getattr(index, "value", None) for index in found]


@pytest.mark.parametrize("statement", ANEW.values(), ids=ANEW)
def test_a_number_that_the_loop_binds_anew_is_not_known_in_it(statement: str) -> None:
    assert layers("for _ in range(3):", statement) == [None]


def test_a_number_that_the_condition_binds_anew_is_not_known_in_the_loop() -> None:
    assert layers("while (n := n + 1) < 3:", "pass") == [None]


@pytest.mark.parametrize(
    "statement",
    [
        "pass",
        "m = n",
        "def f():\n        n = 2",
        "f(lambda: (n := 2))",
        "self.n = 2",
        "print(m := n)",
    ],
)
def test_a_number_that_the_loop_leaves_alone_is_known_in_it(statement: str) -> None:
    assert layers("for _ in range(3):", statement) == [1]
