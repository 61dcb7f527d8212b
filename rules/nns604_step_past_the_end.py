"""A step of a generation is asked for that is never made.

## What it does

Finds `tracer.iter[k]` and `tracer.iter[a:b]` beyond the number that `max_new_tokens` gives, where
both are literals.

## Why is this bad?

On 0.4 only the names of that step stayed without a value. 0.5 waits for the step until the run is
over, and then drops everything that stands behind it in the invoke, saves included.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.generate("The Eiffel Tower is in", max_new_tokens=2) as tracer:
    kept = list().save()
    with tracer.iter[0:5]:
        kept.append(lm.lm_head.output)
    tokens = lm.generator.output.save()
print(tokens)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.generate("The Eiffel Tower is in", max_new_tokens=2) as tracer:
    kept = list().save()
    with tracer.iter[0:2]:
        kept.append(lm.lm_head.output)
    tokens = lm.generator.output.save()
print(tokens)
```

## Left alone

Steps that are made, and generations that do not say in numbers how long they are. In code for 0.5
also blocks that touch no module: 0.5 runs them for any step. So are loops (`for step in
tracer.iter[5]:`), which are for 0.6 or later, beside whatever else stands there.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
length = 3

with lm.generate("The Eiffel Tower is in", max_new_tokens=3) as tracer:
    with tracer.iter[2]:
        last = lm.lm_head.output.save()
with lm.generate("The Eiffel Tower is in", max_new_tokens=length) as tracer:
    with tracer.iter[0:9]:
        each = lm.lm_head.output.save()
```

## Fix safety

The fix is safe: a range is cut at the last step. A single step is only reported: what it was to
give has to go with it.

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/iterator.py`
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Access, Dialect, Program, Read, Statement
from nnmigrate.program.values import Envoy
from nnmigrate.spans import Edit, Span

from .common.stepping import steps_asked, steps_made
from .common.wanted import is_wanted

RULE = Rule("NNS604", "step-past-the-end", since="0.5.0", fixable=Applicability.SAFE)

_STEPS = pattern(r"\.iter\[\s*(\d*)\s*(:?)\s*(\d*)\s*\]\Z")
_CONSEQUENCE = "everything behind it in the invoke is dropped: NameError after the trace"


def check(program: Program) -> Iterator[Finding]:
    """Blocks of steps in generations of a known length."""
    for trace in program.traces:
        length = steps_made(program, trace)
        if length is None or is_wanted(program, trace, "NameError", "UnboundLocalError"):
            continue
        for statement in trace.body.walk():
            span = steps_asked(statement)
            if span is not None and (_waits(statement) or not _is_meant(program, statement)):
                yield from _of_block(program, span, length)


def _is_meant(program: Program, block: Statement) -> bool:
    """Whether a block without modules is to run; on 0.4 it ended with the run as all others did.

    A loop was written for 0.6 or later, whatever stands beside it.
    """
    looped = isinstance(block.node, cst.For) and program.dialect is not Dialect.OLD
    return looped or program.dialect is Dialect.NEW


def _waits(block: Statement) -> bool:
    """Whether a block may touch a module: without that it is run for steps that are not made."""
    steps = (step for one in block.walk() if one is not block for step in one.steps)
    return any(
        isinstance(step, Access) or (isinstance(step, Read) and isinstance(step.value, Envoy))
        for step in steps
    )


def _of_block(program: Program, span: Span, length: int) -> Iterator[Finding]:
    text = program.text(span)
    steps = _STEPS.search(text)
    if steps is None:
        return
    first, colon, end = steps.groups()
    last = int(end) if colon and end else int(first) + 1 if first and not colon else 0
    if last <= length:
        return
    fix = None
    message = f"`{text}` asks for a step that is never made: there are {length}"
    if colon and (not first or int(first) < length):
        at = span.start + steps.start(3)
        edit = Edit(Span(at, at + len(end)), str(length))
        fix = Fix("End with the last step", (edit,), Applicability.SAFE)
    else:
        message += "; take it away, with what it was to give"
    yield RULE.finding(Severity.ERROR, span, message, _CONSEQUENCE, fix)
