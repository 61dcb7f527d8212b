"""The executor on other releases than the one that it was made on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nnmigrate.executor import Executor, Executors, Outcome, Script, ensure, verify

HEAD = "from nnsight import LanguageModel\n\nlm = LanguageModel('openai-community/gpt2')\n"
LOCAL = HEAD + "with lm.trace('a b c'):\n    out = lm.lm_head.output.save()\n"
REMOTELY = LOCAL.replace("'a b c'", "'a b c', remote=True")

WAYS = """import torch
from nnsight import LanguageModel, NNsight
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2Config, GPT2LMHeadModel

named = LanguageModel('meta-llama/Llama-3.2-1B', device_map='auto')
with named.trace('a b c'):
    layer = named.model.layers[1].output[0].save()
    by_name = named.lm_head.output.save()

loaded = LanguageModel('openai-community/gpt2', torch_dtype=torch.bfloat16, dispatch=True)
with loaded.trace('a b c'):
    dispatched = loaded.lm_head.output.save()

tokenizer = AutoTokenizer.from_pretrained('gpt2')
tokenizer.pad_token = tokenizer.eos_token
ready = LanguageModel(AutoModelForCausalLM.from_pretrained('gpt2'), tokenizer=tokenizer)
with ready.trace('a b'):
    handed_over = ready.lm_head.output.save()

config = GPT2Config(n_layer=2, n_head=2, n_embd=8, vocab_size=50)
wrapped = NNsight(GPT2LMHeadModel(config))
with wrapped.trace(torch.tensor([[1, 2, 3]])):
    built = wrapped.transformer.h[1].output[0].save()

layers = torch.nn.Sequential()
layers.add_module('first', torch.nn.Linear(3, 4))
layers.add_module('second', torch.nn.Linear(4, 2))
net = NNsight(layers)
with net.trace(torch.ones(1, 3)):
    plain = net.first.output.save()
"""
GENERATED = HEAD + (
    "with lm.generate('a b c', max_new_tokens=3, remote=True):\n"
    "    out = lm.generator.output.save()\n"
)
IN_A_SESSION = HEAD + (
    "with lm.session(remote=True):\n"
    "    with lm.trace('a b c'):\n"
    "        h = lm.transformer.h[1].mlp.output\n"
    "    with lm.trace('d e f'):\n"
    "        lm.transformer.h[1].mlp.output = h\n"
    "        out = lm.lm_head.output.save()\n"
)
PATCHED = """results = {{}}
for layer in (2, 4):
    with lm.trace(remote=True) as tracer:
        {barrier}
        with tracer.invoke('a b'):
            clean = lm.transformer.h[layer].mlp.output
            {wait}
            logits = lm.lm_head.output

        # What is no code does not get to a server, which must find this `with` all the same.
        with tracer.invoke('c d'):
            {wait}
            lm.transformer.h[layer].mlp.output = clean
            score = (lm.lm_head.output - logits).norm().save()
    results[layer] = score.item()
