"""Saves of objects that were made outside the trace."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check, fix

HEAD = 'from nnsight import LanguageModel\nimport nnsight\nlm = LanguageModel("gpt2")\n'
HEAD += "print(nnsight.CONFIG)\n"
TRACE = 'with lm.trace("a", remote=True):\n    h = lm.lm_head.output.save()\n'


def own(code: str) -> int:
    return sum(finding.code == "NNS202" for finding in check(HEAD + code).findings)


@pytest.mark.parametrize("save", ["    xs.save()\n", "    nnsight.save(xs)\n"])
@pytest.mark.parametrize("made", ["xs = []\n", "xs = {}\n", "xs = make()\n"])
def test_removed(made: str, save: str) -> None:
    assert own(made + TRACE + save) == 1
    assert fix(HEAD + made + TRACE + save).code == HEAD + made + TRACE


def test_a_parameter() -> None:
    code = 'def f(xs):\n    with lm.trace("a", remote=True):\n        xs.save()\n        y = 1\n'
    assert own(code) == 1


def test_the_only_statement_stays() -> None:
    code = 'xs = []\nwith lm.trace("a", remote=True):\n    xs.save()\n'
    assert own(code) == 1
    assert fix(HEAD + code).code == HEAD + code


LEFT_ALONE = {
    "locally": "xs = []\n" + TRACE.replace(", remote=True", "") + "    xs.save()\n",
    "bound in the trace": TRACE + "    xs = []\n    xs.save()\n",
    "a value of the model": TRACE + "    h.save()\n",
    "under another name": "xs = []\n" + TRACE + "    ys = xs.save()\n",
    "a session's own": "with lm.session(remote=True):\n    xs = []\n"
    '    with lm.trace("a"):\n        h = lm.lm_head.output.save()\n        xs.save()\n',
    "something else that is saved": "import torch\n" + TRACE + '    torch.save(h, "h.pt")\n',
    "a file of the object's own": "class P:\n    def save(self, to):\n        pass\n"
    "xs = P()\n" + TRACE + '    xs.save("x")\n',
}


@pytest.mark.parametrize("code", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_left_alone(code: str) -> None:
    assert own(code) == 0
