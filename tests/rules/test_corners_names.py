"""What went or changed its name, in the corners."""

from __future__ import annotations

import pytest

from .corners import Corner

CORNERS = [
    Corner(
        "one with that enters all and a name",
        """\
with lm.generate("a", max_new_tokens=3) as tracer, tracer.iter[:2] as n:
    h = lm.lm_head.output.save()
""",
        "NNS304",
        after="""\
with lm.generate("a", max_new_tokens=3) as tracer:
    with tracer.iter[:2] as n:
        h = lm.lm_head.output.save()
""",
    ),
    Corner(
        "a trace in the with of an edit",
        """\
with lm.edit() as other, lm.trace("a"):
    h = lm.lm_head.output.save()
""",
        "NNS304",
        says=("are entered by one `with` | AttributeError or ValueError: both cut out one body",),
    ),
    Corner(
        "pass first, on one line",
        """\
with lm.trace("a"):
    pass; h = lm.lm_head.output.save()
""",
        "NNS310",
        says=("the body begins with `pass`: 0.5 takes it for an empty one",),
    ),
    Corner(
        "a stop that shares its line",
        """\
with lm.trace("a"):
    h = lm.transformer.h[1].output.stop(); x = 1
""",
        "NNS405",
        says=("it needs a line of its own, and a trace whose tracer can be named",),
    ),
    Corner(
        "a stop that is all there is",
        """\
with lm.trace("a"):
    lm.transformer.h[1].output.stop()
""",
        "NNS405",
        after="""\
with lm.trace("a") as tracer:
    lm.transformer.h[1].output
    tracer.stop()
""",
    ),
    Corner(
        "a star of what moved",
        """\
from nnsight.contexts import *
""",
        "",
    ),
    Corner(
        "an import that shares its line",
        """\
from nnsight.contexts import GraphBasedContext; x = 1
""",
        "NNS410",
    ),
    Corner(
        "settings on one line, read, and computed",
        """\
from nnsight import CONFIG
CONFIG.API.HOST = host()
print(CONFIG.API.HOST)
if c: CONFIG.APP.LOGGING = True; y = 1
""",
        "NNS411 NNS411",
        says=("`CONFIG.API.HOST` is a URL since 0.5.14, and another one by default",),
    ),
    Corner(
        "settings that are all of a suite",
        """\
from nnsight import CONFIG
if c:
    CONFIG.APP.LOGGING = True
""",
        "NNS411",
        after="""\
if c:
    pass
""",
    ),
    Corner(
        "clearing in suites, and read",
        """\
if c:
    lm._clear()
lm._clear()
y = lm._clear()
""",
        "NNS413 NNS413 NNS413",
        after="""\
if c:
    pass
y = lm._clear()
""",
    ),
    Corner(
        "a model's configuration beside something computed",
        """\
m = LanguageModel("gpt2", config=c, patch_llama_scan=f())
m = LanguageModel("gpt2", config=c, patch_llama_scan=True)
""",
        "NNS415 NNS415",
        after="""\
m = LanguageModel("gpt2", config=c, patch_llama_scan=f())
m = LanguageModel("gpt2", config_model=c)
""",
    ),
    Corner(
        "a condition with two arguments",
        """\
with lm.trace("a") as tracer:
    with tracer.cond(a, b):
        lm.lm_head.output.save()
    with tracer.cond(*a):
        lm.lm_head.output.save()
    with tracer.cond():
        lm.lm_head.output.save()
""",
        "NNS404 NNS404 NNS404",
    ),
    Corner(
        "a condition that is bound to what is no name",
        """\
with lm.trace("a") as tracer:
    with tracer.cond(a) as x.y:
        lm.lm_head.output.save()
""",
        "NNS404",
    ),
    Corner(
        "something else behind a condition",
        """\
with lm.trace("a") as tracer:
    with tracer.cond(a) as c:
        lm.transformer.h[1].output.save()
    with c.other_(b):
        lm.lm_head.output.save()
""",
        "NNS404",
    ),
    Corner(
        "a loop beside another context",
        """\
with lm.session() as session:
    with session.iter([1, 2]) as n, open("f") as g:
        pass
""",
        "NNS404",
    ),
    Corner(
        "a loop with its context",
        """\
with lm.session() as session:
    with session.iter([1, 2], return_context=True) as (n, it):
        it.log(n)
        it.exit()
""",
        "NNS404",
        after="""\
with lm.session() as session:
    for n in [1, 2]:
        print(n)
        break
""",
    ),
    Corner(
        "a loop whose context is handed on",
        """\
with lm.session() as session:
    with session.iter([1, 2], return_context=True) as (n, it):
        f(it)
""",
        "NNS404",
        says=("what it binds is used in another way, or its arguments are not in view",),
    ),
    Corner(
        "a loop whose context is not bound to two names",
        """\
with lm.session() as session:
    with session.iter([1, 2], return_context=True) as pair:
        pass
""",
        "NNS404",
    ),
    Corner(
        "a loop over what changes in it",
        """\
xs = [1, 2]
with lm.session() as session:
    with session.iter(xs) as n:
        xs.append(n)
""",
        "NNS404",
        after="""\
xs = [1, 2]
with lm.session() as session:
    for n in list(xs):
        xs.append(n)
""",
    ),
    Corner(
        "a loop over arguments that are not in view",
        """\
with lm.session() as session:
    with session.iter(*xs) as n:
        pass
""",
        "NNS404",
    ),
    Corner(
        "local that shares its with, and one on a line",
        """\
import nnsight
with lm.trace("a", remote=True):
    with nnsight.local(), torch.no_grad():
        print(1)
    with nnsight.local(): print(2)
    with nnsight.local():
        print(3); print(4)
""",
        "NNS404 NNS404 NNS404",
    ),
    Corner(
        "arguments of an invoker that are no literals",
        """\
with lm.trace("a", invoker_args={"truncation": True, **more}):
    h = lm.lm_head.output.save()
with lm.trace("a", invoker_args={1: 2}):
    h = lm.lm_head.output.save()
with lm.trace("a", invoker_args={}):
    h = lm.lm_head.output.save()
with lm.trace("a", invoker_args=dict(truncation=True)):
    h = lm.lm_head.output.save()
with lm.trace("a", invoker_args={"not a name": 2}):
    h = lm.lm_head.output.save()
""",
        "NNS421 NNS421 NNS421 NNS421 NNS421",
        after="""\
with lm.trace("a", invoker_args={"truncation": True, **more}):
    h = lm.lm_head.output.save()
with lm.trace("a", invoker_args={1: 2}):
    h = lm.lm_head.output.save()
with lm.trace("a"):
    h = lm.lm_head.output.save()
with lm.trace() as tracer:
    with tracer.invoke("a", truncation=True):
        h = lm.lm_head.output.save()
with lm.trace("a", invoker_args={"not a name": 2}):
    h = lm.lm_head.output.save()
""",
    ),
    Corner(
        "arguments of an invoker beside another context",
        """\
with lm.trace("a", invoker_args={"truncation": True}), torch.no_grad():
    h = lm.lm_head.output.save()
with lm.trace("a", invoker_args={"truncation": True}) as x.y:
    h = lm.lm_head.output.save()
""",
        "NNS421 NNS421",
    ),
    Corner(
        "a device for all, in a suite above the trace",
        """\
def f():
    if c:
        torch.set_default_device("cuda")
        with lm.trace("a"):
            x = torch.zeros(3)
            h = (lm.transformer.h[1].output[0] + x).save()
        return h
""",
        "NNS702",
        after="""\
def f():
    if c:
        torch.set_default_device("cuda")
        with lm.trace("a"):
            with torch.device("cuda"):
                x = torch.zeros(3)
                h = (lm.transformer.h[1].output[0] + x).save()
        return h
""",
    ),
    Corner(
        "gradients off above the trace, in a suite",
        """\
def f():
    with open("f"):
        torch.set_grad_enabled(False)
        with lm.trace("a"):
            h = (lm.transformer.h[1].output[0] @ lm.transformer.h[1].mlp.c_fc.weight).save()
        return h
""",
        "NNS701",
        after="""\
def f():
    with open("f"):
        torch.set_grad_enabled(False)
        with lm.trace("a"):
            with torch.set_grad_enabled(False):
                h = (lm.transformer.h[1].output[0] @ lm.transformer.h[1].mlp.c_fc.weight).save()
        return h
""",
    ),
    Corner(
        "gradients off around the trace, and a parameter that was named",
        """\
w = lm.lm_head.weight
shape = lm.lm_head.weight.data
with torch.no_grad():
    with lm.trace("a"):
        h = (lm.transformer.h[1].output[0] @ w).save()
        g = (lm.transformer.h[1].output[0] @ shape).save()
    with lm.trace("a"): k = (lm.transformer.h[1].output[0] @ w.T).save()
""",
        "NNS701 NNS301 NNS701",
        after="""\
w = lm.lm_head.weight
shape = lm.lm_head.weight.data
with torch.no_grad():
    with lm.trace("a"):
        with torch.no_grad():
            h = (lm.transformer.h[1].output[0] @ w).save()
            g = (lm.transformer.h[1].output[0] @ shape).save()
    with lm.trace("a"):
        with torch.no_grad():
            k = (lm.transformer.h[1].output[0] @ w.T).save()
""",
    ),
    Corner(
        "gradients off around what only looks like a trace of a model",
        """\
def f(net):
    with torch.no_grad():
        with net.trace("a"):
            h = (net.transformer.h[1].output[0] @ net.lm_head.weight).save()
    return h
""",
        "NNS701",
        after="""\
def f(net):
    with torch.no_grad():
        with net.trace("a"):
            with torch.no_grad():
                h = (net.transformer.h[1].output[0] @ net.lm_head.weight).save()
    return h
""",
    ),
    Corner(
        "a seed in a session",
        """\
with lm.session():
    torch.manual_seed(0)
    with lm.trace("a"):
        x = torch.randn(3)
        torch.manual_seed(1)
        h = lm.lm_head.output.save()
""",
        "NNS706",
    ),
    Corner(
        "a first item that is set of something else",
        """\
with lm.trace("a"):
    x = d.output[0] = lm.transformer.h[1].output[0]
    d.output[0] = lm.lm_head.output
""",
        "",
    ),
    Corner(
        "a run without a with, read from a call",
        """\
y = lm.generate("a", trace=False)
z: object = lm.trace("a", trace=False)
a.b = lm.trace("a", trace=False)
w = lm.trace(
    "a",
    trace=False,
)
""",
        "NNS422 NNS422 NNS422 NNS422",
        after="""\
y = lm.generate("a", trace=False)
z: object = lm.trace("a", trace=False)
a.b = lm.trace("a", trace=False)
with lm.trace(
    "a",
):
    w = lm.output.save()
""",
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda corner: corner.name)
def test_a_corner(corner: Corner) -> None:
    corner.check()
