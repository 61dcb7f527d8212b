"""Steps without end, and collections for a server, in the corners."""

from __future__ import annotations

import pytest

from nnmigrate.program import Options

from .corners import Corner

CORNERS = [
    Corner(
        "a comprehension behind a loop on one line",
        """\
with lm.trace("a"):
    for n in range(12): a = lm.transformer.h[n].output
    b = [lm.transformer.h[n].output for n in range(12)]
""",
        "NNS106",
    ),
    Corner(
        "a comprehension behind one that shares its line",
        """\
with lm.trace("a"):
    x = 1; a = [lm.transformer.h[n].output for n in range(12)]
    b = [lm.transformer.h[n].output for n in range(12)]
""",
        "NNS106",
    ),
    Corner(
        "comprehensions with others between them",
        """\
with lm.trace("a"):
    a = [lm.transformer.h[n].output for n in range(12)]
    c = [k for k in xs if k]
    d = [k for k, m in xs]
    e: int = 3
    b = [lm.transformer.h[n].output for n in range(12)]
""",
        "NNS106",
        after="""\
with lm.trace("a"):
    a = []
    b = []
    for n in range(12):
        a.append(lm.transformer.h[n].output)
        b.append(lm.transformer.h[n].output)
    c = [k for k in xs if k]
    d = [k for k, m in xs]
    e: int = 3
""",
    ),
    Corner(
        "a stack that is given what is no context alone",
        """\
from contextlib import ExitStack
with ExitStack() as stack:
    stack.enter_context(x := lm.trace("a"))
    h = lm.lm_head.output.save()
with ExitStack() as stack:
    stack.enter_context(*a)
    stack.enter_context(lm.trace("a"))
    h = lm.lm_head.output.save()
""",
        "NNS305 NNS305",
    ),
    Corner(
        "values over lines, for the server",
        """\
with lm.trace("a", remote=True):
    z = f(lm.lm_head.output
       + 1)
    acts["a"] = (lm.lm_head.output
       + 1)
    acts.append(lm.lm_head.output
       + 1)
    acts.append(lm.lm_head.output if z else
       None)
    acts.append(z for z in
       lm.lm_head.output)
""",
        "NNS201",
        after="""\
with lm.trace("a", remote=True):
    z = f(lm.lm_head.output
       + 1)
    _act = (lm.lm_head.output
       + 1).save()
    _act_2 = (lm.lm_head.output
       + 1).save()
    _act_3 = [lm.lm_head.output if z else
       None].save()
    _act_4 = list(z for z in
       lm.lm_head.output).save()
acts["a"] = _act
acts.append(_act_2)
acts.append(_act_3[0])
acts.append(_act_4)
""",
    ),
    Corner(
        "an item's slice, for the server",
        """\
acts = {}
with lm.trace("a", remote=True):
    for n in range(3):
        acts[n][1:2] = lm.transformer.h[n].output
""",
        "NNS201",
        after="""\
acts = {}
with lm.trace("a", remote=True):
    _acts = acts.save()
    for n in range(3):
        acts[n][1:2] = lm.transformer.h[n].output
if _acts is not acts:
    acts.clear()
    acts.update(_acts)
""",
    ),
    Corner(
        "a part that is not there by itself, for the server",
        """\
acts = {}
with lm.trace("a", remote=True):
    for n in range(3):
        acts.get(n).append(lm.transformer.h[n].output)
""",
        "NNS201",
        after="""\
acts = {}
with lm.trace("a", remote=True):
    _acts = acts.save()
    for n in range(3):
        acts.get(n).append(lm.transformer.h[n].output)
if _acts is not acts:
    acts.clear()
    acts.update(_acts)
""",
    ),
    Corner(
        "steps in a list that is computed, beside one",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    with lm.lm_head.iter[0]:
        a = lm.lm_head.output.save()
    with lm.lm_head.iter[n:]:
        b = lm.lm_head.output.save()
""",
        "NNS602 NNS602",
    ),
    Corner(
        "one step behind another",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    with lm.lm_head.iter[0]:
        a = lm.lm_head.output.save()
    with lm.lm_head.iter[1]:
        b = lm.lm_head.output.save()
""",
        "NNS602 NNS602",
        after="""\
with lm.generate("a", max_new_tokens=3) as tracer:
    with tracer.iter[0]:
        a = lm.lm_head.output.save()
    with tracer.iter[1]:
        b = lm.lm_head.output.save()
""",
    ),
    Corner(
        "behind steps without end, a function",
        """\
with lm.generate("a", max_new_tokens=None, max_length=6) as tracer:
    with lm.lm_head.all():
        lm.lm_head.output[:] = 0
    b = lm.generator.output.save()
    def g(x):
        return x
""",
        "NNS602 NNS603",
        after="""\
with lm.generate("a", max_new_tokens=None, max_length=6) as tracer:
    with tracer.all():
        lm.lm_head.output[:] = 0
    b = lm.generator.output.save()
    def g(x):
        return x
""",
    ),
    Corner(
        "behind steps without end, a barrier",
        """\
with lm.generate(max_new_tokens=None, max_length=6) as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        with lm.lm_head.all():
            lm.lm_head.output[:] = 0
        barrier()
        b = lm.generator.output.save()
""",
        "NNS602 NNS603",
        after="""\
with lm.generate(max_new_tokens=None, max_length=6) as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        with tracer.all():
            lm.lm_head.output[:] = 0
        barrier()
        b = lm.generator.output.save()
""",
    ),
    Corner(
        "behind steps without end, the end",
        """\
with lm.generate("a", max_new_tokens=None, max_length=6) as tracer:
    with lm.lm_head.all():
        lm.lm_head.output[:] = 0
    b = lm.generator.output.save()
    tracer.stop()
""",
        "NNS602 NNS603",
        after="""\
with lm.generate("a", max_new_tokens=None, max_length=6) as tracer:
    with tracer.all():
        lm.lm_head.output[:] = 0
    b = lm.generator.output.save()
    tracer.stop()
""",
    ),
    Corner(
        "behind steps without end, more of what they filled",
        """\
with lm.generate("a", max_new_tokens=None, max_length=6) as tracer:
    with lm.lm_head.all():
        acts.append(lm.lm_head.output)
    acts.append(lm.generator.output)
""",
        "NNS602 NNS603 NNS201",
        after="""\
with lm.generate("a", max_new_tokens=None, max_length=6) as tracer:
    with tracer.all():
        acts.append(lm.lm_head.output)
    acts.append(lm.generator.output)
""",
    ),
    Corner(
        "behind steps without end, in an invoke that enters more",
        """\
with lm.generate(max_new_tokens=None, max_length=6) as tracer:
    with tracer.invoke("b"), torch.no_grad():
        with lm.lm_head.all():
            lm.lm_head.output[:] = 0
        b = lm.generator.output.save()
""",
        "NNS602 NNS603",
        after="""\
with lm.generate(max_new_tokens=None, max_length=6) as tracer:
    with tracer.invoke("b"), torch.no_grad():
        with tracer.all():
            lm.lm_head.output[:] = 0
        b = lm.generator.output.save()
""",
    ),
    Corner(
        "behind steps without end, where the prompt has a comment",
        """\
with lm.generate("a",  # the prompt
                 max_new_tokens=None, max_length=6) as tracer:
    with lm.lm_head.all():
        lm.lm_head.output[:] = 0
    b = lm.generator.output.save()
""",
        "NNS602 NNS603",
        after="""\
with lm.generate("a",  # the prompt
                 max_new_tokens=None, max_length=6) as tracer:
    with tracer.all():
        lm.lm_head.output[:] = 0
    b = lm.generator.output.save()
""",
    ),
    Corner(
        "behind steps without end, where the tracer has no name",
        """\
with lm.generate("a", max_new_tokens=None, max_length=6) as t.tracer:
    with lm.lm_head.all():
        lm.lm_head.output[:] = 0
    b = lm.generator.output.save()
""",
        "NNS602 NNS603",
    ),
    Corner(
        "behind steps without end, among other contexts",
        """\
with torch.no_grad(), lm.generate("a") as tracer:
    with lm.lm_head.all():
        lm.lm_head.output[:] = 0
    b = lm.generator.output.save()
""",
        "NNS429 NNS602 NNS603",
        after="""\
with torch.no_grad(), lm.generate("a", max_new_tokens=1) as tracer:
    for step in tracer.all():
        lm.lm_head.output[:] = 0
    b = lm.generator.output.save()
""",
        options=Options(target=(0, 8, 1)),
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda each: each.name)
def test_corner(corner: Corner) -> None:
    """What is found in a corner, what is said of it, and what is made of it."""
    corner.check()
