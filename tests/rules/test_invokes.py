"""What the rules about invokes leave alone, and what they change, program by program.

Each program was run on nnsight 0.4.11 and, as it is left or rewritten here, on 0.5.15: the results
are equal.
"""

from __future__ import annotations

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Finding, Severity
from nnmigrate.program import Dialect, Options

HEAD = """from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
"""


def findings(body: str) -> list[Finding]:
    """What the rules about invokes, barriers and order say of a program."""
    checked = check(HEAD + body)
    assert checked.failures == ()
    return [finding for finding in checked.findings if finding.code.startswith("NNS1")]


def codes(body: str) -> list[str]:
    return sorted({finding.code for finding in findings(body)})


ALONE = {
    "a list of the trace that the invokes add to": """
with lm.trace() as tracer:
    found = list().save()
    for prompt in ("a b c", "d e f"):
        with tracer.invoke(prompt):
            found += [lm.lm_head.output.sum()]
""",
    "one invoke": """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        hidden = lm.transformer.h[1].output
        hidden[:, -1] = 0
        out = lm.lm_head.output.save()
""",
    "no invokes": """
with lm.trace("a b c"):
    hidden = lm.transformer.h[1].output
    lm.transformer.h[2].output[:] = hidden * 2
    out = lm.lm_head.output.save()
""",
    "independent invokes": """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        one = lm.transformer.h[1].output.save()
    with tracer.invoke("d e f"):
        two = lm.transformer.h[0].output.save()
""",
    "the module is touched first": """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[1].output
    with tracer.invoke("d e f"):
        hidden = lm.transformer.h[1].output
        hidden[:] = clean
        out = lm.lm_head.output.save()
""",
    "a later module is touched first": """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[0].output
    with tracer.invoke("d e f"):
        hidden = lm.transformer.h[2].output
        hidden[:, -1] = clean[:, -1]
        out = lm.lm_head.output.save()
""",
    "an output after the input of one module": """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[1].input
    with tracer.invoke("d e f"):
        hidden = lm.transformer.h[1].output
        hidden[:] = clean
        out = lm.lm_head.output.save()
""",
    "the slice evaluates the module first": """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[1].output
    with tracer.invoke("d e f"):
        lm.transformer.h[1].output[:, -1] += clean[:, -1]
        out = lm.lm_head.output.save()
""",
    "a value between two accesses of the first invoke": """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[1].output
        scaled = clean * 0.5
        first = lm.lm_head.output.save()
    with tracer.invoke("d e f"):
        hidden = lm.transformer.h[1].output
        hidden[:] = scaled
        out = lm.lm_head.output.save()
""",
    "both at the head": """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        one = lm.lm_head.output.mean()
    with tracer.invoke("d e f"):
        two = lm.lm_head.output
        out = (two - one).save()
""",
    "a chain of three at the head": """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        one = lm.lm_head.output
    with tracer.invoke("d e f"):
        two = lm.lm_head.output + one
    with tracer.invoke("c c a"):
        out = (lm.lm_head.output + two).save()
""",
    "a constant before the first access": """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        factor = 3.0
        one = lm.lm_head.output.save()
    with tracer.invoke("d e f"):
        lm.transformer.h[1].output[:, -1] = factor
        out = lm.lm_head.output.save()
""",
    "the second invoke has its own name": """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        hidden = lm.transformer.h[1].output
        one = hidden.mean().save()
    with tracer.invoke("d e f"):
        hidden = lm.transformer.h[0].output
        two = hidden.mean().save()
""",
    "a value from before the trace": """
factor = 2.0
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        one = (lm.lm_head.output * factor).save()
    with tracer.invoke("d e f"):
        two = (lm.lm_head.output / factor).save()
""",
    "a value of an earlier trace": """
with lm.trace("a b c"):
    clean = lm.transformer.h[1].output.save()
with lm.trace() as tracer:
    with tracer.invoke("d e f"):
        lm.transformer.h[1].output[:] = clean
        one = lm.lm_head.output.save()
    with tracer.invoke("c c a"):
        lm.transformer.h[2].output[:] = clean
        two = lm.lm_head.output.save()
""",
    "a list of the trace": """
with lm.trace() as tracer:
    hiddens = []
    with tracer.invoke("a b c"):
        for layer in range(4):
            hiddens.append(lm.transformer.h[layer].output)
    for layer in range(4):
        with tracer.invoke("d e f"):
            hidden = lm.transformer.h[layer].output
            hidden[:] = hiddens[layer]
            out = lm.lm_head.output.save()
""",
    "a dictionary from outside": """
cache = {}
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        cache["clean"] = lm.transformer.h[1].output
    with tracer.invoke("d e f"):
        hidden = lm.transformer.h[2].output
        hidden[:, 0] = cache["clean"][:, 0]
        out = lm.lm_head.output.save()
""",
    "an item of one's own": """
with lm.trace() as tracer:
    cache = {}
    with tracer.invoke("a b c"):
        cache["one"] = lm.transformer.h[3].output
    with tracer.invoke("d e f"):
        cache["two"] = lm.transformer.h[0].output
        out = cache["two"].save()
""",
    "results of a loop of invokes": """
outs = []
with lm.trace() as tracer:
    for prompt in ("a b c", "d e f"):
        with tracer.invoke(prompt):
            outs.append(lm.lm_head.output.save())
""",
    "results by key": """
outs = {}
with lm.trace() as tracer:
    for prompt in ("a b c", "d e f"):
        with tracer.invoke(prompt):
            outs[prompt, 0] = lm.transformer.h[0].output.save()
            outs[prompt, 1] = lm.lm_head.output.save()
""",
    "a loop of invokes over the layers": """
outs = []
with lm.trace() as tracer:
    for layer in range(4):
        with tracer.invoke("a b c"):
            lm.transformer.h[layer].output[:, -1] = 0
            outs.append(lm.lm_head.output.save())
""",
    "layers in ascending order": """
outs = []
with lm.trace() as tracer:
    for layer in range(4):
        with tracer.invoke("a b c"):
            outs.append(lm.transformer.h[layer].output.save())
""",
    "a loop of traces": """
outs = []
for prompt in ("a b c", "d e f"):
    with lm.trace(prompt):
        outs.append(lm.lm_head.output.save())
""",
    "a loop of traces over the layers": """
outs = []
for layer in range(3):
    with lm.trace("a b c"):
        lm.transformer.h[layer].output[:, -1] = 0
        hidden = lm.transformer.h[3].output
        outs.append(hidden.mean().save())
""",
    "the numbers of a loop of traces are known": """
for layer in (2, 3):
    with lm.trace("a b c"):
        early = lm.transformer.h[1].output.save()
        late = lm.transformer.h[layer].output.save()
""",
    "a list of a parameter": """
def collect(model, outs):
    with model.trace() as tracer:
        with tracer.invoke("a b c"):
            outs.append(model.lm_head.output.save())
        with tracer.invoke("d e f"):
            outs.append(model.lm_head.output.save())
    return outs

got = collect(lm, [])
""",
    "a session": """
with lm.session():
    with lm.trace("a b c"):
        clean = lm.transformer.h[1].output
    with lm.trace("d e f"):
        lm.transformer.h[1].output[:] = clean
        out = lm.lm_head.output.save()
""",
    "the order of a module's parts": """
with lm.trace("a b c"):
    before = lm.transformer.h[1].input.save()
    norm = lm.transformer.h[1].ln_1.output.save()
    attention = lm.transformer.h[1].attn.output[0].save()
    mlp = lm.transformer.h[1].mlp.output.save()
    after = lm.transformer.h[1].output.save()
""",
    "one module twice": """
with lm.trace("a b c"):
    one = lm.transformer.h[1].output.mean().save()
    lm.transformer.h[1].output[:] = 0
    two = lm.transformer.h[1].output.mean().save()
""",
    "what is beside the invokes needs nothing of them": """
with lm.trace() as tracer:
    outs = []
    for prompt in ("a b c", "d e f"):
        layer = 3
        with tracer.invoke(prompt):
            outs.append(lm.transformer.h[layer].output)
            out = outs[0].save()
""",
    "what is behind the trace": """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        one = lm.lm_head.output.mean().save()
    with tracer.invoke("d e f"):
        two = lm.lm_head.output.mean().save()
difference = one - two
""",
    "a total of one's own": """
with lm.trace("a b c"):
    total = 0
    for layer in range(4):
        total += lm.transformer.h[layer].output.mean()
    out = total.save()
""",
    "a sum written out": """
with lm.trace("a b c"):
    total = lm.transformer.h[0].output
    total = total + lm.transformer.h[1].output
    out = total.save()
""",
    "an attribute augmented": """
with lm.trace("a b c"):
    lm.transformer.h[0].output += 1
    out = lm.lm_head.output.save()
""",
    "a method of a class": """
class Study:
    def __init__(self, model):
        self.model = model
        self.layers = model.transformer.h

    def run(self):
        with self.model.trace() as tracer:
            with tracer.invoke("a b c"):
                clean = self.layers[1].output
            with tracer.invoke("d e f"):
                hidden = self.layers[1].output
                hidden[:] = clean
                out = self.model.lm_head.output.save()
        return out

got = Study(lm).run()
""",
}

