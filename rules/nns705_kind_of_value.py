"""A trace asks what kind of thing a value of the model is.

## What it does

Finds `isinstance(value, ...)` and `torch.is_tensor(value)` of values of the model in a trace.

## Why is this bad?

On 0.4 the value was a proxy, and the answer always no. Since 0.5 it is a tensor or a tuple: the
program takes the other way, and gives other numbers.

## Example

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in", scan=False):
    hidden = lm.transformer.h[1].output
    if isinstance(hidden, torch.Tensor):
        hidden = hidden[0]
    kept = hidden.save()
```

## Left alone

What is asked of other things, and behind the trace.

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
prompts = ["The Eiffel Tower is in"]

with lm.trace(prompts):
    if isinstance(prompts, list):
        logits = lm.lm_head.output.save()
print(isinstance(logits, torch.Tensor))
```

## Fix safety

There is no fix: which way is meant is for a person to say. 0.4 always took the one of no.

## References

- nnsight 0.4.11, `nnsight/tracing/graph/proxy.py`
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nnmigrate.findings import Finding, Rule, Severity
from nnmigrate.program import Access, Dialect, Program, Read, Statement
from nnmigrate.program.values import Traced
from nnmigrate.spans import Span

RULE = Rule("NNS705", "kind-of-value", since="0.5.0")

_ASKS = re.compile(r"(?<![\w.])(?:isinstance|(?:torch\.)?is_tensor|type)\(\s*(?=[\w])")


def check(program: Program) -> Iterator[Finding]:
    """Questions in the bodies of traces, in the order of the text."""
    if program.dialect is Dialect.NEW:
        return
    for trace in program.traces:
        if trace.kind in ("trace", "generate"):
            for statement in trace.body.walk():
                yield from _of_statement(program, statement)


def _of_statement(program: Program, statement: Statement) -> Iterator[Finding]:
    values = {
        step.span.start: step.span
        for step in (*statement.steps, *statement.turn)
        if _is_value(step)
    }
    if not values:
        return
    own = statement.blocks[0].span.start if statement.blocks else statement.span.end
    for found in _ASKS.finditer(program.code, statement.span.start, own):
        value = values.get(found.end())
        behind = program.code[value.end : value.end + 1] if value is not None else ""
        if value is not None and behind in (",", ")"):
            asked = f"{found[0].strip()}{program.text(value)}, ...)"
            old = program.dialect is Dialect.OLD
            yield RULE.finding(
                Severity.SILENT if old else Severity.NOTE,
                Span(found.start(), value.end),
                f"`{asked}` asked a proxy on 0.4, which is none of these: the answer was no",
                "silently the other way is taken: the value is a tensor or a tuple",
            )


def _is_value(step: object) -> bool:
    if isinstance(step, Read):
        return isinstance(step.value, Traced)
    return isinstance(step, Access) and not step.swap
