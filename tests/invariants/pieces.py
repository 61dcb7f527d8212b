"""What the written programs are put together from.

In the templates `<m>` stands for the model, `<t>` for the tracer, `<v>` for a name or an item that
may hold a value, `<n>` for a name to bind, `<a>` for an access to a module, `<e>` for an
expression, `<p>` for a prompt, `<l>` for a layer's number, `<c>` for a collection, `<s>` for
nothing or `.save()`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

MADE = 'LanguageModel("openai-community/gpt2", device_map="auto", dispatch=True)'

IMPORTS: Sequence[Sequence[str]] = (
    ("import torch", "from nnsight import LanguageModel"),
    ("import nnsight", "import torch", "from nnsight import LanguageModel, NNsight"),
    ("import nnsight as ns, torch", "from nnsight import *"),
    (
        "from __future__ import annotations",
        "",
        "import torch",
        "import nnsight",
        "from nnsight import CONFIG, LanguageModel",
    ),
    (
        '"""Patches."""',
        "import torch as t",
        "from nnsight import LanguageModel, apply, util",
        "from nnsight.intervention import Envoy",
    ),
    ("from nnsight.models.LanguageModel import LanguageModel", "import torch"),
    (
        "try:",
        "    import nnsight",
        "except ImportError:",
        "    nnsight = None",
        "from nnsight.tracing.graph import Proxy",
    ),
    ("import nnsight.util", "import torch, einops", "from nnsight.util import fetch_attr"),
)


class Model(NamedTuple):
    """How a program gets its model, and how it is spelled."""

    name: str
    made: Sequence[str]


MODELS: Sequence[Model] = (
    Model("model", (f"model = {MADE}",)),
    Model("lm", ('lm: LanguageModel = LanguageModel("gpt2")',)),
    Model("model", ("model = nnsight.NNsight(torch.nn.Linear(2, 2))",)),
    Model(
        "model", ("def load(name):", "    return LanguageModel(name)", "", 'model = load("gpt2")')
    ),
    Model("model", ("# the model comes from elsewhere", "from models import model")),
    Model("models[0]", ('models = [LanguageModel(name) for name in ("gpt2", "gpt2")]',)),
    Model(
        "модель",
        ('модель = LanguageModel("gpt2", torch_dtype=torch.float16, config=configuration)',),
    ),
)

TRACES: Sequence[tuple[str, str]] = (
    ("with <m>.trace() as tracer:", "tracer"),
    ("with <m>.trace(<p>) as tracer:", "tracer"),
    ("with <m>.trace(<p>):", ""),
    ("with <m>.trace(remote=True) as tracer:", "tracer"),
    ("with <m>.trace(<p>, remote=remote, scan=False, validate=False) as tracer:", "tracer"),
    ("with <m>.trace(<p>, invoker_args={'max_length': 2}) as runner:", "runner"),
    ("with <m>.generate(<p>, max_new_tokens=3) as tracer:", "tracer"),
    ("with <m>.generate(max_new_tokens=steps) as tracer:", "tracer"),
    ("with <m>.generate(<p>):", ""),
    ("with <m>.trace(<p>) as tracer, torch.no_grad():", "tracer"),
    ("with torch.no_grad(), <m>.trace() as tracer:", "tracer"),
    ("with (<m>.trace() as tracer):", "tracer"),
    ("with <m>.trace() as tracer, tracer.invoke(<p>) as invoker:", ""),
    ("with <m>.scan(<p>):", ""),
    ("with <m>.trace(\n    <p>,  # the clean one\n) as tracer:", "tracer"),
    ("with <m>.trace([<p>, <p>]) as tracer:", "tracer"),
    ("with <m>.trace(tokens, **options) as t:", "t"),
)

INVOKES: Sequence[str] = (
    "with <t>.invoke(<p>):",
    "with <t>.invoke(<p>):",
    "with <t>.invoke(<p>) as invoker:",
    "with <t>.invoke([<p>, <p>], scan=False):",
    "with <t>.invoke():",
    "with <t>.invoke(prompt):",
    "with <t>.invoke({'input_ids': tokens}):",
)

SESSIONS: Sequence[str] = (
    "with <m>.session() as session:",
    "with <m>.session(remote=True):",
    "with nnsight.session() as session:",
    "with <m>.session(remote=remote) as session:",
)

EDITS: Sequence[str] = (
    "with <m>.edit() as edited:",
    "with <m>.edit(<p>) as edited:",
    "with <m>.edit(inplace=True):",
)

LOOPS: Sequence[str] = (
    "for prompt in prompts:",
    "for number, prompt in enumerate(prompts[:2]):",
    "for layer in range(3):",
    "while going():",
    "for layer, prompt in zip(layers, [<p>, <p>]):",
)

STEPS: Sequence[str] = (
    "with <t>.iter[:]:",
    "with <t>.iter[0:2] as step:",
    "for step in <t>.iter[:3]:",
    "with <t>.all():",
    "with <m>.lm_head.all():",
    "with <m>.transformer.h[<l>].next():",
    "with session.iter([0, 1, 2]) as item:",
    "with <t>.cond(<v>.sum() > 0):",
    "with nnsight.cond(<v>.any()):",
    "with nnsight.local():",
    "with torch.no_grad():",
    "with <v>.sum().backward():",
)

AROUND: Sequence[str] = (
    "with torch.no_grad():",
    "with torch.inference_mode():",
    "with torch.autocast('cuda'), torch.device('cuda'):",
    "if __name__ == '__main__':",
    "if remote:",
    "for _ in range(2):",
)

FUNCTIONS: Sequence[str] = (
    "def run(prompts, layer=0):",
    "def run(model, prompts, *, remote: bool = False) -> list[int]:",
    "def patched(model: LanguageModel, clean, layers):",
    "async def run(prompts, tokens):",
    "def run(*prompts, **options):",
)

DECORATORS: Sequence[str] = (
    "@torch.no_grad()",
    "@torch.inference_mode()",
    "@contextmanager",
    "@cache",
)

RETURNS: Sequence[str] = (
    "return <v>",
    "return {'clean': <v>, 'patched': <c>}",
    "yield <v>",
    "return <v>.value, <c>",
    "return",
)

CLASSES: Sequence[str] = (
    "class Patcher:",
    "class Patcher(torch.nn.Module):",
    "class Wrapped(LanguageModel):",
)

BEFORE: Sequence[str] = (
    "<c> = []",
    "<c> = {}",
    "clean = None",
    "prompts = ['The Eiffel Tower', 'My Louvre']",
    "barrier = tracer.barrier(2)",
    "<c> = nnsight.list().save()",
    "total = 0",
    "hidden, clean = None, 1",
    "state.held = None",
)

AFTER: Sequence[str] = (
    "print(<v>)",
    "print(<v>.value, <c>)",
    "x = <v>.cpu().numpy()",
    "<c>.append(<v>.value)",
    "assert <v>.shape == (1, 2)",
    "results = [one.value for one in <c>]",
    "clean = clean.value.clone() if clean else None",
    "del clean",
)

PLAIN: Sequence[str] = (
    "names = [name for name, _ in <m>.named_modules()]",
    "<m>.to('cuda', torch.float16)",
    "nnsight.CONFIG.API.HOST = 'ndif.dev'",
    "CONFIG.APP.LOGGING = True",
    "logits = <m>.trace(<p>, trace=False)",
    "out = <m>(<p>)",
    "tokens = <m>.tokenizer(<p>, return_tensors='pt').input_ids",
    "text = '''\nwith model.trace() as tracer:\n    pass\n'''",
    "exec('with model.trace(prompt): x = model.lm_head.output.save()')",
    "x = lambda value: value.output[0].save()",
    "stack = ExitStack(); tracer = stack.enter_context(<m>.trace(<p>))",
    "run(prompts)",
    "torch.manual_seed(0)",
)

READS: Sequence[str] = (
    "<n> = <a><s>",
    "<n> = (<e>)<s>",
    "<n>, hidden = <a>, <e>",
    "(<n>) = \\\n        <a><s>",
    "<n>: torch.Tensor = <a>[:, -1]<s>",
    "<n> = <n> if <n> is not None else <a>",
    "print((<n> := <a>).shape)",
    "<n> = read(<m>, <l>)",
    "<n> = self.read(<l>)",
)

WRITES: Sequence[str] = (
    "<a>[:] = <v>",
    "<a>[:, -1] = <e>",
    "<a> = <v>",
    "<a> += <v>",
    "<a> *= 2",
    "target = <a>; target[:] = <v>",
    "<a>[0][:, 1:3, :] = 0",
    "<m>.transformer.h[<l>].output = (<v>, *<m>.transformer.h[<l>].output[1:])",
    "<m>.transformer.h[<l>].mlp.weight.data[:] = 0",
)

COLLECTS: Sequence[str] = (
    "<c>.append(<a><s>)",
    "<c>[<l>] = <a><s>",
    "<c> = [<m>.transformer.h[layer].output[0]<s> for layer in range(3)]<s>",
    "<c> = {layer: <m>.transformer.h[layer].mlp.output<s> for layer in layers}",
    "<c> = nnsight.list()<s>",
    "<c> += [<v>]",
    "state.held = <a><s>",
    "self.cache['x'] = <v>",
    "<c>.update(clean=<v>)",
    "<c> = list(<m>.transformer.h[i].output[0] for i in (2, 1))",
    "<c> = torch.stack([one for one in <c>])<s>",
)

COMPUTES: Sequence[str] = (
    "total += <v>.sum()",
    "<n> = torch.cat([<v>, <v>], dim=0)<s>",
    "metric = (<a>[0, -1, 3] - <v>).sum()<s>",
    "<n> = <v>.argmax(dim=-1).item()<s>",
    "counter = counter + 1",
    "<n> = f'{<v>.shape} {<l>}'",
    "<n> = max(<v>, key=lambda one: one.sum())",
    "<n> = <m>.transformer.ln_f(<v>)",
    "<n> = {**<c>, 'a': <v>}",
    "import math",
    "print(<v>)",
)

OLD_ONES: Sequence[str] = (
    "nnsight.log(<v>, <v>)",
    "<t>.log(<v>)",
    "<n> = nnsight.apply(torch.add, <v>, <v>)<s>",
    "<n> = <t>.apply(len, <v>)",
    "<a>.stop()",
    "nnsight.stop()",
    "<t>.stop()",
    "<m>.lm_head.next()",
    "<n> = <m>.lm_head.next().output<s>",
    "<m>.transformer.h[<l>].all()",
    "<n> = <v>.value",
    "<n> = <m>.generator.output<s>",
    "<n> = invoker.inputs[0][0]['input_ids']<s>",
    "<n> = nnsight.save(<v>)",
    "<n> = <m>.trace(<p>, trace=False)",
    "<t>.barrier(2)",
    "barrier()",
    "<n> = <t>.result<s>",
    "<n> = <m>.transformer.h.output",
    "<n> = <m>.transformer.h[<l>].attn.source.attention_interface_0.output<s>",
)

GRADIENTS: Sequence[str] = (
    "<n> = <a>.grad<s>",
    "<v>.sum().backward()",
    "loss = <m>.lm_head.output.sum()",
    "loss.backward(retain_graph=True)",
    "<v>.requires_grad = True",
    "<a>.grad[:] = 0",
    "<v>.retain_grad()",
)

ODD_ONES: Sequence[str] = (
    "pass",
    "...",
    "'''a string\n  over lines'''",
    "def inner(value): return value * 2",
    "<n> = lambda x: <a>",
    "<n> = super().forward(<v>)",
    "<n> = self.__hidden",
    "del <n>",
    "assert <v> is not None, '(' + <p>",
    "x = y = <a>",
    "<n>[<v>:<v>] = <v> @ (yield_ or <v>)",
    "raise ValueError(<v>)",
    "torch.manual_seed(1)",
    "<n> = torch.rand(3) + <v>",
    "<n> = isinstance(<v>, torch.Tensor)",
    "exit()",
)

LEAVING: Sequence[str] = ("return <v>", "return", "yield <v>", "raise StopIteration")
LEAVING_LOOPS: Sequence[str] = ("break", "continue", "break")

COMPOUNDS: Sequence[str] = (
    "if switch:",
    "if <v>.sum() > 0:",
    "for layer in range(3):",
    "for layer in layers:",
    "for i, block in enumerate(<m>.transformer.h):",
    "for row in <v>:",
    "while total < 3:",
    "try:",
    "with torch.no_grad():",
    "def helper(value, layer=0):",
    "if len(prompts) > 1 and not <v>:",
    "class Inner:",
    "match <v>:",
)


class Tail(NamedTuple):
    """What may follow a block."""

    header: str
    needed: bool = False


TAILS: dict[str, Sequence[Tail]] = {
    "if": (Tail("elif <l> > 1:"), Tail("else:")),
    "for": (Tail("else:"),),
    "try": (
        Tail("except (ValueError, nnsight.util.NNsightError) as error:", True),
        Tail("finally:"),
    ),
}

FILLINGS: dict[str, Sequence[str]] = {
    "<n>": ("clean", "hidden", "resid", "out", "grad"),
    "<v>": ("clean", "hidden", "resid", "out", "<c>[0]", "<c>[layer]", "state.held", "clean[0]"),
    "<c>": ("outs", "box", "cache"),
    "<p>": ("'The Eiffel Tower'", "prompts[0]", "prompts[1]", "prompt", "tokens", '"Ä 🙂"'),
    "<l>": ("1", "0", "2", "layer", "-1", "layer + 1"),
    "<s>": ("", "", ".save()"),
    "<a>": (
        "<m>.transformer.h[<l>].output[0]",
        "<m>.transformer.h[<l>].output[0]",
        "<m>.transformer.h[<l>].mlp.output",
        "<m>.transformer.h[<l>].attn.output[0]",
        "<m>.transformer.h[<l>].input",
        "<m>.transformer.h[<l>].inputs[0][0]",
        "<m>.lm_head.output",
        "<m>.transformer.wte.output",
        "<m>.transformer.h[<l>].attn.c_proj.input[0][0]",
        "<m>.output.logits",
    ),
    "<e>": (
        "<v> * 2",
        "<v> + <v>",
        "<a> - <v>",
        "<v>.mean(dim=0, keepdim=True)",
        "<a> if switch else <v>",
        "torch.zeros_like(<v>)",
        "double(<v>)",
        "<v>.to(<v>.device).detach().clone()",
        "[<a>, <v>][0]",
        "sum(<c>)",
    ),
}

_MARK = re.compile(r"(<[a-z]>)")


def split(template: str) -> list[str]:
    """A template in pieces, of which every second one is a mark."""
    return _MARK.split(template)


def without_marks(text: str) -> str:
    """What nests too deeply ends here."""
    return _MARK.sub("1", text)
