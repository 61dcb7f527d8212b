"""Barriers in the corners: in loops, of several turns, beside others."""

from __future__ import annotations

import pytest

from .corners import Corner

CORNERS = [
    Corner(
        "a loop fills a list, and one invoke a turn takes its item",
        """\
with lm.trace() as tracer:
    hs = []
    with tracer.invoke("a"):
        for n in range(2):
            hs.append(lm.transformer.h[n].output[0])
    for n in range(2):
        with tracer.invoke("b"):
            lm.transformer.h[n].output[0][:] = hs[n]
""",
        "NNS101",
        after="""\
with lm.trace() as tracer:
    barriers = [tracer.barrier(2) for _ in range(2)]
    hs = []
    with tracer.invoke("a"):
        for n in range(2):
            hs.append(lm.transformer.h[n].output[0])
            barriers[n]()
    for n in range(2):
        with tracer.invoke("b"):
            barriers[n]()
            lm.transformer.h[n].output[0][:] = hs[n]
""",
    ),
    Corner(
        "two loops in step",
        """\
with lm.trace() as tracer:
    hs = []
    with tracer.invoke("a"):
        for n in range(2):
            hs.append(lm.transformer.h[n].output[0])
    with tracer.invoke("b"):
        for n in range(2):
            lm.transformer.h[n].output[0][:] = hs[n]
""",
        "NNS101",
        after="""\
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    hs = []
    with tracer.invoke("a"):
        for n in range(2):
            hs.append(lm.transformer.h[n].output[0])
            barrier()
    with tracer.invoke("b"):
        for n in range(2):
            barrier()
            lm.transformer.h[n].output[0][:] = hs[n]
""",
    ),
    Corner(
        "two loops in step, the second one shorter",
        """\
with lm.trace() as tracer:
    hs = []
    with tracer.invoke("a"):
        for n in range(3):
            hs.append(lm.transformer.h[n].output[0])
    with tracer.invoke("b"):
        for n in range(2):
            lm.transformer.h[n].output[0][:] = hs[n]
""",
        "NNS101",
        after="""\
with lm.trace() as tracer:
    hs = []
    with tracer.invoke("a"):
        for n in range(3):
            hs.append(lm.transformer.h[n].output[0])
    with tracer.invoke("b"):
        for n in range(2):
            h_output = lm.transformer.h[n].output
            h_output[0][:] = hs[n]
""",
    ),
    Corner(
        "two loops of which nothing is known",
        """\
with lm.trace() as tracer:
    hs = []
    with tracer.invoke("a"):
        for n in ns:
            hs.append(lm.transformer.h[n].output[0])
    with tracer.invoke("b"):
        for n in ns:
            lm.transformer.h[n].output[0][:] = hs[n]
""",
        "NNS101",
        after="""\
with lm.session():
    hs = []
    with lm.trace("a"):
        for n in ns:
            hs.append(lm.transformer.h[n].output[0])
    with lm.trace("b"):
        for n in ns:
            lm.transformer.h[n].output[0][:] = hs[n]
""",
    ),
    Corner(
        "two invokes in each turn of a loop",
        """\
with lm.trace() as tracer:
    for n in range(2):
        with tracer.invoke("a"):
            h = lm.transformer.h[n].output[0]
        with tracer.invoke("b"):
            lm.transformer.h[n].output[0][:] = h
""",
        "NNS101",
        after="""\
with lm.trace() as tracer:
    for n in range(2):
        barrier = tracer.barrier(2)
        with tracer.invoke("a"):
            h = lm.transformer.h[n].output[0]
            barrier()
        with tracer.invoke("b"):
            barrier()
            lm.transformer.h[n].output[0][:] = h
""",
    ),
    Corner(
        "one invoke, and others in a loop",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0]
    for n in range(2):
        with tracer.invoke("b"):
            lm.transformer.h[1].output[0][:] = h * n
""",
        "NNS101",
        after="""\
with lm.trace() as tracer:
    barrier = tracer.barrier(3)
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0]
        barrier()
    for n in range(2):
        with tracer.invoke("b"):
            barrier()
            lm.transformer.h[1].output[0][:] = h * n
