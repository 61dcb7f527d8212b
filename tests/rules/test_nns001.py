"""Comments that silence nothing."""

from __future__ import annotations

from nnmigrate.engine import fix

SILENCED = """\
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
cache = {}
with lm.generate("a", max_new_tokens=3) as tracer:
    with lm.lm_head.all():
        for layer in range(2):
            cache[layer + 1] = lm.transformer.h[layer].output[0]  # nnmigrate: ignore
print(cache)
"""


def test_a_comment_goes_with_the_fix_after_which_nothing_is_said_any_more() -> None:
    # The rewrite reads as code for 0.5: there the loop's dictionary is no matter of ours.
    fixed = fix(SILENCED, unsafe=True)
    assert [one.code for one in fixed.applied] == ["NNS602", "NNS001"]
    assert fix(fixed.code, unsafe=True).code == fixed.code
