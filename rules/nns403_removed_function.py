"""A function of nnsight stands for one that Python has itself.

## What it does

Finds `apply` and `log` of nnsight, of tracers and of sessions, `nnsight.list`, `nnsight.dict`,
`nnsight.int` and the other builtins under nnsight's name, and the decorator `nnsight.trace`.

## Why is this bad?

On 0.4 a function that was to be called when the model runs had to be made a part of the graph.
Since 0.5 the body runs on real values, and any function can be called as it is. A tracer no longer
has `apply` and `log`; those of the package are deprecated, take other arguments, and are gone from
0.6 on.

## Example

```python
import nnsight
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in") as tracer:
    kept = nnsight.list().save()
    size = tracer.apply(len, lm.lm_head.output)
    kept.append(size)
    tracer.log("size", size)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in") as tracer:
    kept = list().save()
    size = len(lm.lm_head.output)
    kept.append(size)
    print("size", size)
```

## Left alone

Functions of these names that are not nnsight's.

```python
import logging

import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
logger = logging.getLogger(__name__)

lm.apply(lambda module: module.requires_grad_(False))
with lm.trace("The Eiffel Tower is in"):
    logits = torch.log(lm.lm_head.output).save()
logger.log(logging.INFO, "done")
```

## Fix safety

The fix is safe. It is not offered where the file calls something else by the builtin's name.

## References

- nnsight 0.5.15, `nnsight/__init__.py` and `nnsight/intervention/tracing/base.py`
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Program, Statement
from nnmigrate.spans import Edit

from .common.removed import TABLE, Removed, Use, decorator_lines, import_of_builtins, uses

RULE = Rule("NNS403", "removed-function", since="0.5.0", fixable=Applicability.SAFE)


def check(program: Program) -> Iterator[Finding]:
    """Uses of the names in the table."""
    for use in uses(program):
        yield _finding(program, use)
    for statement in program.scopes[0].body.walk():
        edit = import_of_builtins(program, statement)
        if edit is not None:
            yield _of_import(program, statement, edit)
    for span, edit in decorator_lines(program):
        row = TABLE["nnsight.trace"]
        fix = Fix("Take the decorator away", (edit,), Applicability.SAFE)
        message = f"`{program.text(span)}` has no effect: the body runs on real values"
        yield RULE.finding(_severity(program, row), span, message, row.consequence, fix)


def _finding(program: Program, use: Use) -> Finding:
    fix = None
    if use.text is not None:
        instead = use.row.instead.replace("call", "the function itself") or "the function itself"
        fix = Fix(f"Use {instead}", (Edit(use.span, use.text),), Applicability.SAFE)
    name = use.row.name
    message = f"`{name}` is gone: what it calls can be called as it is"
    if fix is None:
        message += "; write the call yourself, the name is taken by something else or not in view"
    return RULE.finding(_severity(program, use.row), use.span, message, use.row.consequence, fix)


def _of_import(program: Program, statement: Statement, edit: Edit) -> Finding:
    fix = Fix("Use Python's own", (edit,), Applicability.SAFE)
    message = "nnsight's builtins are gone: Python's own can be called in a trace"
    row = TABLE["nnsight.list"]
    return RULE.finding(
        _severity(program, row), statement.span, message, "deprecated; ImportError on 0.6", fix
    )


def _severity(program: Program, row: Removed) -> Severity:
    return Severity.ERROR if program.options.target >= row.since else Severity.WARNING
