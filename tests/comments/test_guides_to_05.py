"""A text that is a guide to 0.5 is told of names that are gone, and of nothing else."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.program import Dialect, Options

HEAD = """
import torch
from nnsight import LanguageModel
lm = LanguageModel("openai-community/gpt2")
"""
LATE = """
# %%
with lm.trace("a"):
    late = lm.transformer.h[1].output.save()
    early = lm.transformer.h[0].output.save()
"""
CROSSING = """
# %%
with lm.trace() as tracer:
    with tracer.invoke("a"):
        embeddings = lm.transformer.wte.output
    with tracer.invoke("b"):
        lm.transformer.wte.output = embeddings
        logits = lm.lm_head.output.save()
"""
NEW = """
# %%
with lm.trace("a") as tracer:
    cache = tracer.cache(modules=[lm.transformer.h[0]])
# %%
with lm.generate("a", max_new_tokens=2) as tracer:
    tokens = list().save()
    with tracer.iter[:]:
        tokens.append(lm.lm_head.output)
"""
OLD = """
# %%
with lm.trace("a", scan=True, validate=True):
    hidden = lm.transformer.h[0].output.save()
"""
BARRIERS = """
# %%
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        hidden = lm.transformer.h[0].output
        barrier()
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[0].output = hidden
"""
TEXT = Options(text=True)


def codes(code: str, options: Options = TEXT) -> list[str]:
    return sorted({one.code for one in check(HEAD + code, options).findings})


def test_a_guide_to_05_is_not_told_when_things_happen() -> None:
    assert codes(LATE + CROSSING) == ["NNS101", "NNS106"]
    assert codes(LATE + CROSSING + NEW) == []


def test_an_argument_that_is_gone_is_told_to_a_guide() -> None:
    assert codes(LATE + OLD + NEW) == ["NNS106", "NNS420"]
    assert codes(LATE + OLD + NEW + NEW) == ["NNS420"]


@pytest.mark.parametrize(
    "new",
    [BARRIERS + BARRIERS + BARRIERS, NEW.partition("# %%\nwith lm.generate")[0]],
    ids=["barriers alone", "one mark alone"],
)
def test_what_a_migration_puts_in_makes_no_guide(new: str) -> None:
    assert codes(LATE + new) == ["NNS106"]


def test_a_few_marks_among_many_traces_make_no_guide() -> None:
    assert codes(LATE * 11 + NEW) == ["NNS106"]


def test_a_program_is_no_guide() -> None:
    assert codes(LATE + CROSSING + NEW, Options()) == ["NNS101", "NNS106"]


def test_the_users_word_decides() -> None:
    said = Options(text=True, source=Dialect.OLD)
    assert "NNS106" in codes(LATE + CROSSING + NEW, said)


def test_what_a_fix_puts_in_makes_no_guide() -> None:
    gradients = """
# %%
with lm.trace("a"):
    hidden = lm.transformer.h[0].output
    gradient = hidden.grad.save()
    lm.lm_head.output.sum().backward()
"""
    open_end = """
# %%
with lm.trace("a"):
    late = lm.transformer.h[1].output.save()
    lm.transformer.h[0].output[:] = late
"""
    fixed = fix(HEAD + gradients * 3 + open_end, TEXT)
    assert fixed.code.count(".backward():") == 3
    assert "NNS106" in {one.code for one in fixed.remaining}
