"""Rules in the corners: what each asks last."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Severity
from nnmigrate.program import Options

from .corners import HEAD, Corner

CORNERS = [
    Corner(
        "what an invoke reads as a whole shows the order",
        """\
acts = []
with lm.trace() as tracer:
    with tracer.invoke("a"):
        acts.append(lm.transformer.h[5].mlp.output)
    with tracer.invoke("b"):
        acts.append(lm.transformer.h[2].mlp.output)
    with tracer.invoke("c"):
        lm.lm_head.output = torch.stack(acts)
""",
        "NNS107 NNS201",
        says=("the invokes fill `acts` in the order in which the model runs",),
        after="""\
acts = []
with lm.session():
    with lm.trace("a"):
        acts.append(lm.transformer.h[5].mlp.output)
    with lm.trace("b"):
        acts.append(lm.transformer.h[2].mlp.output)
    with lm.trace("c"):
        lm.lm_head.output = torch.stack(acts)
""",
    ),
    Corner(
        "what an invoke reads as a whole when one alone has filled it",
        """\
acts = []
with lm.trace() as tracer:
    with tracer.invoke("a"):
        acts.append(lm.transformer.h[5].mlp.output)
    with tracer.invoke("b"):
        x = torch.stack(acts).save()
        acts.append(lm.transformer.h[2].mlp.output)
""",
        "NNS201",
    ),
    Corner(
        "what nobody reads has no order",
        """\
acts = []
with lm.trace() as tracer:
    with tracer.invoke("a"):
        acts.append(lm.transformer.h[5].mlp.output)
    with tracer.invoke("b"):
        acts.append(lm.transformer.h[2].mlp.output)
""",
        "NNS201",
    ),
    Corner(
        "an item of what several invokes have filled",
        """\
acts = []
with lm.trace() as tracer:
    with tracer.invoke("a"):
        acts.append(lm.transformer.h[5].mlp.output)
    with tracer.invoke("b"):
        acts.append(lm.transformer.h[2].mlp.output)
    with tracer.invoke("c"):
        x = (lm.lm_head.output + acts[-1].sum()).save()
""",
        "NNS107 NNS201",
        says=("the invokes fill `acts`",),
        after="""\
acts = []
with lm.session():
    with lm.trace("a"):
        acts.append(lm.transformer.h[5].mlp.output)
    with lm.trace("b"):
        acts.append(lm.transformer.h[2].mlp.output)
    with lm.trace("c"):
        x = (lm.lm_head.output + acts[-1].sum()).save()
""",
    ),
    Corner(
        "a list that the trace makes",
        """\
with lm.trace() as tracer:
    acts = list().save()
    with tracer.invoke("a"):
        acts.append(lm.transformer.h[5].mlp.output)
    with tracer.invoke("b"):
        acts.append(lm.transformer.h[2].mlp.output)
print(acts)
""",
        "NNS107",
        says=("the invokes fill `acts`",),
        after="""\
with lm.session():
    acts = list().save()
    with lm.trace("a"):
        acts.append(lm.transformer.h[5].mlp.output)
    with lm.trace("b"):
        acts.append(lm.transformer.h[2].mlp.output)
print(acts)
""",
    ),
    Corner(
        "a list is filled behind a barrier that nobody passes",
        """\
acts = []
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a"):
        barrier()
        acts.append(lm.transformer.h[5].mlp.output)
    with tracer.invoke("b"):
        acts.append(lm.transformer.h[2].mlp.output)
print(acts)
""",
        "NNS103",
        says=("holds the invokes at the wrong place: not as many invokes call it",),
        after="""\
acts = []
acts_parts = []
with lm.trace() as tracer:
    acts_part = []
    acts_parts.append(acts_part)
    with tracer.invoke("a"):
        acts_part.append(lm.transformer.h[5].mlp.output)
    acts_part = []
    acts_parts.append(acts_part)
    with tracer.invoke("b"):
        acts_part.append(lm.transformer.h[2].mlp.output)
