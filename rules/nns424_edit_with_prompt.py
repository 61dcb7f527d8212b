"""An edit is given a prompt.

## What it does

Finds positional arguments of `model.edit(...)`.

## Why is this bad?

On 0.4 the prompt served to try the edit out. Since 0.5 an edit takes none: TypeError.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.edit("The Eiffel Tower is in", inplace=True):
    lm.transformer.h[1].mlp.output[:] = 0
with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.edit(inplace=True):
    lm.transformer.h[1].mlp.output[:] = 0
with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()
```

## Left alone

Edits without a prompt, and other things that are edited.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


class Editor:
    def edit(self, text):
        return text


with lm.edit() as edited:
    lm.transformer.h[1].mlp.output[:] = 0
with edited.trace("The Eiffel Tower is in"):
    logits = edited.lm_head.output.save()
Editor().edit("text")
```

## Fix safety

The fix is safe: the prompt had no part in what the edit does. One that does something when it is
evaluated is only reported.

## References

- nnsight 0.5.15, `nnsight/intervention/envoy.py` (`edit`)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Program
from nnmigrate.spans import Edit

from .common.calling import Called, called, is_plain, kept
from .common.editing import code_of

RULE = Rule("NNS424", "edit-with-prompt", since="0.5.0", fixable=Applicability.SAFE, first=True)


def check(program: Program) -> Iterator[Finding]:
    """Calls of `edit` with a prompt."""
    for call in called(program):
        prompts = [one for one in call.node.args if one.keyword is None and one.star != "**"]
        if call.opener.kind != "edit" or not prompts:
            continue
        fix = _fix(call, prompts)
        yield RULE.finding(
            Severity.ERROR,
            call.span,
            "`edit` takes no prompt" + ("" if fix else "; what it is given does something"),
            "TypeError: Envoy.edit() takes 1 positional argument but 2 were given",
            fix,
        )


def _fix(call: Called, prompts: Sequence[cst.Arg]) -> Fix | None:
    if not all(is_plain(one.value) for one in prompts):
        return None
    text = code_of(kept(call.node, lambda one: one not in prompts))
    return Fix("Take the prompt away", (Edit(call.span, text),), Applicability.SAFE)