# The program, the codes of what is found in it, and what it becomes.
CHANGED = {
    "a swap at the same module": (
        """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[1].output
    with tracer.invoke("d e f"):
        lm.transformer.h[1].output = clean
        out = lm.lm_head.output.save()
""",
        ["NNS101"],
        """
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[1].output
        barrier()
    with tracer.invoke("d e f"):
        barrier()
        lm.transformer.h[1].output = clean
        out = lm.lm_head.output.save()
""",
    ),
    "a write at a later module": (
        """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[0].output
    with tracer.invoke("d e f"):
        lm.transformer.h[2].output[:] = clean
        out = lm.lm_head.output.save()
""",
        ["NNS101"],
        """
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[0].output
        barrier()
    with tracer.invoke("d e f"):
        barrier()
        lm.transformer.h[2].output[:] = clean
        out = lm.lm_head.output.save()
""",
    ),
    "one value for two invokes": (
        """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[1].output
    with tracer.invoke("d e f"):
        lm.transformer.h[1].output[:] = clean
        one = lm.lm_head.output.save()
    with tracer.invoke("c c a"):
        lm.transformer.h[1].output[:] = clean
        two = lm.lm_head.output.save()
""",
        ["NNS101"],
        """
with lm.trace() as tracer:
    barrier = tracer.barrier(3)
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[1].output
        barrier()
    with tracer.invoke("d e f"):
        barrier()
        lm.transformer.h[1].output[:] = clean
        one = lm.lm_head.output.save()
    with tracer.invoke("c c a"):
        barrier()
        lm.transformer.h[1].output[:] = clean
        two = lm.lm_head.output.save()
""",
    ),
    "two values": (
        """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        early = lm.transformer.h[0].mlp.output
        late = lm.transformer.h[2].output
    with tracer.invoke("d e f"):
        lm.transformer.h[0].mlp.output[:] = early
        lm.transformer.h[2].output[:] = late
        out = lm.lm_head.output.save()
""",
        ["NNS101"],
        """
with lm.trace() as tracer:
    barrier_early = tracer.barrier(2)
    barrier_late = tracer.barrier(2)
    with tracer.invoke("a b c"):
        early = lm.transformer.h[0].mlp.output
        barrier_early()
        late = lm.transformer.h[2].output
        barrier_late()
    with tracer.invoke("d e f"):
        barrier_early()
        lm.transformer.h[0].mlp.output[:] = early
        barrier_late()
        lm.transformer.h[2].output[:] = late
        out = lm.lm_head.output.save()
""",
    ),
    "a chain": (
        """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        one = lm.transformer.h[0].output
    with tracer.invoke("d e f"):
        lm.transformer.h[1].output = one
        two = lm.transformer.h[2].output
    with tracer.invoke("c c a"):
        lm.transformer.h[3].output = two
        out = lm.lm_head.output.save()
""",
        ["NNS101"],
        """
with lm.trace() as tracer:
    barrier_one = tracer.barrier(2)
    barrier_two = tracer.barrier(2)
    with tracer.invoke("a b c"):
        one = lm.transformer.h[0].output
        barrier_one()
    with tracer.invoke("d e f"):
        barrier_one()
        lm.transformer.h[1].output = one
        two = lm.transformer.h[2].output
        barrier_two()
    with tracer.invoke("c c a"):
        barrier_two()
        lm.transformer.h[3].output = two
        out = lm.lm_head.output.save()
""",
    ),
    "a value of the start": (
        """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[0].output
    with tracer.invoke("d e f"):
        scaled = clean * 2
        lm.transformer.h[2].output = scaled
        out = lm.lm_head.output.save()
""",
        ["NNS101"],
        """
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[0].output
        barrier()
    with tracer.invoke("d e f"):
        barrier()
        scaled = clean * 2
        lm.transformer.h[2].output = scaled
        out = lm.lm_head.output.save()
""",
    ),
    "a constant behind an access": (
        """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        one = lm.transformer.h[0].output.save()
        factor = 3.0
    with tracer.invoke("d e f"):
        doubled = factor * 2
        out = (lm.lm_head.output * doubled).save()
""",
        ["NNS101"],
        """
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a b c"):
        one = lm.transformer.h[0].output.save()
        factor = 3.0
        barrier()
    with tracer.invoke("d e f"):
        barrier()
        doubled = factor * 2
        out = (lm.lm_head.output * doubled).save()
""",
    ),
    "nothing is never shared": (
        """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[0].output
        mask = None
    with tracer.invoke("d e f"):
        hidden = lm.transformer.h[2].output
        hidden[:] = clean if mask is None else 0
        out = lm.lm_head.output.save()
""",
        ["NNS101"],
        """
with lm.trace() as tracer:
    shared = {}
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[0].output
        mask = None
        shared["mask"] = mask
    with tracer.invoke("d e f"):
        hidden = lm.transformer.h[2].output
        hidden[:] = clean if shared["mask"] is None else 0
        out = lm.lm_head.output.save()
""",
    ),
    "an outer name": (
        """
hidden = None
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        hidden = lm.transformer.h[1].output
    with tracer.invoke("d e f"):
        target = lm.transformer.h[1].output
        target[:] = hidden
        out = lm.lm_head.output.save()
""",
        ["NNS102"],
        """
hidden = None
with lm.trace() as tracer:
    shared = {}
    with tracer.invoke("a b c"):
        hidden = lm.transformer.h[1].output
        shared["hidden"] = hidden
    with tracer.invoke("d e f"):
        target = lm.transformer.h[1].output
        target[:] = shared["hidden"]
        out = lm.lm_head.output.save()
""",
    ),
    "a name of the trace": (
        """
with lm.trace() as tracer:
    scale = 1.0
    with tracer.invoke("a b c"):
        scale = lm.transformer.h[1].output.mean()
    with tracer.invoke("d e f"):
        out = (lm.lm_head.output * scale).save()
""",
        ["NNS102"],
        """
with lm.trace() as tracer:
    shared = {}
    scale = 1.0
    with tracer.invoke("a b c"):
        scale = lm.transformer.h[1].output.mean()
        shared["scale"] = scale
    with tracer.invoke("d e f"):
        out = (lm.lm_head.output * shared["scale"]).save()
""",
    ),
    "a parameter": (
        """
def patched(model, hidden=None):
    with model.trace() as tracer:
        with tracer.invoke("a b c"):
            hidden = model.transformer.h[1].output
        with tracer.invoke("d e f"):
            target = model.transformer.h[1].output
            target[:] = hidden
            out = model.lm_head.output.save()
    return out

got = patched(lm)
""",
        ["NNS102"],
        """
def patched(model, hidden=None):
    with model.trace() as tracer:
        shared = {}
        with tracer.invoke("a b c"):
            hidden = model.transformer.h[1].output
            shared["hidden"] = hidden
        with tracer.invoke("d e f"):
            target = model.transformer.h[1].output
            target[:] = shared["hidden"]
            out = model.lm_head.output.save()
    return out

got = patched(lm)
""",
    ),
    "a loop of traces with a saved name": (
        """
outs = []
for layer in (1, 2):
    with lm.trace() as tracer:
        with tracer.invoke("a b c"):
            clean = lm.transformer.h[layer].output.save()
        with tracer.invoke("d e f"):
            target = lm.transformer.h[layer].output
            target[:] = clean
            outs.append(lm.lm_head.output.save())
""",
        ["NNS102"],
        """
outs = []
for layer in (1, 2):
    with lm.trace() as tracer:
        shared = {}
        with tracer.invoke("a b c"):
            clean = lm.transformer.h[layer].output.save()
            shared["clean"] = clean
        with tracer.invoke("d e f"):
            target = lm.transformer.h[layer].output
            target[:] = shared["clean"]
            outs.append(lm.lm_head.output.save())
""",
    ),
    "pairs of invokes in a loop": (
        """
outs = []
with lm.trace() as tracer:
    for layer in (1, 2):
        with tracer.invoke("a b c"):
            clean = lm.transformer.h[layer].output
        with tracer.invoke("d e f"):
            target = lm.transformer.h[3].output
            target[:, -1] = clean[:, -1]
            outs.append(lm.lm_head.output.save())
""",
        ["NNS102"],
        """
outs = []
with lm.trace() as tracer:
    for layer in (1, 2):
        shared = {}
        with tracer.invoke("a b c"):
            clean = lm.transformer.h[layer].output
            shared["clean"] = clean
        with tracer.invoke("d e f"):
            target = lm.transformer.h[3].output
            target[:, -1] = shared["clean"][:, -1]
            outs.append(lm.lm_head.output.save())
""",
    ),
    "layers collected by a comprehension": (
        """
outs = []
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        hiddens = [lm.transformer.h[i].output for i in range(4)]
    for layer in range(4):
        with tracer.invoke("d e f"):
            target = lm.transformer.h[layer].output
            target[:, -1] = hiddens[layer][:, -1]
            outs.append(lm.lm_head.output.save())
""",
        ["NNS101"],
        """
outs = []
with lm.trace() as tracer:
    hiddens = []
    with tracer.invoke("a b c"):
        for i in range(4):
            hiddens.append(lm.transformer.h[i].output)
    for layer in range(4):
        with tracer.invoke("d e f"):
            target = lm.transformer.h[layer].output
            target[:, -1] = hiddens[layer][:, -1]
            outs.append(lm.lm_head.output.save())
""",
    ),
    "an item too early": (
        """
with lm.trace() as tracer:
    cache = {}
    with tracer.invoke("a b c"):
        cache["clean"] = lm.transformer.h[1].output
    with tracer.invoke("d e f"):
        lm.transformer.h[1].output[:] = cache["clean"]
        out = lm.lm_head.output.save()
""",
        ["NNS101"],
        """
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    cache = {}
    with tracer.invoke("a b c"):
        cache["clean"] = lm.transformer.h[1].output
        barrier()
    with tracer.invoke("d e f"):
        barrier()
        lm.transformer.h[1].output[:] = cache["clean"]
        out = lm.lm_head.output.save()
""",
    ),
    "the last item too early": (
        """
with lm.trace() as tracer:
    hiddens = []
    with tracer.invoke("a b c"):
        hiddens.append(lm.transformer.h[1].output)
    with tracer.invoke("d e f"):
        lm.transformer.h[2].output[:] = hiddens[-1]
        out = lm.lm_head.output.save()
""",
        ["NNS101"],
        """
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    hiddens = []
    with tracer.invoke("a b c"):
        hiddens.append(lm.transformer.h[1].output)
        barrier()
    with tracer.invoke("d e f"):
        barrier()
        lm.transformer.h[2].output[:] = hiddens[-1]
        out = lm.lm_head.output.save()
""",
    ),
    "a walrus": (
        """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        mean = (clean := lm.transformer.h[1].output).mean()
    with tracer.invoke("d e f"):
        lm.transformer.h[2].output[:] = clean
        out = lm.lm_head.output.save()
""",
        ["NNS101"],
        """
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a b c"):
        mean = (clean := lm.transformer.h[1].output).mean()
        barrier()
    with tracer.invoke("d e f"):
        barrier()
        lm.transformer.h[2].output[:] = clean
        out = lm.lm_head.output.save()
""",
    ),
    "two names at once": (
        """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        early, late = lm.transformer.h[0].output, lm.transformer.h[1].output
    with tracer.invoke("d e f"):
        lm.transformer.h[2].output[:] = late
        out = lm.lm_head.output.save()
""",
        ["NNS101"],
        """
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a b c"):
        early, late = lm.transformer.h[0].output, lm.transformer.h[1].output
        barrier()
    with tracer.invoke("d e f"):
        barrier()
        lm.transformer.h[2].output[:] = late
        out = lm.lm_head.output.save()
""",
    ),
    "a difference beside the invokes": (
        """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        one = lm.lm_head.output.mean()
    with tracer.invoke("d e f"):
        two = lm.lm_head.output.mean()
    difference = (one - two).save()
""",
        ["NNS104"],
        """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        one = lm.lm_head.output.mean().save()
    with tracer.invoke("d e f"):
        two = lm.lm_head.output.mean().save()
difference = (one - two)
""",
    ),
    "a result beside the invokes of a loop": (
        """
outs = []
with lm.trace() as tracer:
    for prompt in ("a b c", "d e f"):
        with tracer.invoke(prompt):
            mean = lm.lm_head.output.mean()
        outs.append(mean.save())
""",
        ["NNS104"],
        """
outs = []
with lm.trace() as tracer:
    for prompt in ("a b c", "d e f"):
        with tracer.invoke(prompt):
            mean = lm.lm_head.output.mean()
            outs.append(mean.save())
""",
    ),
    "a result beside the invokes, before others": (
        """
outs = []
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        one = lm.lm_head.output.mean()
    outs.append(one.save())
    with tracer.invoke("d e f"):
        outs.append(lm.lm_head.output.mean().save())
""",
        ["NNS104"],
        """
outs = []
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        one = lm.lm_head.output.mean()
        outs.append(one.save())
    with tracer.invoke("d e f"):
        outs.append(lm.lm_head.output.mean().save())
""",
    ),
    "a list filled by layers": (
        """
outs = []
with lm.trace() as tracer:
    for prompt in ("a b c", "d e f"):
        with tracer.invoke(prompt):
            for layer in range(4):
                outs.append(lm.transformer.h[layer].output.save())
print(len(outs))
""",
        ["NNS107"],
        """
outs = []
outs_parts = []
with lm.trace() as tracer:
    for prompt in ("a b c", "d e f"):
        outs_part = []
        outs_parts.append(outs_part)
        with tracer.invoke(prompt):
            for layer in range(4):
                outs_part.append(lm.transformer.h[layer].output.save())
for outs_part in outs_parts:
    outs.extend(outs_part)
print(len(outs))
""",
    ),
    "a list filled by two modules": (
        """
outs = []
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        outs.append(lm.lm_head.output.save())
    with tracer.invoke("d e f"):
        outs.append(lm.transformer.h[0].output.save())
print(len(outs))
""",
        ["NNS107"],
        """
outs = []
outs_parts = []
with lm.trace() as tracer:
    outs_part = []
    outs_parts.append(outs_part)
    with tracer.invoke("a b c"):
        outs_part.append(lm.lm_head.output.save())
    outs_part = []
    outs_parts.append(outs_part)
    with tracer.invoke("d e f"):
        outs_part.append(lm.transformer.h[0].output.save())
for outs_part in outs_parts:
    outs.extend(outs_part)
print(len(outs))
""",
    ),
    "more invokes than can be counted": (
        """
def run(heads):
    outs = []
    with lm.trace() as tracer:
        with tracer.invoke("a b c"):
            clean = lm.transformer.h[2].attn.c_proj.input
        for head in heads:
            with tracer.invoke("d e f"):
                lm.transformer.h[2].attn.c_proj.input[:, :, head] = clean[:, :, head]
                outs.append(lm.lm_head.output.save())
    return outs
""",
        ["NNS101", "NNS105"],
        """
def run(heads):
    outs = []
    with lm.trace() as tracer:
        with tracer.invoke("a b c"):
            clean = lm.transformer.h[2].attn.c_proj.input
        for head in heads:
            with tracer.invoke("d e f"):
                c_proj_input = lm.transformer.h[2].attn.c_proj.input
                c_proj_input[:, :, head] = clean[:, :, head]
                outs.append(lm.lm_head.output.save())
    return outs
""",
    ),
    "a handle augmented": (
        """
with lm.trace("a b c"):
    total = lm.transformer.h[0].output
    total *= lm.transformer.h[0].output
    out = lm.lm_head.output.save()
""",
        ["NNS108"],
        """
with lm.trace("a b c"):
    total = lm.transformer.h[0].output
    total = total * lm.transformer.h[0].output
    out = lm.lm_head.output.save()
""",
    ),
    "a part augmented": (
        """
with lm.trace("a b c"):
    last = lm.transformer.h[0].output[:, -1]
    last *= 2 if True else 3
    out = lm.lm_head.output.save()
""",
        ["NNS108"],
        """
with lm.trace("a b c"):
    last = lm.transformer.h[0].output[:, -1]
    last = last * (2 if True else 3)
    out = lm.lm_head.output.save()
""",
    ),
}


