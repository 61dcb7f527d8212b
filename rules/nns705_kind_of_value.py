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
    hidden = lm.transformer.h[1].mlp.output
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

from collections.abc import Iterator, Sequence

from nnmigrate.findings import Finding, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Access, Dialect, Item, Program, Read, Step
from nnmigrate.program.values import Traced
from nnmigrate.spans import Span

from .common.severity import if_old

RULE = Rule("NNS705", "kind-of-value", since="0.5.0")

_ASKS = pattern(r"(?<![\w.])(?:isinstance|(?:torch\.)?is_tensor|type)\(\s*\Z")


def check(program: Program) -> Iterator[Finding]:
    """Questions in the bodies of traces, in the order of the text."""
    if program.dialect is Dialect.NEW:
        return
    seen: set[Span] = set()
    for trace in program.traces:
        if trace.kind in ("trace", "generate"):
            for statement in trace.body.walk():
                steps = (*statement.steps, *statement.turn)
                for step in steps:
                    if _is_value(step) and step.span not in seen:
                        seen.add(step.span)
                        yield from _of_value(program, step.span)
                yield from _asked_by_helpers(program, steps)


def _of_value(program: Program, value: Span) -> Iterator[Finding]:
    """The question that is asked of a value, in the body or in a function that it calls."""
    start = max(0, value.start - 40)
    found = _ASKS.search(program.code[start : value.start])
    if found is None or program.code[value.end : value.end + 1] not in (",", ")"):
        return
    asked = f"{found[0].strip()}{program.text(value)}, ...)"
    yield RULE.finding(
        if_old(program, Severity.SILENT),
        Span(start + found.start(), value.end),
        f"`{asked}` asked a proxy on 0.4, which is none of these: the answer was no",
        "silently the other way is taken: the value is a tensor or a tuple",
    )


def _asked_by_helpers(program: Program, steps: Sequence[Step]) -> Iterator[Finding]:
    """The calls of functions that ask whether what they are given is a tensor."""
    told: set[Span] = set()
    for one, other, kind in zip(steps, steps[1:], steps[2:], strict=False):
        asks = isinstance(one, Read) and one.name == "isinstance" and one.span == other.span
        value = isinstance(other, Read) and other.foreign and isinstance(other.value, Traced)
        tensor = isinstance(kind, Item) and kind.key == "Tensor"
        if asks and value and tensor and one.span not in told:
            told.add(one.span)
            yield RULE.finding(
                if_old(program, Severity.SILENT),
                one.span,
                f"what `{program.text(one.span)}` calls asks whether a value is a tensor: a proxy "
                "on 0.4, which is none",
                "silently the other way is taken: the value is a tensor",
            )


def _is_value(step: object) -> bool:
    if isinstance(step, Read):
        return isinstance(step.value, Traced)
    return isinstance(step, Access) and not step.swap
