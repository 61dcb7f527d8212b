"""What the findings about calls and imports say, and of which there is a fix."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check
from nnmigrate.findings import Applicability

HEAD = """import nnsight
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
"""
SAFE, UNSAFE = Applicability.SAFE, Applicability.UNSAFE
IN_A_LINE = "; move the model's `_module` in a line of its own"
ABOVE = "; write a trace above the statement, and save the output in it"
HANDED_ON = " of a language model: the configuration is `config_model=` from 0.5.11 on"
CAUGHT = "; the replacement also catches what Python itself raises in a trace's body"

SAID = {
    "a prompt of edit": (
        "with lm.edit('a'):\n    lm.lm_head.output[:] = 0\n",
        ("NNS424", "`edit` takes no prompt", SAFE),
    ),
    "a prompt of edit that is asked for": (
        "with lm.edit(ask()):\n    lm.lm_head.output[:] = 0\n",
        ("NNS424", "`edit` takes no prompt; what it is given does something", None),
    ),
    "prompts of edit that are a dictionary's": (
        "with lm.edit('a', **given):\n    lm.lm_head.output[:] = 0\n",
        ("NNS424", "`edit` takes no prompt", SAFE),
    ),
    "the output of a list": (
        "with lm.trace('a'):\n    hs = lm.transformer.h.output\n",
        ("NNS426", "`lm.transformer.h` is a list of modules, which is never called itself", SAFE),
    ),
    "the output of a list that is set": (
        "with lm.trace('a'):\n    lm.transformer.h.output = 0\n",
        (
            "NNS426",
            "`lm.transformer.h` is a list of modules, which is never called itself: "
            "go over its layers",
            None,
        ),
    ),
    "two arguments of to": (
        "lm.to('cpu', torch.float16)\n",
        ("NNS412", "`to` of a wrapped model takes one argument", SAFE),
    ),
    "two arguments of to, and its value": (
        "other = lm.to('cpu', torch.float16)\n",
        ("NNS412", f"`to` of a wrapped model takes one argument{IN_A_LINE}", None),
    ),
    "an error that is imported": (
        "from nnsight.util import NNsightError\ntry:\n    f()\nexcept NNsightError:\n    pass\n",
        ("NNS402", f"0.5 has no `NNsightError` in `nnsight.util`{CAUGHT}", UNSAFE),
    ),
    "an error by its way": (
        "try:\n    f()\nexcept nnsight.util.NNsightError:\n    pass\n",
        ("NNS402", f"0.5 has no `nnsight.util.NNsightError`{CAUGHT}", UNSAFE),
    ),
    "a run without a trace": (
        "out = lm.trace('a', trace=False)\n",
        ("NNS422", "`trace(..., trace=False)` no longer runs the model", SAFE),
    ),
    "a run without a trace beside another statement": (
        "x = 1; out = lm.trace('a', trace=False)\n",
        ("NNS422", f"`trace(..., trace=False)` no longer runs the model{ABOVE}", None),
    ),
    "a run without a trace within an expression": (
        "print(lm.trace('a', trace=False))\n",
        ("NNS422", f"`trace(..., trace=False)` no longer runs the model{ABOVE}", None),
    ),
    "a generation without a trace": (
        "out = lm.generate('a', trace=False)\n",
        (
            "NNS422",
            "`generate(..., trace=False)` no longer runs the model; on 0.4 it made one forward "
            "pass instead of generating: say which is meant",
            None,
        ),
    ),
    "a configuration": (
        "m = LanguageModel('a', config=c)\n",
        ("NNS415", f"`config=`{HANDED_ON}", UNSAFE),
    ),
    "a patch": (
        "m = LanguageModel('a', patch_llama_scan=False)\n",
        ("NNS415", f"`patch_llama_scan=`{HANDED_ON}", UNSAFE),
    ),
    "a patch that is asked for": (
        "m = LanguageModel('a', patch_llama_scan=f(), config=c)\n",
        ("NNS415", f"`config=` and `patch_llama_scan=`{HANDED_ON}", None),
    ),
}


@pytest.mark.parametrize(("body", "said"), SAID.values(), ids=SAID)
def test_what_is_wrong_with_a_call_is_said(
    body: str, said: tuple[str, str, Applicability | None]
) -> None:
    (finding,) = [each for each in check(HEAD + body).findings if each.code == said[0]]
    assert finding.message == said[1]
    assert (finding.fix.applicability if finding.fix else None) is said[2]
