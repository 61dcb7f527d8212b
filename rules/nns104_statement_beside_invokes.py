"""A statement beside the invokes uses what they make.

## What it does

Finds statements in a trace's body, outside its invokes, that use a value which an invoke binds, or
that read a module.

## Why is this bad?

On 0.4 a trace ran from top to bottom, so what stood behind an invoke saw its values. Since 0.5
everything in the trace's body that is not in an invoke runs first, before the model and before
every invoke: the name is not bound yet (`UnboundLocalError`), a list is still empty, or, if the
name exists outside, its outer value is used without a word.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        first = lm.transformer.h[3].mlp.output.mean()
    with tracer.invoke("The Colosseum is in"):
        second = lm.transformer.h[3].mlp.output.mean()
    difference = (first - second).abs().save()

print(difference)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        first = lm.transformer.h[3].mlp.output.mean().save()
    with tracer.invoke("The Colosseum is in"):
        second = lm.transformer.h[3].mlp.output.mean().save()
difference = (first - second).abs()

print(difference)
```

## Left alone

Statements that need nothing of the invokes.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    outputs = list().save()
    for prompt in ("The Eiffel Tower is in", "The Colosseum is in"):
        layer = 3
        with tracer.invoke(prompt):
            outputs.append(lm.transformer.h[layer].mlp.output)
```

## Fix safety

The fix is safe: the statement moves behind the trace, and what it uses is saved; or, where it
stands in a loop or reads a module, it moves into the invoke before it. Where a later invoke needs
what the statement makes, or several invokes bind the name, the fix is unsafe: the invokes run one
after the other, in a session, which pads no prompt to the length of another.

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/tracer.py` (`InterleavingTracer.execute`)
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Rule, Severity
from nnmigrate.program import Program
from nnmigrate.program.outside import outer_names

from .common.apart import apart_fix
from .common.beside import Beside
from .common.moving import misplaced, moving_fix

RULE = Rule("NNS104", "statement-beside-invokes", since="0.5.0", fixable=Applicability.SAFE)


def check(program: Program) -> Iterator[Finding]:
    """Statements beside the invokes that use their values."""
    for trace in program.traces:
        found = misplaced(program, trace)
        fix = moving_fix(program, trace) or apart_fix(program, trace) if found else None
        outer = outer_names(program, trace) if found else frozenset()
        for beside in found:
            yield RULE.finding(
                _severity(beside, outer),
                beside.span,
                _message(beside),
                _consequence(beside, outer),
                fix,
            )


def _severity(beside: Beside, outer: frozenset[str]) -> Severity:
    return Severity.SILENT if beside.name in outer or beside.filled else Severity.ERROR


def _message(beside: Beside) -> str:
    if beside.name is None:
        return "a module is read beside the invokes, where no prompt is running"
    if beside.returned:
        return (
            f"`{beside.name}` is bound in an invoke that a function opens, but the function "
            "returns before any invoke runs: let it fill a dictionary that the trace makes"
        )
    what = "filled" if beside.filled else "bound"
    return f"`{beside.name}` is {what} in an invoke, but this statement runs before every invoke"


def _consequence(beside: Beside, outer: frozenset[str]) -> str:
    if beside.name is None:
        return "ValueError: Cannot return output of Envoy that is not interleaving"
    if beside.filled:
        return f"`{beside.name}` is still without what the invokes put in"
    if beside.name in outer:
        return f"silently the value that `{beside.name}` had before the trace is used"
    return f"UnboundLocalError: cannot access local variable '{beside.name}'"