""",
    ),
    Corner(
        "a value that an f-string is told",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.lm_head.output
    with tracer.invoke("b"):
        h = lm.transformer.h[1].output[0]
    with tracer.invoke("c"):
        x = lm.lm_head.output
        print(f"{h} {x}")
""",
        "NNS102",
        after="""\
with lm.trace() as tracer:
    shared = {}
    with tracer.invoke("a"):
        h = lm.lm_head.output
    with tracer.invoke("b"):
        h = lm.transformer.h[1].output[0]
        shared["h"] = h
    with tracer.invoke("c"):
        x = lm.lm_head.output
        print(f"{shared['h']} {x}")
""",
    ),
    Corner(
        "a value that an f-string of both quotes is told",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.lm_head.output
    with tracer.invoke("b"):
        h = lm.transformer.h[1].output[0]
    with tracer.invoke("c"):
        x = lm.lm_head.output
        print(f"{h}", f'{h}')
""",
        "NNS102",
        after="""\
with lm.session():
    with lm.trace("a"):
        h = lm.lm_head.output
    with lm.trace("b"):
        h = lm.transformer.h[1].output[0]
    with lm.trace("c"):
        x = lm.lm_head.output
        print(f"{h}", f'{h}')
""",
    ),
    Corner(
        "a value that is added to in place",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.lm_head.output
    with tracer.invoke("b"):
        h = lm.transformer.h[1].output[0]
    with tracer.invoke("c"):
        x = lm.lm_head.output
        h += x
""",
        "NNS102 NNS108",
        after="""\
with lm.session():
    with lm.trace("a"):
        h = lm.lm_head.output
    with lm.trace("b"):
        h = lm.transformer.h[1].output[0]
    with lm.trace("c"):
        x = lm.lm_head.output
        h = h + x
""",
    ),
    Corner(
        "two values of one name, carried",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[0].output[0]
        h = lm.transformer.h[1].output[0]
    with tracer.invoke("b"):
        h = lm.transformer.h[2].output[0]
        g = h
    with tracer.invoke("c"):
        lm.transformer.h[1].output[0][:] = h
""",
        "NNS105 NNS101",
        after="""\
with lm.session():
    with lm.trace("a"):
        h = lm.transformer.h[0].output[0]
        h = lm.transformer.h[1].output[0]
    with lm.trace("b"):
        h = lm.transformer.h[2].output[0]
        g = h
    with lm.trace("c"):
        lm.transformer.h[1].output[0][:] = h
""",
    ),
    Corner(
        "barriers in a list, one of which is wrong",
        """\
with lm.trace() as tracer:
    bs = [tracer.barrier(2) for _ in range(2)]
    with tracer.invoke("a"):
        h = lm.transformer.h[0].output[0]
        bs[0]()
        g = lm.transformer.h[1].output[0]
    with tracer.invoke("b"):
        bs[0]()
        lm.transformer.h[0].output[0][:] = h
        bs[1]()
        lm.transformer.h[1].output[0][:] = g
""",
        "NNS103",
        after="""\
with lm.trace() as tracer:
    barrier_h = tracer.barrier(2)
    barrier_g = tracer.barrier(2)
    bs = [tracer.barrier(2) for _ in range(2)]
    with tracer.invoke("a"):
        h = lm.transformer.h[0].output[0]
        barrier_h()
        g = lm.transformer.h[1].output[0]
        barrier_g()
    with tracer.invoke("b"):
        barrier_h()
        lm.transformer.h[0].output[0][:] = h
        barrier_g()
        lm.transformer.h[1].output[0][:] = g
""",
    ),
    Corner(
        "a barrier that is called beside something else",
        """\
with lm.trace() as tracer:
    barrier = tracer.barrier(3)
    with tracer.invoke("a"):
        h = lm.transformer.h[1].output[0]; barrier()
    with tracer.invoke("b"):
        barrier(); x = 1
        lm.transformer.h[1].output[0][:] = h
""",
        "NNS103",
    ),
    Corner(
        "invokes on one line",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"): h = lm.transformer.h[1].output[0]
    with tracer.invoke("b"): lm.transformer.h[1].output[0][:] = h
""",
        "NNS301 NNS301 NNS101",
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
        "values computed beforehand of what is not there yet",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[2].output[0]
    with tracer.invoke("b"):
        k = 2
        g = h * k
        x = lm.transformer.h[1].output[0]
        lm.transformer.h[3].output[0][:] = g
""",
        "NNS101",
        after="""\
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        h = lm.transformer.h[2].output[0]
        barrier()
    with tracer.invoke("b"):
        k = 2
        x = lm.transformer.h[1].output[0]
        barrier()
        g = h * k
        lm.transformer.h[3].output[0][:] = g
""",
    ),
    Corner(
        "values computed beforehand whose parts change in between",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[2].output[0]
    with tracer.invoke("b"):
        k = 2
        g = h * k
        k = 3
        x = lm.transformer.h[1].output[0]
        lm.transformer.h[3].output[0][:] = g
""",
        "NNS101",
        after="""\
with lm.session():
    with lm.trace("a"):
        h = lm.transformer.h[2].output[0]
    with lm.trace("b"):
        k = 2
        g = h * k
        k = 3
        x = lm.transformer.h[1].output[0]
        lm.transformer.h[3].output[0][:] = g
""",
    ),
    Corner(
        "values computed beforehand that are read in between",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[2].output[0]
    with tracer.invoke("b"):
        g = h * 2
        x = lm.transformer.h[1].output[0] + g
        lm.transformer.h[3].output[0][:] = g
""",
        "NNS101",
        after="""\
with lm.session():
    with lm.trace("a"):
        h = lm.transformer.h[2].output[0]
    with lm.trace("b"):
        g = h * 2
        x = lm.transformer.h[1].output[0] + g
        lm.transformer.h[3].output[0][:] = g
""",
    ),
    Corner(
        "a comprehension with a condition over what is not there yet",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        hs = [lm.transformer.h[n].output[0] for n in range(3)]
    with tracer.invoke("b"):
        gs = [lm.transformer.h[n].output[0] + hs[n] for n in range(3) if n]
        ks = [lm.transformer.h[n].output[0] for n in range(3) for _ in range(1)]
""",
        "NNS101",
        after="""\
with lm.session():
    with lm.trace("a"):
        hs = [lm.transformer.h[n].output[0] for n in range(3)]
    with lm.trace("b"):
        gs = [lm.transformer.h[n].output[0] + hs[n] for n in range(3) if n]
        ks = [lm.transformer.h[n].output[0] for n in range(3) for _ in range(1)]
""",
    ),
    Corner(
        "a trace that is only given what may be a model",
        """\
def f(net):
    with net.trace() as tracer:
        with tracer.invoke("a"):
            h = net.transformer.h[1].output[0]
        with tracer.invoke("b"):
            net.transformer.h[1].output[0][:] = h
""",
        "NNS101",
        after="""\
def f(net):
    with net.trace() as tracer:
        barrier = tracer.barrier(2)
        with tracer.invoke("a"):
            h = net.transformer.h[1].output[0]
            barrier()
        with tracer.invoke("b"):
            barrier()
            net.transformer.h[1].output[0][:] = h
""",
    ),
    Corner(
        "a trace with prompts of its own and backward values",
        """\
with lm.trace("x") as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[3].output[0]
    with tracer.invoke("b"):
        lm.transformer.h[1].output[0][:] = h
""",
        "NNS105 NNS101",
    ),
    Corner(
        "backward values, and an invoke on one line",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.transformer.h[3].output[0]
    with tracer.invoke("b"): lm.transformer.h[1].output[0][:] = h
""",
        "NNS105 NNS301 NNS101",
        after="""\
with lm.session():
    with lm.trace("a"):
        h = lm.transformer.h[3].output[0]
    with lm.trace("b"):
        lm.transformer.h[1].output[0][:] = h
""",
    ),
    Corner(
        "backward values, and a barrier that shares its line",
        """\
with lm.trace() as tracer:
    barrier = tracer.barrier(2); x = 1
    with tracer.invoke("a"):
        h = lm.transformer.h[3].output[0]
        barrier()
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[1].output[0][:] = h
""",
        "NNS103",
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda corner: corner.name)
def test_a_corner(corner: Corner) -> None:
    corner.check()