for acts_part in acts_parts:
    acts.extend(acts_part)
print(acts)
""",
    ),
    Corner(
        "a number in a session that an invoke changes",
        """\
n = 0
with lm.session():
    with lm.trace() as tracer:
        with tracer.invoke("a"):
            n = 3
            h = lm.transformer.h[5].mlp.output.save()
        with tracer.invoke("b"):
            lm.transformer.h[n].mlp.output[:] = 0
""",
        "NNS102",
        says=("the value that `n` had before the trace is used",),
        after="""\
n = 0
with lm.session():
    with lm.trace() as tracer:
        shared = {}
        with tracer.invoke("a"):
            n = 3
            shared["n"] = n
            h = lm.transformer.h[5].mlp.output.save()
        with tracer.invoke("b"):
            lm.transformer.h[shared["n"]].mlp.output[:] = 0
""",
    ),
    Corner(
        "an earlier trace's value is saved once more on the server",
        """\
with lm.trace("a"):
    h = lm.lm_head.output.save()
with lm.trace("b", remote=True):
    h.save()
    y = lm.lm_head.output.save()
""",
        "",
    ),
    Corner(
        "a crossing that is not followed in code born on 0.5",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        match flag:
            case 1:
                h = lm.transformer.h[2].mlp.output
    with tracer.invoke("b"):
        lm.lm_head.output = h
    barrier = tracer.barrier(2)
""",
        "",
    ),
    Corner(
        "an invoke that reads nothing saves last",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        x = lm.transformer.h[5].mlp.output.save()
    with tracer.invoke("b"):
        x = torch.zeros(1).save()
print(x)
""",
        "NNS205",
        says=("several invokes save `x`, and this one may finish last",),
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        x_1 = lm.transformer.h[5].mlp.output.save()
    with tracer.invoke("b"):
        x = torch.zeros(1).save()
print(x)
""",
    ),
    Corner(
        "an invoke that reads nothing saves first",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        x = torch.zeros(1).save()
    with tracer.invoke("b"):
        x = lm.transformer.h[5].mlp.output.save()
print(x)
""",
        "",
    ),
    Corner(
        "an iteration behind a context that binds several names",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    with around() as (a, b), tracer.iter[1:2]:
        lm.lm_head.output.save()
""",
        "NNS304",
        says=("what is bound stands for something else in the body",),
        after="""\
with lm.generate("a", max_new_tokens=3) as tracer:
    with around() as (a, b):
        with tracer.iter[1:2]:
            lm.lm_head.output.save()
""",
    ),
    Corner(
        "an iteration behind a context that binds a name",
        """\
with lm.generate("a", max_new_tokens=3) as tracer:
    with torch.no_grad(), tracer.iter[:] as i:
        lm.lm_head.output.save()
""",
        "NNS304",
        says=("`i` stands for something else in the body",),
        after="""\
with lm.generate("a", max_new_tokens=3) as tracer:
    with torch.no_grad():
        with tracer.iter[:] as i:
            lm.lm_head.output.save()
""",
    ),
    Corner(
        "traces that a function makes of all that it is given",
        """\
def made(*prompts):
    return lm.trace(*prompts)


with made(1):
    x = lm.lm_head.output.save()
""",
        "NNS305",
        says=("`lm.trace(*prompts)` is not made in the header",),
    ),
    Corner(
        "a cell's magic and a trace in the next cell",
        """\
get_ipython().run_cell_magic('time', '', ...)
x = 1
# %%
with lm.trace("a"):
    y = lm.lm_head.output.save()
""",
        "",
    ),
    Corner(
        "a cell's magic and a trace in it",
        """\
get_ipython().run_cell_magic('time', '', ...)
with lm.trace("a"):
    y = lm.lm_head.output.save()
""",
        "NNS307",
        says=("this cell begins with `%%time`",),
        after="""\
with lm.trace("a"):
    y = lm.lm_head.output.save()
""",
    ),
    Corner(
        "a session that stops at once",
        """\
with lm.session() as session:
    session.stop()
    with lm.trace("a"):
        x = lm.lm_head.output.save()
""",
        "NNS405",
        says=("put what follows under the condition that it goes on",),
    ),
    Corner(
        "names of nnsight that are gone, written out",
        """\
import nnsight

kept: nnsight.tracing.graph.Proxy = None
print(isinstance(kept, nnsight.tracing.Graph))
""",
        "NNS410 NNS410",
        says=("`nnsight.tracing.Graph` is not there: it is gone: 0.5 keeps no graph",),
    ),
    Corner(
        "a field of the settings in a decorator",
        """\
from nnsight import CONFIG


@logged(CONFIG.APP.LOGGING)
def run():
    pass
""",
        "NNS411",
        says=("`CONFIG.APP.LOGGING` is no setting of 0.5",),
    ),
    Corner(
        "a wrapped module that several inputs are given",
        """\
from nnsight import NNsight

net = NNsight(torch.nn.Linear(1, 1))
with net.trace() as tracer:
    with tracer.invoke(torch.ones(1)):
        a = net.output.save()
    with tracer.invoke(torch.ones(1)):
        b = net.output.save()
""",
        "NNS414",
        says=("`net` is not told how to make one batch of several inputs",),
    ),
    Corner(
        "a wrapped module whose invokes are given nothing",
        """\
from nnsight import NNsight

net = NNsight(torch.nn.Linear(1, 1))
with net.trace(torch.ones(1)) as tracer:
    with tracer.invoke():
        a = net.output.save()
    with tracer.invoke():
        b = net.output.save()
""",
        "",
    ),
    Corner(
        "methods with functions of their own and a batch that is made elsewhere",
        """\
from nnsight import NNsight


class Mine(NNsight):
    size = 3

    def _prepare_input(self, x):
        def inner():
            return 1

        later = lambda: None
        return ((x,), {}), len(x)

    def _batch(self, batched, x):
        return join(batched, x)
""",
        "NNS416",
        says=("`_prepare_input` gives `((args, kwargs), batch_size)`",),
    ),
    Corner(
        "a trace that is made and not entered is no generation",
        """\
with lm.trace("a") as tracer:
    tracer.log(lm.lm_head.output)
context = lm.trace("b")
""",
        "NNS403 NNS305",
        says=('`lm.trace("b")` is not made in the header of a `with`',),
        after="""\
with lm.trace("a") as tracer:
    print(lm.lm_head.output)
context = lm.trace("b")
""",
    ),
    Corner(
        "a module of the program's own, called without hooks and read",
        """\
lm.probe = torch.nn.Linear(1, 1)
with lm.trace("a"):
    y = lm.probe(lm.lm_head.output)
    z = lm.probe(lm.lm_head.output, hook=True)
    u = lm.lm_head.input.save()
    w = lm.probe.output.save()
""",
        "NNS106 NNS425",
        says=("`lm.probe.output` is read in the body that calls the module",),
        after="""\
lm.probe = torch.nn.Linear(1, 1)
with lm.trace("a"):
    u = lm.lm_head.input.save()
    y = lm.probe(lm.lm_head.output)
    z = lm.probe(lm.lm_head.output, hook=True)
    w = z.save()
""",
    ),
    Corner(
        "gradients that are asked of modules themselves",
        """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        g = lm.transformer.h[1].mlp.output.grad.save()
        lm.lm_head.output.sum().backward()
    with tracer.invoke("b"):
        k = lm.lm_head.output.save()
""",
        "NNS501",
        says=("is read before the backward pass",),
        after="""\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        mlp_output = lm.transformer.h[1].mlp.output
        with lm.lm_head.output.sum().backward():
            g = mlp_output.grad.save()
    with tracer.invoke("b"):
        k = lm.lm_head.output.save()
""",
    ),
    Corner(
        "a module's steps in code of both versions",
        """\
with lm.trace() as tracer:
    barrier = tracer.barrier(1)
with lm.generate("a", max_new_tokens=3):
    with lm.lm_head.all():
        x = lm.lm_head.output.save()
        y = lm.transformer.h[0].mlp.output.save()
""",
        "NNS602",
        says=("the others are read at every step as well",),
    ),
    Corner(
        "a parameter's method and its shape",
        """\
with torch.no_grad():
    with lm.trace("a"):
        flip = lm.lm_head.weight.t
        t = flip() @ lm.lm_head.output
""",
        "NNS701",
        says=("where `lm.lm_head.weight` is computed",),
        after="""\
with torch.no_grad():
    with lm.trace("a"):
        with torch.no_grad():
            flip = lm.lm_head.weight.t
            t = flip() @ lm.lm_head.output
""",
    ),
    Corner(
        "a parameter's data alone",
        """\
with torch.no_grad():
    with lm.trace("a"):
        w = lm.lm_head.weight.data
        t = (w * 2).save()
""",
        "",
    ),
    Corner(
        "modes around invokes that a function makes",
        """\
def ask(tracer):
    with tracer.invoke("a"):
        x = lm.lm_head.weight * lm.lm_head.output


with torch.no_grad(), torch.autocast("cuda"):
    with lm.trace() as tracer:
        ask(tracer)
""",
        "",
    ),
    Corner(
        "a default device among other calls",
        """\
torch.set_default_device("cuda")
torch.manual_seed(1)
with lm.trace("a"):
    x = torch.zeros(3).save()
""",
        "NNS702",
        says=('`torch.device("cuda")` outside of the trace does not hold',),
        after="""\
torch.set_default_device("cuda")
torch.manual_seed(1)
with lm.trace("a"):
    with torch.device("cuda"):
        x = torch.zeros(3).save()
""",
    ),
    Corner(
        "a mode around an invoke on one line",
        """\
with torch.autocast("cuda"):
    with lm.trace() as tracer:
        with tracer.invoke("b"): y = lm.lm_head.output * 2
""",
        "NNS301 NNS702",
        says=('`torch.autocast("cuda")` outside of the trace does not hold',),
        after="""\
with torch.autocast("cuda"):
    with lm.trace() as tracer:
        with tracer.invoke("b"):
            with torch.autocast("cuda"):
                y = lm.lm_head.output * 2
""",
    ),
    Corner(
        "a context of something else than a model's",
        """\
with other.parts.bar():
    pass
with f().bar():
    pass
""",
        "",
    ),
]


