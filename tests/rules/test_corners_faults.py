"""Programs that tell small faults in the rules from the rules as they are."""

from __future__ import annotations

import pytest

from .corners import Corner

CORNERS = [
    Corner(
        "a value that is late where it is made as well as where it is used",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        b = lm.transformer.h[5].output
        a = lm.transformer.h[3].output
    with tracer.invoke("b"):
        lm.transformer.h[4].output[:] = a
        z = lm.lm_head.output.save()
""",
        "NNS106 NNS101",
        after="""\
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        a = lm.transformer.h[3].output
        barrier()
        b = lm.transformer.h[5].output
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[4].output[:] = a
        z = lm.lm_head.output.save()
""",
    ),
    Corner(
        "a counter of an invoke, in a trace of a session",
        """\
n = 0
with lm.session() as session:
    with lm.trace() as tracer:
        with tracer.invoke("a"):
            n = 3
        with tracer.invoke("b"):
            z = (lm.lm_head.output + n).save()
    print(n)
""",
        "NNS102",
        after="""\
n = 0
with lm.session() as session:
    with lm.trace() as tracer:
        shared = {}
        with tracer.invoke("a"):
            n = 3
            shared["n"] = n
        with tracer.invoke("b"):
            z = (lm.lm_head.output + shared["n"]).save()
    print(n)
""",
    ),
    Corner(
        "a break under the last statement of a block that is not the last",
        """\
for k in range(3):
    with lm.trace("a"):
        with torch.no_grad():
            h = lm.lm_head.output.save()
            if k == 1:
                break
        g = lm.lm_head.output.sum().save()
print(h)
""",
        "NNS302",
        says=("only the last statement of a body can be moved behind it",),
    ),
    Corner(
        "what a tracer has is its own",
        """\
with lm.trace(remote=True) as tracer:
    with tracer.invoke("a"):
        log = tracer.log
        log.append(lm.lm_head.output)
""",
        "",
    ),
    Corner(
        "a list that the trace extends and reads",
        """\
acts = []
with lm.trace("a", remote=True):
    acts += [lm.transformer.h[0].output]
    acts += [lm.lm_head.output]
    print(acts)
print(acts)
""",
        "NNS201",
        says=("`+=` makes it a name of the body's own",),
    ),
    Corner(
        "an attribute that is set twice, and read between",
        """\
class Probe:
    def run(self):
        with lm.trace("a", remote=True):
            self.h = lm.transformer.h[0].output
            x = self.h.sum().save()
            self.h = lm.lm_head.output
        return x
""",
        "NNS201 NNS206",
    ),
    Corner(
        "a remote trace in a function that a remote session calls",
        """\
acts = []

def run():
    with lm.trace("a", remote=True):
        acts.append(lm.lm_head.output)

with lm.session(remote=True) as session:
    run()
print(acts)
""",
        "NNS201",
        says=("return the values, and change it behind the session",),
    ),
    Corner(
        "a trace that may be remote in a function that a remote session calls",
        """\
acts = []

def run(remote):
    with lm.trace("a", remote=remote):
        acts.append(lm.lm_head.output)

with lm.session(remote=True) as session:
    run(False)
print(acts)
""",
        "NNS201",
        says=("return the values, and change it behind the session",),
    ),
    Corner(
        "a plural of three letters",
        """\
ids = {}
with lm.trace("a", remote=True):
    ids["x"] = lm.lm_head.output
print(ids)
""",
        "NNS201",
        after="""\
ids = {}
with lm.trace("a", remote=True):
    _id = lm.lm_head.output.save()
ids["x"] = _id
print(ids)
""",
    ),
    Corner(
        "a file whose last line has no end",
        """\
acts = {}
with lm.trace("a", remote=True):
    acts.update(x=lm.lm_head.output)
    print(acts)""",
        "NNS201",
        after="""\
acts = {}
with lm.trace("a", remote=True):
    _acts = acts.save()
    acts.update(x=lm.lm_head.output)
    print(acts)
if _acts is not acts:
    acts.clear()
    acts.update(_acts)""",
    ),
    Corner(
        "an object of a class of the file in a trace of one line",
        """\
class Probe:
    pass

if go:
    with lm.trace("a"): p = Probe()
print(p)
""",
        "NNS203 NNS301",
        says=("how it is bound leaves no single right place",),
        after="""\
class Probe:
    pass

if go:
    with lm.trace("a"):
        p = Probe()
        p.save()
print(p)
""",
    ),
    Corner(
        "one value for two items",
        """\
acts, more = {}, {}
with lm.trace("a", remote=True):
    h = lm.lm_head.output
    acts["x"] = more["x"] = h
""",
        "NNS201 NNS201",
        after="""\
acts, more = {}, {}
with lm.trace("a", remote=True):
    h = lm.lm_head.output
    _act = h.save()
acts["x"] = more["x"] = _act
""",
    ),
    Corner(
        "a tuple that grows",
        """\
with lm.trace("a"):
    hs = ()
    hs += (lm.lm_head.output,)
print(hs)
""",
        "NNS203",
        after="""\
with lm.trace("a"):
    _hs = ()
    _hs += (lm.lm_head.output,)
    _hs.save()
hs = _hs
print(hs)
""",
    ),
    Corner(
        "a function of the file that has the name of an exit",
        """\
def exit():
    print("bye")

with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.lm_head.output.save()
        exit()
""",
        "",
    ),
    Corner(
        "a node of a saved value",
        """\
with lm.trace("a"):
    h = lm.lm_head.output.save()
print(h.node)
""",
        "NNS204",
        says=("has to go",),
    ),
    Corner(
        "a saved value that is read behind an elif",
        """\
for k in range(3):
    with lm.trace("a"):
        h = lm.lm_head.output
        if k == 1:
            h.save()
    if k == 0:
        pass
    elif k == 1:
        print(h)
""",
        "",
    ),
    Corner(
        "a super that is called",
        """\
class Probe(Base):
    def run(self):
        with lm.trace("a"):
            super().run()
            self.h = lm.lm_head.output.save()
""",
        "NNS306",
        says=("RuntimeError: super(): __class__ cell not found",),
        after="""\
class Probe(Base):
    def run(self):
        with lm.trace("a"):
            super(Probe, self).run()
            self.h = lm.lm_head.output.save()
""",
    ),
    Corner(
        "a module by its place, and no more of it",
        """\
print(lm.modules()[3])
""",
        "NNS401",
        says=("written for nnsight 0.4 | silently",),
        whole='''\
from nnsight import LanguageModel
import torch


def _named_modules(envoy):
    """The modules with the names, and in the order, of nnsight 0.4."""
    below = [pair for child in envoy._children for pair in _named_modules(child)]
    return [(envoy.path.removeprefix("model"), envoy), *below]


lm = LanguageModel("openai-community/gpt2")

print([envoy for _, envoy in _named_modules(lm)][3])
''',
    ),
    Corner(
        "a name that nnsight hands on, and the file imports",
        """\
from nnsight import *
import os

print(os.getcwd())
""",
        "NNS406",
        after="""\
import os

print(os.getcwd())
""",
    ),
    Corner(
        "what is given to a moved model says how to move",
        """\
lm.to("a.to", torch.float16)
""",
        "NNS412",
        says=("in a line of its own",),
    ),
    Corner(
        "inputs of an invoke that are read behind the trace",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a") as invoker:
        h = lm.lm_head.output.save()
# invoker has an encoding
words = [lm.tokenizer.decode(t) for t in invoker.inputs[0][0]["input_ids"][0]]
print(words, invoker.inputs[0][0]['attention_mask'], "invoker")
""",
        "NNS423",
        says=("gone when the trace has ended | NameError: name 'invoker' is not defined",),
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a") as invoker:
        invoker_input_ids = invoker.inputs[1]["input_ids"].save()
        invoker_attention_mask = invoker.inputs[1]["attention_mask"].save()
        h = lm.lm_head.output.save()
# invoker has an encoding
words = [lm.tokenizer.decode(t) for t in invoker_input_ids[0]]
print(words, invoker_attention_mask, "invoker")
""",
    ),
    Corner(
        "inputs of the invokes of two traces that share a name, the second one in a loop",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a") as invoker:
        h = lm.lm_head.output.save()
print(invoker.inputs[0][0]["input_ids"])
with lm.trace() as tracer:
    for prompt in ("b", "c"):
        with tracer.invoke(prompt) as invoker:
            h = lm.lm_head.output.save()
print(invoker.inputs[0][0]["input_ids"])
""",
        "NNS423 NNS423",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a") as invoker:
        invoker_input_ids = invoker.inputs[1]["input_ids"].save()
        h = lm.lm_head.output.save()
print(invoker_input_ids)
with lm.trace() as tracer:
    for prompt in ("b", "c"):
        with tracer.invoke(prompt) as invoker:
            h = lm.lm_head.output.save()
print(invoker.inputs[0][0]["input_ids"])
""",
    ),
    Corner(
        "an invoke of which something else is read behind the trace",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a") as invoker:
        h = lm.lm_head.output.save()
print(invoker.inputs)
""",
        "NNS423",
    ),
    Corner(
        "a function that binds a nonlocal name is read like any other",
        """\
def run(prompt):
    total = 0

    def hook(layer):
        nonlocal total
        total += 1
        return lm.transformer.h[layer].output

    with lm.trace(prompt):
        for layer in range(2):
            hook(layer)
        h = lm.lm_head.output.save()
    return h, total
""",
        "",
    ),
    Corner(
        "inputs of an invoke that are bound, and that are not",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a") as invoker:
        ids = invoker.inputs[0][0]["input_ids"]
        n = len(invoker.inputs[0][0]["input_ids"])
        h = lm.lm_head.output.save()
print(ids)
""",
        "NNS203 NNS423 NNS423",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a") as invoker:
        ids = invoker.inputs[1]["input_ids"].save()
        n = len(invoker.inputs[1]["input_ids"])
        h = lm.lm_head.output.save()
print(ids)
""",
    ),
    Corner(
        "a version that is no number",
        """\
import nnsight
if nnsight.__version__ == "dev":
    with lm.trace() as tracer:
        with tracer.invoke("a"):
            x = lm.transformer.h[3].output
        with tracer.invoke("b"):
            lm.transformer.h[2].output[:] = x
""",
        "NNS105 NNS101",
        after="""\
import nnsight
if nnsight.__version__ == "dev":
    with lm.session():
        with lm.trace("a"):
            x = lm.transformer.h[3].output
        with lm.trace("b"):
            lm.transformer.h[2].output[:] = x
""",
    ),
    Corner(
        "a name that two later bindings have, one of them in the loop",
        """\
for k in range(3):
    with lm.trace("a", remote=True):
        if k:
            n = n + 1
        z = (lm.lm_head.output + n).save()
    n = 3
n = 4
print(n)
""",
        "NNS203",
        after="""\
for k in range(3):
    with lm.trace("a", remote=True):
        _n = [n].save()
        if k:
            _n[0] = _n[0] + 1
        z = (lm.lm_head.output + _n[0]).save()
    n = 3
n = 4
print(n)
""",
    ),
    Corner(
        "a function that reads two modules too late",
        """\
def early(n):
    return lm.transformer.h[n].output.sum() + lm.transformer.h[n + 1].output.sum()

with lm.trace() as tracer:
    with tracer.invoke("a"):
        b = lm.transformer.h[5].output
        z = (b + early(3)).save()
""",
        "NNS106 NNS106",
    ),
    Corner(
        "a name that adds the value to what it had",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        x = 1
        x += lm.transformer.h[3].output
        b = lm.transformer.h[5].output
        z = (b + lm.transformer.h[3].output + x).save()
""",
        "NNS106",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        x = 1
        x += lm.transformer.h[3].output
        h_output = lm.transformer.h[3].output
        b = lm.transformer.h[5].output
        z = (b + h_output + x).save()
""",
    ),
    Corner(
        "a list whose length is read at the next turn",
        """\
acts = []
with lm.trace("a", remote=True):
    for k in range(3):
        n = len(acts)
        acts.append(lm.transformer.h[k].output[n])
print(acts)
""",
        "NNS201",
        after="""\
acts = []
with lm.trace("a", remote=True):
    _acts = acts.save()
    for k in range(3):
        n = len(acts)
        acts.append(lm.transformer.h[k].output[n])
acts[:] = _acts
print(acts)
""",
    ),
    Corner(
        "a collection made with a lambda",
        """\
from collections import defaultdict
with lm.trace("a", remote=True):
    d = defaultdict(lambda: {})
    d["x"]["y"] = lm.lm_head.output
print(d)
""",
        "NNS203",
        says=("its default factory is a lambda",),
    ),
    Corner(
        "a name that two invokes bind, which is no single place",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        with f(lm.lm_head.output) as x:
            pass
    with tracer.invoke("b"):
        with f(lm.lm_head.output) as x:
            pass
print(x)
""",
        "NNS203",
    ),
    Corner(
        "a generator that hands on what another gives",
        """\
def run():
    with lm.trace("a"):
        h = lm.lm_head.output.save()
        yield from h
""",
        "NNS302",
        after="""\
def run():
    with lm.trace("a"):
        h = lm.lm_head.output.save()
    yield from h
""",
    ),
    Corner(
        "two items, the second of which counts the first",
        """\
acts = {}
with lm.trace("a", remote=True):
    acts["n"] = len(acts)
    acts["h"] = lm.lm_head.output + len(acts)
print(acts)
""",
        "NNS201",
        after="""\
acts = {}
with lm.trace("a", remote=True):
    _acts = acts.save()
    acts["n"] = len(acts)
    acts["h"] = lm.lm_head.output + len(acts)
if _acts is not acts:
    acts.clear()
    acts.update(_acts)
print(acts)
""",
    ),
    Corner(
        "a save that shares its line",
        """\
acts = []
with lm.trace("a", remote=True):
    h = lm.lm_head.output.save()
    acts.save(); n = 1
    g = h.sum().save()
""",
        "NNS202",
    ),
    Corner(
        "an outer collection that a lambda fills",
        """\
from collections import defaultdict
acts = defaultdict(lambda: {})
with lm.trace("a", remote=True):
    acts["x"]["y"] = lm.lm_head.output
    print(acts)
""",
        "NNS201",
        says=("its default factory is a lambda, which cannot be sent",),
    ),
    Corner(
        "an invoke that changes a dictionary and prints it",
        """\
acts = {}
with lm.trace(remote=True) as tracer:
    with tracer.invoke("a"):
        acts["x"] = lm.lm_head.output
        print(acts)
""",
        "NNS201",
        after="""\
acts = {}
with lm.trace(remote=True) as tracer:
    _acts = acts.save()
    with tracer.invoke("a"):
        acts["x"] = lm.lm_head.output
        print(acts)
if _acts is not acts:
    acts.clear()
    acts.update(_acts)
""",
    ),
    Corner(
        "a name that is read where it is bound anew",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        x = 2
        late = lm.transformer.h[5].output + x
        x = lm.transformer.h[3].output[:, x]
        x[:] = 0
        late.save()
""",
        "NNS106",
    ),
    Corner(
        "items of dictionaries, which nobody appends to",
        """\
d = {}
e = {}
with lm.trace() as tracer:
    with tracer.invoke("a"):
        d["x"] = lm.transformer.h[5].output
        e[0] = 1
    with tracer.invoke("b"):
        d["x"] = lm.transformer.h[3].output
print(d)
""",
        "NNS107",
        after="""\
d = {}
e = {}
with lm.session():
    with lm.trace("a"):
        d["x"] = lm.transformer.h[5].output
        e[0] = 1
    with lm.trace("b"):
        d["x"] = lm.transformer.h[3].output
print(d)
""",
    ),
    Corner(
        "a function that adds to what it is given",
        """\
def f(h):
    h += 1

with lm.trace("a"):
    f(lm.transformer.h[3].output)
    z = lm.lm_head.output.save()
""",
        "",
    ),
    Corner(
        "a name that an invoke adds to, read beside it",
        """\
x = 0
with lm.trace() as tracer:
    with tracer.invoke("a"):
        x += lm.lm_head.output
    print(x)
""",
        "NNS104",
        after="""\
x = 0
with lm.trace() as tracer:
    with tracer.invoke("a"):
        x += lm.lm_head.output
        x.save()
print(x)
""",
    ),
    Corner(
        "a condition over an invoke that the value of another decides",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        n = lm.lm_head.output.sum()
    if n > 0:
        with tracer.invoke("b"):
            g = lm.lm_head.output.save()
""",
        "NNS104",
        after="""\
with lm.session():
    with lm.trace("a"):
        n = lm.lm_head.output.sum()
    if n > 0:
        with lm.trace("b"):
            g = lm.lm_head.output.save()
""",
    ),
    Corner(
        "a loop over invokes whose length another invoke counts",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        n = 3
    for k in range(n):
        with tracer.invoke("b"):
            lm.transformer.h[k].output[:] = 0
""",
        "NNS104",
        after="""\
with lm.session():
    with lm.trace("a"):
        n = 3
    for k in range(n):
        with lm.trace("b"):
            lm.transformer.h[k].output[:] = 0
""",
    ),
    Corner(
        "an invoke of one line whose value comes too late",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"): x = lm.transformer.h[5].output
    with tracer.invoke("b"):
        lm.transformer.h[2].output[:] = x
""",
        "NNS301 NNS105 NNS101",
        after="""\
with lm.session():
    with lm.trace("a"):
        x = lm.transformer.h[5].output
    with lm.trace("b"):
        lm.transformer.h[2].output[:] = x
""",
    ),
    Corner(
        "three invokes that save a name, the second of which ends last",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        x = lm.transformer.h[1].output.save()
    with tracer.invoke("b"):
        x = lm.transformer.h[9].output.save()
    with tracer.invoke("c"):
        x = lm.transformer.h[5].output.save()
print(x)
""",
        "NNS205",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        x = lm.transformer.h[1].output.save()
    with tracer.invoke("b"):
        x_1 = lm.transformer.h[9].output.save()
    with tracer.invoke("c"):
        x = lm.transformer.h[5].output.save()
print(x)
""",
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda each: each.name)
def test_corner(corner: Corner) -> None:
    """What is found in a corner, what is said of it, and what is made of it."""
    corner.check()
