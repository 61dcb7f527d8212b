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
from itertools import pairwise

from nnmigrate.findings import Applicability, Finding, Rule, Severity
from nnmigrate.program import Item, Program, Trace
from nnmigrate.program.outside import outer_names
from nnmigrate.program.values import Container

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
            raised = _raised(trace, beside)
            silent = (beside.name in outer or beside.filled) and raised is None
            yield RULE.finding(
                Severity.SILENT if silent else Severity.ERROR,
                beside.span,
                _message(beside),
                raised or _consequence(beside, outer),
                fix,
            )


def _raised(trace: Trace, beside: Beside) -> str | None:
    """The error of an item that is read where nothing has been put in; None of anything else."""
    made = trace.scope.bindings.get(beside.name or "", ()) if beside.filled else ()
    kinds = {one.value.kind for one in made if isinstance(one.value, Container) and one.value.empty}
    if len(made) != 1 or not kinds <= {"list", "dict"} or not kinds:
        return None
    for read, taken in pairwise(beside.statement.all_steps):
        if read.span == beside.span and isinstance(taken, Item) and taken.base == beside.name:
            missing = taken.key is not None and not taken.whole and taken.path == taken.base
            error = "IndexError" if kinds == {"list"} else "KeyError"
            return f"{error}: nothing has been put in" if missing else None
    return None


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
