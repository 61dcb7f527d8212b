"""What surrounds a trace, and what is asked of models in it: NNS604, NNS703 to 705, NNS711, 712."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Severity
from nnmigrate.program import Dialect, Options
from nnmigrate.project import Project
from nnmigrate.project.requirement import parsed
from nnmigrate.selection import Selection

HEAD = """
import torch
from nnsight import LanguageModel

lm = LanguageModel("gpt2")
"""
OURS = {"NNS604", "NNS703", "NNS704", "NNS705", "NNS711", "NNS712"}
OLD = Options(source=Dialect.OLD)


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code)


def own(code: str, options: Options = OLD) -> list[str]:
    return [f.code for f in check(program(code), options).findings if f.code in OURS]


def pinned(*requirements: str) -> Options:
    found = [parsed(one, Path("requirements.txt"), 0) for one in requirements]
    return Options(
        source=Dialect.OLD,
        project=Project(tuple(one for one in found if one is not None), declares=True),
    )


REWRITES = {
    "a range is cut": (
        """
        with lm.generate("a", max_new_tokens=3) as tracer:
            kept = list().save()
            with tracer.iter[1:9]:
                kept.append(lm.lm_head.output)
            out = lm.generator.output.save()
        """,
        """
        with lm.generate("a", max_new_tokens=3) as tracer:
            kept = list().save()
            with tracer.iter[1:3]:
                kept.append(lm.lm_head.output)
            out = lm.generator.output.save()
        """,
    ),
    "a saved parameter": (
        """
        with lm.trace("a"):
            w = lm.lm_head.weight.save()
            y = lm.lm_head.output.save()
        """,
        """
        with lm.trace("a"):
            w = lm.lm_head.weight.detach().clone().save()
            y = lm.lm_head.output.save()
        """,
    ),
    "a context of the module among others": (
        """
        with torch.no_grad(), lm.disable_adapter():
            with lm.trace("a"):
                y = lm.transformer.ln_f.output.save()
        """,
        """
        with torch.no_grad(), lm._module.disable_adapter():
            with lm.trace("a"):
                y = lm.transformer.ln_f.output.save()
        """,
    ),
}


@pytest.mark.parametrize("name", REWRITES)
def test_rewritten(name: str) -> None:
    before, after = map(program, REWRITES[name])
    done = fix(before, OLD)
    assert done.failures == ()
    assert done.code == after
    assert fix(after, OLD).code == after


def test_a_change_of_a_parameter_is_taken_away_on_request() -> None:
    code = program(
        'with lm.trace("a"):\n    lm.lm_head.weight[:] = 0\n    y = lm.lm_head.output.save()\n'
    )
    (found,) = [f for f in check(code, OLD).findings if f.code == "NNS703"]
    assert found.severity is Severity.SILENT
    assert "weight" in fix(code, OLD).code
    assert "weight" not in fix(code, OLD, unsafe=True).code


CHANGES = [
    "lm.lm_head.weight.data[:] = 0",
    "lm.lm_head.weight.data = x",
    "lm.lm_head.weight[0] += 1",
    "lm.lm_head.weight.mul_(2)",
    "lm.lm_head.bias.data.copy_(x)",
]


@pytest.mark.parametrize("change", CHANGES)
def test_changes_of_parameters(change: str) -> None:
    assert own(f'with lm.trace("a"):\n    {change}\n    y = lm.lm_head.output.save()\n') == [
        "NNS703"
    ]


READ = 'with lm.trace("a"):\n    y = lm.transformer.h[1].output[0].save()\n'


@pytest.mark.parametrize(
    ("requirement", "severities"),
    [
        ("transformers>=5.3", [Severity.SILENT]),
        ("transformers==5.23.0", [Severity.SILENT]),
        ("transformers<5", []),
        ("transformers==4.51.3", []),
        ("transformers", [Severity.NOTE]),
        ("transformers>=4.40", [Severity.NOTE]),
        ("torch", [Severity.NOTE]),
    ],
)
def test_layers_by_the_projects_transformers(requirement: str, severities: list[Severity]) -> None:
    found = check(program(READ), pinned(requirement)).findings
    assert [f.severity for f in found if f.code == "NNS711"] == severities


def test_one_note_is_enough() -> None:
    assert own(READ + READ) == ["NNS711"]


ASKED = Options(asked=frozenset({"NNS711"}))


@pytest.mark.parametrize(
    "options", [ASKED, replace(pinned("transformers<5"), asked=ASKED.asked)], ids=["none", "old"]
)
def test_every_place_is_rewritten_for_those_who_ask(options: Options) -> None:
    only = Selection(select=("NNS711",))
    done = fix(program(READ + READ), options, only, unsafe=True)
    read = "(out[0] if isinstance(out := lm.transformer.h[1].output, tuple) else out).save()"
    assert done.code.count(read) == 2
    assert done.remaining == ()
    assert fix(program(READ + READ), options, only).code == program(READ + READ)


@pytest.mark.parametrize(
    "line",
    [
        "lm.transformer.h[1].output[0] = x",
        "lm.transformer.h[1].output[0] *= 2",
        "y = [row.sum().save() for row in lm.transformer.h[1].output[0]]",
        "lm.transformer.h[1].mlp.output[0][:] = 0",
    ],
)
def test_places_where_no_name_can_be_bound_stay(line: str) -> None:
    code = program(f'with lm.trace("a"):\n    {line}\n')
    done = fix(code, ASKED, Selection(select=("NNS711",)), unsafe=True)
    assert (done.code, done.failures) == (code, ())


@pytest.mark.parametrize(
    "made",
    ["EleutherAI/gpt-j-6b", "bigscience/bloom-560m", "tiiuae/falcon-7b", "mine/own-model"],
)
def test_layers_that_stay_or_are_not_known(made: str) -> None:
    code = program(READ).replace('"gpt2"', f'"{made}"')
    assert not [f for f in check(code, pinned("transformers>=5.3")).findings if f.code == "NNS711"]


KIND = """with lm.trace("a"):
    h = lm.lm_head.output
    if {}:
        h = h + 1
    y = h.save()
