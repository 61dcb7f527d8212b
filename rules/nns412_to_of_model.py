"""A wrapped model is moved with more than a device.

## What it does

Finds `.to(...)` of wrapped models and their modules with several arguments or keywords.

## Why is this bad?

On 0.4 a wrapped model handed the call on to the module. Since 0.5 it has a `to` of its own, which
takes one argument: TypeError.

## Example

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2", dispatch=True)

lm.to("cpu", torch.float64)
lm.transformer.to(dtype=torch.float64)
with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()
```

Use instead:

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2", dispatch=True)

lm._module.to("cpu", torch.float64)
lm.transformer._module.to(dtype=torch.float64)
with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()
```

## Left alone

One argument, and tensors.

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

lm.to(torch.float64)
torch.ones(1).to("cpu", torch.float64)
with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.to("cpu", torch.float32).save()
```

## Fix safety

The fix is safe where nothing uses what the call gives. Where something does, it is the module
instead of the model: that is only reported.

## References

- nnsight 0.5.15, `nnsight/intervention/envoy.py` (`to`)
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Program, Statement, Told
from nnmigrate.program.values import Envoy
from nnmigrate.spans import Edit, Span

from .common.calling import parsed_call

RULE = Rule("NNS412", "to-of-model", since="0.5.0", fixable=Applicability.SAFE)


def check(program: Program) -> Iterator[Finding]:
    """Calls of a model's `to`."""
    for scope in program.scopes:
        for statement in scope.body.walk():
            for step in (*statement.steps, *statement.turn):
                if isinstance(step, Told) and step.what == "to" and _takes_more(program, step):
                    yield _finding(program, statement, step)


def _takes_more(program: Program, step: Told) -> bool:
    call = parsed_call(program, step.span)
    return (
        isinstance(step.receiver, Envoy)
        and call is not None
        and (len(call.args) > 1 or any(one.keyword is not None for one in call.args))
    )


def _finding(program: Program, statement: Statement, step: Told) -> Finding:
    text = program.text(step.span)
    call = parsed_call(program, step.span)
    assert call is not None
    end = step.span.start + text.index(".to") if text.count(".to") == 1 else None
    fix = None
    if statement.span == step.span and end is not None:
        edit = Edit(Span(end, end), "._module")
        fix = Fix("Move the module itself", (edit,), Applicability.SAFE)
    message = "`to` of a wrapped model takes one argument"
    message += "" if fix else "; move the model's `_module` in a line of its own"
    consequence = "TypeError: Envoy.to() takes 2 positional arguments"
    return RULE.finding(Severity.ERROR, step.span, message, consequence, fix)
