"""Objects that a trace changes for a server, in the corners."""

from __future__ import annotations

import pytest

from .corners import Corner

CORNERS = [
    Corner(
        "values over lines, some saved already",
        """\
with lm.trace("a", remote=True):
    y = lm.lm_head.output
    acts.append(y
        .save())
    acts["b"] = g(3)
    acts["c"] = g(y).save()
    acts["d"] = g(y)
""",
        "NNS201",
        after="""\
with lm.trace("a", remote=True):
    y = lm.lm_head.output
    _act = (y
        .save())
    _act_2 = [g(3)].save()
    _act_3 = g(y).save()
    _act_4 = g(y).save()
acts.append(_act)
acts["b"] = _act_2[0]
acts["c"] = _act_3
acts["d"] = _act_4
""",
    ),
    Corner(
        "a dictionary put together over lines",
        """\
with lm.trace("a", remote=True):
    acts.update({1: lm.lm_head.output} |
        {3: 4})
""",
        "NNS201",
        after="""\
with lm.trace("a", remote=True):
    _act = ({1: lm.lm_head.output} |
        {3: 4}).save()
acts.update(_act)
""",
    ),
    Corner(
        "one of two objects",
        """\
with lm.trace("a", remote=True):
    run = a if c else b
    run["x"] = lm.lm_head.output
""",
        "NNS201 NNS201",
    ),
    Corner(
        "an object that is named in a call, over lines",
        """\
with lm.trace("a", remote=True):
    print(run := runs
        [0])
    run["x"] = lm.lm_head.output
""",
        "NNS201",
    ),
    Corner(
        "the objects in a dictionary",
        """\
with lm.trace("a", remote=True):
    for run in acts.values():
        run["x"] = lm.lm_head.output
""",
        "NNS201",
    ),
    Corner(
        "objects of the trace, and of what is computed",
        """\
with lm.trace("a", remote=True):
    runs = [1]
    for run in runs:
        run["x"] = lm.lm_head.output
    for run in x + y:
        run["x"] = lm.lm_head.output
""",
        "",
    ),
    Corner(
        "an object that has another name outside",
        """\
runs = [{}, {}]
run = runs[0]
with lm.trace("a", remote=True):
    for n in range(2):
        runs[n]["x"] = lm.lm_head.output
    runs[3] = lm.lm_head.output
print(run)
""",
        "NNS201",
        after="""\
runs = [{}, {}]
run = runs[0]
with lm.trace("a", remote=True):
    _runs = runs.save()
    for n in range(2):
        runs[n]["x"] = lm.lm_head.output
    runs[3] = lm.lm_head.output
runs[:] = _runs
print(run)
""",
    ),
    Corner(
        "a tensor of which rows are added to",
        """\
store = torch.zeros(3)
with lm.trace("a", remote=True):
    for n in range(2):
        store[n] += lm.transformer.h[n].output
print(store)
""",
        "NNS201",
        after="""\
store = torch.zeros(3)
with lm.trace("a", remote=True):
    _store = store.save()
    for n in range(2):
        store[n] += lm.transformer.h[n].output
if _store is not store:
    store.copy_(_store)
print(store)
""",
    ),
    Corner(
        "an attribute that is made by a call",
        """\
class A:
    def f(self):
        with lm.trace("a", remote=True):
            self.acts = make()
            self.acts.append(lm.lm_head.output)
""",
        "NNS201",
        after="""\
class A:
    def f(self):
        with lm.trace("a", remote=True):
            _act = [make()].save()
            _act_2 = lm.lm_head.output.save()
        self.acts = _act[0]
        self.acts.append(_act_2)
""",
    ),
    Corner(
        "an attribute that is read before it is set",
        """\
class A:
    def f(self):
        with lm.trace("a", remote=True):
            x = self.h
            self.h = lm.lm_head.output
            print(self.h, x)
""",
        "NNS206 NNS201",
    ),
    Corner(
        "an attribute that is set on a line with more",
        """\
class A:
    def f(self):
        with lm.trace("a", remote=True):
            self.h = lm.lm_head.output; x = 3
            print(self.h)
""",
        "NNS201 NNS206",
    ),
    Corner(
        "an item whose key a loop leaves",
        """\
class A:
    def f(self):
        with lm.trace("a", remote=True):
            for k in range(3):
                n = k
            self.acts[n] = lm.lm_head.output
""",
        "NNS201",
        after="""\
class A:
    def f(self):
        with lm.trace("a", remote=True):
            _acts = dict().save()
            for k in range(3):
                n = k
            _acts[n] = lm.lm_head.output
        for _k, _v in _acts.items():
            self.acts[_k] = _v
""",
    ),
    Corner(
        "an item whose key is bound in the value that stays",
        """\
class A:
    def f(self):
        with lm.trace("a", remote=True):
            n = 1
            self.acts[n] = (n := lm.lm_head.output)
            self.acts[2] = n
""",
        "NNS201",
        after="""\
class A:
    def f(self):
        with lm.trace("a", remote=True):
            _acts = dict().save()
            n = 1
            _acts[n] = (n := lm.lm_head.output)
            _acts[2] = n
        for _k, _v in _acts.items():
            self.acts[_k] = _v
""",
    ),
    Corner(
        "nothing but items of what is outside",
        """\
class A:
    def f(self):
        if c:
            with lm.trace("a", remote=True):
                self.acts[1] = x
""",
        "NNS201",
        after="""\
class A:
    def f(self):
        if c:
            with lm.trace("a", remote=True):
                _acts = dict().save()
                _acts[1] = x
            for _k, _v in _acts.items():
                self.acts[_k] = _v
""",
    ),
    Corner(
        "a module of a list that has a name outside",
        """\
layers = lm.transformer.h
with lm.trace("a", remote=True):
    for layer in layers:
        layer.scale = 3
    h = lm.lm_head.output.save()
""",
        "",
    ),
    Corner(
        "a dictionary put together over lines, in a loop",
        """\
acts = {}
with lm.trace("a", remote=True):
    for n in range(2):
        acts.update({n: lm.transformer.h[n].output} |
            {3: 4})
""",
        "NNS201",
        after="""\
acts = {}
with lm.trace("a", remote=True):
    _acts = dict().save()
    for n in range(2):
        _acts.update({n: lm.transformer.h[n].output} |
            {3: 4})
acts.update(_acts)
""",
    ),
    Corner(
        "attributes that are called like a loop's variables",
        """\
class A:
    def f(self):
        with lm.trace("a", remote=True):
            for n in range(2):
                self.g, self.k = lm.transformer.h[n].output[0], lm.transformer.h[n].output[1]
""",
        "NNS201 NNS201",
        after="""\
class A:
    def f(self):
        with lm.trace("a", remote=True):
            _g = dict().save()
            _kept_k = dict().save()
            for n in range(2):
                _g["g"], _kept_k["k"] = lm.transformer.h[n].output[0], lm.transformer.h[n].output[1]
        for _k, _v in _g.items():
            setattr(self, _k, _v)
        for _k, _v in _kept_k.items():
            setattr(self, _k, _v)
""",
    ),
    Corner(
        "an attribute that a loop sets",
        """\
class A:
    def f(self):
        with lm.trace("a", remote=True):
            for self.h in lm.lm_head.output:
                x = 1
""",
        "NNS206",
    ),
    Corner(
        "an attribute that a with sets",
        """\
class A:
    def f(self):
        with lm.trace("a", remote=True):
            with foo() as self.h:
                x = lm.lm_head.output.save()
""",
        "NNS206",
    ),
    Corner(
        "an attribute that a loop sets, among others",
        """\
class A:
    def f(self):
        with lm.trace("a", remote=True):
            for self.h in lm.lm_head.output:
                x = 1
            for n in range(2):
                self.g, self.k = lm.transformer.h[n].output
                with foo() as self.j:
                    pass
""",
        "NNS206 NNS201 NNS201 NNS106",
        after="""\
class A:
    def f(self):
        with lm.trace("a", remote=True):
            _g = dict().save()
            _kept_k = dict().save()
            for self.h in lm.lm_head.output:
                x = 1
            for n in range(2):
                _g["g"], _kept_k["k"] = lm.transformer.h[n].output
                with foo() as self.j:
                    pass
        for _k, _v in _g.items():
            setattr(self, _k, _v)
        for _k, _v in _kept_k.items():
            setattr(self, _k, _v)
""",
    ),
    Corner(
        "rows of modules, and of others",
        """\
x = lm.transformer
with lm.trace("b", remote=True):
    print(x)
    for y in zip(x, z):
        y["a"] = lm.lm_head.output
""",
        "NNS201",
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda each: each.name)
def test_corner(corner: Corner) -> None:
    """What is found in a corner, what is said of it, and what is made of it."""
    corner.check()