"""
UNEQUAL = HEAD + (
    "with lm.trace() as tracer:\n"
    "    with tracer.invoke('a b c d'):\n"
    "        long = lm.lm_head.output.save()\n"
    "    with tracer.invoke('c d'):\n"
    "        short = lm.lm_head.output[:, -1].save()\n"
)


@pytest.fixture(scope="module", params=["0.5.0", "0.6.3", "0.7.0", "0.8.1"])
def sides(request: pytest.FixtureRequest, executor_04: Executor) -> Iterator[Executors]:
    with Executor(ensure(request.param)) as executor:
        yield Executors(executor_04, executor)


@pytest.fixture
def version(sides: Executors) -> tuple[int, ...]:
    return tuple(map(int, sides.migrated.environment.nnsight.split(".")))


@pytest.mark.parametrize("program", [LOCAL, REMOTELY], ids=["locally", "remotely"])
def test_the_same_is_the_same(sides: Executors, program: str) -> None:
    script = Script(program.encode())
    assert verify(script, script, executors=sides).outcome is Outcome.SAME


@pytest.mark.parametrize(
    "program",
    [WAYS, GENERATED, IN_A_SESSION],
    ids=["every_way_to_a_model", "generation", "session"],
)
def test_the_same_comes_out(sides: Executors, program: str) -> None:
    script = Script(program.encode())
    verdict = verify(script, script, executors=sides)
    assert (verdict.outcome, verdict.reason) == (Outcome.SAME, "")


def test_a_barrier(sides: Executors) -> None:
    before = HEAD + PATCHED.format(barrier="pass", wait="pass")
    after = HEAD + PATCHED.format(barrier="barrier = tracer.barrier(2)", wait="barrier()")
    verdict = verify(Script(before.encode()), Script(after.encode()), executors=sides)
    assert (verdict.outcome, verdict.reason) == (Outcome.SAME, "")


def test_a_gradient(sides: Executors) -> None:
    trace = HEAD + "with lm.trace('a b'):\n    h = lm.transformer.h[2].output[0]\n    "
    before = trace + "g = h.grad.save()\n    lm.lm_head.output.sum().backward()\n"
    after = trace + "with lm.lm_head.output.sum().backward():\n        g = h.grad.save()\n"
    verdict = verify(Script(before.encode()), Script(after.encode()), executors=sides)
    assert (verdict.outcome, verdict.reason) == (Outcome.SAME, "")


def test_prompts_of_different_lengths(sides: Executors, version: tuple[int, ...]) -> None:
    """0.8 counts positions from the first token: other numbers where they were learned."""
    learned = Script(UNEQUAL.encode())
    verdict = verify(learned, learned, executors=sides)
    if version < (0, 8):
        assert verdict.outcome is Outcome.SAME
    else:
        assert verdict.outcome is Outcome.DIFFERENT
        assert "`short`" in verdict.reason
    rotary = Script(UNEQUAL.replace("openai-community/gpt2", "meta-llama/Llama-3.2-1B").encode())
    # Of rotary positions only the distances matter, so that no more than rounding differs.
    assert verify(rotary, rotary, executors=sides).holds


@pytest.mark.parametrize("program", [LOCAL, REMOTELY], ids=["locally", "remotely"])
def test_what_differs_differs(sides: Executors, program: str) -> None:
    other = program.replace("output.save()", "output.mul(2).save()")
    verdict = verify(Script(program.encode()), Script(other.encode()), executors=sides)
    assert verdict.outcome is Outcome.DIFFERENT
    assert "`out`" in verdict.reason


def test_what_a_server_has_not_does_not_come_back(sides: Executors) -> None:
    before = HEAD + "with lm.trace('a', remote=True):\n    n = lm.lm_head.output.sum().save()\n"
    after = before.replace("    n =", "    box.append(0)\n    n =").replace(
        "with", "box = []\nwith"
    )
    after += "print(len(box))\n"
    before += "print(1)\n"
    verdict = verify(Script(before.encode()), Script(after.encode()), executors=sides)
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.reason.startswith("remotely, ")


def test_a_server_has_weights_of_its_own(sides: Executors) -> None:
    text = HEAD + (
        "lm.dispatch()\n"
        "lm.lm_head._module.weight.data.zero_()\n"
        "with lm.trace('a b c', remote=True):\n"
        "    n = lm.lm_head.output.abs().sum().save()\n"
    )
    local, remote = (sides.migrated.run(text, remote=remote) for remote in (False, True))
    assert local.values["n"].values == ("0.0",)
    assert remote.values["n"].values != ("0.0",)


def test_only_what_was_saved_by_name_comes_back(sides: Executors) -> None:
    text = REMOTELY + "    lost = out * 2\n    [out + 1].save()\n"
    (request,) = sides.migrated.run(text, remote=True).requests
    assert request.names == ("out",)
    assert min(request.sent, request.received) > 100


def test_a_failure_on_a_server_has_its_line(sides: Executors) -> None:
    text = HEAD + (
        "with lm.trace('a b c', remote=True):\n"
        "    h = lm.transformer.h[1].output[0]\n\n"
        "    bad = torch_of_nowhere(h)\n"
        "    out = lm.lm_head.output.save()\n"
    )
    error = sides.migrated.run(text, remote=True).error
    assert error is not None
    assert error.message.startswith("NameError: name 'torch_of_nowhere'")
    assert error.line == 7


def test_a_request_that_is_not_waited_for(sides: Executors) -> None:
    text = HEAD + (
        "with lm.trace('a b c', remote=True, blocking=False) as tracer:\n"
        "    h = lm.lm_head.output.save()\n"
        "early = 'h' in globals()\n"
        "result = tracer.backend()\n"
    )
    values = sides.migrated.run(text, remote=True).values
    assert values["early"].text == "False"
    assert [key for key, _ in values["result"].items] == ["'h'"]


def test_a_remote_trace_in_a_remote_session_is_not_simulated(sides: Executors) -> None:
    text = IN_A_SESSION.replace("'d e f'", "'d e f', remote=True")
    error = sides.migrated.run(text, remote=True).error
    assert error is not None
    assert error.message.startswith("NotSimulated")


def test_modules_of_the_users_go_along(
    sides: Executors, version: tuple[int, ...], tmp_path: Path
) -> None:
    """From 0.6 on what is not installed is sent by value."""
    (tmp_path / "helpers.py").write_text("def double(x):\n    return x * 2\n")
    script = tmp_path / "program.py"
    script.write_text("from helpers import double\n" + REMOTELY + "    two = double(out).save()\n")
    observed = sides.migrated.run(script, remote=True)
    if version < (0, 6):
        assert observed.error is not None
        assert "ModuleNotFoundError" in observed.error.message
    else:
        assert observed.values["two"].shape == (1, 3, 2048)


def test_marks_do_not_fall_on_others(sides: Executors) -> None:
    text = LOCAL + (
        "    for n in range(20):\n"
        "        float(n).hex().save()\n"
        "        lost = float(n + 100).hex()\n"
        "kept = 'lost' in globals()\n"
    )
    assert sides.migrated.run(text).values["kept"].text == "False"


def test_a_scan(sides: Executors) -> None:
    text = HEAD + (
        "with lm.scan('a b c'):\n    shape = tuple(lm.lm_head.output.shape).save()\nn = shape[1]\n"
    )
    assert sides.migrated.run(text).values["n"].text == "3"


def test_a_model_whose_task_the_hub_knows() -> None:
    text = LOCAL.replace("LanguageModel", "TransformersModel")
    with Executor(ensure("0.8.1")) as executor:
        named, unknown = executor.run(text), executor.run(text.replace("gpt2", "no-such"))
    assert named.values["out"].shape == (1, 3, 2048)
    assert unknown.error is not None
    assert unknown.error.type == "NoTwin"
