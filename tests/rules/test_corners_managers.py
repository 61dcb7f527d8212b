"""Functions that make traces, and names of modules, in the corners."""

from __future__ import annotations

import pytest

from .corners import Corner

CORNERS = [
    Corner(
        "a trace of a function that is given a walrus",
        """\
from contextlib import contextmanager
@contextmanager
def traced(p):
    with lm.trace(p) as tracer:
        yield tracer
with traced(x := 3) as t:
    h = lm.lm_head.output.save()
""",
        "NNS308",
        after="""\
with lm.trace((x := 3)) as t:
    h = lm.lm_head.output.save()
""",
    ),
    Corner(
        "a trace of a function that is given a generator",
        """\
from contextlib import contextmanager
@contextmanager
def traced(p):
    with lm.trace(p) as tracer:
        yield tracer
with traced(x for x in y) as t:
    h = lm.lm_head.output.save()
""",
        "NNS308",
        after="""\
with lm.trace((x for x in y)) as t:
    h = lm.lm_head.output.save()
""",
    ),
    Corner(
        "a trace of a function that is called over lines",
        """\
from contextlib import contextmanager
@contextmanager
def traced(p):
    with lm.trace(p) as tracer:
        yield tracer
with (traced
      (a.b[0]) as t):
    h = lm.lm_head.output.save()
""",
        "NNS308",
        after="""\
with (lm.trace(a.b[0]) as t):
    h = lm.lm_head.output.save()
""",
    ),
    Corner(
        "a trace of a function that yields nowhere",
        """\
from contextlib import contextmanager
@contextmanager
def traced(p):
    with lm.trace(p) as tracer:
        print(tracer)
with traced(3) as t:
    h = lm.lm_head.output.save()
""",
        "",
    ),
    Corner(
        "a trace of a function that is given a string over lines",
        """\
from contextlib import contextmanager
@contextmanager
def traced(p):
    with lm.trace(p) as tracer:
        yield tracer
with traced(\"""
b\""", ) as t:
    h = lm.lm_head.output.save()
""",
        "NNS302",
    ),
    Corner(
        "a trace of a function whose default goes over lines",
        """\
from contextlib import contextmanager
@contextmanager
def traced(p):
    with lm.trace(
        p, '''c''') as tracer:
        yield tracer
with traced(3) as t:
    h = lm.lm_head.output.save()
""",
        "NNS302",
    ),
    Corner(
        "a trace of a function with an f-string",
        """\
from contextlib import contextmanager
@contextmanager
def traced(p):
    with lm.trace(f"{p}") as tracer:
        yield tracer
with traced(3) as t:
    h = lm.lm_head.output.save()
""",
        "NNS302",
    ),
    Corner(
        "a trace of a function that is bound twice",
        """\
from contextlib import contextmanager
@contextmanager
def traced(p):
    with lm.trace(p) as tracer:
        yield tracer
def traced(p):
    return lm.trace(p)
with traced(3) as t:
    h = lm.lm_head.output.save()
""",
        "NNS302 NNS305",
    ),
    Corner(
        "a trace of a function, with arguments in another order",
        """\
def traced(p, *, q):
    return lm.trace(q, p)
with traced(a.b[0], q=c.d) as t:
    h = lm.lm_head.output.save()
""",
        "NNS305",
    ),
    Corner(
        "a trace of a function in which the argument comes late",
        """\
from contextlib import contextmanager
@contextmanager
def traced(p):
    with torch.no_grad(), lm.trace(p) as tracer:
        yield tracer
with traced(a.b[0]) as t:
    h = lm.lm_head.output.save()
""",
        "NNS308",
        after="""\
with torch.no_grad(), lm.trace(a.b[0]) as t:
    h = lm.lm_head.output.save()
""",
    ),
    Corner(
        "a trace over lines and one string",
        """\
from contextlib import contextmanager
@contextmanager
def traced(p):
    with lm.trace(
        p, q=r) as tracer:
        yield tracer
with traced('''
a''') as t:
    h = lm.lm_head.output.save()
""",
        "NNS302",
    ),
    Corner(
        "a trace that a function makes over lines",
        """\
def traced(p):
    return lm.trace(p,
        q=r)
with traced('''a''') as t:
    h = lm.lm_head.output.save()
""",
        "NNS305",
    ),
    Corner(
        "a trace that is written over lines",
        """\
def traced(p):
    return (lm
        .trace(p))
with traced(3) as t:
    h = lm.lm_head.output.save()
""",
        "NNS305",
    ),
    Corner(
        "a trace that is written over lines, in a context manager",
        """\
from contextlib import contextmanager
@contextmanager
def traced(p):
    with (lm
          .trace(p) as tracer):
        yield tracer
with traced(3) as t:
    h = lm.lm_head.output.save()
""",
        "NNS302",
    ),
    Corner(
        "modules by number in a document without imports above",
        """\
\"""Doc.\"""
print(list(lm.modules())[3])
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

\"""Doc.\"""
print(list([envoy for _, envoy in _named_modules(lm)])[3])
""",
    ),
    Corner(
        "names of modules, sorted in one go",
        """\
print(sorted(n for n, m in lm.named_modules()))
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

print(sorted(n for n, m in _named_modules(lm)))
""",
    ),
    Corner(
        "modules by number, where the function is there",
        """\
def _named_modules(envoy):
    \"""The modules with the names, and in the order, of nnsight 0.4.\"""
    below = [pair for child in envoy._children for pair in _named_modules(child)]
    return [(envoy.path.removeprefix("model"), envoy), *below]


first = [envoy for _, envoy in _named_modules(lm)][0]
print(list(lm.modules())[3])
""",
        "NNS401",
        after="""\
def _named_modules(envoy):
    \"""The modules with the names, and in the order, of nnsight 0.4.\"""
    below = [pair for child in envoy._children for pair in _named_modules(child)]
    return [(envoy.path.removeprefix("model"), envoy), *below]


first = [envoy for _, envoy in _named_modules(lm)][0]
print(list([envoy for _, envoy in _named_modules(lm)])[3])
""",
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda each: each.name)
def test_corner(corner: Corner) -> None:
    """What is found in a corner, what is said of it, and what is made of it."""
    corner.check()
