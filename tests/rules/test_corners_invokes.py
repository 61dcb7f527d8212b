"""What crosses between invokes, in the corners: other words, other fixes, or none."""

from __future__ import annotations

import pytest

from .corners import Corner

CORNERS = [
    Corner(
        "an item of a list that is not there yet",
        """\
boxes = []
with lm.trace() as tracer:
    with tracer.invoke("a"):
        boxes.append(lm.transformer.h[3].output[0])
    with tracer.invoke("b"):
        lm.transformer.h[1].output[0][:] = boxes[0]
""",
        "NNS105 NNS101",
        says=("IndexError or KeyError: the item is missing",),
        after="""\
boxes = []
with lm.session():
    with lm.trace("a"):
        boxes.append(lm.transformer.h[3].output[0])
    with lm.trace("b"):
        lm.transformer.h[1].output[0][:] = boxes[0]
""",
    ),
    Corner(
        "what is used and bound in one statement",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0]
        x = lm.transformer.h[3].output[0].save()
    with tracer.invoke("b"):
        for layer in range(2):
            lm.transformer.h[layer].output[0][:] = h
            h = h * 2
""",
        "NNS105 NNS101 NNS101",
        says=("UnboundLocalError: cannot access local variable 'h'",),
        after="""\
with lm.session():
    with lm.trace("a"):
        h = lm.transformer.h[1].output[0]
        x = lm.transformer.h[3].output[0].save()
    with lm.trace("b"):
        for layer in range(2):
            lm.transformer.h[layer].output[0][:] = h
            h = h * 2
""",
    ),
    Corner(
        "a barrier that waits for one more than call it",
        """\
with lm.trace() as tracer:
    barrier = tracer.barrier(3)
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0]
        barrier()
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[1].output[0][:] = h
""",
        "NNS103",
        says=(
            "not as many invokes call it as it waits for | TypeError: cannot unpack non-"
            "iterable NoneType",
        ),
        after="""\
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0]
        barrier()
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[1].output[0][:] = h
""",
    ),
    Corner(
        "a barrier that holds up a change in place",
        """\
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0]
        g = lm.transformer.h[3].output[0]
        barrier()
    with tracer.invoke("b"):
        x = lm.transformer.h[1].output[0]
        barrier()
        x[:] = h
""",
        "NNS103",
        says=("`x[:] = h` comes when the model has gone on | silently without effect",),
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0]
        g = lm.transformer.h[3].output[0]
    with tracer.invoke("b"):
        x = lm.transformer.h[1].output[0]
        x[:] = h
""",
    ),
    Corner(
        "a barrier before the value",
        """\
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        barrier()
        h = lm.transformer.h[1].output[0]
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[1].output[0][:] = h
""",
        "NNS103 NNS101",
        says=(
            "the values that it is for are not there in time | NameError, or silently an "
            "older value",
        ),
        after="""\
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0]
        barrier()
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[1].output[0][:] = h
""",
    ),
    Corner(
        "a module beside the invokes",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0].save()
    g = lm.transformer.h[1].output[0]
    g.save()
""",
        "NNS104 NNS104",
        says=(
            "a module is read beside the invokes, where no prompt is running | ValueError: "
            "Cannot return output",
        ),
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0].save()
        g = lm.transformer.h[1].output[0]
        g.save()
""",
    ),
    Corner(
        "a list that the invokes fill, summed beside them",
        """\
with lm.trace() as tracer:
    hs = []
    with tracer.invoke("a"):
        hs.append(lm.transformer.h[1].output[0])
    total = sum(hs).save()
""",
        "NNS104",
        says=(
            "`hs` is filled in an invoke, but this statement runs before every invoke | "
            "`hs` is still without",
        ),
        after="""\
with lm.trace() as tracer:
    hs = [].save()
    with tracer.invoke("a"):
        hs.append(lm.transformer.h[1].output[0])
total = sum(hs)
""",
    ),
    Corner(
        "a list that the invokes fill, saved beside them: it does not matter when",
        """\
with lm.trace() as tracer:
    hs = []
    with tracer.invoke("a"):
        hs.append(lm.transformer.h[1].output[0])
    hs.save()
""",
        "",
    ),
    Corner(
        "a name from before the trace, used beside the invokes",
        """\
h = 0
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0]
    total = (h + 1).save()
""",
        "NNS104",
        says=("silently the value that `h` had before the trace is used",),
        after="""\
h = 0
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0].save()
total = (h + 1)
""",
    ),
    Corner(
        "beside the invokes: a session's later traces may need it",
        """\
with lm.session():
    with lm.trace() as tracer:
        with tracer.invoke("a"):
            h = lm.transformer.h[1].output[0]
        total = (h + 1).save()
""",
        "NNS104",
        after="""\
with lm.session():
    with lm.trace() as tracer:
        with tracer.invoke("a"):
            h = lm.transformer.h[1].output[0]
            total = (h + 1).save()
""",
    ),
    Corner(
        "beside the invokes: a return",
        """\
def f():
    with lm.trace() as tracer:
        with tracer.invoke("a"):
            h = lm.transformer.h[1].output[0]
        return h
""",
        "NNS302",
        after="""\
def f():
    with lm.trace() as tracer:
        with tracer.invoke("a"):
            h = lm.transformer.h[1].output[0].save()
    return h
""",
    ),
    Corner(
        "beside the invokes: it uses the tracer",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0].save()
    n = f(tracer, h)
