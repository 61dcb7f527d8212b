"""A trace's body begins with `pass`.

## What it does

Finds `pass` as the first of several statements in the body of a trace, a session or an invoke.

## Why is this bad?

0.5 takes a body that begins with `pass` for an empty one: it is not cut out, and what follows runs
outside of the model.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    pass
    logits = lm.lm_head.output.save()
print(logits)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()
print(logits)
```

## Left alone

A body in which nothing else stands.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        pass
    with tracer.invoke("The Louvre is in"):
        logits = lm.lm_head.output.save()
```

## Fix safety

The fix is safe: a `pass` does nothing.

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/base.py`
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Program, Statement

from .common.editing import movable, removed

RULE = Rule("NNS310", "pass-first", since="0.5.0", fixable=Applicability.SAFE, first=True)


def check(program: Program) -> Iterator[Finding]:
    """Bodies of nnsight's with statements that begin with `pass`, and have more than that."""
    for scope in program.scopes:
        for statement in scope.body.walk():
            if statement.opens is not None:
                yield from _in_body(statement)


def _in_body(statement: Statement) -> Iterator[Finding]:
    body = statement.blocks[0].statements
    first = list(takewhile(lambda one: one.kind == "Pass", body))
    if not first or len(first) == len(body):
        return
    fix = None
    if movable(*first) and not statement.blocks[0].inline:
        fix = Fix("Take the `pass` away", tuple(map(removed, first)), Applicability.SAFE)
    yield RULE.finding(
        Severity.ERROR,
        first[0].span,
        "the body begins with `pass`: 0.5 takes it for an empty one",
        "what follows runs outside of the model: ValueError at the first module that is read",
        fix,
    )
