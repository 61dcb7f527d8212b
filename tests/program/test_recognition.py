"""What is nnsight's, and what only looks like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnmigrate.program import Dialect, NotPython, Options, Remote, build
from nnmigrate.project import Project, Requirement


def _models(code: str) -> list[str]:
    return [trace.entered.model for trace in build(code).traces]


@pytest.mark.parametrize(
    "code",
    [
        "from nnsight import LanguageModel\nlm = LanguageModel('x')\n"
        "with lm.trace('p'):\n    pass\n",
        "from nnsight import NNsight as N\nlm = N(net)\nwith lm.trace('p'):\n    pass\n",
        "import nnsight\nlm = nnsight.NNsight(net)\nwith lm.trace('p'):\n    pass\n",
        "import nnsight as nns\nlm = nns.LanguageModel('x')\nwith lm.trace('p'):\n    pass\n",
        "from nnsight import *\nlm = LanguageModel('x')\nwith lm.trace('p'):\n    pass\n",
        "from nnsight.modeling.language import LanguageModel\nlm = LanguageModel('x')\n"
        "with lm.generate('p'):\n    pass\n",
        "from nnsight import NNsight\nclass Mine(NNsight):\n    pass\nlm = Mine(net)\n"
        "with lm.trace('p'):\n    pass\n",
        "from nnsight import LanguageModel\ndef f(lm: LanguageModel):\n"
        "    with lm.trace('p'):\n        pass\n",
        "from nnsight import LanguageModel\ndef f(lm: 'LanguageModel | None'):\n"
        "    with lm.trace('p'):\n        pass\n",
        "from nnsight import LanguageModel\ndef make():\n    return LanguageModel('x')\n"
        "lm = make()\nwith lm.trace('p'):\n    pass\n",
        "from nnsight import LanguageModel\nmodel = LanguageModel('x')\nlm = model\n"
        "with lm.trace('p'):\n    pass\n",
        "from nnsight import LanguageModel\ndef f(lm):\n    with lm.trace('p'):\n        pass\n"
        "f(LanguageModel('x'))\n",
        "from typing import Optional\nfrom nnsight import LanguageModel\n"
        "def f(lm: Optional[LanguageModel]):\n    with lm.trace('p'):\n        pass\n",
        "import typing, nnsight\ndef f(lm: typing.Optional[nnsight.models.LanguageModel]):\n"
        "    with lm.trace('p'):\n        pass\n",
        "import nnsight.models as m\ndef f(lm: m.LanguageModel):\n"
        "    with lm.trace('p'):\n        pass\n",
        # Whichever way it went, it is a model.
        "from nnsight import LanguageModel\nif c:\n    lm = LanguageModel('x')\n"
        "else:\n    lm = LanguageModel('x').eval()\nwith lm.trace('p'):\n    pass\n",
        # The shape alone: invokes of the tracer, or outputs of the receiver.
        "with lm.trace() as t:\n    with t.invoke('p'):\n        pass\n",
        "def f(lm):\n    with lm.trace('p'):\n        x = lm.transformer.h[0].output[0]\n",
    ],
)
def test_recognised(code: str) -> None:
    assert _models(code) == ["lm"]


def test_models_kept_in_attributes() -> None:
    code = (
        "from nnsight import LanguageModel\nclass C:\n    def __init__(self):\n"
        "        self.lm = LanguageModel('x')\n    def run(self):\n"
        "        with self.lm.trace('p'):\n            pass\n"
    )
    assert _models(code) == ["self.lm"]


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ntraced = torch.jit.trace(net, x)\n",
        "with profiler.trace('p'):\n    run()\n",
        "with jax.profiler.trace('/tmp/x') as t:\n    y = f(x).output\n",
        "import nnsight\nwith open('x') as f:\n    f.read()\n",
        "import other\ndef f(lm: other.LanguageModel):\n    with lm.trace('p'):\n        pass\n",
        "import nnsight\ndef f(lm: 'LanguageModel |'):\n    with lm.trace('p'):\n        pass\n",
        "from nnsight import LanguageModel\ndef f(lm: dict[str, LanguageModel]):\n"
        "    with lm.trace('p'):\n        pass\n",
        "import nnsight\nwith pool.session() as s:\n    s.commit()\n",
        "class Model:\n    def trace(self): ...\nm = Model()\nwith m.trace():\n    m.other = 1\n",
        "import other\nwith other.trace() as t:\n    with t.invoke('p'):\n        pass\n",
        "",
        "# nnsight\n",
    ],
)
def test_left_alone(code: str) -> None:
    assert _models(code) == []


@pytest.mark.parametrize(
    ("argument", "remote"),
    [
        ("", Remote.NO),
        ("remote=True", Remote.YES),
        ("remote=False", Remote.NO),
        ("remote=None", Remote.NO),
        ("remote=YES", Remote.YES),
        ("remote=flag", Remote.MAYBE),
        ("remote=use_remote()", Remote.MAYBE),
    ],
)
def test_remote(argument: str, remote: Remote) -> None:
    code = (
        "from nnsight import LanguageModel\nlm = LanguageModel('x')\nYES = True\n"
        f"def f(flag=False):\n    with lm.trace({argument}) as t:\n        pass\n"
    )
    (trace,) = build(code).traces
    assert trace.remote is remote
    (assumed,) = build(code, Options(assume_remote=True)).traces
    assert assumed.remote is Remote.YES


@pytest.mark.parametrize("model", ["lm", "self.lm", "config.lm", "self.parts.lm"])
def test_what_is_traced_by_its_shape_counts_as_a_model_from_there_on(model: str) -> None:
    traced = f"with {model}.trace({{}}) as t:\n            {{}}\n"
    code = (
        f"class C:\n    def run(self, lm, config):\n        "
        f"{traced.format('', 'with t.invoke(1): pass')}        {traced.format(1, 'pass')}"
    )
    assert _models(code) == [model] * (1 if "config" in model or "parts" in model else 2)


def test_a_model_is_handed_on_through_functions_that_stand_below() -> None:
    """However many there are the walk ends; what is told too late is no model."""
    trace = "    with m.trace(1):\n        pass\n"
    first = f"from nnsight import LanguageModel\ndef f0(m):\n{trace}"
    several = [f"def f{n}(m):\n    f{n - 1}(m)\n{trace}" for n in range(1, 9)]
    assert _models(f"{first}f0(LanguageModel('x'))\n") == ["m"]
    assert _models(f"{first}{''.join(several[:2])}f2(LanguageModel('x'))\n") == ["m"] * 3
    assert _models(f"{first}{''.join(several)}f8(LanguageModel('x'))\n")[-3:] == ["m"] * 3


def test_an_attribute_is_what_the_changed_program_makes_it() -> None:
    code = (
        "from nnsight import LanguageModel\nclass C:\n    def run(self):\n"
        "        with self.lm.trace(1):\n            pass\n"
        "    def __init__(self):\n        self.lm = LanguageModel('x')\n"
    )
    before = build(code)
    changed = {
        name: code.replace("LanguageModel('x')", name) for name in ("None", "LanguageModel(y)")
    }
    found = [build(each, before=before).traces for each in changed.values()]
    assert [[trace.entered.model for trace in traces] for traces in found] == [[], ["self.lm"]]


def test_models_declared_in_a_class() -> None:
    code = (
        "from nnsight import LanguageModel\nclass C:\n    lm: LanguageModel\n"
        "    def run(self):\n        with self.lm.trace('p'):\n            pass\n"
    )
    assert _models(code) == ["self.lm"]


def test_code_that_is_nested_too_deeply_says_so() -> None:
    with pytest.raises(NotPython, match="nested too deeply"):
        build("import nnsight\nx = " + "(" * 3000 + ")" * 3000)


def test_session_says_for_its_traces() -> None:
    code = (
        "from nnsight import LanguageModel\nlm = LanguageModel('x')\n"
        "with lm.session(remote=True):\n    with lm.trace('p'):\n        pass\n"
    )
    session, trace = build(code).traces
    assert (session.kind, trace.session, trace.remote) == ("session", session, Remote.YES)


def test_invokes_are_found_where_they_stand() -> None:
    code = (
        "with lm.trace() as t:\n    for p in ps:\n        if p:\n            with t.invoke(p):\n"
        "                x = 1\n    with t.invoke('q'):\n        y = 2\n"
    )
    (trace,) = build(code).traces
    kinds = [[parent.kind for parent in invoke.parents] for invoke in trace.invokes]
    assert (kinds, trace.explicit) == ([["For", "If"], []], True)


@pytest.mark.parametrize(
    ("line", "dialect"),
    [
        ("b = t.barrier(2)", Dialect.NEW),
        ("for i in t.iter[:3]: pass", Dialect.NEW),
        ("t.log(1)", Dialect.OLD),
        ("lm.layer.next()", Dialect.OLD),
        ("ids = t.result.save()", Dialect.NEW),
        ("hs = list().save()", Dialect.NEW),
        ("hs = [lm.layer.output].save()", Dialect.NEW),
        ("with lm.output.sum().backward(): pass", Dialect.NEW),
        ("q = lm.layer.attn.source.split_1.output.save()", Dialect.NEW),
        ("h = lm.layer.output\n    h = h[0] if isinstance(h, tuple) else h", Dialect.NEW),
        ("h = lm.layer.output\n    a = type(h.shape) == tuple", Dialect.UNKNOWN),
        ("from nnsight import save", Dialect.NEW),
        ("with lm.trace('p', remote='local'): pass", Dialect.NEW),
        ("with lm.trace('p', remote=True): pass", Dialect.UNKNOWN),
        ("from nnterp import StandardizedTransformer", Dialect.NEW),
        ("from nnsight import *", Dialect.UNKNOWN),
        ("from nnsight import list\n    hs = list().save()", Dialect.UNKNOWN),
        ("lm.output.sum().backward()", Dialect.UNKNOWN),
        ("t.log(1)\n    hs = list().save()", Dialect.MIXED),
        ("lm.layer.skip(lm.other.output)", Dialect.NEW),
        ("with t.invoke(): pass", Dialect.NEW),
        ("with t.invoke('p'): pass", Dialect.UNKNOWN),
        ("with t.local(): pass", Dialect.UNKNOWN),
        ("import nnsight.intervention.tracing.tracer", Dialect.NEW),
        ("import nnsight.modeling.base", Dialect.NEW),
        ("from nnsight import NNsight, VisionLanguageModel", Dialect.NEW),
        ("from nnsight import (\n        DiffusionModel,\n    )", Dialect.NEW),
        ("vlm = nnsight.VisionLanguageModel('x')", Dialect.NEW),
        ("from nnsight.modeling.diffusion import DiffusionModel", Dialect.UNKNOWN),
        ("from nnsight.intervention.envoy import Envoy", Dialect.UNKNOWN),
        ("nnsight.CONFIG.APP.PYMOUNT = False", Dialect.NEW),
        ("nnsight.CONFIG.APP.DEBUG = False", Dialect.UNKNOWN),
        ("lm = NNsight(module, envoys=Mine)", Dialect.NEW),
        ("x = 1", Dialect.UNKNOWN),
    ],
)
def test_dialect(line: str, dialect: Dialect) -> None:
    code = (
        "import nnsight\nfrom nnsight import LanguageModel\nlm = LanguageModel('x')\n"
        f"with lm.trace('p') as t:\n    {line}\n"
    )
    assert build(code).dialect is dialect


@pytest.mark.parametrize(
    ("asked", "line", "dialect"),
    [
        ("<0.5", "x = 1", Dialect.OLD),
        (">=0.5", "x = 1", Dialect.NEW),
        (">=0.5", "t.log(1)", Dialect.OLD),
        (">=0.4", "x = 1", Dialect.UNKNOWN),
        ("<0.5", "b = t.barrier(2)", Dialect.NEW),
    ],
)
def test_a_pin_speaks_where_the_code_does_not(asked: str, line: str, dialect: Dialect) -> None:
    pin = Requirement("nnsight", asked, Path("requirements.txt"), 0, "")
    options = Options(project=Project((pin,), declares=True))
    code = (
        "from nnsight import LanguageModel\nlm = LanguageModel('x')\n"
        f"with lm.trace('p') as t:\n    {line}\n"
    )
    assert build(code, options).dialect is dialect


def test_not_python_says_where() -> None:
    with pytest.raises(NotPython) as caught:
        build("import nnsight\nx = (\n")
    assert caught.value.line >= 2


def test_lists_that_are_put_into_one_another_do_not_exceed_calls() -> None:
    rows = "    outer = []\n    outer.append(inner)\n    inner = outer\n" * 1500
    model = "from nnsight import LanguageModel\nlm = LanguageModel('x')\n"
    (trace,) = build(f"{model}with lm.trace(1):\n    inner = [lm.output]\n{rows}").traces
    assert len(trace.body.statements) == 4501