@pytest.mark.parametrize("body", ALONE.values(), ids=ALONE.keys())
def test_nothing_is_found_in_what_works(body: str) -> None:
    assert codes(body) == []
    assert fix(HEAD + body, unsafe=True).code == HEAD + body


@pytest.mark.parametrize(("body", "found", "after"), CHANGED.values(), ids=CHANGED.keys())
def test_what_does_not_work_is_found_and_rewritten(body: str, found: list[str], after: str) -> None:
    fixed = fix(HEAD + body, unsafe=True)

    assert codes(body) == found
    assert fixed.code == HEAD + after
    assert fixed.failures == ()


@pytest.mark.parametrize("after", [after for *_, after in CHANGED.values()], ids=CHANGED.keys())
def test_what_is_rewritten_stays(after: str) -> None:
    assert codes(after) == []
    assert fix(HEAD + after, unsafe=True).code == HEAD + after


# --- what is found and cannot be rewritten --------------------------------------------------------

FLAGGED = {
    "an item that several invokes set, in a session": (
        """
outs = {}
with lm.session():
    with lm.trace() as tracer:
        with tracer.invoke("a b c"):
            outs["last"] = lm.transformer.h[3].output.save()
        with tracer.invoke("d e f"):
            outs["last"] = lm.transformer.h[0].output.save()
print(outs)
""",
        ["NNS107"],
    ),
    "a change with what a later layer gives": (
        """
with lm.trace("a b c"):
    late = lm.transformer.h[3].output
    lm.transformer.h[0].output[:] = late
    out = lm.lm_head.output.save()
""",
        ["NNS105", "NNS106"],
    ),
    "a value that flows backwards, from a trace that is stopped": (
        """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        late = lm.transformer.h[3].output
    with tracer.invoke("d e f"):
        lm.transformer.h[0].output[:] = late
        out = lm.transformer.h[1].output.save()
        tracer.stop()
""",
        ["NNS101", "NNS105"],
    ),
    "a name of None that flows backwards with others": (
        """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        late = lm.transformer.h[3].output
        flag = None
    with tracer.invoke("d e f"):
        if flag is None:
            lm.transformer.h[0].output[:] = late
        out = lm.lm_head.output.save()
""",
        ["NNS101", "NNS105"],
    ),
    "an invoke that is left by exit": (
        """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        hidden = lm.transformer.h[3].output.save()
        exit()
""",
        ["NNS109"],
    ),
}


