"""Names that a trace keeps or loses, in the corners."""

from __future__ import annotations

import pytest

from nnmigrate.program import Options

from .corners import Corner

CORNERS = [
    Corner(
        "computed behind all, and given back or not",
        """\
def f():
    with lm.trace("a"):
        h = lm.lm_head.output
        return h.sum() if c else None
""",
        "NNS302",
        after="""\
def f():
    with lm.trace("a"):
        h = lm.lm_head.output
        _returned = [h.sum() if c else None].save()
    return _returned[0]
""",
    ),
    Corner(
        "given back on a line with more",
        """\
def f():
    with lm.trace("a"):
        h = lm.lm_head.output; return h
""",
        "NNS302",
    ),
    Corner(
        "a name of a body on one line",
        """\
with lm.trace("a"): n = 3
print(n)
""",
        "NNS203 NNS301",
        after="""\
with lm.trace("a"):
    n = 3
    n.save()
print(n)
""",
    ),
    Corner(
        "a name of two invokes, one of which makes it None",
        """\
n = 0
with lm.trace() as tracer:
    with tracer.invoke("a"):
        n = 3
    with tracer.invoke("b"):
        n = None
print(n)
""",
        "NNS203",
    ),
    Corner(
        "a name that needs another one of the trace",
        """\
with lm.trace("a"):
    m = 1
    n = m + 1
    h = lm.lm_head.output[n].save()
print(n)
""",
        "NNS203",
        after="""\
with lm.trace("a"):
    m = 1
    n = m + 1
    h = lm.lm_head.output[n].save()
    n.save()
print(n)
""",
    ),
    Corner(
        "a function whose default is needed",
        """\
with lm.trace("a"):
    def g(a=x):
        return a
    h = g(lm.lm_head.output).save()
print(g)
""",
        "NNS203",
    ),
    Corner(
        "a counter alone in its invoke",
        """\
n = 0
with lm.trace() as tracer:
    with tracer.invoke("a"):
        n += 1
    with tracer.invoke("b"):
        x = lm.lm_head.output[n].save()
print(n)
""",
        "NNS203",
        after="""\
n = 0
with lm.trace() as tracer:
    shared = {}
    with tracer.invoke("a"):
        n += 1
        shared["n"] = n
        n.save()
    with tracer.invoke("b"):
        x = lm.lm_head.output[shared["n"]].save()
print(n)
""",
    ),
    Corner(
        "a counter that is read behind where it counts",
        """\
n = 0
with lm.trace() as tracer:
    with tracer.invoke("a"):
        n += 1
        x = lm.lm_head.output[n].save()
    with tracer.invoke("b"):
        n += 1
        x = lm.lm_head.output[n].save()
print(n)
""",
        "NNS203",
        after="""\
n = 0
with lm.trace() as tracer:
    n += 1
    with tracer.invoke("a"):
        x = lm.lm_head.output[n].save()
    n += 1
    with tracer.invoke("b"):
        x = lm.lm_head.output[n].save()
    n.save()
print(n)
""",
    ),
    Corner(
        "a counter that needs another name of its invoke",
        """\
n = 0
with lm.trace() as tracer:
    with tracer.invoke("a"):
        k = 3
        x = lm.lm_head.output[k].save()
        n += k
    with tracer.invoke("b"):
        x = lm.lm_head.output[n].save()
print(n)
""",
        "NNS203",
        after="""\
n = 0
with lm.trace() as tracer:
    shared = {}
    with tracer.invoke("a"):
        k = 3
        x = lm.lm_head.output[k].save()
        n += k
        shared["n"] = n
        n.save()
    with tracer.invoke("b"):
        x = lm.lm_head.output[shared["n"]].save()
print(n)
""",
    ),
    Corner(
        "a list that is made, or None",
        """\
acts = None
with lm.trace("a"):
    if x:
        acts = []
    else:
        acts = None
    acts.append(lm.lm_head.output)
print(acts)
""",
        "NNS203",
        after="""\
acts = None
with lm.trace("a"):
    _acts = [acts].save()
    if x:
        _acts[0] = []
    else:
        _acts[0] = None
    _acts[0].append(lm.lm_head.output)
acts = _acts[0]
print(acts)
""",
    ),
    Corner(
        "a name that only another turn needs",
        """\
h = torch.zeros(2)
for k in range(3):
    with lm.trace("a"):
        lm.transformer.h[1].output[0][:] = h
        h = lm.lm_head.output
        h = h * 2
""",
        "NNS203",
        after="""\
h = torch.zeros(2)
for k in range(3):
    with lm.trace("a"):
        _h = h
        lm.transformer.h[1].output[0][:] = _h
        _h = lm.lm_head.output
        _h = _h * 2
        _h.save()
    h = _h
""",
    ),
    Corner(
        "a value that a cell saves, where it may run again",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output[0].save()
    with tracer.invoke("b"):
        lm.transformer.h[6].output[0][:] = a
print(a)
""",
        "NNS101",
        after="""\
with lm.trace() as tracer:
    shared = {}
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        a = lm.transformer.h[5].output[0].save()
        shared["a"] = a
        barrier()
    with tracer.invoke("b"):
        barrier()
        lm.transformer.h[6].output[0][:] = shared["a"]
print(a)
""",
        options=Options(again=True),
    ),
    Corner(
        "gradients off above the trace, in one of two suites",
        """\
if y:
    print(3)
elif x:
    torch.set_grad_enabled(False)
    with lm.trace("a"):
        h = (lm.transformer.h[1].output[0] @ lm.transformer.h[1].mlp.c_fc.weight).save()
""",
        "NNS701",
        after="""\
if y:
    print(3)
elif x:
    torch.set_grad_enabled(False)
    with lm.trace("a"):
        with torch.set_grad_enabled(False):
            h = (lm.transformer.h[1].output[0] @ lm.transformer.h[1].mlp.c_fc.weight).save()
""",
    ),
    Corner(
        "steps that get other names, one of them at the end of a sum",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    t = lm.transformer.h[0].output.sum()
    x = 1
    with lm.lm_head.all():
        t = lm.lm_head.output.sum()
        x += 2 * t
    u = t
    t = x
    x = t + u
    x.save()
""",
        "NNS602",
        after="""\
with lm.generate("a", max_new_tokens=3) as tracer:
    t_step = lm.transformer.h[0].output.sum()
    x_step = 1
    with tracer.all():
        t_step_2 = lm.lm_head.output.sum()
        x_step_2 = x_step + (2 * t_step_2)
    u = t_step_2
    t = x_step_2
    x = t + u
    x.save()
""",
    ),
    Corner(
        "an object with a save of its own, where nnsight has another name",
        """\
import nnsight as nns
class Box:
    def __init__(self, x):
        self.x = x
    def save(self):
        pass
with lm.trace("a"):
    b = Box(lm.lm_head.output)
print(b)
""",
        "NNS203",
        after="""\
import nnsight as nns
class Box:
    def __init__(self, x):
        self.x = x
    def save(self):
        pass
with lm.trace("a"):
    b = Box(lm.lm_head.output)
    nns.save(b)
print(b)
""",
        options=Options(target=(0, 5, 13)),
    ),
    Corner(
        "a number that is bound to another name as well",
        """\
with lm.trace("a"):
    n = (m := 3)
    h = lm.lm_head.output.save()
print(n)
""",
        "NNS203",
        after="""\
with lm.trace("a"):
    n = (m := 3)
    h = lm.lm_head.output.save()
    n.save()
print(n)
""",
    ),
    Corner(
        "a name that a server needs, and that nothing binds above",
        """\
for k in range(2):
    with lm.trace("a", remote=True):
        h = lm.lm_head.output[n].save()
        n = h
""",
        "NNS203",
    ),
    Corner(
        "numbers that are bound again where an error leads",
        """\
try:
    with lm.trace("a"):
        m = 1
        m = 2
except ValueError:
    print(m)
""",
        "NNS203",
    ),
    Corner(
        "a value that a server needs, and nobody reads behind",
        """\
n = torch.zeros(3)
with lm.trace("a", remote=True):
    n = n + lm.lm_head.output
    h = n.save()
""",
        "NNS203",
        after="""\
n = torch.zeros(3)
with lm.trace("a", remote=True):
    _n = n
    _n = _n + lm.lm_head.output
    h = _n.save()
""",
    ),
    Corner(
        "a value or None that a server needs, and nobody reads behind",
        """\
n = None
with lm.trace("a", remote=True):
    n = n or foo(n)
    h = lm.lm_head.output[n].save()
""",
        "NNS203",
        after="""\
n = None
with lm.trace("a", remote=True):
    _n = [n].save()
    _n[0] = _n[0] or foo(_n[0])
    h = lm.lm_head.output[_n[0]].save()
""",
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda each: each.name)
def test_corner(corner: Corner) -> None:
    """What is found in a corner, what is said of it, and what is made of it."""
    corner.check()
