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
from typing import TypeGuard

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Bind, Block, Dialect, Program, Read, Save, Statement, Step, Weights
from nnmigrate.spans import Edit, Span

from .common.editing import movable, removed
from .common.severity import if_old

RULE = Rule("NNS703", "parameter-in-trace", since="0.5.0", fixable=Applicability.SAFE)

# What follows a parameter that is changed: an assignment to its parts, or a method in place.
_CHANGED = pattern(r"(\.data)?\s*(\[[^\n]*?\]\s*)?([-+*/@]?=(?!=)|\.\w+[^_\W]_\()")
# A name that is assigned to stands for something else from then on.
_NAME_CHANGED = pattern(
    r"(\.data\s*|(\.data)?\s*\[[^\n]*?\]\s*)[-+*/@]?=(?!=)|\s*[-+*/@]=|(\.data)?\.\w+[^_\W]_\("
)
_INIT = pattern(r"(\w+\.)*init\.\w+_\(\s*")


def check(program: Program) -> Iterator[Finding]:
    """Parameters in the bodies of traces."""
    if program.dialect is Dialect.NEW:
        return
    for trace in program.traces:
        if trace.kind in ("trace", "generate"):
            for invoke in trace.invokes:
                yield from _in_block(program, invoke.body, set())


def _in_block(program: Program, block: Block, names: set[str]) -> Iterator[Finding]:
    """The parameters of a suite; `names` are those that stand for one."""
    for statement in block.statements:
        for step in statement.steps:
            if isinstance(step, Weights) and step.parameter:
                yield from _of_parameter(program, block, statement, step)
            elif _is_given(step, names) and _changes(program, statement, step.span, _NAME_CHANGED):
                yield _changed(program, block, statement, step)
        names |= _given(statement)
        for inner in statement.blocks:
            yield from _in_block(program, inner, names)


def _is_given(step: Step, names: set[str]) -> TypeGuard[Read]:
    return isinstance(step, Read) and step.name in names and not step.foreign


def _given(statement: Statement) -> set[str]:
    """The names that a statement binds to a parameter itself."""
    parameters = {s.span for s in statement.steps if isinstance(s, Weights) and s.parameter}
    binds = (step for step in statement.steps if isinstance(step, Bind))
    return {bind.name for bind in binds if bind.expression in parameters}


def _changes(program: Program, statement: Statement, span: Span, changed: re.Pattern[str]) -> bool:
    """Whether a statement changes the parameter that stands at a place in it."""
    before = program.code[statement.span.start : span.start]
    behind = program.code[span.end : statement.span.end]
    if _INIT.fullmatch(before):
        return True
    return not before and changed.match(behind) is not None


def _of_parameter(
    program: Program, block: Block, statement: Statement, step: Weights
) -> Iterator[Finding]:
    if _changes(program, statement, step.span, _CHANGED):
        yield _changed(program, block, statement, step)
    for save in statement.steps:
        if isinstance(save, Save) and save.argument == step.span:
            yield _saved(program, step)


def _changed(program: Program, block: Block, statement: Statement, step: Weights | Read) -> Finding:
    alone = len(block.statements) == 1
    fix = None
    # A copy that is read again was changed on 0.4, too.
    again = isinstance(step, Read) and _is_read_behind(program, statement, step.name)
    if (alone or movable(statement)) and not again:
        edit = Edit(statement.span, "pass") if alone else removed(statement)
        title = "Take the change away, which 0.4 made in a copy"
        fix = Fix(title, (edit,), Applicability.UNSAFE)
    return RULE.finding(
        if_old(program, Severity.SILENT),
        statement.span,
        f"`{program.text(step.span)}` was a copy on 0.4, and this change without effect on the "
        "model: its numbers are those of a run without it. Clone the parameter if it is to be "
        "changed for one run",
        "the model's own parameter is overwritten, and stays so in all later runs",
        fix,
    )


def _is_read_behind(program: Program, statement: Statement, name: str) -> bool:
    """Whether a name is read further down in the trace."""
    around = (trace.body.span for trace in program.traces if trace.body.span.holds(statement.span))
    end = max(span.end for span in around)
    return re.search(rf"(?<![\w.]){name}\b", program.code[statement.span.end : end]) is not None


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