@pytest.mark.parametrize(("body", "found"), FLAGGED.values(), ids=FLAGGED.keys())
def test_what_cannot_be_rewritten_is_found_all_the_same(body: str, found: list[str]) -> None:
    assert codes(body) == found
    assert fix(HEAD + body, unsafe=True).code == HEAD + body


def test_the_list_of_a_caller_is_looked_at_too() -> None:
    body = """
def collect(outs):
    with lm.trace() as tracer:
        for prompt in ("a b c", "d e f"):
            with tracer.invoke(prompt):
                outs.append(lm.transformer.h[0].output.save())
                outs.append(lm.lm_head.output.save())
"""
    assert codes(body) == ["NNS107"]


def test_a_barrier_is_not_called_at_two_places_of_one_loop() -> None:
    """At the first turn only the second of them could wait for the value."""
    body = """
outs = []
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[2].input
        first = lm.lm_head.output.save()
    for layer in range(3):
        with tracer.invoke("d e f"):
            lm.transformer.h[layer].output[:] = clean
            lm.transformer.h[3].output[:] = clean
            outs.append(lm.lm_head.output.save())
"""
    assert "barrier" not in fix(HEAD + body, unsafe=True).code


# --- what 0.4 ignored -----------------------------------------------------------------------------

PATCH = """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[0].output
        waited = lm.transformer.{waited}
    with tracer.invoke("d e f"):
        lm.transformer.h[1].output[:, -1] = clean[:, -1]
        out = lm.lm_head.output.save()
"""


