"""Whether a module gives a tuple, asked of the shape of what it gives."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.program import Dialect, Options

HEAD = 'from nnsight import LanguageModel\n\nlm = LanguageModel("openai-community/gpt2")\n'

ASKED = {
    "of a module that is given": (
        "def run(submodule):\n    with lm.trace('a'):\n"
        "        if type(submodule.output.shape) == tuple:\n"
        "            submodule.output[0][:] = 0\n        else:\n            submodule.output = 0\n",
        "type(submodule.output.shape) == tuple",
        "isinstance(submodule.output, tuple)",
    ),
    "of a name for what one gives": (
        "def run(submodule):\n    with lm.trace('a'):\n        x = submodule.input\n"
        "        if type(x.shape) is not tuple:\n            y = x.save()\n",
        "type(x.shape) is not tuple",
        "not isinstance(x, tuple)",
    ),
    "of several, in a scan": (
        "def run(modules):\n    is_tuple = {}\n    with lm.scan('a'):\n"
        "        for module in modules:\n"
        "            is_tuple[module] = type(module.output.shape) == tuple\n"
        "    return is_tuple\n",
        "type(module.output.shape) == tuple",
        "isinstance(module.output, tuple)",
    ),
    "of what was saved": (
        "with lm.trace('a'):\n    hidden = lm.transformer.h[0].output.save()\n"
        "if type(hidden.shape) != tuple:\n    print(hidden)\n",
        "type(hidden.shape) != tuple",
        "not isinstance(hidden, tuple)",
    ),
}


@pytest.mark.parametrize(("body", "before", "after"), ASKED.values(), ids=ASKED)
def test_the_value_itself_is_asked(body: str, before: str, after: str) -> None:
    done = fix(HEAD + body)
    assert "NNS713" in {each.code for each in done.applied}
    assert done.code == (HEAD + body).replace(before, after)


ALONE = {
    "an array": "import numpy\nx = numpy.ones(3)\nwith lm.trace('a'):\n"
    "    y = type(x.shape) == tuple\n",
    "an output of something else, behind the trace": "with lm.trace('a'):\n"
    "    y = lm.lm_head.output.save()\nprint(type(process.output.shape) == tuple)\n",
    "another function": "with lm.trace('a'):\n    y = lm.lm_head.output\n"
    "    z = kind(y.shape) == tuple\n",
    "another question": "with lm.trace('a'):\n    y = lm.lm_head.output\n"
    "    z = type(y.shape) == list\n",
}


@pytest.mark.parametrize("body", ALONE.values(), ids=ALONE)
def test_left_alone(body: str) -> None:
    assert "NNS713" not in {each.code for each in check(HEAD + body).findings}


def test_code_for_0_5_is_left_alone() -> None:
    body, _, _ = ASKED["of what was saved"]
    options = Options(source=Dialect.NEW)
    assert "NNS713" not in {each.code for each in check(HEAD + body, options).findings}
