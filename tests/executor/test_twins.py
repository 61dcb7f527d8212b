from __future__ import annotations

from dataclasses import replace

import pytest

from nnmigrate.executor import Executor, Executors, Hints, Outcome, compare

# Repository, a module in layer 1, the layers, the head.
ARCHITECTURES = [
    ("openai-community/gpt2", "mlp", "transformer.h", 12, 12),
    ("EleutherAI/gpt-neo-125m", "mlp", "transformer.h", 12, 12),
    ("EleutherAI/gpt-j-6b", "mlp", "transformer.h", 28, 16),
    ("EleutherAI/pythia-70m", "mlp", "gpt_neox.layers", 6, 8),
    ("facebook/opt-125m", "fc2", "model.decoder.layers", 12, 12),
    ("bigscience/bloom-560m", "mlp", "transformer.h", 24, 16),
    ("tiiuae/falcon-7b", "mlp", "transformer.h", 32, 71),
    ("meta-llama/Llama-3.1-8B", "mlp", "model.layers", 32, 32),
    ("meta-llama/Llama-3.3-70B-Instruct", "mlp", "model.layers", 80, 64),
    ("mistralai/Mistral-7B-v0.1", "mlp", "model.layers", 32, 32),
    ("mistralai/Mixtral-8x7B-v0.1", "block_sparse_moe", "model.layers", 32, 32),
    ("google/gemma-2b", "mlp", "model.layers", 18, 8),
    ("google/gemma-2-2b", "mlp", "model.layers", 26, 8),
    ("google/gemma-3-1b-pt", "mlp", "model.layers", 26, 4),
    ("Qwen/Qwen2.5-0.5B", "mlp", "model.layers", 24, 14),
    ("Qwen/Qwen3-0.6B", "mlp", "model.layers", 28, 16),
    ("microsoft/phi-2", "mlp", "model.layers", 32, 32),
    ("microsoft/Phi-3-mini-4k-instruct", "mlp", "model.layers", 32, 32),
    ("state-spaces/mamba-130m-hf", "mixer", "backbone.layers", 24, None),
    ("allenai/OLMo-1B-hf", "mlp", "model.layers", 16, 16),
    ("allenai/OLMo-2-1124-7B", "mlp", "model.layers", 32, 32),
    ("deepseek-ai/DeepSeek-V3", "mlp", "model.layers", 61, 128),
]

HEADS = {"EleutherAI/pythia-70m": "embed_out"}

PROGRAM = """
from nnsight import LanguageModel

lm = LanguageModel("{name}", device_map="auto")
with lm.trace("The Eiffel Tower is in the city of"):
    inner = lm.{layers}[1].{module}.output.save()
    layer = lm.{layers}[2].output.save()
    logits = lm.{head}.output.save()

depth = len(lm._model.{layers})
heads = getattr(lm.config, "num_attention_heads", None)
"""


@pytest.mark.parametrize(("name", "module", "layers", "depth", "heads"), ARCHITECTURES)
def test_a_twin_is_the_same_on_both_versions(
    executors: Executors, name: str, module: str, layers: str, depth: int, heads: int | None
):
    head = HEADS.get(name, "lm_head")
    text = PROGRAM.format(name=name, module=module, layers=layers, head=head)
    before, after = executors.baseline.run(text), executors.migrated.run(text)
    assert str(compare(before, after)) == "same"
    assert {"inner", "layer", "logits"} <= set(before.values)
    assert before.values["depth"].text == str(depth)
    assert before.values["heads"].text == ("" if heads is None else str(heads))


def test_weights_do_not_depend_on_how_a_model_is_asked_for(executor_05: Executor):
    observed = executor_05.run("""
import torch
from transformers import AutoModel, AutoModelForCausalLM, GPT2LMHeadModel
torch.rand(5)
whole = AutoModelForCausalLM.from_pretrained("gpt2").transformer.h[3].mlp.c_fc.weight
base = AutoModel.from_pretrained("gpt2").h[3].mlp.c_fc.weight
named = GPT2LMHeadModel.from_pretrained("gpt2", torch_dtype="auto").transformer.h[3].mlp.c_fc.weight
half = AutoModelForCausalLM.from_pretrained("gpt2", torch_dtype=torch.bfloat16).lm_head.weight
""")
    values = observed.values
    assert values["whole"].sha256 == values["base"].sha256 == values["named"].sha256
    assert values["half"].dtype == "bfloat16"


def test_making_a_twin_leaves_the_random_state_alone(executor_05: Executor):
    draw = "import torch\n{}x = torch.rand(3)\n"
    make = "from transformers import AutoModel\nAutoModel.from_pretrained('gpt2')\n"
    without, within = (executor_05.run(draw.format(text)) for text in ("", make))
    assert without.values["x"] == within.values["x"]


def test_an_unknown_model_is_said_to_have_no_twin(executors: Executors):
    text = "from nnsight import LanguageModel\nlm = LanguageModel('someone/something-new')\n"
    before = executors.baseline.run(text)
    assert before.error is not None
    assert (before.error.type, before.error.line) == ("NoTwin", 2)
    assert compare(before, executors.migrated.run(text)).outcome is Outcome.INCONCLUSIVE


