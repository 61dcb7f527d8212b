"""Blocks of steps and cursors, in the corners: why one is not written, and what is."""

from __future__ import annotations

import pytest

from nnmigrate.program import Options

from .corners import Corner

CORNERS = [
    Corner(
        "something else is entered with all of a module",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    hs = []
    with lm.lm_head.all(), torch.no_grad():
        hs.append(lm.lm_head.output.save())
""",
        "NNS602",
        says=("something else is entered",),
    ),
    Corner(
        "another block in the block of all steps",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    hs = []
    with lm.lm_head.all():
        with tracer.iter[0]:
            hs.append(lm.lm_head.output.save())
""",
        "NNS602",
        says=("another block stands in it",),
    ),
    Corner(
        "a loop that enters blocks under a condition",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    hs = []
    for n in range(2):
        if n:
            with lm.transformer.h[n].all():
                hs.append(lm.transformer.h[n].output[0].save())
""",
        "NNS602 NNS711",
        says=("at every turn of a loop",),
    ),
    Corner(
        "a loop that enters a block and does more",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    hs = []
    for n in range(2):
        with lm.transformer.h[n].all():
            hs.append(lm.transformer.h[n].output[0].save())
        x = n
""",
        "NNS602 NNS711",
        says=("at every turn of a loop",),
    ),
    Corner(
        "a loop of blocks behind one that went through the steps",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    hs = []
    with tracer.iter[:2]:
        g = lm.lm_head.output.save()
    for n in range(2):
        with lm.transformer.h[n].all():
            hs.append(lm.transformer.h[n].output[0].save())
""",
        "NNS602",
    ),
    Corner(
        "a loop of blocks whose head goes over lines",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    hs = []
    for n in [
        0,
        1,
    ]:
        with lm.transformer.h[n].all():
            hs.append(lm.transformer.h[n].output[0].save())
""",
        "NNS602 NNS711",
        says=("at every turn of a loop",),
    ),
    Corner(
        "all of a module in a trace whose tracer is an item",
        """\
with lm.generate("a", max_new_tokens=3) as t.tracer:
    hs = []
    with lm.lm_head.all():
        hs.append(lm.lm_head.output.save())
""",
        "NNS602",
        says=("the trace has no tracer with a name",),
    ),
    Corner(
        "a block bound to an attribute",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    hs = []
    with lm.lm_head.all() as t.head:
        hs.append(lm.lm_head.output.save())
""",
        "NNS602",
        says=("what `as` binds is no name",),
    ),
    Corner(
        "a block whose name is bound anew",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    hs = []
    with lm.lm_head.all() as head:
        hs.append(head.output.save())
        head = 1
""",
        "NNS602",
        says=("`head` is bound anew",),
    ),
    Corner(
        "a block of a module that is computed",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    hs = []
    with lm.transformer.h[1 + 1].all() as layer:
        hs.append(layer.output[0].save())
""",
        "NNS602 NNS711",
        says=("stands for a module that has no plain name",),
    ),
    Corner(
        "a statement that reads the module and another one",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    hs = []
    with lm.lm_head.all():
        hs.append((lm.transformer.h[0].output[0].sum() + lm.lm_head.output).save())
""",
        "NNS602 NNS711",
        says=("one statement reads the module and another one",),
    ),
    Corner(
        "blocks of the same steps, the second with a comment",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    hs = []
    with lm.transformer.h[0].all():
        hs.append(lm.transformer.h[0].output[0].save())
    with lm.transformer.h[1].all():  # then the next
        hs.append(lm.transformer.h[1].output[0].save())
""",
        "NNS602 NNS711 NNS602",
        says=("two blocks of the same steps",),
    ),
    Corner(
        "modules in another order than they run, in a block of later steps",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    with lm.transformer.iter[1:2]:
        a = lm.transformer.h[1].output.save()
        b = lm.transformer.h[0].output.save()
""",
        "NNS602",
        says=("another order",),
    ),
    Corner(
        "other modules in a block that has a name",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    with lm.transformer.h[0].all() as layer:
        a = layer.output.save()
        b = lm.lm_head.output.save()
""",
        "NNS602",
        says=("left at the first step",),
    ),
    Corner(
        "a loop of blocks that read modules backwards in later steps",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    for n in range(2):
        with lm.transformer.iter[1:2]:
            a = lm.transformer.ln_f.output.save()
            b = lm.transformer.h[n].output.save()
""",
        "NNS602",
        says=("another order",),
    ),
    Corner(
        "all of a module in an edit",
        """\
with lm.edit() as other:
    with lm.lm_head.all():
        lm.lm_head.output[:] = 0
""",
        "NNS602",
        says=("it does not stand in the body of a trace of its own",),
    ),
    Corner(
        "two layers of which nobody knows which is which",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    with lm.transformer.h[n].all():
        a = lm.transformer.h[n].output.save()
        b = lm.transformer.h[m].output.save()
""",
        "NNS602",
        says=("other modules are read in the block",),
    ),
    Corner(
        "a guarded statement whose name is used again",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    b = 0
    with lm.transformer.h[0].all():
        a = lm.transformer.h[0].output.save()
        b = lm.lm_head.output
    b = b * 2
    b.save()
""",
        "NNS602",
        says=("binds a name of the block's",),
    ),
    Corner(
        "a block of later steps on 0.7, behind what is read",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    b = lm.transformer.h[0].output.save()
    with lm.transformer.h[0].iter[1:2]:
        a = lm.transformer.h[0].output.save()
""",
        "NNS602",
        says=("0.7 counts the steps from what is read before",),
        options=Options(target=(0, 7)),
    ),
    Corner(
        "a block in parentheses, where steps are looped over",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    with (lm.transformer.h[0].all()):
        a = lm.transformer.h[0].output.save()
""",
        "NNS602",
        says=("its with statement has parentheses",),
        options=Options(target=(0, 6)),
    ),
    Corner(
        "a step back",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    a = lm.lm_head.next(-1).output.save()
""",
        "NNS601",
    ),
    Corner(
        "a turn that reads two steps",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    for n in range(2):
        a = lm.transformer.h[0].output.save()
        b = lm.lm_head.next().output.save()
        lm.transformer.h[0].next()
""",
        "NNS601 NNS601",
    ),
    Corner(
        "a loop that goes back",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    lm.lm_head.next(-3)
    for n in range(2):
        b = lm.lm_head.next().output.save()
""",
        "NNS601 NNS601",
    ),
    Corner(
        "a loop that reads the generator too",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    for n in range(2):
        b = lm.lm_head.next().output.save()
        c = lm.generator.next().output.save()
""",
        "NNS601 NNS601",
    ),
    Corner(
        "steps in a wrong order",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    x = lm.lm_head.output.save()
    for n in range(2):
        b = lm.lm_head.next().output.save()
    y = lm.transformer.h[0].output.save()
""",
        "NNS601",
        says=("a step is read behind a later one",),
    ),
    Corner(
        "modules of one step in a wrong order, needing each other",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    a = lm.lm_head.next().output
    lm.transformer.h[0].next().output = a
""",
        "NNS601 NNS601",
        says=("another order",),
    ),
    Corner(
        "modules of one step, backwards in one statement",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    lm.transformer.next()
    a = (lm.transformer.h[1].output[0] + lm.transformer.h[0].output[0]).save()
""",
        "NNS601 NNS711",
        says=("another order",),
    ),
    Corner(
        "a move between modules in another order than they run",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    h = lm.lm_head.output.save()
    a = lm.transformer.h[1].next().output[0].save()
    lm.lm_head.next()
    b = lm.transformer.h[0].next().output[0].save()
""",
        "NNS601 NNS711 NNS601 NNS601",
        after="""\
with lm.generate("a", max_new_tokens=3) as tracer:
    h = lm.lm_head.output.save()
    with tracer.iter[1]:
        b = lm.transformer.h[0].output[0].save()
        a = lm.transformer.h[1].output[0].save()
""",
    ),
    Corner(
        "a function beside all of a module",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    lm.transformer.h[0].all()
    def f(x):
        return x
    a = lm.transformer.h[0].output.save()
""",
        "NNS602",
        says=("cannot stand in a block",),
    ),
    Corner(
        "later steps of modules backwards",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    a = (lm.transformer.iter[1:2].h[1].output[0] + lm.transformer.h[0].output[0]).save()
""",
        "NNS602 NNS711",
        says=("another order",),
    ),
    Corner(
        "two models",
        """\
from nnsight import LanguageModel as L
other = L("gpt2")
with lm.generate("a", max_new_tokens=3) as tracer:
    a = lm.lm_head.output.save()
    b = lm.lm_head.next().output.save()
    c = other.lm_head.next().output.save()
""",
        "NNS601 NNS601",
        after="""\
from nnsight import LanguageModel as L
other = L("gpt2")
with lm.generate("a", max_new_tokens=3) as tracer:
    a = lm.lm_head.output.save()
    with tracer.iter[1]:
        b = lm.lm_head.output.save()
        c = other.lm_head.output.save()
""",
    ),
    Corner(
        "one statement of two modules, one in later steps",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    a = (lm.transformer.h[0].iter[1:2].output[0] + lm.transformer.h[1].output[0]).save()
""",
        "NNS602 NNS711",
        says=("other modules, which 0.4 left at the first step, are read beside it",),
    ),
    Corner(
        "a condition on one line among the steps",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    lm.lm_head.next()
    if c: a = lm.lm_head.output.save()
""",
        "NNS601",
        says=("a statement of the body cannot stand in a block",),
    ),
    Corner(
        "a return among the steps",
        """\
def f(c):
    with lm.generate("a", max_new_tokens=3) as tracer:
        a = lm.lm_head.next().output.save()
        if c:
            return a
        b = lm.lm_head.next().output.save()
    return b
""",
        "NNS601 NNS302 NNS601",
    ),
    Corner(
        "a collection made anew in front of a step",
        """\
acts = []
with lm.generate("a", max_new_tokens=3) as tracer:
    acts = []
    lm.lm_head.next()
    acts.append(lm.lm_head.output)
print(acts)
""",
        "NNS203 NNS601",
        after="""\
acts = []
acts = list()
with lm.generate("a", max_new_tokens=3) as tracer:
    with tracer.iter[1]:
        acts.append(lm.lm_head.output)
print(acts)
""",
    ),
    Corner(
        "a sum over all steps, where steps are looped over",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    total = 0
    with lm.lm_head.all():
        total += lm.lm_head.output.sum()
    total.save()
""",
        "NNS602",
        after="""\
with lm.generate("a", max_new_tokens=3) as tracer:
    total_step = 0
    for step in tracer.all():
        total = total_step + lm.lm_head.output.sum()
    total.save()
""",
        options=Options(target=(0, 6)),
    ),
    Corner(
        "a list that grows by steps",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    hs = [1]
    a = lm.lm_head.output
    hs += [a]
    b = lm.lm_head.next().output
    hs += [b]
    c = lm.lm_head.next().output
    hs += [c]
    print(hs)
""",
        "NNS601 NNS601",
    ),
    Corner(
        "a name bound twice, and added to by another one",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    t = lm.transformer.h[0].output.sum()
    x = 1
    with lm.lm_head.all():
        t = lm.lm_head.output.sum()
        x += 2 * t
    t = x
    x = t
    x.save()
""",
        "NNS602",
        after="""\
with lm.generate("a", max_new_tokens=3) as tracer:
    t = lm.transformer.h[0].output.sum()
    x_step = 1
    with tracer.all():
        t = lm.lm_head.output.sum()
        x_step_2 = x_step + (2 * t)
    t = x_step_2
    x = t
    x.save()
""",
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda each: each.name)
def test_corner(corner: Corner) -> None:
    """What is found in a corner, what is said of it, and what is made of it."""
    corner.check()
