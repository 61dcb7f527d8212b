"""What survives a trace: programs of the 2xx and 3xx rules, and programs that they leave alone."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check, fix

HEAD = """from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
"""

FOUND = [
    (
        "NNS201",
        'kept = {}\nwith lm.trace("a", remote=True):\n    kept["x"] = lm.lm_head.output.save()\n',
    ),
    (
        "NNS201",
        'kept = []\nwith lm.trace("a", remote=True):\n    kept.append(lm.lm_head.output.save())\n',
    ),
    (
        "NNS203",
        "n = 0\n"
        'for p in ("a", "b"):\n'
        "    with lm.trace(p):\n"
        "        out = lm.lm_head.output.save()\n"
        "        n += 1\n"
        "print(n, out)\n",
    ),
    (
        "NNS203",
        'with lm.trace("a"):\n    outs = []\n    outs.append(lm.lm_head.output.save())\n'
        "print(outs)\n",
    ),
    (
        "NNS301",
        'with lm.trace("a"): out = lm.lm_head.output.save()\nprint(out)\n',
    ),
    (
        "NNS302",
        'def f():\n    with lm.trace("a"):\n        return lm.lm_head.output.save()\nprint(f())\n',
    ),
]

LEFT_ALONE = [
    'kept = {}\nwith lm.trace("a"):\n    out = lm.lm_head.output.save()\nkept["x"] = out\n',
    'with lm.trace("a", remote=True):\n    kept = dict().save()\n'
    '    kept["x"] = lm.lm_head.output\nprint(kept)\n',
    'with lm.trace("a", remote=True):\n    kept = list().save()\n'
    "    kept.append(lm.lm_head.output)\nprint(kept)\n",
    'n = 0\nfor p in ("a", "b"):\n    with lm.trace(p):\n'
    "        out = lm.lm_head.output.save()\n    n += 1\nprint(n, out)\n",
    'with lm.trace("a"):\n    k = 1\n    out = lm.transformer.h[k].output[0].save()\nprint(out)\n',
    'with lm.trace("a"):\n    out = lm.lm_head.output.save()\n    out = out + 1\n',
    'with lm.trace("a"):\n    out = lm.lm_head.output\n    out.save()\nprint(out)\n',
    'with lm.trace("a"):\n    x = lm.lm_head.output\n    y = x\n    y.save()\nprint(x, y)\n',
    "def f():\n    out = None\n    def g():\n        nonlocal out\n"
    '        with lm.trace("a"):\n            out = lm.lm_head.output.save()\n'
    "    g()\n    return out\nprint(f())\n",
    'def f():\n    with lm.trace("a"):\n        out = lm.lm_head.output.save()\n'
    "    return out\nprint(f())\n",
    'for p in ("a", "b"):\n    with lm.trace(p):\n        out = lm.lm_head.output.save()\n'
    "    if p:\n        break\nprint(out)\n",
    'with lm.trace("a"):\n    out = lm.lm_head.output.save()\n    try:\n'
    "        late = out\n    except ValueError:\n        pass\nprint(out)\n",
    'try:\n    with lm.trace("a"):\n        out = lm.lm_head.output.save()\nexcept ValueError:\n'
    "    raise\nprint(out)\n",
]


def _codes(code: str) -> set[str]:
    found = {finding.code for finding in check(code).findings}
    return {one for one in found if one.startswith(("NNS2", "NNS3"))}


@pytest.mark.parametrize(("code", "body"), FOUND)
def test_what_is_lost_is_found_and_mended_for_good(code: str, body: str) -> None:
    assert code in _codes(HEAD + body)
    fixed = fix(HEAD + body).code
    assert fixed != HEAD + body
    assert _codes(fixed) == set()
    assert fix(fixed).code == fixed


@pytest.mark.parametrize("body", LEFT_ALONE)
def test_what_survives_is_left_alone(body: str) -> None:
    assert _codes(HEAD + body) == set()
    assert fix(HEAD + body).code == HEAD + body