def notes(body: str) -> list[str]:
    found = [each for each in findings(body) if each.code == "NNS105"]
    assert all(each.severity is Severity.NOTE for each in found)
    return [each.message for each in found]


@pytest.mark.parametrize("waited", ["h[3].output", "h[2].output", "ln_f.output"])
def test_a_change_behind_the_layer_that_uses_it_was_ignored(waited: str) -> None:
    (message,) = notes(PATCH.format(waited=waited))
    assert "silently ignored this change of `lm.transformer.h[1].output`:" in message


@pytest.mark.parametrize("waited", ["h[2].ln_1.output", "h[2].attn.output"])
def test_a_change_inside_the_layer_that_uses_it_was_late(waited: str) -> None:
    (message,) = notes(PATCH.format(waited=waited))
    assert "silently was late with this change of `lm.transformer.h[1].output`:" in message


@pytest.mark.parametrize("waited", ["h[2].input", "h[2].ln_1.input", "h[1].output"])
def test_a_change_before_the_layer_that_uses_it_was_in_time(waited: str) -> None:
    assert notes(PATCH.format(waited=waited)) == []


def test_a_note_says_that_it_is_only_about_some_turns() -> None:
    body = """
for layer in (1, 3):
    with lm.trace("a b c"):
        clean = lm.transformer.h[2].output
        lm.transformer.h[layer].output[:, -1] = clean[:, -1]
"""
    (message,) = notes(body)
    assert "at some of its loop's turns" in message


