"""What code says of itself: that a name is lost behind a trace, that a loop goes over steps."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check
from nnmigrate.program import Dialect, Options

HEAD = """import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
"""
LOST = """
kept = None
with lm.trace("a"):
    hidden = lm.transformer.h[0].output
    logits = lm.lm_head.output.save()
    kept = hidden
"""
LATE_LOOP = """
with lm.generate("a", max_new_tokens=2) as tracer:
    numbers = list().save()
    for step in tracer.iter[5]:
        numbers.append(step)
"""


def codes(code: str, options: Options | None = None) -> list[str]:
    return [one.code for one in check(HEAD + code, options or Options()).findings]


@pytest.mark.parametrize(
    "said",
    [
        "assert kept is None\n",
        "assert not isinstance(kept, torch.Tensor)\n",
        'assert not isinstance(\n    kept, torch.Tensor\n), "kept is lost"\n',
        "assert kept is None  # kept is not saved\n",
    ],
)
def test_that_a_name_is_lost_may_be_meant(said: str) -> None:
    assert codes(LOST + said) == []


@pytest.mark.parametrize(
    "said",
    [
        "print(kept)\n",
        "assert kept is not None\n",
        "assert isinstance(kept, torch.Tensor)\n",
        "assert not isinstance(kept, torch.Tensor)\nprint(kept)\n",
        "assert not isinstance(kept, dict)\n",
    ],
)
def test_whoever_uses_the_name_has_not_meant_it(said: str) -> None:
    assert codes(LOST + said) == ["NNS203"]


def test_a_name_without_another_value_is_not_there_to_be_asked() -> None:
    assert codes(LOST.replace("kept = None\n", "") + "assert kept is None\n") == ["NNS203"]


MIXED = """
with lm.trace("a", scan=True):
    hidden = lm.transformer.h[0].output.save()
"""


def test_a_loop_over_late_steps_without_modules_is_meant() -> None:
    assert codes(LATE_LOOP + MIXED) == ["NNS420"]
    assert codes(LATE_LOOP) == []


def test_in_a_block_or_with_a_module_it_is_not() -> None:
    block = LATE_LOOP.replace("for step in tracer.iter[5]", "with tracer.iter[5] as step")
    assert codes(block + MIXED) == ["NNS604", "NNS420"]
    reading = LATE_LOOP.replace("append(step)", "append(lm.lm_head.output)")
    assert codes(reading) == ["NNS604"]


def test_in_code_for_04_the_loop_is_what_a_fix_has_made() -> None:
    assert codes(LATE_LOOP, Options(source=Dialect.OLD)) == ["NNS604"]
