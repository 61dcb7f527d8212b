"""Values that cross, and what is read in another order, in the corners."""

from __future__ import annotations

import pytest

from .corners import Corner

CORNERS = [
    Corner(
        "a value that is needed on a server at the next turn",
        """\
for k in range(3):
    with lm.trace("a", remote=True):
        if k:
            x = lm.lm_head.output + n
        n = 3
print(n)
""",
        "NNS203",
        after="""\
for k in range(3):
    with lm.trace("a", remote=True):
        if k:
            x = lm.lm_head.output + n
    n = 3
print(n)
""",
    ),
    Corner(
        "values of modules that a condition chooses",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        hs = [lm.transformer.h[n].output for n in range(12) if n]
    with tracer.invoke("b"):
        lm.transformer.h[11].output[:] = hs[0]
""",
        "NNS101",
        after="""\
with lm.session():
    with lm.trace("a"):
        hs = [lm.transformer.h[n].output for n in range(12) if n]
    with lm.trace("b"):
        lm.transformer.h[11].output[:] = hs[0]
""",
    ),
    Corner(
        "a sum that may come below a change of another module",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output
    with tracer.invoke("b"):
        h = lm.transformer.h[3].output
        x = a + h
        lm.transformer.h[4].output[:] = 0
        lm.transformer.h[8].output[:] = x
""",
        "NNS101",
        after="""\
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output
        barrier()
    with tracer.invoke("b"):
        h = lm.transformer.h[3].output
        lm.transformer.h[4].output[:] = 0
        barrier()
        x = a + h
        lm.transformer.h[8].output[:] = x
""",
    ),
    Corner(
        "a sum of what is changed below it",
        """\
with lm.trace() as tracer:
    hs = list().save()
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output
    with tracer.invoke("b"):
        hs.append(1)
        x = a + hs[0]
        hs.append(2)
        lm.transformer.h[4].output[:] = 0
        lm.transformer.h[8].output[:] = x
""",
        "NNS101",
        after="""\
with lm.session():
    hs = list().save()
    with lm.trace("a"):
        a = lm.transformer.h[5].output
    with lm.trace("b"):
        hs.append(1)
        x = a + hs[0]
        hs.append(2)
        lm.transformer.h[4].output[:] = 0
        lm.transformer.h[8].output[:] = x
""",
    ),
    Corner(
        "a barrier on a line with more",
        """\
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        a = lm.transformer.h[0].output[0]
        barrier(); x = 1
        a[:] = 0
    with tracer.invoke("b"):
        c = lm.transformer.h[3].output[0]
        barrier()
        d = a + c
""",
        "NNS103",
    ),
    Corner(
        "two values of one name, and a name that another invoke has as well",
        """\
for i in range(3):
    a = 3
with lm.trace() as tracer:
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output
        c = lm.transformer.h[5].output
        a = lm.transformer.h[7].output
    with tracer.invoke("b"):
        lm.transformer.h[6].output[:] = a
        a = 4
        lm.transformer.h[8].output[:] = a
    with tracer.invoke("c"):
        lm.transformer.h[8].output[:] = a
        lm.transformer.h[9].output[:] = a
""",
        "NNS105 NNS102 NNS102 NNS102",
        after="""\
for i in range(3):
    a = 3
with lm.session():
    with lm.trace("a"):
        a = lm.transformer.h[5].output
        c = lm.transformer.h[5].output
        a = lm.transformer.h[7].output
    with lm.trace("b"):
        lm.transformer.h[6].output[:] = a
        a = 4
        lm.transformer.h[8].output[:] = a
    with lm.trace("c"):
        lm.transformer.h[8].output[:] = a
        lm.transformer.h[9].output[:] = a
""",
    ),
    Corner(
        "two values of one name, carried",
        """\
a = 3
with lm.trace() as tracer:
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output
    with tracer.invoke("b"):
        lm.transformer.h[6].output[:] = a
        lm.transformer.h[7].output[:] = a + a
        a = lm.transformer.h[7].output
    with tracer.invoke("c"):
        lm.transformer.h[8].output[:] = a
        lm.transformer.h[9].output[:] = f"{a}"
""",
        "NNS102 NNS102 NNS102 NNS102",
        after="""\
a = 3
with lm.trace() as tracer:
    shared = {}
    barrier_a = tracer.barrier(2)
    barrier_a_2 = tracer.barrier(2)
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output
        shared["a"] = a
        barrier_a()
    with tracer.invoke("b"):
        barrier_a()
        lm.transformer.h[6].output[:] = shared["a"]
        lm.transformer.h[7].output[:] = shared["a"] + shared["a"]
        a = lm.transformer.h[7].output
        shared["a_2"] = a
        barrier_a_2()
    with tracer.invoke("c"):
        barrier_a_2()
        lm.transformer.h[8].output[:] = shared["a_2"]
        lm.transformer.h[9].output[:] = f"{shared['a_2']}"
""",
    ),
    Corner(
        "a name that a loop leaves",
        """\
a = 3
with lm.trace() as tracer:
    with tracer.invoke("a"):
        for a in lm.transformer.h[5].output:
            pass
    with tracer.invoke("b"):
        lm.transformer.h[6].output[:] = a
""",
        "NNS102",
        after="""\
a = 3
with lm.session():
    with lm.trace("a"):
        for a in lm.transformer.h[5].output:
            pass
    with lm.trace("b"):
        lm.transformer.h[6].output[:] = a
""",
    ),
    Corner(
        "a name that is bound in two places, in a loop of invokes",
        """\
a = 3
with lm.trace() as tracer:
    for n in range(2):
        with tracer.invoke("a"):
            a = lm.transformer.h[5].output
            if n:
                a = lm.transformer.h[6].output
        with tracer.invoke("b"):
            lm.transformer.h[8].output[:] = a
""",
        "NNS102",
        after="""\
a = 3
with lm.session():
    for n in range(2):
        with lm.trace("a"):
            a = lm.transformer.h[5].output
            if n:
                a = lm.transformer.h[6].output
        with lm.trace("b"):
            lm.transformer.h[8].output[:] = a
""",
    ),
    Corner(
        "invokes of two loops",
        """\
a = 3
with lm.trace() as tracer:
    for n in range(2):
        with tracer.invoke("a"):
            a = lm.transformer.h[5].output
    for n in range(2):
        with tracer.invoke("b"):
            lm.transformer.h[8].output[:] = a
""",
        "NNS102",
        after="""\
a = 3
with lm.session():
    for n in range(2):
        with lm.trace("a"):
            a = lm.transformer.h[5].output
    for n in range(2):
        with lm.trace("b"):
            lm.transformer.h[8].output[:] = a
""",
    ),
    Corner(
        "one invoke whose value a loop of invokes needs",
        """\
a = 3
with lm.trace() as tracer:
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output
    for n in range(2):
        with tracer.invoke("b"):
            lm.transformer.h[8].output[:] = a
""",
        "NNS102",
        after="""\
a = 3
with lm.trace() as tracer:
    shared = {}
    barrier = tracer.barrier(3)
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output
        shared["a"] = a
        barrier()
    for n in range(2):
        with tracer.invoke("b"):
            barrier()
            lm.transformer.h[8].output[:] = shared["a"]
""",
    ),
    Corner(
        "invokes under a condition of a loop",
        """\
a = 3
with lm.trace() as tracer:
    for n in range(2):
        if c:
            with tracer.invoke("a"):
                a = lm.transformer.h[5].output
            with tracer.invoke("b"):
                lm.transformer.h[8].output[:] = a
""",
        "NNS102",
        after="""\
a = 3
with lm.session():
    for n in range(2):
        if c:
            with lm.trace("a"):
                a = lm.transformer.h[5].output
            with lm.trace("b"):
                lm.transformer.h[8].output[:] = a
""",
    ),
    Corner(
        "invokes in a loop of unknown length",
        """\
a = 3
with lm.trace() as tracer:
    while n:
        with tracer.invoke("a"):
            a = lm.transformer.h[5].output
        with tracer.invoke("b"):
            lm.transformer.h[8].output[:] = a
""",
        "NNS102",
        after="""\
a = 3
with lm.trace() as tracer:
    while n:
        shared = {}
        barrier = tracer.barrier(2)
        with tracer.invoke("a"):
            a = lm.transformer.h[5].output
            shared["a"] = a
            barrier()
        with tracer.invoke("b"):
            barrier()
            lm.transformer.h[8].output[:] = shared["a"]
""",
    ),
    Corner(
        "a name that is added to",
        """\
a = 3
with lm.trace() as tracer:
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output
    with tracer.invoke("b"):
        a += 1
        lm.transformer.h[8].output[:] = a
""",
        "NNS102 NNS108",
        after="""\
a = 3
with lm.session():
    with lm.trace("a"):
        a = lm.transformer.h[5].output
    with lm.trace("b"):
        a = a + 1
        lm.transformer.h[8].output[:] = a
""",
    ),
    Corner(
        "a barrier that stays, and one that comes",
        """\
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        a = lm.transformer.h[1].output
        barrier()
        c = lm.transformer.h[5].output
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[2].output[:] = a
        lm.transformer.h[6].output[:] = c
""",
        "NNS101",
        after="""\
with lm.trace() as tracer:
    barrier_2 = tracer.barrier(2)
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        a = lm.transformer.h[1].output
        barrier()
        c = lm.transformer.h[5].output
        barrier_2()
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[2].output[:] = a
        barrier_2()
        lm.transformer.h[6].output[:] = c
""",
    ),
    Corner(
        "a barrier that is called twice, once for nothing",
        """\
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        a = lm.transformer.h[1].output
        barrier()
        c = lm.transformer.h[5].output
        d = lm.transformer.h[7].output
        barrier()
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[2].output[:] = a
        lm.transformer.h[6].output[:] = c
        barrier()
""",
        "NNS103 NNS101",
        after="""\
with lm.trace() as tracer:
    barrier_a = tracer.barrier(2)
    barrier_c = tracer.barrier(2)
    with tracer.invoke("a"):
        a = lm.transformer.h[1].output
        barrier_a()
        c = lm.transformer.h[5].output
        barrier_c()
        d = lm.transformer.h[7].output
    with tracer.invoke("b"):
        barrier_a()
        lm.transformer.h[2].output[:] = a
        barrier_c()
        lm.transformer.h[6].output[:] = c
""",
    ),
    Corner(
        "an invoke for each turn, not from the first one",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        hs = {}
        for n in range(3):
            hs[n] = lm.transformer.h[n].output
            x = 1
    for n in range(1, 4):
        with tracer.invoke("b"):
            lm.transformer.h[n].output[:] = hs[n - 1]
""",
        "NNS101",
        after="""\
with lm.session():
    with lm.trace("a"):
        hs = {}
        for n in range(3):
            hs[n] = lm.transformer.h[n].output
            x = 1
    for n in range(1, 4):
        with lm.trace("b"):
            lm.transformer.h[n].output[:] = hs[n - 1]
""",
    ),
    Corner(
        "an invoke for each turn, in a loop of its own",
        """\
with lm.trace() as tracer:
    for k in range(2):
        with tracer.invoke("a"):
            hs = {}
            for n in range(3):
                hs[n] = lm.transformer.h[n].output
        for n in range(3):
            with tracer.invoke("b"):
                lm.transformer.h[n + 1].output[:] = hs[n]
""",
        "NNS101",
        after="""\
with lm.trace() as tracer:
    for k in range(2):
        with tracer.invoke("a"):
            hs = {}
            for n in range(3):
                hs[n] = lm.transformer.h[n].output
        for n in range(3):
            with tracer.invoke("b"):
                h_output = lm.transformer.h[n + 1].output
                h_output[:] = hs[n]
""",
    ),
    Corner(
        "a read behind a line with more",
        """\
with lm.trace("a"):
    x = lm.transformer.h[5].output
    n = x.argmax(); m = 3
    z = lm.transformer.h[2].output[n]
""",
        "NNS106",
    ),
    Corner(
        "a read in a condition of a loop, of what the loop counts",
        """\
with lm.trace("a"):
    n = 3
    for n in range(3):
        x = lm.transformer.h[5].output
        k = n
        if c:
            k = 3
            z = lm.transformer.h[k].output[n]
""",
        "NNS106",
        after="""\
with lm.trace("a"):
    n = 3
    for n in range(3):
        k = n
        if c:
            k = 3
            z = lm.transformer.h[k].output[n]
        x = lm.transformer.h[5].output
""",
    ),
    Corner(
        "reads in headers of loops",
        """\
with lm.trace("a"):
    x = lm.transformer.h[5].output
    n = x.argmax()
    with torch.no_grad():
        z = lm.transformer.h[n].output[(n := 2)]
    for k in lm.transformer.h[3].output:
        k = k + 1
    while lm.transformer.h[2].output:
        m = 3
""",
        "NNS208 NNS106 NNS106",
        after="""\
with lm.trace("a"):
    x = lm.transformer.h[5].output
    n = x.argmax()
    with torch.no_grad():
        z = lm.transformer.h[n].output[(n := 2)]
    h_output = lm.transformer.h[2].output
    for k in lm.transformer.h[3].output:
        k = k + 1
    while h_output:
        m = 3
""",
    ),
    Corner(
        "a read of what is counted up above it",
        """\
with lm.trace("a"):
    n = 1
    x = lm.transformer.h[5].output[n]
    n = 2
    n = n + 1
    z = lm.transformer.h[2].output[n]
""",
        "NNS106",
        after="""\
with lm.trace("a"):
    n = 1
    h_output = lm.transformer.h[2].output
    x = lm.transformer.h[5].output[n]
    n = 2
    n = n + 1
    z = h_output[n]
""",
    ),
    Corner(
        "a read of what another invoke reads",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        n = 1
        x = lm.transformer.h[5].output[n]
        n = 2
        z = lm.transformer.h[2].output[n]
    with tracer.invoke("b"):
        print(n)
""",
        "NNS106 NNS102",
        after="""\
with lm.session():
    shared = {}
    with lm.trace("a"):
        n = 1
        h_output = lm.transformer.h[2].output
        x = lm.transformer.h[5].output[n]
        n = 2
        shared["n"] = n
        z = h_output[n]
    with lm.trace("b"):
        print(shared["n"])
""",
    ),
    Corner(
        "values of the whole model and of its last layer, changed",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        a = lm.transformer.output
        b = lm.transformer.h[5].output
        a[:] = 0
    with tracer.invoke("b"):
        lm.transformer.h[3].output[0][:] = a
        lm.transformer.h[3].output[0][:] = b
""",
        "NNS106 NNS105 NNS101 NNS105 NNS101",
        after="""\
with lm.session():
    with lm.trace("a"):
        b = lm.transformer.h[5].output
        a = lm.transformer.output
        a[:] = 0
    with lm.trace("b"):
        lm.transformer.h[3].output[0][:] = a
        lm.transformer.h[3].output[0][:] = b
""",
    ),
    Corner(
        "what the head is given, and what the norm gives, changed",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        a = lm.lm_head.input
        b = lm.transformer.ln_f.output
        a[:] = 0
    with tracer.invoke("b"):
        lm.transformer.h[3].output[0][:] = b
        lm.transformer.h[3].output[0][:] = a
""",
        "NNS106 NNS105 NNS101 NNS105 NNS101",
        after="""\
with lm.session():
    with lm.trace("a"):
        b = lm.transformer.ln_f.output
        a = lm.lm_head.input
        a[:] = 0
    with lm.trace("b"):
        lm.transformer.h[3].output[0][:] = b
        lm.transformer.h[3].output[0][:] = a
""",
    ),
    Corner(
        "a read that the next turn reads",
        """\
for k in range(3):
    with lm.trace("a"):
        x = lm.transformer.h[5].output[z]
        z = lm.transformer.h[2].output
""",
        "NNS203 NNS106",
        after="""\
for k in range(3):
    with lm.trace("a"):
        h_output = lm.transformer.h[2].output
        x = lm.transformer.h[5].output[z]
        z = h_output
""",
    ),
    Corner(
        "a read of what another invoke reads, behind a call",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        x = foo(lm.transformer.h[5].output)
        n = 3
        z = lm.transformer.h[2].output[n]
    with tracer.invoke("b"):
        print(n)
""",
        "NNS106 NNS101",
        after="""\
with lm.session():
    with lm.trace("a"):
        n = 3
        z = lm.transformer.h[2].output[n]
        x = foo(lm.transformer.h[5].output)
    with lm.trace("b"):
        print(n)
""",
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda each: each.name)
def test_corner(corner: Corner) -> None:
    """What is found in a corner, what is said of it, and what is made of it."""
    corner.check()
