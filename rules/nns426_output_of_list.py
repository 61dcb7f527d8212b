"""The output of a list of modules is read.

## What it does

Finds `.output` of a model's list of layers (`h`, `layers`) in a trace.

## Why is this bad?

On 0.4 it was the list of the layers' outputs. A list of modules is never called itself, and since
0.5 its output is waited for in vain.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    hidden = lm.transformer.h.output.save()
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    hidden = [layer.output for layer in lm.transformer.h].save()
```

## Left alone

The outputs of the layers one by one.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    first = lm.transformer.h[0].output.save()
    last = lm.transformer.h[-1].output.save()
```

## Fix safety

The fix is safe where the output is only read. What is assigned to it is reported.

## References

- nnsight 0.4.11, `nnsight/intervention/envoy.py` (`output`)
- nnsight 0.5.15, `nnsight/intervention/interleaver.py`
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Access, Program
from nnmigrate.schedule.module_order import LAYER_CONTAINERS
from nnmigrate.schedule.values import Point
from nnmigrate.spans import Edit, Span

from .common.editing import fresh_name

RULE = Rule("NNS426", "output-of-list", since="0.5.0", fixable=Applicability.SAFE, first=True)


def check(program: Program) -> Iterator[Finding]:
    """Accesses to the output of a list of layers."""
    seen: set[Span] = set()
    for trace in program.traces:
        for step in (step for one in trace.body.statements for step in one.all_steps):
            if isinstance(step, Access) and step.span not in seen and _is_list(step):
                seen.add(step.span)
                yield _finding(program, step)


def _is_list(step: Access) -> bool:
    path = step.provider.path
    return bool(path) and path[-1] in LAYER_CONTAINERS and step.provider.point is Point.OUTPUT


def _finding(program: Program, step: Access) -> Finding:
    text = program.text(step.span)
    modules = text.removesuffix(".output")
    fix = None
    if not step.swap and not step.foreign and modules != text:
        name = fresh_name(program, "layer")
        edit = Edit(step.span, f"[{name}.output for {name} in {modules}]")
        fix = Fix("Read the layers' outputs", (edit,), Applicability.SAFE)
    return RULE.finding(
        Severity.ERROR,
        step.span,
        f"`{modules}` is a list of modules, which is never called itself"
        + ("" if fix else ": go over its layers"),
        f"ValueError: Execution complete but `{text}` was not provided",
        fix,
    )