""",
        "NNS104",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0].save()
        n = f(tracer, h)
""",
    ),
    Corner(
        "beside the invokes: several invokes bind it",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0]
    with tracer.invoke("b"):
        h = lm.transformer.h[2].output[0]
    n = h.sum().save()
""",
        "NNS104",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0]
    with tracer.invoke("b"):
        h = lm.transformer.h[2].output[0]
        n = h.sum().save()
""",
    ),
    Corner(
        "beside the invokes: saved already, and None",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0].save()
        g = lm.transformer.h[2].output[0]
        g.save()
    n = (h + g).sum().save()
with lm.trace() as tracer:
    with tracer.invoke("a"):
        k = None
        g = lm.transformer.h[2].output[0].save()
    n = f(k)
""",
        "NNS104 NNS104",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0].save()
        g = lm.transformer.h[2].output[0]
        g.save()
n = (h + g).sum()
with lm.trace() as tracer:
    with tracer.invoke("a"):
        k = None
        g = lm.transformer.h[2].output[0].save()
        n = f(k)
""",
    ),
    Corner(
        "beside the invokes: bound by a loop",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        for n in range(2):
            g = lm.transformer.h[n].output[0].save()
    m = print(n)
""",
        "NNS104",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        for n in range(2):
            g = lm.transformer.h[n].output[0].save()
        m = print(n)
""",
    ),
    Corner(
        "beside the invokes: over several lines, without a save",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        g = lm.transformer.h[1].output[0]
    m = print(
        g,
        1,
    )
""",
        "NNS104",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        g = lm.transformer.h[1].output[0].save()
m = print(
    g,
    1,
)
""",
    ),
    Corner(
        "beside the invokes: over several lines, with a save",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        g = lm.transformer.h[1].output[0]
    m = (
        g.sum()
        + 1
    ).save()
""",
        "NNS104",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        g = lm.transformer.h[1].output[0].save()
m = (
    g.sum()
    + 1
)
""",
    ),
    Corner(
        "beside the invokes: a save in a save",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        g = lm.transformer.h[1].output[0]
    m = (g.sum().save() + 1).save()
""",
        "NNS104",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        g = lm.transformer.h[1].output[0]
        m = (g.sum().save() + 1).save()
""",
    ),
    Corner(
        "beside the invokes, before the first: what it needs comes later",
        """\
with lm.trace() as tracer:
    g = lm.transformer.h[1].output[0].save()
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0].save()
""",
        "NNS104",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        g = lm.transformer.h[1].output[0].save()
        h = lm.transformer.h[1].output[0].save()
""",
    ),
    Corner(
        "beside the invokes: what is put behind what the trace puts there",
        """\
xs = []
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0]
        xs.append(h)
    xs.append(h + 1)
""",
        "NNS104",
        after="""\
xs = []
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0].save()
        xs.append(h)
xs.append(h + 1)
""",
    ),
    Corner(
        "what 0.4 ignored, on one line",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        lm.transformer.h[1].output[0][:] = lm.transformer.h[3].output[0]
""",
        "NNS106 NNS105",
        says=("its value comes from `lm.transformer.h[3].output`, which runs later",),
    ),
    Corner(
        "what 0.4 ignored: a swap",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[3].mlp.output
    with tracer.invoke("b"):
        g = lm.transformer.h[3].mlp.output
        lm.transformer.h[1].mlp.output = h
""",
        "NNS105 NNS106",
    ),
    Corner(
        "what 0.4 ignored: a change of something that is no layer's",
        """\
with lm.trace("a"):
    x = lm.transformer.wte.output
    y = lm.transformer.h[3].output[0]
    x[:] = y * 2
""",
        "NNS105",
        says=("0.4 silently ignored this change of `lm.transformer.wte.output`",),
    ),
    Corner(
        "a name that the last invoke binds to something else",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.lm_head.output.save()
    with tracer.invoke("b"):
        h = lm.transformer.h[1].output[0].save()
    with tracer.invoke("c"):
        x = (lm.lm_head.output + h).save()
print(h)
""",
        "NNS205 NNS102",
        says=("several invokes save `h`, and this one may finish last",),
        after="""\
with lm.trace() as tracer:
    shared = {}
    with tracer.invoke("a"):
        h_1 = lm.lm_head.output.save()
    with tracer.invoke("b"):
        h = lm.transformer.h[1].output[0].save()
        shared["h"] = h
    with tracer.invoke("c"):
        x = (lm.lm_head.output + shared["h"]).save()
print(h)
""",
    ),
    Corner(
        "too little is known of the order of the modules",
        """\
def f(a, b, c, d, e):
    with lm.trace() as tracer:
        with tracer.invoke("a"):
            xs = [lm.transformer.h[n].output[0] for n in (a, b, c, d, e)]
            h = xs[0] + xs[1]
        with tracer.invoke("b"):
            lm.transformer.h[a].output[0][:] = h
""",
        "NNS110",
        says=("too little is known of the order of its modules",),
    ),
    Corner(
        "a use in a match statement is not followed",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0]
    with tracer.invoke("b"):
        match h:
            case _:
                lm.transformer.h[1].output[0][:] = h
""",
        "NNS110",
        says=("match statement",),
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda corner: corner.name)
def test_a_corner(corner: Corner) -> None:
    corner.check()