@pytest.mark.parametrize("corner", CORNERS, ids=lambda corner: corner.name)
def test_a_corner(corner: Corner) -> None:
    corner.check()


CELL = """\
with lm.trace() as tracer:
    with tracer.invoke("a"):
        clean = lm.transformer.h[1].mlp.output.save()
    with tracer.invoke("b"):
        hidden = lm.transformer.h[5].mlp.output
        hidden[:] = clean
"""


def test_a_cell_finds_what_it_bound_when_it_ran_before() -> None:
    (finding,) = check(HEAD + CELL, Options(again=True)).findings
    assert (finding.code, finding.severity) == ("NNS102", Severity.WARNING)
    assert "when this cell is run a second time" in finding.message
    fixed = fix(HEAD + CELL, Options(again=True)).code
    assert 'shared["clean"] = clean' in fixed
    assert check(fixed, Options(again=True)).findings == ()
    assert check(HEAD + CELL).findings == ()


def test_what_both_versions_may_have_meant_is_a_note() -> None:
    steps = """\
with lm.generate("a", max_new_tokens=3):
    with lm.lm_head.all():
        x = lm.lm_head.output.save()
        y = lm.transformer.h[0].mlp.output.save()
"""
    new = "with lm.trace() as tracer:\n    barrier = tracer.barrier(1)\n"
    found = [check(HEAD + code).findings for code in (steps, new + steps)]
    assert [[each.severity for each in some if each.code == "NNS602"] for some in found] == [
        [Severity.SILENT],
        [Severity.NOTE],
    ]
