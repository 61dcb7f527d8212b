"""Names of modules begin with `model` since 0.5."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Applicability, Severity
from nnmigrate.program import Dialect, Options

HEAD = "from nnsight import LanguageModel\n\nlm = LanguageModel('openai-community/gpt2')\n"


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code)


REWRITES = {
    "a path": (
        "print(lm.transformer.h[0].path)\n",
        'print(lm.transformer.h[0].path.removeprefix("model"))\n',
    ),
    "a path of a loop's variable": (
        "for mod in lm.modules():\n    print(mod.path)\n",
        'for mod in lm.modules():\n    print(mod.path.removeprefix("model"))\n',
    ),
    "a dictionary": (
        "by_name = dict(lm.named_modules())\n",
        'by_name = dict([(n.removeprefix("model"), envoy) for n, envoy in lm.named_modules()])\n',
    ),
    "modules that are kept": (
        "mlps = [m for n, m in lm.named_modules() if n.endswith('mlp')]\n",
        'mlps = [m for n, m in ((n.removeprefix("model"), envoy) for n, envoy in '
        "lm.named_modules()) if n.endswith('mlp')]\n",
    ),
}


@pytest.mark.parametrize("name", REWRITES)
def test_rewritten(name: str) -> None:
    before, after = map(program, REWRITES[name])
    assert fix(before, unsafe=True).code == after
    assert fix(after, unsafe=True).code == after
    assert not [one for one in check(after).findings if one.code == "NNS401"]


def test_the_old_order_where_no_module_is_used() -> None:
    code = program("print([n for n, _ in lm.named_modules()])\nfor n, _ in lm.named_modules(): 0\n")
    fixed = fix(code, unsafe=True).code
    assert "print([n for n, _ in _named_modules(lm)])" in fixed
    assert fixed.count("def _named_modules(envoy):") == 1
    assert fix(fixed, unsafe=True).code == fixed


@pytest.mark.parametrize(
    ("code", "applicability"),
    [
        ("names = [n[1:] for n, _ in lm.named_modules()]\n", Applicability.SAFE),
        ("names = [n for n, _ in lm.named_modules()]\n", Applicability.UNSAFE),
        ("if lm.transformer.path == '.transformer': pass\n", Applicability.SAFE),
        (
            "with lm.trace('a'):\n    for n, m in lm.named_modules():\n"
            "        if n != '': acts[n] = m.output.save()\n",
            Applicability.SAFE,
        ),
        (
            "with lm.trace('a'):\n    for n, m in lm.named_modules():\n"
            "        if n != '': acts.append(m.output.save())\n",
            Applicability.UNSAFE,
        ),
        (
            "with lm.trace('a'):\n    for n, m in lm.named_modules():\n"
            "        if n != '': last = m.output.save()\nprint(last)\n",
            Applicability.UNSAFE,
        ),
    ],
)
def test_how_far_a_fix_may_be_trusted(code: str, applicability: Applicability) -> None:
    found = [one for one in check(program(code)).findings if one.code == "NNS401"]
    assert [one.fix.applicability for one in found if one.fix] == [applicability]


ORDERED = [
    "first = lm.modules()[0]\n",
    "second = list(lm.modules())[1]\n",
    "first = next(iter(lm.modules()))\n",
    "for i, m in enumerate(lm.modules()): print(i, m)\n",
    "for w, m in zip(weights, lm.transformer.modules()): print(w, m)\n",
    "mods = list(lm.modules())\nprint(mods[-1])\n",
]


@pytest.mark.parametrize("code", ORDERED)
def test_modules_that_are_known_by_their_place(code: str) -> None:
    old = Options(source=Dialect.OLD)
    (found,) = [one for one in check(program(code), old).findings if one.code == "NNS401"]
    assert found.severity is Severity.SILENT
    done = fix(program(code), old)
    receiver = "lm.transformer" if "transformer" in code else "lm"
    assert f"[envoy for _, envoy in _named_modules({receiver})]" in done.code
    assert done.remaining == done.failures == ()
    (found,) = [one for one in check(program(code)).findings if one.code == "NNS401"]
    assert found.severity is Severity.NOTE


@pytest.mark.parametrize(
    "code",
    [
        "print(lm.modules()[0].path)\n",
        "mods = lm.modules()\nprint(mods[0].path)\n",
        "ns = [n for n, m in lm.named_modules(include_fn=lambda e: '.h.' in e.path)]\nns[0][1:]\n",
    ],
)
def test_paths_of_what_is_picked_are_for_a_person(code: str) -> None:
    old = Options(source=Dialect.OLD)
    found = [one for one in check(program(code), old).findings if one.code == "NNS401"]
    assert [one.fix for one in found] == [None]


def test_a_choice_of_modules_keeps_the_new_order() -> None:
    code = program("ns = [n for n, m in lm.named_modules(include_fn=is_leaf)]\nprint(ns[0])\n")
    fixed = fix(code, Options(source=Dialect.OLD), unsafe=True)
    assert "for n, envoy in lm.named_modules(include_fn=is_leaf))" in fixed.code
    assert "other names" in fixed.applied[0].consequence
    assert "in another order" in fixed.applied[0].message


LEFT_ALONE = [
    "print(len(lm.modules()))\n",
    "for m in lm.modules(): m.probed = True\n",
    "mods = lm.modules()\nprint(len(mods))\n",
    "print(list(net.modules())[0])\n",
    "print(list(lm._model.modules())[1])\n",
    "kinds = {type(m) for m in lm.modules()}\n",
    "for n, m in lm._model.named_modules(): print(n)\n",
    "for n, m in lm.transformer._module.named_modules(): print(n)\n",
    "import torch\nnet = torch.nn.Linear(2, 2)\nprint([n for n, m in net.named_modules()])\n",
    "def f(model):\n    return [n for n, m in model.named_modules()]\n",
    "def f(model):\n    return model.path\n",
    "import pathlib\nprint(pathlib.Path('a').path)\n",
    "print(len(lm.named_modules()))\n",
    "for _, m in lm.named_modules(): print(m)\n",
    "for m in lm.modules(): print(m)\n",
    "for n, m in lm.named_modules():\n    if n != 'model': print(n)\n",
    "for n, m in lm.named_modules():\n    if n.startswith('model.transformer'): print(n)\n",
    "for n, m in lm.named_modules():\n    print(n.removeprefix('model.'))\n",
    "print(lm.transformer.path == 'model.transformer')\n",
    "print(lm.transformer.path.removeprefix('model'))\n",
    "lm.path = 'here'\n",
    "print([n for n, p in lm.named_parameters()])\n",
]


@pytest.mark.parametrize("code", LEFT_ALONE)
def test_left_alone(code: str) -> None:
    assert not [one for one in check(program(code)).findings if one.code == "NNS401"]


def test_code_for_the_new_version_is_left_alone() -> None:
    code = program("print([n for n, _ in lm.named_modules()])\nprint(lm.transformer.path)\n")
    new = Options(source=Dialect.NEW)
    assert not [one for one in check(code, new).findings if one.code == "NNS401"]


def test_renamed_modules_are_for_a_person() -> None:
    code = program("lm = LanguageModel('a', rename={'h': 'layers'})\nprint(lm.transformer.path)\n")
    found = [one for one in check(code).findings if one.code == "NNS401"]
    assert [one.fix for one in found] == [None]
