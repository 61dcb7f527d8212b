"""Programs that tell small faults from the code as it is: what is said, how bad, and how safe."""

from __future__ import annotations

import pytest

from .corners import Corner

CORNERS = [
    Corner(
        "a scan that asks in another order than the model's",
        """\
with lm.scan("a"):
    late = lm.transformer.h[5].output
    early = lm.transformer.h[3].output
    print(early.shape, late.shape)
""",
        "NNS106",
        says=("| error, safe",),
        after="""\
with lm.scan("a"):
    early = lm.transformer.h[3].output
    late = lm.transformer.h[5].output
    print(early.shape, late.shape)
""",
    ),
    Corner(
        "an edit that asks in another order than the model's",
        """\
with lm.edit() as edited:
    late = lm.transformer.h[5].output
    early = lm.transformer.h[3].output
    lm.transformer.h[6].output[:] = early + late
""",
        "NNS106",
        says=("| error, safe",),
        after="""\
with lm.edit() as edited:
    early = lm.transformer.h[3].output
    late = lm.transformer.h[5].output
    lm.transformer.h[6].output[:] = early + late
""",
    ),
    Corner(
        "an edit that waits for what runs later",
        """\
with lm.edit(inplace=True):
    lm.transformer.h[3].output[:] = lm.transformer.h[5].output
""",
        "NNS106 NNS105",
        says=("| error, no fix",),
    ),
    Corner(
        "a list in a dictionary, filled by two invokes",
        """\
acts = {"x": []}
with lm.trace() as tracer:
    with tracer.invoke("a"):
        acts["x"].append(lm.transformer.h[5].output.save())
    with tracer.invoke("b"):
        acts["x"].append(lm.transformer.h[3].output.save())
print(acts)
""",
        "NNS107",
        says=(
            'the invokes fill `acts["x"]` in',
            "same items in another order than on 0.4 | silent, unsafe",
        ),
        after="""\
acts = {"x": []}
with lm.session():
    with lm.trace("a"):
        acts["x"].append(lm.transformer.h[5].output.save())
    with lm.trace("b"):
        acts["x"].append(lm.transformer.h[3].output.save())
print(acts)
""",
    ),
    Corner(
        "two lists in a dictionary, one for each invoke",
        """\
acts = {"x": [], "y": []}
with lm.trace() as tracer:
    with tracer.invoke("a"):
        acts["x"].append(lm.transformer.h[5].output.save())
    with tracer.invoke("b"):
        acts["y"].append(lm.transformer.h[3].output.save())
print(acts)
""",
        "",
    ),
    Corner(
        "an item of a dictionary's item that two invokes set",
        """\
acts = {"x": {}}
with lm.trace() as tracer:
    with tracer.invoke("a"):
        acts["x"]["y"] = lm.transformer.h[5].output.save()
    with tracer.invoke("b"):
        acts["x"]["y"] = lm.transformer.h[3].output.save()
print(acts)
""",
        "NNS107",
        says=(
            "the value that is set last in time stays, another one than on 0.4 | silent, unsafe",
        ),
        after="""\
acts = {"x": {}}
with lm.session():
    with lm.trace("a"):
        acts["x"]["y"] = lm.transformer.h[5].output.save()
    with lm.trace("b"):
        acts["x"]["y"] = lm.transformer.h[3].output.save()
print(acts)
""",
    ),
    Corner(
        "three invokes that set an item, of which the last in the text is the last in time",
        """\
acts = {}
with lm.trace() as tracer:
    with tracer.invoke("a"):
        acts["x"] = lm.transformer.h[5].output.save()
    with tracer.invoke("b"):
        acts["x"] = lm.transformer.h[3].output.save()
    with tracer.invoke("c"):
        acts["x"] = lm.transformer.h[9].output.save()
print(acts)
""",
        "",
    ),
    Corner(
        "a list in an attribute, filled by two invokes",
        """\
class Acts:
    pass

acts = Acts()
acts.items = []
with lm.trace() as tracer:
    with tracer.invoke("a"):
        acts.items.append(lm.transformer.h[5].output.save())
    with tracer.invoke("b"):
        acts.items.append(lm.transformer.h[3].output.save())
print(acts.items)
""",
        "NNS107",
        after="""\
class Acts:
    pass

acts = Acts()
acts.items = []
with lm.session():
    with lm.trace("a"):
        acts.items.append(lm.transformer.h[5].output.save())
    with lm.trace("b"):
        acts.items.append(lm.transformer.h[3].output.save())
print(acts.items)
""",
    ),
    Corner(
        "a number to which a comprehension adds, in which its name stands for something else",
        """\
n = 0
with lm.trace("a"):
    n += sum(n.sum() for n in [lm.transformer.h[0].output, lm.transformer.h[1].output])
    z = (lm.lm_head.output + n).save()
""",
        "",
    ),
    Corner(
        "an invoke of one line keeps traces from being taken apart",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[3].output[0]
    with tracer.invoke("b"): lm.transformer.h[1].output[0][:] = h
""",
        "NNS105 NNS301 NNS101",
        says=("name 'h' is not defined | error, no fix",),
        after="""\
with lm.session():
    with lm.trace("a"):
        h = lm.transformer.h[3].output[0]
    with lm.trace("b"):
        lm.transformer.h[1].output[0][:] = h
""",
    ),
    Corner(
        "a late value that has to be made earlier before it can cross",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        b = lm.transformer.h[6].output
        a = lm.transformer.h[3].output
    with tracer.invoke("b"):
        lm.transformer.h[4].output[:] = a
        z = lm.lm_head.output.save()
""",
        "NNS106 NNS101",
        says=("name 'a' is not defined | error, safe",),
        after="""\
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        a = lm.transformer.h[3].output
        barrier()
        b = lm.transformer.h[6].output
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[4].output[:] = a
        z = lm.lm_head.output.save()
""",
    ),
    Corner(
        "a comprehension's name is taken in another place on newer Pythons",
        """\
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
        says=("it is not there in time, and an older value is | silently another value of `h`",),
        after="""\
with lm.session():
    with lm.trace("a b c"):
        h = lm.transformer.h[0].output[0]
        r = [lm.transformer.h[layer].output[0] for layer in (1, 2)]
        h = h * 2
    with lm.trace("d e f"):
        y = lm.transformer.h[2].input
        lm.transformer.h[4].output[0][:] = h
""",
    ),
    Corner(
        "a name that a step's block needs, which an earlier turn has saved beside it",
        """\
for p in "ab":
    with lm.generate(p, max_new_tokens=2):
        r = lm.lm_head.input * 2
        with lm.lm_head.all():
            lm.lm_head.output[:] = r
        out = lm.generator.output.save()
""",
        "NNS602",
        after="""\
for p in "ab":
    with lm.generate(p, max_new_tokens=2) as tracer:
        r = lm.lm_head.input * 2
        with tracer.all():
            lm.lm_head.output[:] = r
        out = lm.generator.output.save()
""",
    ),
    Corner(
        "a saved name that the first invoke binds later than the second",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        hidden = lm.transformer.h[6].output
    with tracer.invoke("b"):
        hidden = lm.transformer.h[0].output.save()
print(hidden)
""",
        "NNS205",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        hidden = lm.transformer.h[6].output
    with tracer.invoke("b"):
        hidden = lm.transformer.h[0].output.save()
        _hidden = hidden
hidden = _hidden
print(hidden)
""",
    ),
    Corner(
        "a list of the values whose gradients are read, in a block",
        """\
with lm.trace("a"):
    if True:
        hs = [lm.transformer.h[n].output[0] for n in range(2)]
    gs = [lm.transformer.h[n].output[0].grad.save() for n in range(2)]
    lm.lm_head.output.sum().backward()
""",
        "NNS106 NNS501",
        after="""\
with lm.trace("a"):
    if True:
        hs = [lm.transformer.h[n].output[0] for n in range(2)]
    with lm.lm_head.output.sum().backward():
        gradients = [value.grad for value in reversed(hs)][::-1]
    gs = [gradient.save() for n, gradient in zip(range(2), gradients)]
""",
    ),
    Corner(
        "a list of the values whose gradients are read",
        """\
with lm.trace("a"):
    hs = [lm.transformer.h[n].output[0] for n in range(2)]
    gs = [lm.transformer.h[n].output[0].grad.save() for n in range(2)]
    lm.lm_head.output.sum().backward()
""",
        "NNS106 NNS501",
        after="""\
with lm.trace("a"):
    hs = []
    gs = []
    values = []
    for n in range(2):
        hs.append(lm.transformer.h[n].output[0])
        values.append(lm.transformer.h[n].output[0])
    with lm.lm_head.output.sum().backward():
        gradients = [value.grad for value in reversed(values)][::-1]
    for n, gradient in zip(range(2), gradients):
        gs.append(gradient.save())
""",
    ),
    Corner(
        "steps that are gone on to by the tracer",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    h = lm.lm_head.output.save()
    tracer.next()
    g = lm.lm_head.output.save()
""",
        "",
    ),
    Corner(
        "steps that are gone on to on a line with something else",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    h = lm.lm_head.output.save()
    lm.lm_head.next(); x = 1
    g = lm.lm_head.output.save()
""",
        "NNS601",
    ),
    Corner(
        "None that is bound beside values of two invokes",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        x = None
        h = lm.lm_head.output
    with tracer.invoke("b"):
        g = lm.lm_head.output
    y = (h.sum(), g.sum(), x)
    print(y)
""",
        "NNS104 NNS104",
        after="""\
with lm.session():
    with lm.trace("a"):
        x = None
        h = lm.lm_head.output
    with lm.trace("b"):
        g = lm.lm_head.output
    y = (h.sum(), g.sum(), x)
    print(y)
""",
    ),
    Corner(
        "a helper binds a name of its own in an invoke",
        """\
def summed(h):
    total = h.sum()
    return total

total = 0
with lm.trace() as tracer:
    with tracer.invoke("a"):
        y = summed(lm.lm_head.output).save()
    print(total)
""",
        "",
    ),
    Corner(
        "a name of its own is another one where it moves up with what it needs",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        b = lm.transformer.h[5].output
        x, i = 1, 2
        c = b + x
        x = lm.transformer.h[3].output[:, i]
        x[:] = 0
        y = c.save()
""",
        "NNS106",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        x, i = 1, 2
        x_2 = lm.transformer.h[3].output[:, i]
        x_2[:] = 0
        b = lm.transformer.h[5].output
        c = b + x
        y = c.save()
""",
    ),
    Corner(
        "a name needed on a server has no single place",
        """\
for k in range(2):
    with lm.trace("a", remote=True):
        h = lm.lm_head.output[n].save()
        n = h
""",
        "NNS203",
        says=("how it is bound leaves no single right place | UnboundLocalError",),
    ),
    Corner(
        "a value of a saved item",
        """\
with lm.trace("a"):
    xs = [None] * 3
    xs[0] = lm.lm_head.output.save()
    xs.save()
print(xs[0].value)
""",
        "NNS204",
        says=("no proxy | AttributeError: 'Tensor' object has no attribute 'value' | error, safe",),
        after="""\
with lm.trace("a"):
    xs = [None] * 3
    xs[0] = lm.lm_head.output.save()
    xs.save()
print(xs[0])
""",
    ),
    Corner(
        "a value of the model is told to go on",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    h = lm.lm_head.output.save()
    g = lm.lm_head.output.next().save()
    lm.lm_head.next()
    k = lm.lm_head.output.save()
""",
        "NNS601",
        after="""\
with lm.generate("a", max_new_tokens=3) as tracer:
    h = lm.lm_head.output.save()
    g = lm.lm_head.output.next().save()
    with tracer.iter[1]:
        k = lm.lm_head.output.save()
""",
    ),
    Corner(
        "a session that a star import brings",
        """\
from nnsight import *

with session() as s:
    with lm.trace("a"):
        h = lm.lm_head.output
    print(h)
""",
        "NNS406",
        after="""\
from nnsight import session

with session() as s:
    with lm.trace("a"):
        h = lm.lm_head.output
    print(h)
""",
    ),
    Corner(
        "a name that a walrus binds in a comprehension",
        """\
with lm.trace("a"):
    hs = [(last := lm.transformer.h[k].output) for k in range(3)]
print(last)
""",
        "NNS203",
    ),
    Corner(
        "a barrier is taken out of a list on the spot",
        """\
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output
        [barrier][0]()
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[2].output[:] = h
""",
        "",
    ),
    Corner(
        "a barrier is called behind an item in one line",
        """\
acts = {}
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        acts["x"] = 1
        h = lm.transformer.h[1].output
        both = (acts["x"], barrier())
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[2].output[:] = h
""",
        "",
    ),
    Corner(
        "a barrier for more than there are",
        """\
with lm.trace() as tracer:
    barrier = tracer.barrier(3)
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output
        barrier()
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[2].output[:] = h
""",
        "NNS103",
        after="""\
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output
        barrier()
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[2].output[:] = h
""",
    ),
    Corner(
        "a barrier whose number is none",
        """\
with lm.trace() as tracer:
    barrier = tracer.barrier("2")
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output
        barrier()
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[2].output[:] = h
""",
        "",
    ),
    Corner(
        "layers that a loop and its number reach",
        """\
with lm.trace("a"):
    for k, layer in enumerate(lm.transformer.h):
        late = layer.output
        same = lm.transformer.h[k].output
""",
        "",
    ),
    Corner(
        "some of what is not in view",
        """\
with lm.trace("a"):
    for layer in layers[1:]:
        h = layer.output.save()
print(h.value)
""",
        "NNS204",
        after="""\
with lm.trace("a"):
    for layer in layers[1:]:
        h = layer.output.save()
print(h)
""",
    ),
    Corner(
        "a function out of view is given a value",
        """\
with lm.trace("a"):
    y = probe.run(lm.lm_head.output)
print(y)
""",
        "NNS203",
    ),
    Corner(
        "a deep module is called with what is not the model's",
        """\
with lm.trace("a"):
    y = lm.transformer.h[0](ids)
    z = lm.lm_head.output.save()
""",
        "",
    ),
    Corner(
        "two statements on a line",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        b = lm.transformer.h[5].output
        x = 1; a = lm.transformer.h[3].output
        z = (a + b).save()
""",
        "NNS106",
    ),
    Corner(
        "what leaves an invoke is a function of the file's own",
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
        "a saved value that a walrus binds in a comprehension",
        """\
with lm.trace("a"):
    hs = [(last := lm.transformer.h[k].output.save()) for k in range(3)]
print(last.value)
""",
        "NNS204",
        after="""\
with lm.trace("a"):
    hs = [(last := lm.transformer.h[k].output.save()) for k in range(3)]
print(last)
""",
    ),
    Corner(
        "a list of which one item is saved",
        """\
with lm.trace("a"):
    acts = [lm.transformer.h[0].output.save(), lm.lm_head.output]
print(acts)
""",
        "NNS203",
        after="""\
with lm.trace("a"):
    acts = [lm.transformer.h[0].output.save(), lm.lm_head.output].save()
print(acts)
""",
    ),
    Corner(
        "a list of which no item is saved",
        """\
with lm.trace("a"):
    acts = [lm.transformer.h[0].output, lm.lm_head.output]
print(acts)
""",
        "NNS203",
        after="""\
with lm.trace("a"):
    acts = [lm.transformer.h[0].output, lm.lm_head.output].save()
print(acts)
""",
    ),
    Corner(
        "a part of a part of what is not in view",
        """\
with lm.trace("a"):
    h = layers[1:][0].output.save()
    g = layers[1:].output
print(h.value)
""",
        "NNS204",
        after="""\
with lm.trace("a"):
    h = layers[1:][0].output.save()
    g = layers[1:].output
print(h)
""",
    ),
    Corner(
        "a version that is asked for by nothing",
        """\
import nnsight

if nnsight.__version__.startswith():
    with lm.trace("a"):
        h = lm.lm_head.output.save()
    print(h.value)
""",
        "NNS204",
        after="""\
import nnsight

if nnsight.__version__.startswith():
    with lm.trace("a"):
        h = lm.lm_head.output.save()
    print(h)
""",
    ),
    Corner(
        "items of a dictionary that another invoke has put there",
        """\
acts = {}
with lm.trace() as tracer:
    with tracer.invoke("a"):
        acts["x"] = lm.transformer.h[1].output
    with tracer.invoke("b"):
        lm.transformer.h[2].output[:] = acts["x"]
""",
        "NNS101",
        after="""\
acts = {}
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        acts["x"] = lm.transformer.h[1].output
        barrier()
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[2].output[:] = acts["x"]
""",
    ),
    Corner(
        "items of lists in a dictionary that another invoke has put there",
        """\
acts = {"x": []}
with lm.trace() as tracer:
    with tracer.invoke("a"):
        acts["x"].append(lm.transformer.h[1].output)
    with tracer.invoke("b"):
        lm.transformer.h[2].output[:] = acts["x"][0]
""",
        "NNS101",
        after="""\
acts = {"x": []}
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        acts["x"].append(lm.transformer.h[1].output)
        barrier()
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[2].output[:] = acts["x"][0]
""",
    ),
    Corner(
        "a try among the invokes",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output
    try:
        with tracer.invoke("b"):
            lm.transformer.h[6].output[:] = a
    except ValueError:
        pass
""",
        "NNS101",
        after="""\
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output
        barrier()
    try:
        with tracer.invoke("b"):
            barrier()
            lm.transformer.h[6].output[:] = a
    except ValueError:
        pass
""",
    ),
    Corner(
        "a number that a way binds which leads nowhere",
        """\
def run(flag):
    with lm.trace() as tracer:
        with tracer.invoke("a"):
            a = lm.transformer.h[5].output
        k = 6
        if flag:
            k = 2
            raise ValueError
        with tracer.invoke("b"):
            lm.transformer.h[k].output[:] = a
""",
        "NNS101",
        says=("name 'a' is not defined | error, safe",),
        after="""\
def run(flag):
    with lm.trace() as tracer:
        with tracer.invoke("a"):
            a = lm.transformer.h[5].output
        k = 6
        if flag:
            k = 2
            raise ValueError
        with tracer.invoke("b"):
            h_output = lm.transformer.h[k].output
            h_output[:] = a
""",
    ),
    Corner(
        "a helper reads what is outside of the trace",
        """\
def patched(h):
    return h * scale

scale = 2
with lm.trace() as tracer:
    with tracer.invoke("a"):
        scale = lm.transformer.h[1].output
    with tracer.invoke("b"):
        lm.transformer.h[2].output[:] = patched(lm.transformer.h[2].output)
""",
        "NNS203 NNS209 NNS102",
        after="""\
def patched(h):
    return h * scale

scale = 2
with lm.session():
    with lm.trace("a"):
        scale = lm.transformer.h[1].output
    with lm.trace("b"):
        lm.transformer.h[2].output[:] = patched(lm.transformer.h[2].output)
""",
    ),
    Corner(
        "a function out of view makes a value that is written to",
        """\
with lm.trace("a"):
    y = probe.run(lm.lm_head.output)
    y[:] = 0
print(y.value)
""",
        "NNS203",
        says=("0.4 raised here too | NameError: name 'y' is not defined | note, no fix",),
    ),
    Corner(
        "a helper reads a name that the trace binds anew",
        """\
def patched(h):
    return h * scale

scale = 2
with lm.trace("a"):
    scale = lm.transformer.h[1].output
    lm.transformer.h[2].output[:] = patched(lm.transformer.h[2].output)
print(scale)
""",
        "NNS203 NNS209",
        says=("it had before the trace | silent, no fix",),
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda each: each.name)
def test_corner(corner: Corner) -> None:
    """What is found in a corner, what is said of it, and what is made of it."""
    corner.check()
