"""Expressions over several lines, which by themselves have no indentation."""

from __future__ import annotations

import pytest

from .corners import Corner

CORNERS = [
    Corner(
        "a value over lines that is returned",
        """\
def f():
    with lm.trace("a"):
        return (
            lm.lm_head.output
            .save()
        )
""",
        "NNS302",
        after="""\
def f():
    with lm.trace("a"):
        _returned = (
            lm.lm_head.output
            .save()
        ).save()
    return _returned
""",
    ),
    Corner(
        "a value in a call over lines that is yielded",
        """\
def f():
    with lm.trace("a"):
        yield torch.stack([
            lm.lm_head.output,
            lm.lm_head.output,
        ])
""",
        "NNS302",
        after="""\
def f():
    with lm.trace("a"):
        _yielded = torch.stack([
            lm.lm_head.output,
            lm.lm_head.output,
        ]).save()
    yield _yielded
""",
    ),
    Corner(
        "gradients in a comprehension over lines",
        """\
def f():
    with lm.trace("a"):
        hs = [lm.transformer.h[n].output[0] for n in range(2)]
        gs = [
            h.grad.save()
            for h in hs
        ]
        lm.lm_head.output.sum().backward()
    return gs
""",
        "NNS203 NNS501",
        after="""\
def f():
    with lm.trace("a"):
        hs = [lm.transformer.h[n].output[0] for n in range(2)]
        with lm.lm_head.output.sum().backward():
            gradients = [value.grad for value in reversed(hs)][::-1]
        gs = [
            gradient.save()
            for h, gradient in zip(hs, gradients)
        ].save()
    return gs
""",
    ),
    Corner(
        "a name that a function reads",
        """\
t = lm.trace("a")
def f():
    return t
with t:
    h = lm.lm_head.output.save()
""",
        "NNS305",
    ),
    Corner(
        "a name that a function has for itself",
        """\
t = lm.trace("a")
def f(t):
    return t
with t:
    h = lm.lm_head.output.save()
""",
        "NNS305",
        after="""\
def f(t):
    return t
with lm.trace("a"):
    h = lm.lm_head.output.save()
""",
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda corner: corner.name)
def test_a_corner(corner: Corner) -> None:
    corner.check()
