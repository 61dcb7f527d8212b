"""Names, calls and errors that 0.5 has replaced, in the corners."""

from __future__ import annotations

import pytest

from .corners import Corner

CORNERS = [
    Corner(
        "the names of modules, listed among values of the model",
        """\
with lm.trace("a") as tracer:
    for n, m in lm.named_modules():
        print(n, lm.lm_head.output)
""",
        "NNS401",
        whole="""\
from nnsight import LanguageModel
import torch


def _named_modules(envoy):
    \"""The modules with the names, and in the order, of nnsight 0.4.\"""
    below = [pair for child in envoy._children for pair in _named_modules(child)]
    return [(envoy.path.removeprefix("model"), envoy), *below]


lm = LanguageModel("openai-community/gpt2")

with lm.trace("a") as tracer:
    for n, m in _named_modules(lm):
        print(n, lm.lm_head.output)
""",
    ),
    Corner(
        "a path that a function reads",
        """\
def f(e):
    return [e.path]
with lm.trace("a") as tracer:
    x = f(lm.transformer)
    h = lm.lm_head.output
""",
        "",
    ),
    Corner(
        "the names of modules, sorted, numbered and in a dictionary",
        """\
for n, m in sorted(lm.named_modules()):
    print(n)
for i, (n, m) in enumerate(lm.named_modules()):
    print(n)
d = dict(lm.named_modules())
for i, n in enumerate(d):
    print(d[n])
""",
        "NNS401 NNS401 NNS401",
        whole="""\
from nnsight import LanguageModel
import torch


def _named_modules(envoy):
    \"""The modules with the names, and in the order, of nnsight 0.4.\"""
    below = [pair for child in envoy._children for pair in _named_modules(child)]
    return [(envoy.path.removeprefix("model"), envoy), *below]


lm = LanguageModel("openai-community/gpt2")

for n, m in sorted([(n.removeprefix("model"), envoy) for n, envoy in lm.named_modules()]):
    print(n)
for i, (n, m) in enumerate(_named_modules(lm)):
    print(n)
d = dict([(n.removeprefix("model"), envoy) for n, envoy in lm.named_modules()])
for i, n in enumerate(d):
    print(d[n])
""",
    ),
    Corner(
        "names of builtins that are taken",
        """\
from nnsight import list
print = g
with lm.trace("a") as tracer:
    tracer.log(lm.lm_head.output)
    tracer.apply(lm.lm_head.output)
""",
        "NNS403 NNS403 NNS403",
        after="""\
print = g
with lm.trace("a") as tracer:
    tracer.log(lm.lm_head.output)
    lm.lm_head.output()
""",
    ),
    Corner(
        "what nnsight's decorator is beside a line of its own",
        """\
import nnsight
@nnsight.trace
def f(x):
    return x
x = [nnsight.trace, 3]
@foo(nnsight.trace)
def h(x):
    return x
""",
        "NNS403",
        after="""\
import nnsight
def f(x):
    return x
x = [nnsight.trace, 3]
@foo(nnsight.trace)
def h(x):
    return x
""",
    ),
    Corner(
        "stops where the tracer cannot be named, and of a name",
        """\
with lm.trace("a") as t.x:
    lm.lm_head.output.stop()
with lm.trace("a") as t:
    h = lm.lm_head.output
    h.stop()
""",
        "NNS405 NNS405",
        after="""\
with lm.trace("a") as t.x:
    lm.lm_head.output.stop()
with lm.trace("a") as t:
    h = lm.lm_head.output
    t.stop()
""",
    ),
    Corner(
        "errors of a value that was not set",
        """\
import pytest
with lm.trace("a"):
    h = lm.lm_head.output
with torch.no_grad(), pytest.raises(ValueError):
    print(h.value)
try:
    print(h.value)
except ValueError:
    pass
with pytest.raises(KeyError):
    print(h.value)
try:
    print(h.value)
except KeyError as ValueErrors:
    pass
""",
        "NNS203 NNS204 NNS204",
        after="""\
import pytest
with lm.trace("a"):
    h = lm.lm_head.output
with torch.no_grad(), pytest.raises((ValueError, NameError)):
    print(h)
try:
    print(h)
except (ValueError, NameError):
    pass
with pytest.raises(KeyError):
    print(h.value)
try:
    print(h.value)
except KeyError as ValueErrors:
    pass
""",
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda each: each.name)
def test_corner(corner: Corner) -> None:
    """What is found in a corner, what is said of it, and what is made of it."""
    corner.check()
