"""Steps of a generation and gradients, in the corners: what is counted, and what stays."""

from __future__ import annotations

import pytest

from .corners import Corner

CORNERS = [
    Corner(
        "steps over several lines",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    with lm.lm_head.iter[
        0:2
    ]:
        h = lm.lm_head.output.save()
""",
        "NNS602",
        after="""\
with lm.generate("a", max_new_tokens=3) as tracer:
    with tracer.iter[0:2]:
        h = lm.lm_head.output.save()
""",
    ),
    Corner(
        "a loop that counts with enumerate",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    for n, x in enumerate(xs):
        h = lm.lm_head.next().output.save()
""",
        "NNS601",
        after="""\
with lm.generate("a", max_new_tokens=3) as tracer:
    for n, x in enumerate(xs):
        with tracer.iter[n + 1]:
            h = lm.lm_head.output.save()
""",
    ),
    Corner(
        "a loop that counts from one",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    xs = []
    for n in range(1, 3):
        xs.append(lm.lm_head.next().output.save())
""",
        "NNS601",
        after="""\
with lm.generate("a", max_new_tokens=3) as tracer:
    xs = []
    for n in range(1, 3):
        with tracer.iter[n]:
            xs.append(lm.lm_head.output.save())
""",
    ),
    Corner(
        "a loop that counts from a number that is not known",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    for n in range(k, 3):
        h = lm.lm_head.next().output.save()
""",
        "NNS601",
    ),
    Corner(
        "a loop that goes over something else",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    for n in sorted(xs):
        h = lm.lm_head.next().output.save()
""",
        "NNS601",
    ),
    Corner(
        "a loop whose counter has no name",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    for d[0] in range(2):
        h = lm.lm_head.next().output.save()
""",
        "NNS601",
    ),
    Corner(
        "a loop that binds its counter anew",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    for n in range(2):
        n = lm.lm_head.next().output.save()
""",
        "NNS601",
    ),
    Corner(
        "a loop that only moves on",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    for n in range(2):
        lm.lm_head.next()
    h = lm.lm_head.output.save()
""",
        "NNS601",
        after="""\
with lm.generate("a", max_new_tokens=3) as tracer:
    with tracer.iter[2]:
        h = lm.lm_head.output.save()
""",
    ),
    Corner(
        "a loop that moves two modules apart",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    for n in range(2):
        h = lm.lm_head.next().output.save()
        g = lm.lm_head.next().output.save()
""",
        "NNS601 NNS601",
    ),
    Corner(
        "a loop that reads what is there behind all steps",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    for n in range(2):
        h = lm.lm_head.next().output.save()
        g = lm.generator.output.save()
""",
        "NNS601",
    ),
    Corner(
        "a move in a condition of a loop",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    for n in range(2):
        if n:
            h = lm.lm_head.next().output.save()
""",
        "NNS601",
    ),
    Corner(
        "nothing but moves",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    lm.lm_head.next()
""",
        "NNS601",
    ),
    Corner(
        "the streamer's steps",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    h = lm.generator.streamer.next().output.save()
    g = lm.lm_head.next().output.save()
""",
        "NNS601 NNS601",
    ),
    Corner(
        "the generator's own value, moved",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    h = lm.generator.next().output.save()
""",
        "NNS601",
    ),
    Corner(
        "two statements on one line",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    h = lm.lm_head.output.save(); g = lm.lm_head.next().output.save()
""",
        "NNS601",
    ),
    Corner(
        "a tracer without a name that is bound to something else",
        """\
with lm.generate("a", max_new_tokens=3) as x.y:
    h = lm.lm_head.output.save()
    g = lm.lm_head.next().output.save()
""",
        "NNS601",
    ),
    Corner(
        "in an edit",
        """\
with lm.edit() as other:
    h = lm.lm_head.next().output
""",
        "NNS601",
    ),
    Corner(
        "a step read behind a later one",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    h = lm.lm_head.next().next().output.save()
    lm.lm_head.output = lm.lm_head.output * 2
""",
        "NNS601 NNS601",
        after="""\
with lm.generate("a", max_new_tokens=3) as tracer:
    with tracer.iter[2]:
        h = lm.lm_head.output.save()
        lm.lm_head.output = lm.lm_head.output * 2
""",
    ),
    Corner(
        "modules in another order than they run",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    h = lm.lm_head.output.save()
    a = lm.transformer.h[1].next().output[0].save()
    b = lm.transformer.h[0].next().output[0].save()
""",
        "NNS601 NNS711 NNS601",
        after="""\
with lm.generate("a", max_new_tokens=3) as tracer:
    h = lm.lm_head.output.save()
    with tracer.iter[1]:
        b = lm.transformer.h[0].output[0].save()
        a = lm.transformer.h[1].output[0].save()
""",
    ),
    Corner(
        "a move that a function makes",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    def f(m):
        return m.next().output.save()
    h = f(lm.lm_head)
""",
        "NNS601",
    ),
    Corner(
        "all of a module in a condition",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    if c:
        lm.lm_head.all()
    h = lm.lm_head.output.save()
""",
        "NNS602",
    ),
    Corner(
        "all of a module, kept",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    m = lm.lm_head.all()
    h = m.output.save()
""",
        "NNS602",
    ),
    Corner(
        "all of two modules on one line",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    h = lm.lm_head.all().output + lm.transformer.h[0].all().output[0]
    h.save()
""",
        "NNS602 NNS602 NNS711",
    ),
    Corner(
        "all of a module, and another one beside it",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    h = lm.lm_head.all().output
    g = (h + lm.transformer.h[0].output[0].sum()).save()
""",
        "NNS602 NNS711",
    ),
    Corner(
        "all of a module of which nothing is read",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    lm.lm_head.all()
    x = 1
""",
        "NNS602",
    ),
    Corner(
        "all of modules in another order than they run",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    h = lm.lm_head.all().output.save()
    g = lm.transformer.h[0].all().output[0].save()
""",
        "NNS602 NNS602 NNS711",
    ),
    Corner(
        "all of a module beside another block",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    with tracer.iter[:2]:
        g = lm.transformer.h[0].output[0].save()
    h = lm.lm_head.all().output.save()
""",
        "NNS602",
    ),
    Corner(
        "steps past the end, and a single one",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    with tracer.iter[3:]:
        h = lm.lm_head.output.save()
    with tracer.iter[5]:
        h = lm.lm_head.output.save()
    with tracer.iter[n]:
        h = lm.lm_head.output.save()
""",
        "NNS604",
        says=("take it away, with what it was to give",),
    ),
    Corner(
        "gradients in a loop and beside it",
        """\
with lm.trace("a"):
    hs = [lm.transformer.h[n].output[0] for n in range(2)]
    x = lm.transformer.wte.output
    gs = []
    for h in hs:
        gs.append(h.grad.save())
    g = x.grad.save()
    lm.lm_head.output.sum().backward()
""",
        "NNS106 NNS501 NNS501",
        after="""\
with lm.trace("a"):
    x = lm.transformer.wte.output
    hs = [lm.transformer.h[n].output[0] for n in range(2)]
    gs = []
    for h in hs:
        gs.append(h.grad.save())
    g = x.grad.save()
    lm.lm_head.output.sum().backward()
""",
    ),
    Corner(
        "gradients in a loop with an else",
        """\
with lm.trace("a"):
    hs = [lm.transformer.h[n].output[0] for n in range(2)]
    gs = []
    for h in hs:
        gs.append(h.grad.save())
    else:
        x = 1
    lm.lm_head.output.sum().backward()
""",
        "NNS501",
    ),
    Corner(
        "gradients in a loop whose head goes over lines",
        """\
with lm.trace("a"):
    gs = []
    for h in [
        lm.transformer.h[0].output[0],
        lm.transformer.h[1].output[0],
    ]:
        gs.append(h.grad.save())
    lm.lm_head.output.sum().backward()
""",
        "NNS501",
    ),
    Corner(
        "gradients in the same comprehension twice",
        """\
with lm.trace("a"):
    hs = [lm.transformer.h[n].output[0] for n in range(2)]
    gs = [h.grad.save() for h in hs] + [h.grad.save() for h in hs]
    lm.lm_head.output.sum().backward()
""",
        "NNS501 NNS501",
    ),
    Corner(
        "gradients of two values in a comprehension",
        """\
with lm.trace("a"):
    hs, layers = [], lm.transformer.h
    gs = [layers[n].output[0].grad.save() + layers[n].mlp.output.grad for n in range(2)]
    lm.lm_head.output.sum().backward()
""",
        "NNS501 NNS106 NNS501",
    ),
    Corner(
        "gradients and other values in a comprehension",
        """\
with lm.trace("a"):
    layers = lm.transformer.h
    gs = [layers[n].output[0].grad.save() + layers[n].mlp.output for n in range(2)]
    lm.lm_head.output.sum().backward()
""",
        "NNS501 NNS106",
    ),
    Corner(
        "gradients of values that are listed above",
        """\
with lm.trace("a"):
    hs = [lm.transformer.h[n].output[0] for n in range(2)]
    gs = [lm.transformer.h[n].output[0].grad.save() for n in range(2)]
    lm.lm_head.output.sum().backward()
""",
        "NNS106 NNS501",
        after="""\
with lm.trace("a"):
    hs = []
    gs = []
    values = []
    for n in range(2):
        hs.append(lm.transformer.h[n].output[0])
        values.append(lm.transformer.h[n].output[0])
    with lm.lm_head.output.sum().backward():
        gradients = [value.grad for value in reversed(values)][::-1]
    for n, gradient in zip(range(2), gradients):
        gs.append(gradient.save())
""",
    ),
    Corner(
        "gradients in a loop over modules' values themselves, which are read once",
        """\
with lm.trace("a"):
    gs = []
    for h in [lm.transformer.h[0].output[0], lm.transformer.h[1].output[0]]:
        gs.append(h.grad.save())
    lm.lm_head.output.sum().backward()
""",
        "NNS501",
        says=("what the loop goes over cannot be gone over twice",),
    ),
    Corner(
        "gradients in a loop over a list of values",
        """\
with lm.trace("a"):
    gs = []
    a = lm.transformer.h[0].mlp.output
    b = lm.transformer.h[1].mlp.output
    for h in (a, b):
        gs.append(h.grad.save())
    lm.lm_head.output.sum().backward()
""",
        "NNS501",
        after="""\
with lm.trace("a"):
    gs = []
    a = lm.transformer.h[0].mlp.output
    b = lm.transformer.h[1].mlp.output
    values = [h for h in (a, b)]
    with lm.lm_head.output.sum().backward():
        gradients = [value.grad for value in reversed(values)][::-1]
    for h, gradient in zip((a, b), gradients):
        gs.append(gradient.save())
""",
    ),
    Corner(
        "gradients in a loop that reads what it fills",
        """\
with lm.trace("a"):
    gs = []
    for n in range(2):
        gs.append(lm.transformer.h[n].output[0].grad.save())
        print(len(gs))
    lm.lm_head.output.sum().backward()
""",
        "NNS501",
    ),
    Corner(
        "gradients in a loop that sets modules",
        """\
with lm.trace("a"):
    gs = []
    for n in range(2):
        lm.transformer.h[n].mlp.output = lm.transformer.h[n].mlp.output * 2
        gs.append(lm.transformer.h[n].output[0].grad.save())
    lm.lm_head.output.sum().backward()
""",
        "NNS501",
    ),
    Corner(
        "gradients in a loop that does nothing else",
        """\
with lm.trace("a"):
    gs = []
    for n in range(2):
        gs.append(lm.transformer.h[n].output[0].grad.save())
    lm.lm_head.output.sum().backward()
""",
        "NNS501",
        after="""\
with lm.trace("a"):
    gs = []
    values = [lm.transformer.h[n].output[0] for n in range(2)]
    with lm.lm_head.output.sum().backward():
        gradients = [value.grad for value in reversed(values)][::-1]
    for n, gradient in zip(range(2), gradients):
        gs.append(gradient.save())
""",
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda corner: corner.name)
def test_a_corner(corner: Corner) -> None:
    corner.check()