def test_the_vocabulary_covers_the_token_ids_of_the_script(executor_05: Executor):
    observed = executor_05.run(
        "from nnsight import LanguageModel\n"
        "lm = LanguageModel('gpt2', dispatch=True)\n"
        "answer = 30123\n"
        "rows = lm._model.lm_head.weight.shape[0]\n"
    )
    assert observed.values["rows"].text == "30124"


def test_a_width_that_the_script_names_is_kept(executor_05: Executor):
    observed = executor_05.run(
        "from transformers import AutoModelForCausalLM\n"
        "model = AutoModelForCausalLM.from_pretrained('EleutherAI/pythia-70m').config\n"
        "width, expected = model.hidden_size, 512\n"
    )
    assert observed.values["width"].text == "512"


def test_stretched_prompts_are_longer(executor_05: Executor):
    text = """
from transformers import AutoTokenizer
tok = AutoTokenizer.from_pretrained("gpt2")
ids = tok("The Eiffel Tower")["input_ids"]
back = tok.decode(ids)
"""
    plain = executor_05.run(text)
    stretched = executor_05.run(text, hints=Hints(stretch=3))
    assert [len(run.values["ids"].items) for run in (plain, stretched)] == [3, 9]
    assert stretched.values["back"].text == plain.values["back"].text == "'The Eiffel Tower'"


def test_the_tokenizer(executors: Executors):
    text = """
from transformers import AutoTokenizer
tok = AutoTokenizer.from_pretrained("meta-llama/Llama-3.1-8B", padding_side="left")
tok.pad_token = tok.eos_token
prompt = "It's 1024 tokens,\\n\\nor  so: caf\\u00e9 <|eot_id|>"
back = tok.decode(tok(prompt, add_special_tokens=False)["input_ids"])
batch = tok(["one two three", "one"], padding=True, return_tensors="pt")
keys, mask = sorted(batch), batch["attention_mask"]
begins = tok("one")["input_ids"][0] == tok.bos_token_id
word = len(tok(" Paris", add_special_tokens=False)["input_ids"])
unseen = tok.decode([1999])
chat = tok.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False)
print(back == prompt)
"""
    for executor in (executors.baseline, executors.migrated):
        observed = executor.run(text)
        assert observed.error is None
        values = observed.values
        assert observed.stdout == "True\n"
        assert [item.text for _, item in values["keys"].items] == [
            "'attention_mask'",
            "'input_ids'",
        ]
        # The beginning-of-text token counts as a token.
        assert values["mask"].values == ("1", "1", "1", "1", "0", "0", "1", "1")
        assert values["begins"].text == "True"
        assert values["word"].text == "1"
        assert values["unseen"].text == "' tok1999'"
        assert "user" in values["chat"].text


def test_ids_do_not_depend_on_the_order_of_use(executor_05: Executor):
    words = " ".join(f"w{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(400))
    text = f"""
from transformers import AutoTokenizer
tok = AutoTokenizer.from_pretrained("gpt2")
words = "{words}".split()
ids = dict(sorted((w, tok(w)["input_ids"][0]) for w in ORDER))
"""
    there = executor_05.run(text.replace("ORDER", "words"))
    back = executor_05.run(text.replace("ORDER", "reversed(words)"))
    assert there.values["ids"] == back.values["ids"]


def test_hints_make_two_scripts_get_one_twin(executor_05: Executor):
    text = "from transformers import AutoConfig\nv = AutoConfig.from_pretrained('gpt2').vocab_size"
    hints = Hints(integers=frozenset({9000}))
    assert executor_05.run(text, hints=hints).values["v"].text == "9001"
    assert (
        executor_05.run(text, hints=replace(hints, integers=frozenset())).values["v"].text == "2048"
    )


def test_a_module_of_ones_own_needs_no_twin(executors: Executors):
    text = """
import torch
from collections import OrderedDict
from nnsight import NNsight
net = torch.nn.Sequential(OrderedDict(up=torch.nn.Linear(3, 8), down=torch.nn.Linear(8, 2)))
model = NNsight(net)
with model.trace(torch.ones(1, 3)):
    hidden = model.up.output.save()
    model.up.output = hidden * 2
    out = model.down.output.save()
weights = net.state_dict()
"""
    before, after = executors.baseline.run(text), executors.migrated.run(text)
    assert str(compare(before, after)) == "same"
    assert before.values["out"].shape == (1, 2)


def test_padding_sides_and_chat_templates(executors: Executors):
    text = """
from nnsight import LanguageModel
from transformers import AutoTokenizer
name = "meta-llama/Llama-3.1-8B-Instruct"
tok = AutoTokenizer.from_pretrained(name, padding_side="{side}")
tok.pad_token = tok.eos_token
lm = LanguageModel(name, tokenizer=tok)
both = tok(["a b", "a b c d"], padding=True, return_tensors="pt")["attention_mask"]
chat = [dict(role="system", content="Be short."), dict(role="user", content="Who is it?")]
prompt = tok.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
ids = tok.apply_chat_template(chat, add_generation_prompt=True)
again = tok.decode(tok(prompt, add_special_tokens=False)["input_ids"])
same = again == prompt
with lm.trace([prompt, "a b"]):
    out = lm.lm_head.output.save()
"""
    for side, first in (("left", "0"), ("right", "1")):
        program = text.format(side=side)
        before, after = executors.baseline.run(program), executors.migrated.run(program)
        assert str(compare(before, after)) == "same"
        assert before.values["both"].values[0] == first
        assert before.values["same"].text == "True"
        assert "user" in before.values["prompt"].text
