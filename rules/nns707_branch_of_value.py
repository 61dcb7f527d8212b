"""A plain name is bound under a condition on a value of the model.

## What it does

Finds `if` statements on values in the body of a trace that bind a name to something that is no
value of the model, in code for 0.4.

## Why is this bad?

0.4 recorded every branch and decided later: a name that Python itself binds had the last branch's
value whatever the condition was. 0.5 takes the branch that holds. The numbers of 0.5 are those that
the program asks for, and they are not those of 0.4.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    total = lm.transformer.h[0].mlp.output.sum()
    scale = 1
    if total > 100:
        scale = 2
    scaled = (total * scale).save()
```

## Left alone

Conditions on Python's own values, and branches that bind the model's.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
strong = True

with lm.trace("The Eiffel Tower is in"):
    total = lm.transformer.h[0].mlp.output.sum()
    scale = 1
    if strong:
        scale = 2
    scaled = (total * scale).save()
```

## Fix safety

There is no fix: nothing has to change for 0.5.

## References

- nnsight 0.4.11, `nnsight/tracing/graph/proxy.py`, `nnsight/tracing/hacks/conditional.py`; run on
  0.4.11 and 0.5.15
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Finding, Rule, Severity
from nnmigrate.program import Access, Bind, Dialect, Program, Read, Statement
from nnmigrate.program.values import Constant, Traced

RULE = Rule("NNS707", "branch-of-value", since="0.5.0")


def check(program: Program) -> Iterator[Finding]:
    """The names that such branches bind."""
    if program.dialect is Dialect.NEW:
        return
    for trace in program.traces:
        if trace.kind in ("trace", "generate"):
            for statement in trace.body.walk():
                if statement.kind == "If" and _is_on_value(statement):
                    yield from _of_branches(program, statement)


def _is_on_value(statement: Statement) -> bool:
    return any(
        isinstance(step, Access) or (isinstance(step, Read) and isinstance(step.value, Traced))
        for step in statement.steps
    )


def _of_branches(program: Program, statement: Statement) -> Iterator[Finding]:
    for block in statement.blocks:
        for inner in block.statements:
            for step in inner.steps:
                if isinstance(step, Bind) and isinstance(step.value, Constant):
                    yield RULE.finding(
                        Severity.NOTE,
                        step.span,
                        f"0.4 bound `{step.name}` here whatever the condition was; 0.5 binds it "
                        "only where the condition holds",
                        "other values than on 0.4, which did not ask the condition for it",
                    )
