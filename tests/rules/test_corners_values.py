"""What names stand for, where it takes some following."""

from __future__ import annotations

import pytest

from .corners import Corner

CORNERS = [
    Corner(
        "a declaration binds nothing",
        """\
class Holder:
    h: int


holder = Holder()
with lm.trace("a", remote=True):
    holder.h: int
    x = lm.lm_head.output.save()
""",
        "",
    ),
    Corner(
        "a gradient that is added to",
        """\
with lm.trace("a"):
    h = lm.transformer.h[0].mlp.output
    h.grad += 1
    h.sum().backward()
""",
        "NNS501",
        says=("`h.grad` is set before the backward pass",),
        after="""\
with lm.trace("a"):
    h = lm.transformer.h[0].mlp.output
    with h.sum().backward():
        h.grad += 1
""",
    ),
    Corner(
        "a collection of the library's",
        """\
import collections
acts = collections.deque()
with lm.trace("a", remote=True):
    acts.append(lm.lm_head.output)
""",
        "NNS201",
        after="""\
import collections
acts = collections.deque()
with lm.trace("a", remote=True):
    _act = lm.lm_head.output.save()
acts.append(_act)
""",
    ),
    Corner(
        "a module by its name",
        """\
with lm.trace("a"):
    layers = getattr(lm.transformer, "h")
    x = layers[3].mlp.output.save()
    y = layers[2].mlp.output.save()
""",
        "NNS106",
        after="""\
with lm.trace("a"):
    layers = getattr(lm.transformer, "h")
    y = layers[2].mlp.output.save()
    x = layers[3].mlp.output.save()
""",
    ),
    Corner(
        "a module by a name that is no text",
        """\
with lm.trace("a"):
    x = lm.transformer.h[3].output.save()
    y = getattr(lm.transformer, *names).output.save()
""",
        "",
    ),
    Corner(
        "a list of modules",
        """\
with lm.trace("a"):
    layers = list(lm.transformer.h)
    x = layers[3].mlp.output.save()
    y = layers[2].mlp.output.save()
""",
        "NNS106",
        after="""\
with lm.trace("a"):
    layers = list(lm.transformer.h)
    y = layers[2].mlp.output.save()
    x = layers[3].mlp.output.save()
""",
    ),
    Corner(
        "a dictionary's list is its keys",
        """\
with lm.trace("a"):
    h = lm.lm_head.output.save()
acts = {"a": h}
for key in list(acts):
    print(key.value)
for act in list(acts.values()):
    print(act.value)
""",
        "NNS204",
        after="""\
with lm.trace("a"):
    h = lm.lm_head.output.save()
acts = {"a": h}
for key in list(acts):
    print(key.value)
for act in list(acts.values()):
    print(act)
""",
    ),
    Corner(
        "the first of some values",
        """\
with lm.trace("a"):
    h = lm.lm_head.output.save()
acts = [h]
h = next(act for act in acts)
print(h.value)
""",
        "NNS204",
        says=("`h` is a saved value",),
        after="""\
with lm.trace("a"):
    h = lm.lm_head.output.save()
acts = [h]
h = next(act for act in acts)
print(h)
""",
    ),
    Corner(
        "a partial call with a list among what it is given",
        """\
import functools


def keep(number, store, value):
    store.append(value)


acts = []
with lm.trace("a", remote=True):
    kept = functools.partial(keep, 1, acts)
    kept(lm.lm_head.output)
""",
        "NNS201",
        says=("changed in it by a function that it calls",),
        after="""\
import functools


def keep(number, store, value):
    store.append(value)


acts = []
with lm.trace("a", remote=True):
    _acts = acts.save()
    kept = functools.partial(keep, 1, acts)
    kept(lm.lm_head.output)
acts[:] = _acts
""",
    ),
    Corner(
        "a partial call without a list",
        """\
import functools


def scale(number, factor, value):
    return value * factor


acts = []
with lm.trace("a", remote=True):
    scaled = functools.partial(scale, 1, factor)
    x = scaled(lm.lm_head.output).save()
""",
        "",
    ),
    Corner(
        "calls that Python refuses",
        """\
import heapq

with lm.trace("a"):
    x = next()
    heapq.heappush()
    y = getattr(lm.transformer).save()
""",
        "",
    ),
    Corner(
        "an error that leaves the trace leads on to nothing",
        """\
def run():
    try:
        with lm.trace("a"):
            h = lm.lm_head.output
    except ValueError:
        raise
    return h
""",
        "NNS203",
        after="""\
def run():
    try:
        with lm.trace("a"):
            h = lm.lm_head.output.save()
    except ValueError:
        raise
    return h
""",
    ),
    Corner(
        "an error that leaves the trace leads to where the name is read",
        """\
def run():
    h = None
    try:
        with lm.trace("a"):
            h = lm.lm_head.output
    except ValueError:
        pass
    return h
""",
        "NNS203",
        says=("also where an error leads that leaves the trace",),
    ),
    Corner(
        "a definition that cannot stand alone reads what its words say",
        """\
def run():
    with lm.trace("a"):
        h = lm.lm_head.output

    def again():
        nonlocal h
        return h

    return again
""",
        "NNS203",
    ),
    Corner(
        "one of two objects, of which one has no name",
        """\
other = []
with lm.trace("a", remote=True):
    (make() if flag else other).append(lm.lm_head.output)
""",
        "NNS201",
        says=("`other` is made outside the trace",),
        after="""\
other = []
with lm.trace("a", remote=True):
    _other = other.save()
    (make() if flag else other).append(lm.lm_head.output)
other[:] = _other
""",
    ),
    Corner(
        "a method among several",
        """\
acts = []
adders = [acts.append]
with lm.trace("a", remote=True):
    adders[0](lm.lm_head.output)
""",
        "NNS201",
        says=("`acts` is made outside the trace and changed in it by a function",),
        after="""\
acts = []
adders = [acts.append]
with lm.trace("a", remote=True):
    _acts = acts.save()
    adders[0](lm.lm_head.output)
acts[:] = _acts
""",
    ),
    Corner(
        "a save of its own",
        """\
class Store:
    def save(self):
        return self


store = Store()
with lm.trace("a"):
    kept = store.save()
    h = lm.lm_head.output.save()
print(kept)
""",
        "NNS203",
        says=("`kept` is bound in the trace, not saved",),
        after="""\
class Store:
    def save(self):
        return self


store = Store()
with lm.trace("a"):
    _kept = [None].save()
    _kept[0] = store.save()
    h = lm.lm_head.output.save()
kept = _kept[0]
print(kept)
""",
    ),
    Corner(
        "a model's save is no value's",
        """\
with lm.trace("a"):
    part = lm.save()
    logits = lm.logits.save()
print(part, logits)
""",
        "NNS203",
        says=("`part` is bound in the trace, not saved",),
        after="""\
with lm.trace("a"):
    part = lm.save()
    logits = lm.logits.save()
    part.save()
print(part, logits)
""",
    ),
    Corner(
        "items that are filled in",
        """\
with lm.trace("a"):
    xs = [None] * 3
    xs[0] = lm.lm_head.output.save()
    xs.save()
print(xs[0].value)
""",
        "NNS204",
        says=("`xs[0]` is a saved value",),
        after="""\
with lm.trace("a"):
    xs = [None] * 3
    xs[0] = lm.lm_head.output.save()
    xs.save()
print(xs[0])
""",
    ),
    Corner(
        "a name of the module that is bound twice is either",
        """\
layer = lm.transformer.h[0]
layer = lm.transformer.h[5]


def run():
    with lm.trace("a"):
        x = lm.transformer.h[3].output.save()
        y = layer.output.save()
    return x, y
""",
        "",
    ),
    Corner(
        "a name of the module that is bound once",
        """\
layer = lm.transformer.h[0]


def run():
    with lm.trace("a"):
        x = lm.transformer.h[3].mlp.output.save()
        y = layer.mlp.output.save()
    return x, y
""",
        "NNS106",
        after="""\
layer = lm.transformer.h[0]


def run():
    with lm.trace("a"):
        y = layer.mlp.output.save()
        x = lm.transformer.h[3].mlp.output.save()
    return x, y
""",
    ),
    Corner(
        "a helper with a function and a class of its own",
        """\
def helper(h):
    class Scale:
        by = 2

    def scaled(x):
        return x * Scale.by

    return scaled(h)


with lm.trace("a"):
    y = helper(lm.lm_head.output).save()
print(y.value)
""",
        "NNS204",
        says=("`y` is a saved value",),
        after="""\
def helper(h):
    class Scale:
        by = 2

    def scaled(x):
        return x * Scale.by

    return scaled(h)


with lm.trace("a"):
    y = helper(lm.lm_head.output).save()
print(y)
""",
    ),
    Corner(
        "a helper that calls itself",
        """\
def probe(h, n):
    return h if n == 0 else probe(h, n - 1)


with lm.trace("a"):
    y = probe(lm.lm_head.output, 3).save()
print(y.value)
""",
        "NNS204",
        says=("`y` is a saved value",),
        after="""\
def probe(h, n):
    return h if n == 0 else probe(h, n - 1)


with lm.trace("a"):
    y = probe(lm.lm_head.output, 3).save()
print(y)
""",
    ),
    Corner(
        "a name of the function around the one around",
        """\
def outer():
    total = None

    def middle():
        def inner():
            nonlocal total
            with lm.trace("a"):
                total = lm.lm_head.output

        inner()

    middle()
    return total
""",
        "NNS203",
        after="""\
def outer():
    total = None

    def middle():
        def inner():
            nonlocal total
            with lm.trace("a"):
                _total = lm.lm_head.output
                _total.save()
            total = _total

        inner()

    middle()
    return total
""",
    ),
    Corner(
        "a case that leaves",
        """\
def run(flag):
    layer = lm.transformer.h[3]
    match flag:
        case 1:
            layer = None
            return layer
    with lm.trace("a"):
        x = layer.mlp.output.save()
        y = lm.transformer.h[1].mlp.output.save()
    return x, y
""",
        "NNS106",
        says=("`lm.transformer.h[1].mlp.output` has passed",),
        after="""\
def run(flag):
    layer = lm.transformer.h[3]
    match flag:
        case 1:
            layer = None
            return layer
    with lm.trace("a"):
        y = lm.transformer.h[1].mlp.output.save()
        x = layer.mlp.output.save()
    return x, y
""",
    ),
    Corner(
        "names that a function in a loop has for itself",
        """\
with lm.trace("a"):
    layers = lm.transformer.h
    for n in range(2):

        def show():
            layers = 0
            return layers

        x = layers[n + 3].output.save()
    y = layers[1].output.save()
""",
        "NNS106",
        says=("`layers[1].output` has passed",),
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda corner: corner.name)
def test_a_corner(corner: Corner) -> None:
    corner.check()
