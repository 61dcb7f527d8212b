"""A parameter is changed or saved in a trace: since 0.5 it is the model's own.

## What it does

Finds changes of a module's `weight`, `bias` or `data` in the body of a trace, and parameters that
are saved as they are.

## Why is this bad?

0.4 handed out a copy: a change of it changed nothing, and what was saved stayed what it was. Since
0.5 it is the parameter itself. A change overwrites the model for good, and a saved parameter goes
on changing when the model is trained.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in", scan=True):
    weight = lm.transformer.h[1].mlp.c_fc.weight.save()
    logits = lm.lm_head.output.save()
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    weight = lm.transformer.h[1].mlp.c_fc.weight.detach().clone().save()
    logits = lm.lm_head.output.save()
```

## Left alone

Parameters that are computed with, and those outside of traces.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

lm.lm_head.weight.data[:] = 0
with lm.trace("The Eiffel Tower is in"):
    hidden = lm.transformer.ln_f.output
    logits = (hidden @ lm.lm_head.weight.T).save()
    norm = lm.lm_head.weight.norm().save()
```

## Fix safety

The fix of what is saved is safe in a file that is written for 0.4 beyond doubt. A change is taken
away, which is what it came to on 0.4; that is unsafe, since it was meant otherwise.

## References

- nnsight 0.4.11, `nnsight/intervention/protocols/entrypoint.py` (`ParameterProtocol`)
- nnsight 0.5.15, `nnsight/intervention/envoy.py` (`__getattr__`)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Block, Dialect, Program, Save, Statement, Weights
from nnmigrate.spans import Edit, Span

from .common.editing import movable, removed

RULE = Rule("NNS703", "parameter-in-trace", since="0.5.0", fixable=Applicability.SAFE)

# What follows a parameter that is changed: an assignment to its parts, or a method in place.
_CHANGED = re.compile(r"(\.data)?\s*(\[[^\n]*?\]\s*)?([-+*/@]?=(?!=)|\.\w+[^_\W]_\()")


def check(program: Program) -> Iterator[Finding]:
    """Parameters in the bodies of traces."""
    if program.dialect is Dialect.NEW:
        return
    for trace in program.traces:
        if trace.kind in ("trace", "generate"):
            for invoke in trace.invokes:
                yield from _in_block(program, invoke.body)


def _in_block(program: Program, block: Block) -> Iterator[Finding]:
    for statement in block.statements:
        for step in statement.steps:
            if isinstance(step, Weights) and step.parameter:
                yield from _of_parameter(program, block, statement, step)
        for inner in statement.blocks:
            yield from _in_block(program, inner)


def _of_parameter(
    program: Program, block: Block, statement: Statement, step: Weights
) -> Iterator[Finding]:
    behind = program.code[step.span.end : statement.span.end]
    if step.span.start == statement.span.start and _CHANGED.match(behind):
        yield _changed(program, block, statement, step)
    for save in statement.steps:
        if isinstance(save, Save) and save.argument == step.span:
            yield _saved(program, step)


def _changed(program: Program, block: Block, statement: Statement, step: Weights) -> Finding:
    alone = len(block.statements) == 1
    fix = None
    if alone or movable(statement):
        edit = Edit(statement.span, "pass") if alone else removed(statement)
        title = "Take the change away, which 0.4 made in a copy"
        fix = Fix(title, (edit,), Applicability.UNSAFE)
    return RULE.finding(
        _severity(program, Severity.SILENT),
        statement.span,
        f"`{program.text(step.span)}` was a copy on 0.4, and this change without effect on the "
        "model: its numbers are those of a run without it. Clone the parameter if it is to be "
        "changed for one run",
        "the model's own parameter is overwritten, and stays so in all later runs",
        fix,
    )


def _saved(program: Program, step: Weights) -> Finding:
    at = Span(step.span.end, step.span.end)
    old = program.dialect is Dialect.OLD
    how = Applicability.SAFE if old else Applicability.UNSAFE
    return RULE.finding(
        Severity.NOTE,
        step.span,
        f"`{program.text(step.span)}` was a copy on 0.4; what is saved now is the parameter itself"
        + ("" if old else "; this matters if the code was written for nnsight 0.4"),
        "what changes the model later changes what was saved",
        Fix("Save a copy", (Edit(at, ".detach().clone()"),), how),
    )


def _severity(program: Program, severity: Severity) -> Severity:
    return severity if program.dialect is Dialect.OLD else Severity.NOTE
