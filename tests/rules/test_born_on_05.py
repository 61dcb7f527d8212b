"""Code born on nnsight 0.5 and later, of which nothing is reported: not even a note."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check

HEAD = """import nnsight
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
"""

BORN = {
    "a helper looks a module up by its path, for each of several names": """
def module_at(module, path):
    for part in path.split("."):
        module = getattr(module, part)
    return module


def collect(names):
    with lm.trace("a b c"):
        found = nnsight.save({})
        for name in names:
            found[name] = module_at(lm, name).output
        logits = lm.lm_head.output.save()
    return found, logits
""",
    "a helper reads a module's output or its input, as it is told": """
def read(module, point):
    if point == "output":
        return module.output
    return module.input


with lm.trace("a b c"):
    hidden = nnsight.save(read(lm.transformer.h[1], "input"))
""",
    "a helper reads one module or another": """
def read(kind, layer):
    if kind == "mlp":
        return lm.transformer.h[layer].mlp.output
    else:
        return lm.transformer.h[layer].attn.output[0]


with lm.trace("a b c"):
    attention = nnsight.save(read("attn", 1))
    change = nnsight.save(read("mlp", 1))
""",
    "functions that are given a barrier call it": """
def freeze(prompt, freezers, count):
    with lm.trace() as tracer:
        barrier = tracer.barrier(2)
        with tracer.invoke(prompt):
            for layer in range(count):
                barrier()
                lm.transformer.h[layer].output.save()
        for freezer in freezers:
            with tracer.invoke():
                freezer(barrier=barrier)
""",
    "a model's own method saves what it returns": """
class Model(LanguageModel):
    def _run(self):
        return nnsight.save(self.output.logits)

    def logits(self, prompt):
        with self.trace(prompt):
            found = self._run()
        return found
""",
}


@pytest.mark.parametrize("body", BORN.values(), ids=BORN)
def test_nothing_is_reported(body: str) -> None:
    checked = check(HEAD + body)
    assert checked.failures == ()
    assert [(one.code, one.message) for one in checked.findings] == []
