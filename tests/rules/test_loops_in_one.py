"""Two loops over the same layers that become one, and those that do not."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check, fix

HEAD = """from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
"""


def loops(between: str = "", target: str = "n", over: str = "range(3)") -> str:
    return f"""{HEAD}
with lm.trace("a b c"):
    ones, others = [], []
    for {target} in {over}:
        ones.append(lm.transformer.h[n].attn.output[0])
{between}    for {target} in {over}:
        others.append(lm.transformer.h[n].mlp.output)
"""


def test_what_has_nothing_to_do_with_two_loops_does_not_keep_them_apart() -> None:
    assert [each.code for each in check(loops("    k = 1\n")).findings if each.fix] == ["NNS106"]
    assert (
        fix(loops("    k = 1\n")).code
        == f"""{HEAD}
with lm.trace("a b c"):
    ones, others = [], []
    for n in range(3):
        ones.append(lm.transformer.h[n].attn.output[0])
        others.append(lm.transformer.h[n].mlp.output)
    k = 1
"""
    )


@pytest.mark.parametrize(
    "between", ["    others = []\n", "    n = others\n", "    others = ones\n"]
)
def test_what_the_loops_need_or_change_keeps_them_apart(between: str) -> None:
    assert fix(loops(between)).code == loops(between)


@pytest.mark.parametrize("over", ["enumerate(range(3))", "enumerate([0, 1, 2])"])
def test_loops_over_pairs_are_not_put_together(over: str) -> None:
    checked = check(loops(target="i, n", over=over))
    assert checked.failures == ()
    assert [each.fix for each in checked.findings if each.code == "NNS106"] == [None]
    assert fix(loops(target="i, n", over=over)).code == loops(target="i, n", over=over)
