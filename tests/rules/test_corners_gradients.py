"""Gradients, and contexts that are gone, in the corners."""

from __future__ import annotations

import pytest

from .corners import Corner

CORNERS = [
    Corner(
        "contexts that are gone, by themselves and beside others",
        """\
import nnsight
class A:
    def f(self):
        with nnsight.cond(x) as y:
            print(3)
with lm.trace("a") as tracer:
    c = tracer.cond
    with (tracer.cond(lm.lm_head.output)):
        print(3)
    with tracer.cond(3), foo():
        print(4)
""",
        "NNS404 NNS404 NNS404",
        after="""\
class A:
    def f(self):
        if x:
            print(3)
with lm.trace("a") as tracer:
    c = tracer.cond
    if lm.lm_head.output:
        print(3)
    with tracer.cond(3), foo():
        print(4)
""",
    ),
    Corner(
        "gradients of a value twice, among layers of which nobody knows which",
        """\
with lm.trace("a"):
    a = lm.transformer.h[x].output[0]
    b = lm.transformer.h[y].output[0]
    c = a.grad
    d = b.grad + a.grad
    lm.lm_head.output.sum().backward()
""",
        "NNS501 NNS501 NNS501",
        after="""\
with lm.trace("a"):
    a = lm.transformer.h[x].output[0]
    b = lm.transformer.h[y].output[0]
    with lm.lm_head.output.sum().backward():
        b_grad = b.grad
        a_grad = a.grad
    c = a_grad
    d = b_grad + a_grad
""",
    ),
    Corner(
        "a gradient on a line with more",
        """\
with lm.trace("a"):
    a = lm.transformer.h[1].output[0]
    c = a.grad; d = 3
    lm.lm_head.output.sum().backward()
""",
        "NNS501",
        says=("shares its line",),
    ),
    Corner(
        "a gradient in another invoke than the pass",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        g = lm.transformer.h[1].output[0].grad
    with tracer.invoke("b"):
        x = lm.lm_head.output.sum()
        x.backward()
""",
        "NNS501",
        says=("another invoke asks a module for it",),
    ),
    Corner(
        "a gradient beside a value of another module",
        """\
with lm.trace("a"):
    c = (lm.transformer.h[1].output[0].grad * lm.transformer.h[2].output[0]).save()
    d = lm.transformer.h[1].output[0].grad
    lm.lm_head.output.sum().backward()
""",
        "NNS501 NNS106 NNS501",
        after="""\
with lm.trace("a"):
    h_output = lm.transformer.h[1].output[0]
    h_output_2 = lm.transformer.h[2].output
    with lm.lm_head.output.sum().backward():
        c = (h_output.grad * h_output_2[0]).save()
        d = h_output.grad
""",
    ),
    Corner(
        "gradients of a value that has a name",
        """\
with lm.trace("a"):
    x = lm.transformer.h[1].output[0]
    c = lm.transformer.h[1].output[0].grad * 2
    d = (lm.transformer.h[1].output[0].grad + c).save()
    lm.lm_head.output.sum().backward()
""",
        "NNS501 NNS501",
        after="""\
with lm.trace("a"):
    x = lm.transformer.h[1].output[0]
    with lm.lm_head.output.sum().backward():
        c = x.grad * 2
        d = (x.grad + c).save()
""",
    ),
    Corner(
        "a comprehension of gradients beside another one over the same",
        """\
with lm.trace("a"):
    x = lm.transformer.h[1].output[0]
    gs = [n for n in range(3)] + [lm.transformer.h[n].output[0].grad for n in range(3)]
    lm.lm_head.output.sum().backward()
""",
        "NNS106 NNS501",
        says=("another comprehension beside it goes over the same",),
    ),
    Corner(
        "gradients of two values at every turn of a loop",
        """\
with lm.trace("a"):
    gs = []
    for n in range(2):
        gs.append(lm.transformer.h[n].output[0].grad + lm.transformer.h[n].mlp.output.grad)
    lm.lm_head.output.sum().backward()
""",
        "NNS501 NNS106 NNS501",
        after="""\
with lm.trace("a"):
    gs = []
    values = []
    for n in range(2):
        mlp_output = lm.transformer.h[n].mlp.output
        values.append((lm.transformer.h[n].output[0], mlp_output))
    with lm.lm_head.output.sum().backward():
        gradients = [[value.grad for value in reversed(row)][::-1] for row in reversed(values)][::-1]
    for n, (gradient, gradient_2) in zip(range(2), gradients):
        gs.append(gradient + gradient_2)
""",  # noqa: E501
    ),
    Corner(
        "a gradient that is multiplied in place",
        """\
with lm.trace("a"):
    x = lm.transformer.h[1].output[0]
    x.grad *= 2
    lm.lm_head.output.sum().backward()
""",
        "NNS501",
        after="""\
with lm.trace("a"):
    x = lm.transformer.h[1].output[0]
    with lm.lm_head.output.sum().backward():
        x.grad *= 2
""",
    ),
    Corner(
        "a gradient at steps, beside the pass",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        with tracer.iter[:2]:
            x = lm.transformer.h[1].output[0]
            g = x.grad
    lm.lm_head.output.sum().backward()
""",
        "NNS104",
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        with tracer.iter[:2]:
            x = lm.transformer.h[1].output[0]
            g = x.grad
        lm.lm_head.output.sum().backward()
""",
    ),
    Corner(
        "comprehensions of gradients and of others",
        """\
with lm.trace("a"):
    gs = [k for k in xs] + [lm.transformer.h[n].output[0].grad for n in range(3)]
    lm.lm_head.output.sum().backward()
""",
        "NNS501",
        after="""\
with lm.trace("a"):
    values = [lm.transformer.h[n].output[0] for n in range(3)]
    with lm.lm_head.output.sum().backward():
        gradients = [value.grad for value in reversed(values)][::-1]
    gs = [k for k in xs] + [gradient for n, gradient in zip(range(3), gradients)]
""",
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda each: each.name)
def test_corner(corner: Corner) -> None:
    """What is found in a corner, what is said of it, and what is made of it."""
    corner.check()
