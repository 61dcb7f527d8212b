"""A value of one invoke is used by another before it is there.

## What it does

Finds names, and items of collections and objects, that one invoke makes and another one uses, where
nnsight 0.5 evaluates the use before the definition.

## Why is this bad?

On 0.4 the body of a trace ran once, from top to bottom, before the model did: every name was bound
by the time it was used. Since 0.5 each invoke runs in a thread of its own, and a thread goes on
only when the model reaches the module that it waits for. A use is evaluated right after the event
before it; if that comes earlier in the forward pass than the event behind which the other invoke
binds the name, 0.5 raises `NameError` (for an item `KeyError`, `IndexError` or `AttributeError`).
Which modules the invokes share does not decide it: in `model.lm_head.output[:] = h` the right side
comes first, so `h` is needed at once. What takes all items of a collection (`sum(hs)`, a loop over
them) takes those that are there by then, silently.

Before Python 3.12 a list, set or dictionary comprehension is a frame of its own, and a module that
it asks for shares none of the invoke's names; since then it shares them all, as a statement does. A
generator expression shares none on any Python. Where that decides, the finding says on which. (Run
on 3.11; for later Pythons derived from nnsight's source and PEP 709, and the frames looked at.)

A barrier makes both invokes wait for each other. It stands right behind the definition and right
before the use: later, and the model has gone past what the other invoke still wants.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        clean = lm.transformer.h[3].mlp.output
    with tracer.invoke("The Colosseum is in"):
        lm.transformer.h[3].mlp.output = clean
        patched = lm.lm_head.output.save()
```

All layers that another invoke collects, summed at once: at the start there are none.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    hs = []
    with tracer.invoke("The Eiffel Tower is in"):
        for layer in range(3):
            hs.append(lm.transformer.h[layer].mlp.output)
    with tracer.invoke("The Colosseum is in"):
        lm.transformer.h[5].mlp.output = sum(hs) + lm.transformer.h[5].mlp.output
        patched = lm.lm_head.output.save()
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("The Eiffel Tower is in"):
        clean = lm.transformer.h[3].mlp.output
        barrier()
    with tracer.invoke("The Colosseum is in"):
        barrier()
        lm.transformer.h[3].mlp.output = clean
        patched = lm.lm_head.output.save()
```

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    hs = []
    with tracer.invoke("The Eiffel Tower is in"):
        for layer in range(3):
            hs.append(lm.transformer.h[layer].mlp.output)
        barrier()
    with tracer.invoke("The Colosseum is in"):
        barrier()
        lm.transformer.h[5].mlp.output = sum(hs) + lm.transformer.h[5].mlp.output
        patched = lm.lm_head.output.save()
```

## Left alone

The module is touched first, and the invoke that binds the name stands first: `clean` is there in
time.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        clean = lm.transformer.h[3].mlp.output
    with tracer.invoke("The Colosseum is in"):
        hidden = lm.transformer.h[3].mlp.output
        hidden[:] = clean
        patched = lm.lm_head.output.save()
```

What crosses at the last module crosses by the order of the text alone.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        first = lm.lm_head.output
    with tracer.invoke("The Colosseum is in"):
        second = lm.lm_head.output
        difference = (second - first).save()
```

## Fix safety

The fix is safe: barriers are added only where the simulated schedule of the changed trace gives
every use the definition that the order of the text gives it, in every order that the modules may
have. A comprehension over layers becomes a loop, and a statement that only computes moves down,
where that is what lets the value arrive.

Where the value is needed before one run of the model can have made it (0.4 ignored such an
intervention), the fix is unsafe: the invokes run one after the other, as traces of one
`session`. That is one run of the model for each of them, and a prompt is not padded to the
length of a longer one any more: positions counted from the padded side stand for other tokens
unless the prompts have the same number of them.

## References

- nnsight 0.5.15, `nnsight/intervention/interleaver.py` (`Mediator.push`, `Mediator.pull`) and
  `nnsight/intervention/tracing/tracer.py` (`Barrier`)
- ndif-team/nnsight, `docs/gotchas/cross-invoke.md`; its "different modules need no barrier" is
  contradicted by running its own example
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Rule, Severity
from nnmigrate.program import Bind, Item, Program, Trace
from nnmigrate.schedule import Effect, Fault

from .common.arriving import arriving_fix
from .common.crossings import Crossing, crossings, on_pythons

RULE = Rule("NNS101", "unsynchronized-reference", since="0.5.0", fixable=Applicability.SAFE)


def check(program: Program) -> Iterator[Finding]:
    """Uses that 0.5 evaluates before the definition in another invoke."""
    for trace in program.traces:
        found = [c for c in crossings(program, trace) if c.difference.effect is Effect.RAISES]
        fix = arriving_fix(program, trace) if found else None
        for crossing in found:
            whole = isinstance(crossing.step, Item) and crossing.step.whole
            yield RULE.finding(
                Severity.SILENT if whole else Severity.ERROR,
                crossing.step.span,
                f"`{crossing.name}` is used before {_maker(crossing)} has made it",
                on_pythons(_consequence(program, trace, crossing), crossing),
                fix,
            )


def _maker(crossing: Crossing) -> str:
    if not crossing.definitions:
        return "the invoke that fills it"
    number = crossing.definitions[-1].invoke + 1
    return f"invoke {number} of the trace"


def _consequence(program: Program, trace: Trace, crossing: Crossing) -> str:
    name = crossing.name.split(".")[0]
    if crossing.difference.fault is Fault.MISSING_ITEM and isinstance(crossing.step, Item):
        if crossing.step.whole:
            return (
                "silently only the items that are there by then; without any, most functions raise"
            )
        return f"{_error(program.text(crossing.step.span), crossing.step)}: the item is missing"
    if _binds(trace, crossing, name):
        return f"UnboundLocalError: cannot access local variable '{name}'"
    return f"NameError: name '{name}' is not defined"


def _error(text: str, step: Item) -> str:
    if text.endswith(f".{step.key}"):
        return "AttributeError"
    if not isinstance(step.key, str):
        return "IndexError or KeyError"
    return "KeyError" if text.endswith("]") else "AttributeError or KeyError"


def _binds(trace: Trace, crossing: Crossing, name: str) -> bool:
    """Whether the invoke, which is a function of its own on 0.5, has a local of that name."""
    statements = trace.invokes[crossing.origin.invoke].body.statements
    return any(
        isinstance(step, Bind) and step.name == name and not step.foreign
        for statement in statements
        for step in statement.all_steps
    )
