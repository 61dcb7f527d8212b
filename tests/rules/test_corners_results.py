"""What survives a trace, in the corners: what is saved where, and what is copied back."""

from __future__ import annotations

import pytest

from .corners import Corner

CORNERS = [
    Corner(
        "an error caught: it had what was bound so far",
        """\
try:
    with lm.trace("a"):
        n = lm.transformer.h[1].output[0].sum()
        h = lm.lm_head.output.save()
except ValueError:
    print(n)
""",
        "NNS203",
    ),
    Corner(
        "an object of the file's own class, remotely",
        """\
class K:
    pass
with lm.trace("a", remote=True):
    k = K()
    h = lm.lm_head.output.save()
print(k)
""",
        "NNS203",
        says=("no server sends back objects of this file's classes",),
    ),
    Corner(
        "a body on the line of its with, remotely",
        """\
xs = []
with lm.trace("a", remote=True): xs.append(lm.lm_head.output)
""",
        "NNS201 NNS301",
        says=("the trace's body has no line of its own",),
        after="""\
xs = []
with lm.trace("a", remote=True):
    _xs = lm.lm_head.output.save()
xs.append(_xs)
""",
    ),
    Corner(
        "a list that a remote loop adds to",
        """\
xs = []
with lm.trace("a", remote=True):
    for n in range(2):
        xs += [lm.transformer.h[n].output[0]]
""",
        "NNS201",
        after="""\
xs = []
with lm.trace("a", remote=True):
    _xs = list().save()
    for n in range(2):
        _xs += [lm.transformer.h[n].output[0]]
xs += _xs
""",
    ),
    Corner(
        "a set that a remote trace adds to",
        """\
xs = set()
with lm.trace("a", remote=True):
    for n in range(2):
        xs.add(n)
        xs.update({n + 1})
    h = lm.lm_head.output.save()
""",
        "NNS201",
        after="""\
xs = set()
with lm.trace("a", remote=True):
    _xs = set().save()
    for n in range(2):
        _xs.add(n)
        _xs.update({n + 1})
    h = lm.lm_head.output.save()
xs.update(_xs)
""",
    ),
    Corner(
        "a parameter that may be a list or a set",
        """\
def f(xs):
    with lm.trace("a", remote=True):
        for n in range(2):
            xs.extend([lm.transformer.h[n].output[0]])
""",
        "NNS201",
        after="""\
def f(xs):
    with lm.trace("a", remote=True):
        _xs = list().save()
        for n in range(2):
            _xs.extend([lm.transformer.h[n].output[0]])
    xs.extend(_xs)
""",
    ),
    Corner(
        "a parameter that is extended by +=",
        """\
def f(xs):
    with lm.trace("a", remote=True):
        for n in range(2):
            xs += [lm.transformer.h[n].output[0]]
""",
        "NNS201",
        after="""\
def f(xs):
    with lm.trace("a", remote=True):
        _xs = list().save()
        for n in range(2):
            _xs += [lm.transformer.h[n].output[0]]
    xs += _xs
""",
    ),
    Corner(
        "an attribute in a remote loop",
        """\
class C:
    def f(self):
        with lm.trace("a", remote=True):
            for n in range(2):
                self.h = lm.transformer.h[n].output[0]
""",
        "NNS201",
        after="""\
class C:
    def f(self):
        with lm.trace("a", remote=True):
            _h = dict().save()
            for n in range(2):
                _h["h"] = lm.transformer.h[n].output[0]
        for _k, _v in _h.items():
            setattr(self, _k, _v)
""",
    ),
    Corner(
        "dictionaries in a dictionary, remotely",
        """\
xs = {}
with lm.trace("a", remote=True):
    for n in range(2):
        xs.setdefault(n, []).append(lm.transformer.h[n].output[0])
""",
        "NNS201",
        after="""\
xs = {}
with lm.trace("a", remote=True):
    _xs = dict().save()
    for n in range(2):
        _xs.setdefault(n, []).append(lm.transformer.h[n].output[0])
for _k, _v in _xs.items():
    xs.setdefault(_k, []).extend(_v)
""",
    ),
    Corner(
        "dictionaries in a dictionary, item by item, remotely",
        """\
xs = {}
with lm.trace("a", remote=True):
    for n in range(2):
        xs.setdefault(n, {})["h"] = lm.transformer.h[n].output[0]
""",
        "NNS201",
        after="""\
xs = {}
with lm.trace("a", remote=True):
    _xs = dict().save()
    for n in range(2):
        _xs.setdefault(n, {})["h"] = lm.transformer.h[n].output[0]
for _k, _v in _xs.items():
    xs.setdefault(_k, {}).update(_v)
""",
    ),
    Corner(
        "dictionaries that are there already, remotely",
        """\
xs = {0: {}, 1: {}}
with lm.trace("a", remote=True):
    for n in range(2):
        xs[n]["h"] = lm.transformer.h[n].output[0]
""",
        "NNS201",
        after="""\
xs = {0: {}, 1: {}}
with lm.trace("a", remote=True):
    _xs = dict().save()
    for n in range(2):
        _xs.setdefault(n, {})["h"] = lm.transformer.h[n].output[0]
for _k, _v in _xs.items():
    for _i, _item in _v.items():
        xs[_k][_i] = _item
""",
    ),
    Corner(
        "sets in a dictionary, remotely",
        """\
xs = {}
with lm.trace("a", remote=True):
    for n in range(2):
        xs.setdefault(n, set()).add(n)
    h = lm.lm_head.output.save()
""",
        "NNS201",
        after="""\
xs = {}
with lm.trace("a", remote=True):
    _xs = dict().save()
    for n in range(2):
        _xs.setdefault(n, set()).add(n)
    h = lm.lm_head.output.save()
for _k, _v in _xs.items():
    xs.setdefault(_k, set()).update(_v)
""",
    ),
    Corner(
        "setdefault with something else, remotely",
        """\
xs = {}
with lm.trace("a", remote=True):
    for n in range(2):
        xs.setdefault(n, make()).append(lm.transformer.h[n].output[0])
""",
        "NNS201",
        after="""\
xs = {}
with lm.trace("a", remote=True):
    _xs = xs.save()
    for n in range(2):
        xs.setdefault(n, make()).append(lm.transformer.h[n].output[0])
if _xs is not xs:
    xs.clear()
    xs.update(_xs)
""",
    ),
    Corner(
        "slices of a tensor, remotely",
        """\
xs = torch.zeros(2, 3)
with lm.trace("a", remote=True):
    xs[0:1] = lm.transformer.h[0].output[0]
    xs.add_(1)
""",
        "NNS201",
        after="""\
xs = torch.zeros(2, 3)
with lm.trace("a", remote=True):
    _xs = lm.transformer.h[0].output[0].save()
xs[0:1] = _xs
xs.add_(1)
""",
    ),
    Corner(
        "slices in a dictionary of lists, remotely",
        """\
xs = {0: [1, 2]}
with lm.trace("a", remote=True):
    xs[0][0:1] = [lm.transformer.h[0].output[0]]
""",
        "NNS201",
        after="""\
xs = {0: [1, 2]}
with lm.trace("a", remote=True):
    _xs = [lm.transformer.h[0].output[0]].save()
xs[0][0:1] = _xs
""",
    ),
    Corner(
        "a deque, changed in several ways, remotely",
        """\
from collections import deque
xs = deque()
with lm.trace("a", remote=True):
    xs.append(lm.transformer.h[0].output[0])
    xs.rotate(1)
""",
        "NNS201",
        after="""\
from collections import deque
xs = deque()
with lm.trace("a", remote=True):
    _xs = xs.save()
    xs.append(lm.transformer.h[0].output[0])
    xs.rotate(1)
if _xs is not xs:
    xs.clear()
    xs.extend(_xs)
""",
    ),
    Corner(
        "dictionaries that are updated by a container, remotely",
        """\
xs = {}
with lm.trace("a", remote=True):
    more = {}
    more["h"] = lm.transformer.h[0].output[0]
    xs.update(more)
""",
        "NNS201",
        after="""\
xs = {}
with lm.trace("a", remote=True):
    more = {}
    more["h"] = lm.transformer.h[0].output[0]
    _xs = more.save()
xs.update(_xs)
""",
    ),
    Corner(
        "items with names of their own, remotely",
        """\
run = runs[0]
with lm.trace("a", remote=True):
    for n in range(2):
        runs[0].append(lm.transformer.h[n].output[0])
""",
        "NNS201",
        after="""\
run = runs[0]
with lm.trace("a", remote=True):
    _runs = dict().save()
    for n in range(2):
        _runs.setdefault(0, []).append(lm.transformer.h[n].output[0])
for _k, _v in _runs.items():
    runs[_k].extend(_v)
""",
    ),
    Corner(
        "a save of the outer object alone in a condition",
        """\
xs = []
with lm.trace("a", remote=True):
    if c:
        xs.save()
    xs.append(lm.lm_head.output)
    xs.save()
""",
        "NNS202 NNS201 NNS202",
        after="""\
xs = []
with lm.trace("a", remote=True):
    if c:
        xs.save()
    _xs = lm.lm_head.output.save()
xs.append(_xs)
""",
    ),
    Corner(
        "a name bound in a loop over nothing, remotely",
        """\
h = None
with lm.trace("a", remote=True):
    for n in ns:
        h = lm.transformer.h[n].output[0]
print(h)
""",
        "NNS203",
        after="""\
h = None
with lm.trace("a", remote=True):
    _h_2 = [None].save()
    _h_2[0] = h
    for n in ns:
        _h_2[0] = lm.transformer.h[n].output[0]
    _h_2[0].save()
_h = _h_2[0]
h = _h
print(h)
""",
    ),
    Corner(
        "None in a remote trace",
        """\
with lm.trace("a", remote=True):
    h = None
    if lm.transformer.h[0].output[0].sum() > 0:
        h = 1
print(h)
""",
        "NNS203 NNS707",
        after="""\
with lm.trace("a", remote=True):
    _h = [None].save()
    _h[0] = None
    if lm.transformer.h[0].output[0].sum() > 0:
        _h[0] = 1
h = _h[0]
print(h)
""",
    ),
    Corner(
        "a name that is needed at the next turn only",
        """\
for n in range(2):
    with lm.trace("a"):
        if n:
            print(h)
        h = lm.lm_head.output
print(h)
""",
        "NNS203",
    ),
    Corner(
        "a name bound in two invokes, plain",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        n = 1
        h = lm.lm_head.output.save()
    with tracer.invoke("b"):
        n = 2
        g = lm.lm_head.output.save()
print(n)
""",
        "NNS203",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        h = lm.lm_head.output.save()
    with tracer.invoke("b"):
        g = lm.lm_head.output.save()
n = 1
n = 2
print(n)
""",
    ),
    Corner(
        "returns that may be none",
        """\
def f(c):
    with lm.trace("a"):
        h = lm.lm_head.output.save()
        return h if c else None
""",
        "NNS302",
        after="""\
def f(c):
    with lm.trace("a"):
        h = lm.lm_head.output.save()
    return h if c else None
""",
    ),
    Corner(
        "names that are taken",
        """\
shared = shared_2 = h_1 = 1
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
        after="""\
shared = shared_2 = h_1 = 1
with lm.trace() as tracer:
    shared_3 = {}
    with tracer.invoke("a"):
        h_2 = lm.lm_head.output.save()
    with tracer.invoke("b"):
        h = lm.transformer.h[1].output[0].save()
        shared_3["h"] = h
    with tracer.invoke("c"):
        x = (lm.lm_head.output + shared_3["h"]).save()
print(h)
""",
    ),
    Corner(
        "a saved attribute on a generator of map",
        """\
with lm.trace("a"):
    acts = [lm.transformer.h[1].output[0].save(), lm.transformer.h[2].output[0].save()]
ys = list(map(lambda h: h.value, acts))
zs = list(map(lambda h: h.value, [1, "a"]))
""",
        "NNS203 NNS711 NNS204",
        after="""\
with lm.trace("a"):
    acts = [lm.transformer.h[1].output[0].save(), lm.transformer.h[2].output[0].save()].save()
ys = list(map(lambda h: h, acts))
zs = list(map(lambda h: h.value, [1, "a"]))
""",
    ),
    Corner(
        "the field of a dataclass that is given a saved value",
        """\
from dataclasses import dataclass
@dataclass
class R:
    h: object
    n: int
with lm.trace("a"):
    h = lm.lm_head.output.save()
r = R(h, 1)
print(r.h.value, r.n.value)
""",
        "NNS204",
        says=("`r.h` is a saved value",),
        after="""\
from dataclasses import dataclass
@dataclass
class R:
    h: object
    n: int
with lm.trace("a"):
    h = lm.lm_head.output.save()
r = R(h, 1)
print(r.h, r.n.value)
""",
    ),
    Corner(
        "a list that is extended and appended to in a remote loop",
        """\
xs = []
with lm.trace("a", remote=True):
    for n in range(2):
        if n:
            xs.append(lm.transformer.h[n].output[0])
        xs.extend([lm.transformer.h[n].mlp.output])
""",
        "NNS201 NNS106",
        after="""\
xs = []
with lm.trace("a", remote=True):
    _xs = list().save()
    for n in range(2):
        mlp_output = lm.transformer.h[n].mlp.output
        if n:
            _xs.append(lm.transformer.h[n].output[0])
        _xs.extend([mlp_output])
xs.extend(_xs)
""",
    ),
    Corner(
        "calls out of view that may give None, kept remotely",
        """\
xs = {}
with lm.trace("a", remote=True):
    h = lm.transformer.h[0].output[0]
    xs["a"] = g(h)
    xs["b"] = g(h).save()
""",
        "NNS201",
        after="""\
xs = {}
with lm.trace("a", remote=True):
    h = lm.transformer.h[0].output[0]
    _xs = g(h).save()
    _xs_2 = g(h).save()
xs["a"] = _xs
xs["b"] = _xs_2
""",
    ),
    Corner(
        "what is lazy is listed to travel",
        """\
xs = {}
with lm.trace("a", remote=True):
    h = lm.transformer.h[0].output[0]
    xs["a"] = map(str, [h])
    xs["b"] = {0: h}.values()
    xs["c"] = (x for x in [h])
""",
        "NNS201",
        after="""\
xs = {}
with lm.trace("a", remote=True):
    h = lm.transformer.h[0].output[0]
    _xs = list(map(str, [h])).save()
    _xs_2 = list({0: h}.values()).save()
    _xs_3 = list(x for x in [h]).save()
xs["a"] = _xs
xs["b"] = _xs_2
xs["c"] = _xs_3
""",
    ),
    Corner(
        "the last line has no end",
        """\
def f():
    with lm.trace("a"):
        xs = [lm.transformer.h[0].output[0]]
        xs += [lm.lm_head.output]
    print(xs)""",
        "NNS203",
        after="""\
def f():
    with lm.trace("a"):
        xs = [lm.transformer.h[0].output[0]].save()
        xs += [lm.lm_head.output]
    print(xs)""",
    ),
    Corner(
        "loops over a list of saved values",
        """\
with lm.trace("a"):
    a = lm.transformer.wte.output.save()
    b = lm.lm_head.output.save()
for h in (a, b):
    print(h.value)
for n, h in enumerate([a, b]):
    print(h.value)
print([h.value for h in (a, b)])
for name, h in [("x", a), ("y", b)]:
    print(name.value, h.value)
for name, (h, k) in [("x", (a, 1)), ("y", (b, 2))]:
    print(name.value, h.value, k.value)
""",
        "NNS204 NNS204 NNS204 NNS204 NNS204",
        after="""\
with lm.trace("a"):
    a = lm.transformer.wte.output.save()
    b = lm.lm_head.output.save()
for h in (a, b):
    print(h)
for n, h in enumerate([a, b]):
    print(h)
print([h for h in (a, b)])
for name, h in [("x", a), ("y", b)]:
    print(name.value, h)
for name, (h, k) in [("x", (a, 1)), ("y", (b, 2))]:
    print(name.value, h, k.value)
""",
    ),
    Corner(
        "loops over a list in which something else is, too",
        """\
with lm.trace("a"):
    a = lm.transformer.wte.output.save()
for h in (a, Mode.A):
    print(h.value)
for h, *k in [(a, 1), (a,)]:
    print(h.value)
for h in ():
    print(h.value)
""",
        "",
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda corner: corner.name)
def test_a_corner(corner: Corner) -> None:
    corner.check()
