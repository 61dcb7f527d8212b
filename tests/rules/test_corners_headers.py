"""Traces that are made elsewhere than in their with, in the corners."""

from __future__ import annotations

import pytest

from .corners import Corner

CORNERS = [
    Corner(
        "a name that is deleted, or bound anew",
        """\
t = lm.trace("a")
with t:
    h = lm.lm_head.output.save()
del t
u = lm.trace("a")
u = lm.trace("b")
with u:
    h = lm.lm_head.output.save()
""",
        "NNS305 NNS305 NNS305",
    ),
    Corner(
        "a name that is read beyond its with, which has another one",
        """\
t = lm.trace("a")
with t as tracer:
    h = lm.lm_head.output.save()
print(t)
""",
        "NNS305",
    ),
    Corner(
        "a name that is read before its with",
        """\
t = lm.trace("a")
print(t)
with t:
    h = lm.lm_head.output.save()
""",
        "NNS305",
    ),
    Corner(
        "a name that is entered behind another with",
        """\
def f():
    t = lm.trace("a")
    with open("f") as g, torch.no_grad():
        g.read()
    with t:
        h = lm.lm_head.output.save()
    return h
""",
        "NNS305",
        after="""\
def f():
    with open("f") as g, torch.no_grad():
        g.read()
    with lm.trace("a"):
        h = lm.lm_head.output.save()
    return h
""",
    ),
    Corner(
        "a stack on one line, of nothing else, with more",
        """\
from contextlib import ExitStack
with ExitStack() as stack: stack.enter_context(lm.trace("a"))
with ExitStack() as stack:
    stack.enter_context(lm.trace("a"))
with ExitStack() as stack:
    stack.enter_context(*xs)
    h = lm.lm_head.output.save()
with ExitStack() as stack, open("f") as g:
    stack.enter_context(lm.trace("a"))
    h = lm.lm_head.output.save()
with ExitStack() as stack:
    x = stack.enter_context(lm.trace("a"))
    h = lm.lm_head.output.save()
with ExitStack() as stack:
    stack.enter_context(lm.trace("a")); x = 1
    h = lm.lm_head.output.save()
""",
        "NNS305 NNS305 NNS305 NNS305 NNS305",
        after="""\
from contextlib import ExitStack
with ExitStack() as stack: stack.enter_context(lm.trace("a"))
with ExitStack() as stack:
    stack.enter_context(lm.trace("a"))
with ExitStack() as stack:
    stack.enter_context(*xs)
    h = lm.lm_head.output.save()
with ExitStack() as stack, open("f") as g:
    stack.enter_context(lm.trace("a"))
    h = lm.lm_head.output.save()
with lm.trace("a") as x:
    h = lm.lm_head.output.save()
with ExitStack() as stack:
    stack.enter_context(lm.trace("a")); x = 1
    h = lm.lm_head.output.save()
""",
    ),
    Corner(
        "helpers that make more than a trace",
        """\
from contextlib import contextmanager
@contextmanager
def one(p):
    with lm.trace(p) as tracer:
        yield tracer, 1
@contextmanager
def two(p):
    with lm.trace(p) as x.y:
        yield
@contextmanager
def three(p):
    with lm.trace(p) as tracer:
        yield other
@contextmanager
def four(p, *more):
    with lm.trace(p) as tracer:
        yield tracer
@contextmanager
def five(p, **more):
    with lm.trace(p) as tracer:
        yield tracer
@contextmanager
def six(p, q=f()):
    with lm.trace(p, q=q) as tracer:
        yield tracer
@contextmanager
def seven(p):
    with lm.trace(p) as tracer:
        yield
with one("a") as t:
    h = lm.lm_head.output.save()
with two("a") as t:
    h = lm.lm_head.output.save()
with three("a") as t:
    h = lm.lm_head.output.save()
with four("a", 1) as t:
    h = lm.lm_head.output.save()
with five("a") as t:
    h = lm.lm_head.output.save()
with six("a") as t:
    h = lm.lm_head.output.save()
with seven("a") as t:
    h = lm.lm_head.output.save()
with seven(*xs) as t:
    h = lm.lm_head.output.save()
with seven("a", "b"):
    h = lm.lm_head.output.save()
with seven("a"):
    h = lm.lm_head.output.save()
""",
        "NNS302 NNS302 NNS302 NNS302 NNS302 NNS302 NNS302 NNS308",
        after="""\
from contextlib import contextmanager
@contextmanager
def one(p):
    with lm.trace(p) as tracer:
        yield tracer, 1
@contextmanager
def two(p):
    with lm.trace(p) as x.y:
        yield
@contextmanager
def three(p):
    with lm.trace(p) as tracer:
        yield other
@contextmanager
def four(p, *more):
    with lm.trace(p) as tracer:
        yield tracer
@contextmanager
def five(p, **more):
    with lm.trace(p) as tracer:
        yield tracer
@contextmanager
def six(p, q=f()):
    with lm.trace(p, q=q) as tracer:
        yield tracer
@contextmanager
def seven(p):
    with lm.trace(p) as tracer:
        yield
with one("a") as t:
    h = lm.lm_head.output.save()
with two("a") as t:
    h = lm.lm_head.output.save()
with three("a") as t:
    h = lm.lm_head.output.save()
with four("a", 1) as t:
    h = lm.lm_head.output.save()
with five("a") as t:
    h = lm.lm_head.output.save()
with six("a") as t:
    h = lm.lm_head.output.save()
with seven("a") as t:
    h = lm.lm_head.output.save()
with seven(*xs) as t:
    h = lm.lm_head.output.save()
with seven("a", "b"):
    h = lm.lm_head.output.save()
with lm.trace("a"):
    h = lm.lm_head.output.save()
""",
    ),
    Corner(
        "contexts in one with over lines and strings",
        """\
with lm.generate('''a
b''', max_new_tokens=3) as tracer, tracer.iter[:2]:
    h = lm.lm_head.output.save()
""",
        "NNS304",
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda corner: corner.name)
def test_a_corner(corner: Corner) -> None:
    corner.check()
