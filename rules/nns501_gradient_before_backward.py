"""A gradient is read above the `backward()` that makes it.

## What it does

Finds `.grad` of values of the model that is read in a trace before the statement `loss.backward()`.

## Why is this bad?

On 0.4 the order did not matter: a gradient was a node of the graph that waited for the backward
pass. Since 0.5 the line runs when it is reached, where there is no gradient yet: `.grad` is None,
or the name is never bound. Gradients are read in the body of `with loss.backward():`, in the order
in which the backward pass makes them, the last module's first.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    hidden = lm.transformer.h[3].mlp.output
    gradient = hidden.grad.save()
    lm.lm_head.output.sum().backward()
print(gradient)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    hidden = lm.transformer.h[3].mlp.output
    with lm.lm_head.output.sum().backward():
        gradient = hidden.grad.save()
print(gradient)
```

## Left alone

Gradients of parameters, which an ordinary backward pass leaves behind.

```python
import torch
from nnsight import NNsight

layer = torch.nn.Linear(2, 2)
model = NNsight(layer)

with model.trace(torch.ones(1, 2)):
    model.output.sum().backward()

print(layer.weight.grad)
```

## Fix safety

The fix is safe where the order of the modules is known; it is unsafe where that of the text is
taken for it. What uses a gradient moves along: into the pass, or behind it. Of a loop over layers
the values are read before the pass and their gradients in it, and the rest of its body comes behind
the pass, in the old order. Gradients under a condition, and those that a helper asks for, are only
reported.

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/backwards.py`
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Program, Trace

from .common.gradients import Pass, passes
from .common.passing_back import Unmoved
from .common.reading_back import edits_of

RULE = Rule("NNS501", "gradient-before-backward", since="0.5.0", fixable=Applicability.SAFE)

_ASSUMED = "; the fix assumes that the modules run in the order in which they are written here"


def check(program: Program) -> Iterator[Finding]:
    """Gradients that are read above the backward pass, in each trace."""
    for trace in program.traces:
        for found in passes(program, trace):
            yield from _findings(program, trace, found)


def _findings(program: Program, trace: Trace, found: Pass) -> Iterator[Finding]:
    fix, more = None, ""
    try:
        edits, certain = edits_of(program, found)
        how = Applicability.SAFE if certain else Applicability.UNSAFE
        fix = Fix("Read the gradient in the backward pass", edits, how)
        more = "" if certain else _ASSUMED
    except Unmoved as why:
        more = f"; it is not moved: {why}"
    for reading in found.all_readings:
        what = "set" if reading.writes else "read"
        yield RULE.finding(
            Severity.ERROR,
            reading.span,
            f"`{program.text(reading.span)}` is {what} before the backward pass has made it{more}",
            "`.grad` is None there, or NameError: the name is never bound",
            fix,
        )