"""


@pytest.mark.parametrize(
    "asked",
    ["isinstance(h, torch.Tensor)", "isinstance(h, (list, tuple))", "torch.is_tensor(h)"],
)
def test_kinds_are_told(asked: str) -> None:
    assert own(KIND.format(asked)) == ["NNS705"]
    note = check(program(KIND.format(asked))).findings
    assert [f.severity for f in note if f.code == "NNS705"] == [Severity.NOTE]


LEFT_ALONE = {
    "steps that are made": 'with lm.generate("a", max_new_tokens=3) as t:\n'
    "    with t.iter[0:3]:\n        y = lm.lm_head.output.save()\n",
    "all steps": 'with lm.generate("a", max_new_tokens=3) as t:\n'
    "    with t.iter[:]:\n        y = lm.lm_head.output.save()\n",
    "a length that is computed": 'with lm.generate("a", max_new_tokens=n) as t:\n'
    "    with t.iter[7]:\n        y = lm.lm_head.output.save()\n",
    "a parameter outside": "lm.lm_head.weight.data[:] = 0\nw = lm.lm_head.weight\n",
    "a parameter that is used": 'with lm.trace("a"):\n'
    "    y = (lm.transformer.ln_f.output @ lm.lm_head.weight.T).save()\n",
    "a parameter that is compared": 'with lm.trace("a"):\n'
    "    y = (lm.lm_head.weight == 0).sum().save()\n",
    "a copy": 'with lm.trace("a"):\n    w = lm.lm_head.weight.clone().save()\n',
    "nnsight's own contexts": "with lm.session():\n    with lm.trace('a'):\n"
    "        y = lm.lm_head.output.save()\nwith lm.edit():\n    lm.lm_head.output[:] = 0\n",
    "the module's own": "with lm._module.disable_adapter():\n    pass\n"
    "with lm._model.no_sync():\n    pass\n",
    "another object's": "with peft_model.disable_adapter():\n    pass\n"
    "with open('f') as f:\n    pass\nwith torch.no_grad():\n    pass\n",
    "a model of another library": "def f(model):\n    if isinstance(model, HookedTransformer):\n"
    "        with model.hooks(fwd_hooks=hooks):\n            model(x)\n"
    "    elif isinstance(model, LanguageModel):\n        with model.trace('a'):\n"
    "            y = model.lm_head.output.save()\nf(lm)\n",
    "kinds of other things": 'with lm.trace("a"):\n    if isinstance(p, list):\n        x = 1\n'
    "    y = lm.lm_head.output.save()\n",
    "kinds behind the trace": 'with lm.trace("a"):\n    y = lm.lm_head.output.save()\n'
    "print(isinstance(y, torch.Tensor))\n",
    "an attention's tuple": 'with lm.trace("a"):\n'
    "    y = lm.transformer.h[0].attn.output[0].save()\n"
    "    lm.transformer.h[1].attn.output[0][:] = 0\n",
    "a row of a tensor": 'with lm.trace("a"):\n    lm.transformer.h[0].mlp.output[0] = 0\n',
    "the input": 'with lm.trace("a"):\n    y = lm.transformer.h[0].input[0].save()\n',
}


def test_a_context_of_a_model_that_is_known_to_be_wrapped_is_reported() -> None:
    code = "def f(model):\n    if isinstance(model, {}):\n        with model.hooks():\n{}f(lm)\n"
    traced = "            with model.trace('a'):\n                y = model.output.save()\n"
    assert own(code.format("nnsight.LanguageModel", traced)) == ["NNS704"]
    assert own(code.format("HookedTransformer", traced)) == []


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    assert own(LEFT_ALONE[name]) == []


PACKAGES = {
    "undeclared": ("import einops\n", ["torch"], 1),
    "a part of it": ("from einops.layers import torch as t\n", ["torch"], 1),
    "protobuf": ("from google.protobuf import message\n", ["torch"], 1),
    "declared": ("import einops\n", ["einops>=0.6"], 0),
    "declared under its package's name": ("from google.protobuf import x\n", ["protobuf"], 0),
    "another package": ("import torchaudio\n", ["torch"], 0),
    "tried": ("try:\n    import einops\nexcept ImportError:\n    pass\n", ["torch"], 0),
    "under a condition": ("if wanted:\n    import einops\n", ["torch"], 1),
    "relative": ("from .einops import rearrange\n", ["torch"], 0),
    "in a class": ("class Tools:\n    import einops\n", ["torch"], 1),
    "in a function": ("def tools():\n    import einops\n", ["torch"], 0),
    "another google": ("from google.cloud import storage\n", ["torch"], 0),
}


@pytest.mark.parametrize("name", PACKAGES)
def test_packages_that_came_along(name: str) -> None:
    code, requirements, count = PACKAGES[name]
    traced = 'with lm.trace("a"):\n    y = lm.lm_head.output.save()\n'
    found = check(program(code + traced), pinned(*requirements)).findings
    assert sum(f.code == "NNS723" for f in found) == count


@pytest.mark.parametrize(("source", "count"), [(Dialect.OLD, 1), (Dialect.NEW, 0)])
def test_code_for_0_5_has_always_had_to_declare_its_packages(source: Dialect, count: int) -> None:
    code = program('import einops\nwith lm.trace("a"):\n    y = lm.lm_head.output.save()\n')
    found = check(code, replace(pinned("torch"), source=source)).findings
    assert sum(f.code == "NNS723" for f in found) == count


def test_without_a_project_nothing_is_said_of_packages() -> None:
    code = program('import einops\nwith lm.trace("a"):\n    y = lm.lm_head.output.save()\n')
    assert not [f for f in check(code, OLD).findings if f.code == "NNS723"]


INSTALLS = {
    '!pip in a script: get_ipython().system("pip install nnsight==0.4.11")': 1,
    'get_ipython().run_line_magic("pip", "install nnsight<0.5")': 1,
    'os.system("uv pip install nnsight~=0.4.0 torch")': 1,
    'get_ipython().system("pip install nnsight")': 0,
    'get_ipython().system("pip install nnsight>=0.5")': 0,
    "# pip install nnsight==0.4.11": 0,
    'print("nnsight==0.4.11")': 0,
    'get_ipython().system("pip install nnsight-tools==0.4")': 0,
}


@pytest.mark.parametrize(("line", "count"), INSTALLS.items())
def test_lines_that_install(line: str, count: int) -> None:
    code = program(line.partition("script: ")[2] or line)
    assert sum(f.code == "NNS721" for f in check(code).findings) == count
