"""Programs that a fuzzer found, cut down to what matters: each once ended in an internal error."""

from __future__ import annotations

import time

import pytest

from nnmigrate.engine import check, fix

FOUND = {
    "the tracer's name becomes a value's": """\
import torch
from nnsight import NNsight

model = NNsight(torch.nn.Linear(2, 2))
with model.trace(x) as tracer:
    tracer = model.layer1.output.save()
    model.layer1.output.stop()
""",
}


@pytest.mark.parametrize("code", FOUND.values(), ids=FOUND)
def test_it_is_no_failure_any_more(code: str) -> None:
    fixed = fix(code, unsafe=True)
    assert fixed.failures == ()
    assert fix(fixed.code, unsafe=True).code == fixed.code


def _alternatives(count: int) -> str:
    model = "from nnsight import LanguageModel\n\nmodel = LanguageModel('gpt2')\n"
    branches = "    elif x:\n        a = model.output\n" * count
    return f"{model}with model.trace('a'):\n    if x:\n        pass\n{branches}"


def test_a_chain_of_alternatives_is_not_cubic() -> None:
    def seconds(count: int) -> float:
        code = _alternatives(count)
        begun = time.process_time()
        assert check(code).failures == ()
        return time.process_time() - begun

    seconds(10)
    short, long = (min(seconds(count) for _ in range(2)) for count in (60, 180))
    # Three times as long: nine times the time if quadratic, twenty-seven if cubic.
    assert long < 14 * short