def test_a_note_says_that_it_hangs_on_a_condition() -> None:
    body = """
def run(early):
    with lm.trace() as tracer:
        with tracer.invoke("a b c"):
            clean = lm.transformer.h[0].output
            if early:
                waited = lm.lm_head.output
        with tracer.invoke("d e f"):
            lm.transformer.h[1].output[:, -1] = clean[:, -1]
"""
    (message,) = notes(body)
    assert "in some of the ways that the trace's conditions go: " in message


def test_the_items_of_an_empty_list_are_told_apart() -> None:
    body = """
hiddens = []
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        hiddens.append(lm.transformer.h[0].output)
        hiddens.append(lm.transformer.h[3].output)
    with tracer.invoke("d e f"):
        hidden = lm.transformer.h[1].output
        hidden[:] = hiddens[0]
"""
    assert codes(body) == []


def test_what_waits_is_told_item_by_item() -> None:
    """Of a comprehension's items only the one that is taken has to be there."""
    body = """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        hiddens = [lm.transformer.h[layer].output for layer in range(3)]
    with tracer.invoke("d e f"):
        hidden = lm.transformer.h[2].output
        hidden[:] = hiddens[{item}]
        out = lm.lm_head.output.save()
"""
    early = """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        hiddens = {{layer: lm.transformer.h[layer].output for layer in range(4)}}
    with tracer.invoke("d e f"):
        lm.transformer.h[1].output[:] = hiddens[{item}]
"""
    assert codes(body.format(item=0)) == codes(body.format(item=-1)) == []
    assert notes(early.format(item=0)) == notes(early.format(item=1)) == []
    (message,) = notes(early.format(item=3))
    assert "its value comes from" in message


