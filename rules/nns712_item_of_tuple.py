"""An item of a tuple that an attention module gives is set.

## What it does

Finds `module.output[0] = value` of attention modules.

## Why is this bad?

These modules give a tuple in every version of transformers, and a tuple takes no item. On 0.4 it
raised when the model ran, on 0.5 it raises at the line.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    attn = lm.transformer.h[1].attn
    attn.output[0] = attn.output[0] * 0
    logits = lm.lm_head.output.save()
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    attn = lm.transformer.h[1].attn
    attn.output = (attn.output[0] * 0, *attn.output[1:])
    logits = lm.lm_head.output.save()
```

## Left alone

Modules that give a tensor, and changes of the tensor in the tuple.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    lm.transformer.h[1].mlp.output[0] = 0
    logits = lm.lm_head.output.save()
```

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    lm.transformer.h[1].attn.output[0][:] = 0
    logits = lm.lm_head.output.save()
```

## Fix safety

The fix is unsafe: it does what was meant, but 0.4 raised.

## References

- transformers 5.23, `transformers/models/gpt2/modeling_gpt2.py` (`GPT2Attention.forward`)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Access, Program, Statement
from nnmigrate.schedule.values import Point
from nnmigrate.spans import Edit

from .common.editing import code_of

RULE = Rule("NNS712", "item-of-tuple", since="0.4.0", fixable=Applicability.UNSAFE)

_ATTENTION = frozenset(
    "attn self_attn attention self_attention crossattention encoder_attn".split()
)


def check(program: Program) -> Iterator[Finding]:
    """Assignments to an item of an attention module's output."""
    for trace in program.traces:
        for statement in trace.body.walk():
            target = _target(statement)
            if target is not None:
                yield _finding(program, statement, target)


def _target(statement: Statement) -> str | None:
    """The module's output whose first item is set."""
    node = statement.node
    if not isinstance(node, cst.Assign) or len(node.targets) != 1:
        return None
    target = node.targets[0].target
    if not isinstance(target, cst.Subscript) or not code_of(target).endswith(".output[0]"):
        return None
    start = statement.span.start
    for step in statement.steps:
        if isinstance(step, Access) and step.span.start == start and not step.foreign:
            path, point = step.provider.path, step.provider.point
            known = bool(path) and path[-1] in _ATTENTION and point is Point.OUTPUT
            return code_of(target.value) if known else None
    return None


def _finding(program: Program, statement: Statement, target: str) -> Finding:
    node = cst.ensure_type(statement.node, cst.Assign)
    value = code_of(node.value)
    edit = Edit(statement.span, f"{target} = ({value}, *{target}[1:])")
    loose = isinstance(node.value, (cst.Tuple, cst.Yield)) or re.search(r"\n|#", value)
    fix = None if loose else Fix("Set a new tuple", (edit,), Applicability.UNSAFE)
    return RULE.finding(
        Severity.ERROR,
        statement.span,
        f"`{target}` is a tuple, which takes no item: set the whole of it",
        "TypeError: 'tuple' object does not support item assignment; 0.4 raised as well",
        fix,
    )
