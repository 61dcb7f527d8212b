"""A gradient of a value inside the model is asked for, and several prompts share the batch.

## What it does

Finds `.grad` of an output or input that one of several invokes has read, and that nothing is
computed from.

## Why is this bad?

With several invokes the prompts run as one batch, and each invoke gets its rows of a module's
output: a view that is cut out for it. The model goes on with the whole, not with the view, so no
gradient ever reaches the view. On 0.4 this failed with `Accessing value before it's been set`; on
0.5 it fails with `... .grad was not provided`, or the name is never bound.

A gradient reaches the view where the loss is computed from the view itself, as from two prompts'
logits.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        hidden = lm.transformer.h[3].mlp.output
        gradient = hidden.grad.save()
        lm.lm_head.output.sum().backward()
    with tracer.invoke("The Colosseum is in"):
        logits = lm.lm_head.output.save()
print(gradient)
```

## Left alone

One prompt runs alone.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        hidden = lm.transformer.h[3].mlp.output
        with lm.lm_head.output.sum().backward():
            gradient = hidden.grad.save()
```

## Fix safety

There is no fix, since 0.4 gave nothing to reproduce. Give the prompt a trace of its own; or, on
0.5, set the module's output to a copy of it (`module.output = hidden`), so that the model goes on
with what the gradient is asked of.

## References

- nnsight 0.5.15, `nnsight/intervention/batching.py` (`Batcher.narrow`)
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Finding, Rule, Severity
from nnmigrate.program import Access, Program, Read, Step, Told, Trace
from nnmigrate.program.values import Traced

RULE = Rule("NNS502", "gradient-among-invokes", since="0.4.0")


def check(program: Program) -> Iterator[Finding]:
    """Gradients that never come, in traces with several invokes."""
    for trace in program.traces:
        if _is_batch(trace):
            for step in _unreachable(trace):
                yield RULE.finding(
                    Severity.ERROR,
                    step.span,
                    f"no gradient comes to `{program.text(step.span)}`: it would be that of one "
                    "prompt's rows, and the model goes on with those of all",
                    "ValueError: `.grad` was not provided, or NameError; 0.4 failed as well",
                )


def _is_batch(trace: Trace) -> bool:
    """Whether more than one prompt runs; an invoke without one sees the whole batch."""
    prompts = [i for i in trace.invokes if i.statement.opens and i.statement.opens.arguments]
    return len(prompts) > 1 or any(i.parents and i.parents[-1].loop for i in prompts)


def _unreachable(trace: Trace) -> Iterator[Step]:
    """The gradients of values that are read from a module and used for nothing else."""
    steps = trace.statement.all_steps
    accesses = {step.site: step for step in steps if isinstance(step, Access)}
    set_anew = {step.provider for step in accesses.values() if step.swap}
    for step in steps:
        if not isinstance(step, Told) or step.what != "grad":
            continue
        receiver = step.receiver
        origin = receiver.origin if isinstance(receiver, Traced) else None
        if origin not in accesses or accesses[origin].provider in set_anew:
            continue
        if not _used(trace, origin, step):
            yield step


def _used(trace: Trace, origin: int, gradient: Told) -> bool:
    """Whether a value is read by its name anywhere but for its gradient."""
    reads = [
        step
        for step in trace.statement.all_steps
        if isinstance(step, Read) and isinstance(step.value, Traced) and step.value.origin == origin
    ]
    if not reads:
        return True  # asked of the module itself: it is not followed what else is
    return any(not gradient.span.holds(read.span) for read in reads)