def test_a_list_in_a_dictionary_is_the_list_itself() -> None:
    body = """
with lm.trace() as tracer:
    box = {{}}
    with tracer.invoke("a b c"):
        hiddens = []
        box["hiddens"] = hiddens
        for layer in range(3):
            hiddens.append(lm.transformer.h[layer].output)
    with tracer.invoke("d e f"):
        hidden = lm.transformer.h[1].output
        hidden[:] = box["hiddens"][{item}]
        out = lm.lm_head.output.save()
"""
    assert codes(body.format(item=0)) == codes(body.format(item=1)) == []
    assert "NNS101" in codes(body.format(item=2))
    assert "NNS101" in codes(body.format(item=-1))


def test_what_stands_beside_the_invokes_waited_on_0_4_as_well() -> None:
    body = """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[0].output
        logits = lm.lm_head.output.save()
    half = clean * 0.5
    with tracer.invoke("d e f"):
        lm.transformer.h[1].output[:] = half
        out = lm.lm_head.output.save()
"""
    (message,) = notes(body)
    assert "waited for `lm.lm_head.output` (3 lines above)" in message


# --- names that are there by chance, or are a helper's --------------------------------------------

TURNS = """
outs = []
for prompt in ("a b c", "d e f"):
    with lm.trace() as tracer:
        with tracer.invoke(prompt):
            clean = lm.transformer.h[1].output{save}
        with tracer.invoke("c c a"):
            {use}
            outs.append(lm.lm_head.output.save())
"""
IN_TIME = "hidden = lm.transformer.h[1].output; hidden[:] = clean"


