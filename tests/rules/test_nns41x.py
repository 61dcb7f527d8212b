"""Names, settings and objects that moved or went: NNS406, NNS410 to NNS415, NNS428."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Severity
from nnmigrate.program import Options

HEAD = """
import nnsight
import torch
from nnsight import CONFIG, LanguageModel, NNsight

KEPT = nnsight.PATH, torch, CONFIG
lm = LanguageModel("gpt2")
net = NNsight(torch.nn.Linear(2, 2))
"""
OURS = {"NNS406", "NNS428", *(f"NNS41{number}" for number in range(6))}


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code)


def own(code: str) -> list[str]:
    return [f.code for f in check(program(code)).findings if f.code in OURS]


REWRITES = {
    "a moved class beside one that stays": (
        """
        from nnsight.intervention import Envoy, envoy
        print(Envoy, envoy)
        """,
        """
        from nnsight.intervention import envoy
        from nnsight import Envoy
        print(Envoy, envoy)
        """,
    ),
    "under another name": (
        """
        from nnsight.intervention.contexts import Invoker as I
        print(I)
        """,
        """
        from nnsight.intervention.tracing.invoker import Invoker as I
        print(I)
        """,
    ),
    "a proxy in annotations": (
        """
        from nnsight.intervention.graph import InterventionProxy

        def f(x: InterventionProxy, y: dict[str, InterventionProxy]) -> InterventionProxy:
            return x
        """,
        """

        def f(x: torch.Tensor, y: dict[str, torch.Tensor]) -> torch.Tensor:
            return x
        """,
    ),
    "written out": (
        """
        def f(x: nnsight.intervention.contexts.Invoker):
            return x
        """,
        """
        def f(x: nnsight.intervention.tracing.invoker.Invoker):
            return x
        """,
    ),
    "settings under other names": (
        """
        api = CONFIG.API
        api.SSL = False
        nnsight.CONFIG.APP.LOGGING = True
        if debug:
            CONFIG.APP.GLOBAL_TRACING = False
        """,
        """
        api = CONFIG.API
        if debug:
            pass
        """,
    ),
    "a host": (
        """
        CONFIG.API.HOST = 'ndif.dev'
        """,
        """
        CONFIG.API.HOST = 'https://ndif.dev'
        """,
    ),
    "a module that is moved": (
        """
        lm.transformer.to(device="cpu", dtype=torch.float16)
        """,
        """
        lm.transformer._module.to(device="cpu", dtype=torch.float16)
        """,
    ),
    "the root envoy": (
        """
        for name, child in lm._envoy.named_children():
            print(name)
        lm._clear()
        """,
        """
        for name, child in lm.named_children():
            print(name)
        """,
    ),
    "a name that stands in the header as well": (
        """
        t = torch.tensor([[1]])
        with lm.trace() as tracer:
            with tracer.invoke(t):
                a = lm.lm_head.output.save()
            with tracer.invoke("b"):
                b = lm.lm_head.output.save()
        """,
        """
        t = torch.tensor([[1]])
        with lm.trace() as tracer:
            with tracer.invoke(t.tolist()):
                a = lm.lm_head.output.save()
            with tracer.invoke("b"):
                b = lm.lm_head.output.save()
        """,
    ),
    "tensors in a loop": (
        """
        batch = [torch.ones(1, 2)]
        with lm.trace() as tracer:
            for n in range(2):
                with tracer.invoke(torch.ones(1, n, dtype=torch.long)):
                    y = lm.lm_head.output.save()
        """,
        """
        batch = [torch.ones(1, 2)]
        with lm.trace() as tracer:
            for n in range(2):
                with tracer.invoke(torch.ones(1, n, dtype=torch.long).tolist()):
                    y = lm.lm_head.output.save()
        """,
    ),
}


@pytest.mark.parametrize("name", REWRITES)
def test_rewritten(name: str) -> None:
    before, after = map(program, REWRITES[name])
    done = fix(before)
    assert done.failures == ()
    assert done.code == after
    assert not {finding.code for finding in done.remaining} & OURS
    assert fix(after).code == after


TOLD = {
    "a proxy's class in use": "from nnsight.intervention.graph import InterventionProxy\n"
    "print(isinstance(1, InterventionProxy))\n",
    "a module of the graph": "import nnsight.tracing.graph\n",
    "a backend": "from nnsight.tracing.backends import Backend\n",
    "a setting that is read": "print(CONFIG.API.SSL)\n",
    "a model that is moved and used": "model = lm.to('cpu', torch.float16)\n",
    "a graph": "with lm.trace('a') as tracer:\n    y = lm.lm_head.output.save()\n"
    "    print(tracer.graph)\n",
    "several inputs of a plain model": "with net.trace() as t:\n    with t.invoke(a):\n"
    "        y = net.output.save()\n    with t.invoke(b):\n        z = net.output.save()\n",
    "something else that came along": "from nnsight import *\nprint(os.getcwd())\n",
}


@pytest.mark.parametrize("name", TOLD)
def test_told_and_not_changed(name: str) -> None:
    found = [f for f in check(program(TOLD[name])).findings if f.code in OURS]
    assert found
    assert all(f.fix is None for f in found)


def test_a_host_suits_the_target() -> None:
    code = program('CONFIG.API.HOST = "ndif.dev"\n')
    for target, count in (((0, 5), 1), ((0, 5, 15), 1), ((0, 5, 13), 0), ((0, 6), 1)):
        found = check(code, Options(target=target)).findings
        assert sum(f.code == "NNS411" for f in found) == count


def test_a_configuration_is_an_assumption() -> None:
    code = 'from nnsight import LanguageModel\nlm = LanguageModel("gpt2", config=c)\n'
    assert fix(code).code == code
    assert "config_model=c" in fix(code, unsafe=True).code


def test_a_star_hides_builtins_from_0_6_on() -> None:
    (found,) = check("from nnsight import *\nprint(list())\n", Options(target=(0, 6))).findings
    assert found.severity is Severity.SILENT


LEFT_ALONE = {
    "paths that are kept": "from nnsight.intervention.envoy import Envoy\n"
    "from nnsight.modeling.language import LanguageModel\nfrom nnsight.util import Patcher\n",
    "a tried import": "try:\n    from nnsight.tracing import graph\nexcept ImportError:\n"
    "    graph = 0\n",
    "a package of that name": "from mine.nnsight.tracing import graph\nfrom .tracing import x\n",
    "a string": "print('nnsight.tracing.graph')  # nnsight.tracing\n",
    "settings that are kept": "CONFIG.APP.REMOTE_LOGGING = False\nCONFIG.API.APIKEY = 'x'\n"
    "CONFIG.set_default_api_key('x')\n",
    "settings of another": "settings.API.SSL = True\nCONFIG2.API.SSL = 1\n",
    "a host that is a URL": "CONFIG.API.HOST = 'https://ndif.dev'\n",
    "a host that is read where it is a URL": (
        "CONFIG.API.HOST = 'https://ndif.dev'\nprint(CONFIG.API.HOST)\n"
    ),
    "a host that is computed": "CONFIG.API.HOST = host()\n",
    "one argument": "lm.to('cuda')\nlm.transformer.to(torch.float16)\nlm.cuda()\n",
    "a tensor that is moved": "x = torch.ones(1).to('cpu', torch.float16)\n",
    "a module that is moved": "lm._module.to('cpu', torch.float16)\nlm._model.to('cpu', x)\n",
    "a value that is moved": "with lm.trace('a'):\n"
    "    y = lm.lm_head.output.to('cpu', torch.float32).save()\n",
    "a graph of another": "g = torch.fx.symbolic_trace(m).graph\nprint(g.nodes)\n",
    "a private attribute of another": "self._envoy = 1\nprint(self._envoy)\nbuffer._clear()\n",
    "another star": "from math import *\n",
    "one input of a plain model": "with net.trace() as t:\n    with t.invoke(a):\n"
    "        y = net.output.save()\n",
    "a plain model that batches": "class Mine(NNsight):\n    def _batch(self, *a):\n        pass\n"
    "m = Mine(torch.nn.Linear(1, 1))\nwith m.trace() as t:\n    with t.invoke(a):\n"
    "        y = m.output.save()\n    with t.invoke(b):\n        z = m.output.save()\n",
    "an invoke without an input": "with net.trace() as t:\n    with t.invoke(a):\n"
    "        y = net.output.save()\n    with t.invoke():\n        z = net.output.save()\n",
    "another configuration": "config = dict(config=1)\nm = build(config=2)\n",
    "one tensor": "with lm.trace(torch.tensor([[1]])):\n    y = lm.lm_head.output.save()\n",
    "inputs that may be anything": "with lm.trace() as t:\n    for p in prompts:\n"
    "        with t.invoke(p):\n            y = lm.lm_head.output.save()\n",
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    assert own(LEFT_ALONE[name]) == []
