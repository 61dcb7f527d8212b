"""What lies in the user's own cache of models: configurations for twins, and whole checkpoints."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from nnmigrate.executor import (
    Conditions,
    Environment,
    Executor,
    Executors,
    Outcome,
    Script,
    hints_of,
    verify,
)

CHECKPOINT = """
import sys
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

words = {word: n for n, word in enumerate(["<|endoftext|>", "a", "b", "c"])}
tokenizer = Tokenizer(models.WordLevel(words, unk_token="<|endoftext|>"))
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
PreTrainedTokenizerFast(
    tokenizer_object=tokenizer, eos_token="<|endoftext|>", pad_token="<|endoftext|>",
    model_input_names=["input_ids", "attention_mask"],
).save_pretrained(sys.argv[1])
torch.manual_seed(7)
config = GPT2Config(n_layer=2, n_head=2, n_embd=8, vocab_size=4, n_positions=16)
GPT2LMHeadModel(config).save_pretrained(sys.argv[1])
"""
# Of no architecture that has a recipe, with heads of its own and a flag that matters.
STARCODER = {
    "architectures": ["Starcoder2ForCausalLM"],
    "hidden_size": 3072,
    "intermediate_size": 12288,
    "model_type": "starcoder2",
    "num_attention_heads": 24,
    "num_hidden_layers": 30,
    "num_key_value_heads": 2,
    "torch_dtype": "float32",
    "use_bias": False,
    "vocab_size": 49152,
}
LLAMA = {
    "model_type": "llama",
    "hidden_size": 4096,
    "num_attention_heads": 16,
    "num_hidden_layers": 3,
    "num_key_value_heads": 4,
    "attention_bias": True,
    "vocab_size": 32000,
}


def put(cache: Path, repository: str) -> Path:
    """The folder of a repository's newest snapshot, made as huggingface_hub makes it."""
    top = cache / "hub" / f"models--{repository.replace('/', '--')}"
    (top / "refs").mkdir(parents=True)
    (top / "refs" / "main").write_text("0" * 40)
    snapshot = top / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    return snapshot


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory, environment_05: Environment) -> Path:
    folder = tmp_path_factory.mktemp("huggingface")
    whole = put(folder, "someone/tiny")
    command = [str(environment_05.python), "-c", CHECKPOINT, str(whole)]
    subprocess.run(command, check=True, capture_output=True)
    configs: dict[str, dict[str, Any]] = {"someone/coder": STARCODER, "someone/llama": LLAMA}
    for name, config in configs.items():
        (put(folder, name) / "config.json").write_text(json.dumps(config))
    (put(folder, "someone/broken") / "config.json").write_text("{")
    return folder


@pytest.fixture(scope="module")
def sides(
    cache: Path, environment_04: Environment, environment_05: Environment
) -> Iterator[Executors]:
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HF_HOME", str(cache))
            old = stack.enter_context(Executor(environment_04))
            new = stack.enter_context(Executor(environment_05))
        yield Executors(old, new)


def script(repository: str, layers: str, more: str = "") -> Script:
    return Script(
        f"""
from nnsight import LanguageModel
lm = LanguageModel("{repository}", device_map="auto")
with lm.trace("a b c"):
    layer = lm.{layers}[1].output.save()
    out = lm.lm_head.output.save()
depth, heads = lm.config.num_hidden_layers, lm.config.num_attention_heads
vocab, width = out.shape[-1], layer[0].shape[-1]
{more}
""".encode()
    )


def test_a_twin_is_built_on_the_users_configuration(sides: Executors) -> None:
    flags = "bias = lm._model.model.layers[0].self_attn.q_proj.bias is not None"
    program = script("someone/llama", "model.layers", flags)
    assert verify(program, program, executors=sides).outcome is Outcome.SAME
    values = sides.migrated.run(program).values
    assert (values["depth"].text, values["heads"].text) == ("3", "16")
    assert values["bias"].text == "True"
    assert values["width"].text == "64"


def test_an_architecture_without_a_recipe(sides: Executors) -> None:
    flags = "bias = lm._model.model.layers[0].mlp.c_fc.bias is not None"
    program = script("someone/coder", "model.layers", flags)
    assert verify(program, program, executors=sides).outcome is Outcome.SAME
    values = sides.migrated.run(program).values
    assert (values["depth"].text, values["heads"].text) == ("30", "24")
    assert values["bias"].text == "False"
    assert values["width"].text == "96"


def test_a_configuration_is_recorded_with_what_was_run(
    sides: Executors, executor_05: Executor
) -> None:
    """Without the cache the same twin can be made from what the run says it used."""
    program = script("someone/llama", "model.layers")
    here = sides.migrated.run(program)
    assert here.data["configs"] == {"someone/llama": LLAMA}
    assert executor_05.run(program).data["configs"] == {"someone/llama": None}
    hints = hints_of(program.source).configured(here.data["configs"])
    assert executor_05.run(program, hints=hints).values == here.values


def test_a_broken_configuration_is_none(sides: Executors) -> None:
    error = sides.migrated.run(script("someone/broken", "model.layers")).error
    assert error is not None
    assert error.type == "NoTwin"


def test_the_real_checkpoint(sides: Executors) -> None:
    program = script("someone/tiny", "transformer.h", "row = lm._model.lm_head.weight.detach()")
    real = Conditions(twins=False)
    assert verify(program, program, executors=sides, conditions=real).outcome is Outcome.SAME
    values = sides.migrated.run(program, conditions=real).values
    assert (values["vocab"].text, values["width"].text) == ("4", "8")
    twin = sides.migrated.run(program).values
    assert twin["depth"].text == "2"
    assert twin["row"].shape != values["row"].shape


def test_a_checkpoint_that_is_not_there(sides: Executors) -> None:
    program = script("someone/absent", "transformer.h")
    verdict = verify(program, program, executors=sides, conditions=Conditions(twins=False))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reason.startswith("the original cannot be run here: ")