def test_a_saved_value_of_the_last_turn_is_used_silently() -> None:
    found = findings(TURNS.format(save=".save()", use=IN_TIME))
    assert {(each.code, each.severity) for each in found} == {("NNS102", Severity.SILENT)}


def test_an_unsaved_value_of_the_last_turn_may_be_there_by_chance() -> None:
    found = findings(TURNS.format(save="", use=IN_TIME))
    assert {(each.code, each.severity) for each in found} == {("NNS102", Severity.WARNING)}


def test_what_fails_without_luck_is_an_error() -> None:
    found = findings(TURNS.format(save="", use="lm.transformer.h[2].output[:] = clean"))
    assert {(each.code, each.severity) for each in found} == {("NNS101", Severity.ERROR)}


HELPED = """
def read({parameter}):
    return lm.transformer.h[{parameter}].output

with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        clean = lm.transformer.h[0].mlp.output
        one = read(1)
        out = lm.lm_head.output.save()
    with tracer.invoke("d e f"):
        other = lm.transformer.h[1].mlp.output
        total = (clean * 1).save()
"""


def test_a_helpers_parameter_is_shared_under_its_name() -> None:
    found = findings(HELPED.format(parameter="clean"))
    assert [(each.code, each.severity) for each in found] == [("NNS102", Severity.SILENT)]


def test_a_helpers_access_shares_none_of_the_callers_names() -> None:
    found = findings(HELPED.format(parameter="layer"))
    assert [(each.code, each.severity) for each in found] == [("NNS101", Severity.ERROR)]


def test_a_helpers_own_names_are_not_the_callers() -> None:
    body = """
def read(layer):
    return lm.transformer.h[layer].output

with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        for layer in range(2):
            first = lm.transformer.h[layer].output.save()
    with tracer.invoke("d e f"):
        second = read(0).save()
        third = [lm.transformer.h[layer].output for layer in range(1, 3)]
"""
    assert findings(body) == []


# --- values changed by augmented assignment -------------------------------------------------------

AUGMENTED = """
with lm.trace("a b c"):
    hidden = lm.transformer.h[0].output
    hidden *= 2
"""


@pytest.mark.parametrize(
    ("source", "severity"), [(Dialect.OLD, Severity.SILENT), (Dialect.UNKNOWN, Severity.NOTE)]
)
def test_an_augmented_value_is_silent_where_0_4_is_known(
    source: Dialect, severity: Severity
) -> None:
    checked = check(HEAD + AUGMENTED, Options(source=source))
    assert [f.severity for f in checked.findings if f.code == "NNS108"] == [severity]


def test_an_augmented_value_is_what_0_5_means_in_its_own_code() -> None:
    options = Options(source=Dialect.NEW)
    assert fix(HEAD + AUGMENTED, options, unsafe=True).code == HEAD + AUGMENTED


def test_an_augmented_value_is_only_changed_safely_where_0_4_is_known() -> None:
    assert fix(HEAD + AUGMENTED, Options(source=Dialect.UNKNOWN)).code == HEAD + AUGMENTED
    assert "hidden = hidden * 2" in fix(HEAD + AUGMENTED, Options(source=Dialect.OLD)).code


@pytest.mark.parametrize(
    ("body", "code", "pythons"),
    [
        (
            """
with lm.trace() as tracer:
    with tracer.invoke("a b c"):
        h = lm.transformer.h[0].output[0]
        r = [lm.transformer.h[layer].output[0] for layer in (2, 3)]
    with tracer.invoke("d e f"):
        target = lm.transformer.h[2].output[0]
        target[:] = h
""",
            "NNS101",
            "on Python 3.10 and 3.11",
        ),
        (
            """
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a b c"):
        h = lm.transformer.h[0].output[0]
        r = [lm.transformer.h[layer].output[0] for layer in (1, 2)]
        h = h * 2
        barrier()
    with tracer.invoke("d e f"):
        y = lm.transformer.h[2].input
        barrier()
        lm.transformer.h[4].output[0][:] = h
""",
            "NNS102",
            "on Python 3.12 and later",
        ),
    ],
    ids=["before 3.12", "since 3.12"],
)
def test_what_only_some_pythons_do_is_said(body: str, code: str, pythons: str) -> None:
    [finding] = findings(body)

    assert finding.code == code
    assert pythons in finding.consequence
