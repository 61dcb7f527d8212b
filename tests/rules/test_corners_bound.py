"""Names that are bound in traces, in the corners."""

from __future__ import annotations

import pytest

from nnmigrate.program import Options

from .corners import Corner

CORNERS = [
    Corner(
        "an object with a save of its own",
        """\
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
        whole="""\
import nnsight
from nnsight import LanguageModel
import torch

lm = LanguageModel("openai-community/gpt2")

class Box:
    def __init__(self, x):
        self.x = x
    def save(self):
        pass
with lm.trace("a"):
    b = Box(lm.lm_head.output)
    nnsight.save(b)
print(b)
""",
        options=Options(target=(0, 5, 13)),
    ),
    Corner(
        "a collection that is unpacked",
        """\
with lm.trace("a"):
    acts, n = [], 3
    acts.append(lm.lm_head.output)
print(acts)
""",
        "NNS203",
        after="""\
with lm.trace("a"):
    _acts, n = [], 3
    _acts.append(lm.lm_head.output)
    _acts.save()
acts = _acts
print(acts)
""",
    ),
    Corner(
        "a number that a loop over nothing leaves, on a server",
        """\
h = 3
with lm.trace("a", remote=True):
    for n in range(k):
        h = n
print(h)
""",
        "NNS203",
        after="""\
h = 3
with lm.trace("a", remote=True):
    _h = h
    for n in range(k):
        _h = n
    _h.save()
h = _h
print(h)
""",
    ),
    Corner(
        "numbers that are bound again, and one where an error leads",
        """\
with lm.trace("a"):
    k = 1
    n = 1
    n = 2
print(k, n)
with lm.trace("a"):
    k = 1
    if k:
        n = 2
    n = 3
print(k, n)
try:
    with lm.trace("a"):
        m = 1
        m = 2
        lm.lm_head.output.foo()
except ValueError:
    print(m)
""",
        "NNS203 NNS203 NNS203 NNS203 NNS203",
        after="""\
with lm.trace("a"):
    n = 1
    n = 2
    n.save()
k = 1
print(k, n)
k = 1
with lm.trace("a"):
    _n = n
    if k:
        _n = 2
    _n = 3
    _n.save()
n = _n
print(k, n)
try:
    with lm.trace("a"):
        m = 1
        m = 2
        lm.lm_head.output.foo()
except ValueError:
    print(m)
""",
    ),
    Corner(
        "a name that another function reads, of no trace of its",
        """\
import nnsight
def f():
    t = lm.trace("a")
    with t:
        h = lm.lm_head.output.save()
def k():
    lm.lm_head
    print(t)
    with lm.trace("b"):
        h = t
""",
        "NNS305",
    ),
    Corner(
        "a trace that is called without a trace",
        """\
import nnsight
x = nnsight.trace(f)
w = nnsight.apply(f, 3)
""",
        "NNS403 NNS403",
        after="""\
x = f
w = f(3)
""",
    ),
    Corner(
        "a model that a class has, and nobody else",
        """\
class W:
    lm = 3
    def run(self):
        with zz.trace() as tracer:
            with tracer.invoke("b"):
                y = zz.transformer.h[3].output
            f(tracer)
            for z in y:
                lm.lm_head.output[:] = z
def f(tracer):
    with tracer.invoke("a"):
        a = zz.transformer.h[5].output[0].save()
""",
        "NNS104",
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda each: each.name)
def test_corner(corner: Corner) -> None:
    """What is found in a corner, what is said of it, and what is made of it."""
    corner.check()
