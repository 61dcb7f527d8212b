"""Statements beside invokes, and sessions of traces, in the corners."""

from __future__ import annotations

import pytest

from .corners import Corner

CORNERS = [
    Corner(
        "beside the invokes, what a function's invoke would be read of",
        """\
def f(tracer):
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output[0].save()
with lm.trace() as tracer:
    with tracer.invoke("b"):
        x = lm.transformer.h[3].output
        y = x.sum()
    f(tracer)
    print(y, lm.lm_head.output)
""",
        "NNS104",
    ),
    Corner(
        "beside the invokes, with a function behind one that writes",
        """\
def f(tracer):
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output[0].save()
with lm.trace() as tracer:
    with tracer.invoke("b"):
        x = lm.transformer.h[3].output
        x[:] = 0
    with tracer.invoke("c"):
        y = lm.lm_head.output
    f(tracer)
    for z in y:
        print(z, tracer)
""",
        "NNS104",
        after="""\
def f(tracer):
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output[0].save()
with lm.trace() as tracer:
    with tracer.invoke("b"):
        x = lm.transformer.h[3].output
        x[:] = 0
    with tracer.invoke("c"):
        y = lm.lm_head.output
        for z in y:
            print(z, tracer)
    f(tracer)
""",
    ),
    Corner(
        "beside the invokes, in a loop, with a function that reads beside its own",
        """\
def f(tracer):
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output[0].save()
    if a:
        print(lm.lm_head.output)
with lm.trace() as tracer:
    with tracer.invoke("b"):
        y = lm.transformer.h[3].output
    f(tracer)
    for z in y:
        print(z, tracer)
""",
        "NNS104",
        after="""\
def f(tracer):
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output[0].save()
    if a:
        print(lm.lm_head.output)
with lm.trace() as tracer:
    with tracer.invoke("b"):
        y = lm.transformer.h[3].output
        for z in y:
            print(z, tracer)
    f(tracer)
""",
    ),
    Corner(
        "beside the invokes, behind a loop of them",
        """\
with lm.trace() as tracer:
    for n in range(3):
        with tracer.invoke("b"):
            y = lm.transformer.h[3].output
    lm.lm_head.output[:] = y
""",
        "NNS104",
    ),
    Corner(
        "beside an invoke that stands on one line",
        """\
with lm.trace() as tracer:
    with tracer.invoke("b"): y = lm.transformer.h[3].output
    lm.lm_head.output[:] = y
""",
        "NNS301 NNS104",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("b"):
        y = lm.transformer.h[3].output
        lm.lm_head.output[:] = y
""",
    ),
    Corner(
        "beside the invokes, a function that takes a value of theirs",
        """\
with lm.trace() as tracer:
    with tracer.invoke("b"):
        y = lm.transformer.h[3].output
    def g(a=y):
        return a
    print(g())
""",
        "NNS104 NNS104",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("b"):
        y = lm.transformer.h[3].output
        def g(a=y):
            return a
        print(g())
""",
    ),
    Corner(
        "beside the invokes, a string over lines",
        """\
def f():
    if True:
        with lm.trace() as tracer:
            with tracer.invoke("b"):
                y = lm.transformer.h[3].output
            z = g(\"""
            a
            \""", y.sum().save(),
              3)
        return z
""",
        "NNS203 NNS309 NNS104",
        after="""\
def f():
    if True:
        with lm.trace() as tracer:
            with tracer.invoke("b"):
                y = lm.transformer.h[3].output.save()
        z = g(\"""
            a
            \""", y.sum(),
          3)
        return z
""",
    ),
    Corner(
        "beside the invokes, what is bound anew behind it",
        """\
with lm.trace() as tracer:
    hs = []
    with tracer.invoke("b"):
        hs.append(lm.transformer.h[3].output)
    print(hs[0])
    hs = 3
""",
        "NNS104",
        after="""\
with lm.trace() as tracer:
    hs = []
    with tracer.invoke("b"):
        hs.append(lm.transformer.h[3].output)
        print(hs[0])
    hs = 3
""",
    ),
    Corner(
        "beside the invokes, with another collection",
        """\
with lm.trace() as tracer:
    hs = []
    gs = []
    with tracer.invoke("b"):
        y = lm.transformer.h[3].output
    hs.append(y.sum())
    with tracer.invoke("c"):
        gs.append(lm.transformer.h[3].output)
print(hs, gs)
""",
        "NNS203 NNS203 NNS104",
        after="""\
with lm.trace() as tracer:
    hs = list().save()
    gs = list().save()
    with tracer.invoke("b"):
        y = lm.transformer.h[3].output.save()
    with tracer.invoke("c"):
        gs.append(lm.transformer.h[3].output)
hs.append(y.sum())
print(hs, gs)
""",
    ),
    Corner(
        "beside the invokes, what is saved already",
        """\
with lm.trace() as tracer:
    hs = list().save()
    with tracer.invoke("b"):
        hs.append(lm.transformer.h[3].output)
    print(hs[0])
""",
        "NNS104",
        after="""\
with lm.trace() as tracer:
    hs = list().save()
    with tracer.invoke("b"):
        hs.append(lm.transformer.h[3].output)
print(hs[0])
""",
    ),
    Corner(
        "invokes whose arguments cannot have more beside them",
        """\
with lm.generate(max_new_tokens=3) as tracer:
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output[0]
    with tracer.invoke(x for x in z):
        lm.transformer.h[3].output[0][:] = a
""",
        "NNS105 NNS101",
    ),
    Corner(
        "invokes that bind the model's name",
        """\
model = lm
with lm.trace() as tracer:
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output[0]
        lm = f()
    with tracer.invoke("b"):
        model.transformer.h[3].output[0][:] = a
""",
        "NNS105 NNS101",
    ),
    Corner(
        "super where it is the code's own",
        """\
class A(torch.nn.Module):
    def f(self):
        super = g
        with lm.trace("a"):
            h = super().f(lm.lm_head.output).save()
        return h
""",
        "",
    ),
    Corner(
        "super in the body of the class",
        """\
class A(torch.nn.Module):
    with lm.trace("a"):
        h = super().f(lm.lm_head.output).save()
""",
        "",
    ),
    Corner(
        "options that are not in view, and some that are",
        """\
options = g()
with lm.trace("a", **options):
    h = lm.lm_head.output.save()
more = {"validate": True, **x}
with lm.trace("a", **more):
    h = lm.lm_head.output.save()
""",
        "NNS420",
        after="""\
options = g()
with lm.trace("a", **options):
    h = lm.lm_head.output.save()
more = {**x}
with lm.trace("a", **more):
    h = lm.lm_head.output.save()
""",
    ),
    Corner(
        "an edit that is given what does nothing, and what does something",
        """\
with lm.edit("a" if x else y) as other:
    h = lm.lm_head.output
with lm.edit(-x.y) as other:
    h = lm.lm_head.output
""",
        "NNS424 NNS424",
        after="""\
with lm.edit("a" if x else y) as other:
    h = lm.lm_head.output
with lm.edit() as other:
    h = lm.lm_head.output
""",
    ),
    Corner(
        "two traces whose values cross",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        a = lm.transformer.h[3].output[0]
    with tracer.invoke("b"):
        lm.transformer.h[5].output[0][:] = a
with lm.trace() as tracer:
    with tracer.invoke("a"):
        b = lm.transformer.h[4].output[0]
    with tracer.invoke("b"):
        lm.transformer.h[6].output[0][:] = b
""",
        "NNS101 NNS101",
        after="""\
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        a = lm.transformer.h[3].output[0]
        barrier()
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[5].output[0][:] = a
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        b = lm.transformer.h[4].output[0]
        barrier()
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[6].output[0][:] = b
""",
    ),
    Corner(
        "beside the invokes, a function behind one that writes, and modules",
        """\
def f(tracer):
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output[0].save()
with lm.trace() as tracer:
    with tracer.invoke("b"):
        x = lm.transformer.h[3].output
        x[:] = 0
    with tracer.invoke("c"):
        y = lm.lm_head.output
    f(tracer)
    for z in y:
        print(z, lm.lm_head.output)
""",
        "NNS104",
    ),
    Corner(
        "beside the invokes, modules of which nobody knows the order",
        """\
t = lm.transformer.h
with lm.trace() as tracer:
    with tracer.invoke("a"):
        x = t[1].output
        t[0].output[:] = x
    print(x, t[i].output, t[j].output, t[k].output, t[l].output, t[m].output, t[n].output)
""",
        "NNS106 NNS105 NNS104",
        after="""\
t = lm.transformer.h
with lm.trace() as tracer:
    with tracer.invoke("a"):
        x = t[1].output
        t[0].output[:] = x
        print(x, t[i].output, t[j].output, t[k].output, t[l].output, t[m].output, t[n].output)
""",
    ),
    Corner(
        "beside the invokes, behind steps in invokes of a loop",
        """\
with lm.generate(max_new_tokens=3) as tracer:
    for n in range(2):
        with tracer.invoke("a"):
            with tracer.iter[:2]:
                a = lm.lm_head.output
    print(a)
""",
        "NNS104",
    ),
    Corner(
        "beside the invokes, with a function that opens none",
        """\
def f(tracer):
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output[0].save()
def g(x):
    print(lm.transformer)
    return x
with lm.trace() as tracer:
    for n in range(2):
        with tracer.invoke("b"):
            y = lm.transformer.h[3].output
    f(tracer)
    print(g(y))
""",
        "NNS104",
        after="""\
def f(tracer):
    with lm.trace("a"):
        a = lm.transformer.h[5].output[0].save()
def g(x):
    print(lm.transformer)
    return x
with lm.session() as tracer:
    for n in range(2):
        with lm.trace("b"):
            y = lm.transformer.h[3].output
    f(tracer)
    print(g(y))
""",
    ),
    Corner(
        "a session over lines, and a trace",
        """\
with (lm
      .session() as s, lm.trace("a")):
    h = lm.lm_head.output.save()
""",
        "NNS304",
    ),
    Corner(
        "steps whose brackets go over lines",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    with lm.lm_head.iter[0:
                         2]:
        h = lm.lm_head.output.save()
""",
        "NNS602",
        after="""\
with lm.generate("a", max_new_tokens=3) as tracer:
    with tracer.iter[0:
                         2]:
        h = lm.lm_head.output.save()
""",
    ),
    Corner(
        "beside the invokes, a module that is read in a loop, with a function that opens one",
        """\
def f(tracer):
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output[0].save()
with lm.trace() as tracer:
    with tracer.invoke("b"):
        y = lm.transformer.h[3].output
    f(tracer)
    for z in y:
        print(z, lm.lm_head.output)
""",
        "NNS104",
    ),
    Corner(
        "beside the invokes, a module that another function reads",
        """\
def f(tracer):
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output[0].save()
def g(x):
    return lm.lm_head.output + x
with lm.trace() as tracer:
    for n in range(2):
        with tracer.invoke("b"):
            y = lm.transformer.h[3].output
    f(tracer)
    print(g(y))
""",
        "NNS104",
    ),
    Corner(
        "a loop over what an invoke makes, whose turns call a function that opens an invoke",
        """\
acts = []

def run(tracer, k):
    with tracer.invoke("a"):
        acts.append(lm.transformer.h[k].output.save())

with lm.trace() as tracer:
    with tracer.invoke("b"):
        n = lm.transformer.h[0].output.shape[1]
    for k in range(n):
        run(tracer, k)
""",
        "NNS104",
        says=("`n` is bound in an invoke, but this statement runs before every invoke",),
        after="""\
acts = []

def run(tracer, k):
    with lm.trace("a"):
        acts.append(lm.transformer.h[k].output.save())

with lm.session() as tracer:
    with lm.trace("b"):
        n = lm.transformer.h[0].output.shape[1]
    for k in range(n):
        run(tracer, k)
""",
    ),
    Corner(
        "a function that opens an invoke is given what another invoke makes",
        """\
acts = []

def run(tracer, k):
    with tracer.invoke("a"):
        acts.append((lm.lm_head.output * k).save())

with lm.trace() as tracer:
    with tracer.invoke("b"):
        n = lm.lm_head.output.sum()
    [run(tracer, n) for i in range(2)]
    [run(tracer, i) for i in range(2)]
""",
        "NNS104",
    ),
    Corner(
        "what a function's invoke puts into a dictionary is read beside it",
        """\
store = {}

def run(tracer, k, into):
    with tracer.invoke("a"):
        into[k] = lm.lm_head.output.save()

with lm.trace() as tracer:
    run(tracer, 0, store)
    total = store[0].sum().save()
print(total)
""",
        "NNS104",
        says=("`store` is filled in an invoke",),
        after="""\
store = {}

def run(tracer, k, into):
    with tracer.invoke("a"):
        into[k] = lm.lm_head.output.save()

with lm.trace() as tracer:
    run(tracer, 0, store)
total = store[0].sum()
print(total)
""",
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda each: each.name)
def test_corner(corner: Corner) -> None:
    """What is found in a corner, what is said of it, and what is made of it."""
    corner.check()
