"""Code born on nnsight 0.5 and later, of which nothing is reported: not even a note."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check
from nnmigrate.program import Dialect, Options

HEAD = """import nnsight
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
"""

BORN = {
    "an operation in a module's code is changed behind a barrier": """
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a b c"):
        out = lm.transformer.h[0].attn.source.attention_interface_0.output[0].save()
        barrier()
    with tracer.invoke("d e f"):
        barrier()
        lm.transformer.h[0].attn.source.attention_interface_0.output[0][:, -1] = out[:, -1]
        other = lm.transformer.h[0].attn.source.attention_interface_0.output[0].save()
""",
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
    "so may a model's own": """
def freeze(prompt, count, intervene):
    freezers = lm.setup_freezing(prompt)
    with lm.trace() as tracer:
        barrier = tracer.barrier(2)
        with tracer.invoke(prompt):
            pass
        for number, freezer in enumerate(freezers):
            with tracer.invoke():
                freezer(barrier=barrier)
        with tracer.invoke():
            for layer in range(count):
                barrier()
                intervene(lm.transformer.h[layer])
""",
    "a helper that changes one module or another, as each step wants it": """
def steer(steps, change):
    for layer, kind in steps:
        if kind == "whole":
            lm.transformer.h[layer].output = change(lm.transformer.h[layer].output)
        else:
            mlp = lm.transformer.h[layer].mlp.output.clone()
            lm.transformer.h[layer].mlp.output = change(mlp)


def run(steps, change):
    with lm.trace("a b c"):
        steer(steps, change)
        logits = lm.lm_head.output.save()
    return logits
""",
    "a trace that a caller may run remotely": """
def collect(prompts, remote=False):
    found = []
    for prompt in prompts:
        with lm.trace(prompt, remote=remote) as tracer:
            found.append(tracer.result.save())
    return found
""",
    "a way out of a trace that is never taken": """
def collect(names):
    with lm.trace("a b c"):
        found = nnsight.save([])
        for layer in range(3):
            if names[layer] is None:
                return None
            found.append(lm.transformer.h[layer].output)
    return found
""",
    "two tensors of tokens, for which 0.6 makes a mask": """
one = lm.tokenizer("a b c", return_tensors="pt")["input_ids"]
two = lm.tokenizer("d e", return_tensors="pt")["input_ids"]
with lm.trace() as tracer:
    with tracer.invoke(one):
        first = nnsight.save(lm.lm_head.output)
    with tracer.invoke(two):
        second = nnsight.save(lm.lm_head.output)
""",
    "a remote trace that runs here": """
from mine import Statistics

statistics = Statistics()
with lm.trace("a b c", remote="local"):
    statistics.add(lm.transformer.h[0].output.mean())
    mean = statistics.mean().save()
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
    "what works on 0.5 stands beside what only 0.5 knows": """
with lm.generate("a b c", max_new_tokens=3) as tracer:
    first = lm.lm_head.output.save()
    second = lm.lm_head.next().output.save()
with lm.generate("a b c", max_new_tokens=3) as tracer:
    with tracer.iter[1]:
        third = lm.lm_head.output.save()
for name, module in lm.named_modules():
    print(name)
""",
    "an object from outside is changed": """
import weakref

found = []
with lm.trace("a b c") as tracer:
    found.append(weakref.ref(tracer))
    hidden = lm.transformer.h[0].output.save()
""",
    "a step that is never made is asked for on purpose": """
try:
    with lm.generate("a b c", max_new_tokens=2) as tracer:
        found = list().save()
        with tracer.iter[5:7]:
            found.append(lm.lm_head.output)
    print(found)
except NameError:
    print("nothing is left")
""",
    "a block for a step that is never made touches no module": """
with lm.generate("a b c", max_new_tokens=2) as tracer:
    found = list().save()
    with tracer.iter[5] as step:
        found.append(step)
""",
}

TEXTS = {
    "how a call is written": """
# %%
lm.trace("a b c")
lm.trace(["a b c", "d"])
""",
    "another loop has the name first": """
# %%
with lm.trace() as tracer:
    found = list().save()
    for i, prompt in enumerate(["a", "b"]):
        with tracer.invoke(prompt):
            found.append(lm.lm_head.output)
for i, logits in enumerate(found):
    print(i, logits)
# %%
print(i)
""",
    "a line of a trace is shown": """
# %%
with lm.trace("a"):
    hidden = lm.transformer.h[0].output
    last = hidden[0, -1].save()
print(last)
# %%
last = hidden[0, -1].float().save()
""",
    "what a function makes of a value is shown again": """
# %%
h = None
# %%
with lm.trace("a"):
    h = normalized(lm.transformer.h[0].output)
    top = h.max().save()
# %%
with lm.trace("a"):
    top = analyzer.analyze(h).save()
""",
    "the name of a loop is that of other blocks": """
# %%
with lm.session():
    for prompt in ["a", "b"]:
        with lm.trace(prompt):
            hidden = lm.transformer.h[0].output.save()
# %%
with lm.trace(prompt):
    logits = lm.lm_head.output.save()
""",
}


@pytest.mark.parametrize("body", BORN.values(), ids=BORN)
def test_nothing_is_reported(body: str) -> None:
    checked = check(HEAD + body)
    assert checked.failures == ()
    assert [(one.code, one.message) for one in checked.findings] == []


@pytest.mark.parametrize("body", TEXTS.values(), ids=TEXTS)
def test_nothing_is_reported_of_a_text(body: str) -> None:
    checked = check(HEAD + body, Options(text=True))
    assert [(one.code, one.message) for one in checked.findings] == []


@pytest.mark.parametrize("name", [name for name in TEXTS if not name.startswith("another")])
def test_in_a_program_it_is_reported(name: str) -> None:
    assert check(HEAD + TEXTS[name].replace("# %%\n", "")).findings


def test_what_the_loops_own_block_reads_is_reported() -> None:
    body = TEXTS["the name of a loop is that of other blocks"]
    read = body.replace("# %%\nwith lm.trace(prompt)", "with lm.trace(prompt)")
    (one,) = check(HEAD + read, Options(text=True)).findings
    assert one.code == "NNS203"


ON_07 = """
tracer = lm.trace("a b c")
with tracer:
    hidden = nnsight.save(lm.transformer.h[0].output)
logits = lm.trace("a b c", trace=False)
"""


@pytest.mark.parametrize(
    ("target", "codes"),
    [
        ((0, 5), ["NNS305", "NNS422"]),
        ((0, 6, 3), ["NNS305", "NNS422"]),
        ((0, 7), []),
        ((0, 8, 1), ["NNS422"]),
    ],
)
def test_what_0_7_takes_is_left_to_code_for_it(target: tuple[int, ...], codes: list[str]) -> None:
    found = check(HEAD + ON_07, Options(target=target)).findings
    assert [one.code for one in found] == codes


def test_of_code_that_is_known_to_be_older_it_is() -> None:
    old = Options(source=Dialect.OLD)
    found = {one.code for body in BORN.values() for one in check(HEAD + body, old).findings}
    assert {"NNS201", "NNS401", "NNS601", "NNS604"} <= found
