"""A function of `contextlib.contextmanager` opens a trace and yields in it.

## What it does

Finds with statements that enter such a function of the same file, where the function does nothing
but open contexts.

## Why is this bad?

0.5 cuts out the body of the `with` that opens the trace: the `yield`, not what the user of the
function has in mind. The program hangs.

## Example

```python
from contextlib import contextmanager

from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


@contextmanager
def traced(prompt):
    with lm.trace(prompt) as tracer:
        yield tracer


with traced("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()
```

## Left alone

A context manager that opens no trace.

```python
from contextlib import contextmanager

from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


@contextmanager
def announced(prompt):
    print("from here")
    yield prompt
    print("to here")


with announced("The Eiffel Tower is in"):
    with lm.trace("The Eiffel Tower is in"):
        logits = lm.lm_head.output.save()
```

## Fix safety

The fix is safe: the function's contexts take the place of its call, where they read the same names
and where each argument is evaluated as often as before. The function goes with its last use in the
file. What does more than that is reported at its `yield`, by NNS302.

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/base.py`
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Rule, Severity
from nnmigrate.program import Program

from .common.inlining import fix_of, helpers, uses

RULE = Rule("NNS308", "trace-in-context-manager", since="0.5.0", fixable=Applicability.SAFE)


def check(program: Program) -> Iterator[Finding]:
    """Uses of the file's own context managers that open traces."""
    for helper in helpers(program):
        found = uses(program, helper) if helper.manager else []
        for use in found:
            fix = fix_of(program, helper, found, use)
            if fix is not None:
                name = helper.scope.name
                yield RULE.finding(
                    Severity.ERROR,
                    use.context.span,
                    f"`{name}` opens a trace around its own `yield`, not around this body",
                    "the program hangs: the body never tells the model that it has ended",
                    fix,
                )
