"""An augmented assignment to a value of the model changes the model since 0.5.

## What it does

Finds `x += ...`, `x *= ...` and their like where `x` is the output or input of a module, or a part
of one.

## Why is this bad?

On 0.4 `x` was a proxy, which has no operation in place: Python fell back on `x = x + ...`, so the
name stood for a new value, and the model went on with the old one. Since 0.5 `x` is the module's
own tensor, and `x += ...` changes it: the model goes on with the sum. Nothing is raised.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in", scan=False):
    hidden = lm.transformer.h[0].mlp.output
    hidden *= 2
    norm = hidden.norm().save()
    logits = lm.lm_head.output.save()

print(logits)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    hidden = lm.transformer.h[0].mlp.output
    hidden = hidden * 2
    norm = hidden.norm().save()
    logits = lm.lm_head.output.save()

print(logits)
```

## Left alone

What is computed is a tensor of its own, and what is written to by an index or an attribute was
changed by 0.4 too.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    total = lm.transformer.h[0].mlp.output.mean()
    total += 1
    lm.transformer.h[1].mlp.output[:, -1] += 1
    lm.transformer.h[2].mlp.output += total
    logits = lm.lm_head.output.save()

print(logits)
```

## Fix safety

The fix is safe in code that is written for 0.4, where it computes what 0.4 did. Where nothing tells
for which version the code is written it is unsafe: code that was born on 0.5 may mean to change the
model.

## References

- nnsight 0.4.11, `nnsight/tracing/graph/proxy.py` (`Proxy`: `__add__`, and no `__iadd__`)
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Bind, Dialect, Program, Read, Statement, Step
from nnmigrate.program.values import Traced
from nnmigrate.spans import Edit

from .common.editing import binds_tightly

RULE = Rule("NNS108", "augmented-value", since="0.5.0", fixable=Applicability.SAFE)


def check(program: Program) -> Iterator[Finding]:
    """Augmented assignments to a module's own tensors, in code that may have run on 0.4."""
    if program.dialect is Dialect.NEW:
        return
    old = program.dialect is Dialect.OLD
    for statement in _statements(program):
        for step in _augmented(statement):
            yield RULE.finding(
                Severity.SILENT if old else Severity.NOTE,
                statement.span,
                f"on 0.4 this gave `{step.name}` a new value; since 0.5 it changes the tensor that "
                "the model goes on with",
                "silently the model is changed",
                _fix(program, statement, step, old),
            )


def _statements(program: Program) -> Iterator[Statement]:
    for trace in program.traces:
        if trace.kind in ("trace", "generate"):
            yield from trace.statement.walk()


def _augmented(statement: Statement) -> list[Bind]:
    """The name that the statement augments, if it stands for a module's tensor or a part of one."""
    steps = statement.steps
    names = [each for each in steps if isinstance(each, Bind) and each.how == "augment"]
    return [
        name
        for name in names
        if not name.foreign and any(_is_handle(each, name.name) for each in steps)
    ]


def _is_handle(step: Step, name: str) -> bool:
    if not isinstance(step, Read) or step.name != name:
        return False
    return isinstance(step.value, Traced) and step.value.origin is not None


def _fix(program: Program, statement: Statement, step: Bind, old: bool) -> Fix | None:
    """Writes the new value out, as 0.4 understood it."""
    node = cst.ensure_type(statement.node, cst.AugAssign)
    assert step.expression is not None
    operator = cst.Module([]).code_for_node(node.operator).strip().removesuffix("=")
    value = program.text(step.expression)
    operand = value if binds_tightly(value) or value.isalnum() else f"({value})"
    text = f"{step.name} = {step.name} {operator} {operand}"
    applicability = Applicability.SAFE if old else Applicability.UNSAFE
    return Fix("Give the name a new value", (Edit(statement.span, text),), applicability)
