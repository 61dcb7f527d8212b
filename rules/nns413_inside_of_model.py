"""What was inside of nnsight's own objects is reached for.

## What it does

Finds `model._envoy`, `model._clear()`, and `graph`, `nodes` and `vis` of tracers.

## Why is this bad?

Since 0.5 a wrapped model is its own root envoy, and a tracer has no graph: AttributeError.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

print(lm._envoy.transformer)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

print(lm.transformer)
```

## Left alone

The wrapped module, and graphs of other libraries.

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

print(lm._model, lm._module)
graph = torch.fx.symbolic_trace(torch.nn.Linear(2, 2)).graph
print(graph.nodes)
```

## Fix safety

The fix is safe. A graph has no counterpart, its use is reported.

## References

- nnsight 0.4.11, `nnsight/intervention/base.py` and `nnsight/tracing/contexts/base.py`
- nnsight 0.5.15, `nnsight/intervention/envoy.py`
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Program, Statement, Told
from nnmigrate.program.values import Envoy
from nnmigrate.spans import Edit, Span

from .common.editing import movable, removed

RULE = Rule("NNS413", "inside-of-model", since="0.5.0", fixable=Applicability.SAFE)

_GRAPH = ("tracer.graph", "tracer.nodes", "tracer.vis")


def check(program: Program) -> Iterator[Finding]:
    """Attributes of models and of tracers that are gone."""
    seen: set[Span] = set()
    for scope in program.scopes:
        for statement in scope.body.statements:
            for step in statement.all_steps:
                if not isinstance(step, Told) or step.span in seen:
                    continue
                if step.what == "_envoy" and isinstance(step.receiver, Envoy):
                    seen.add(step.span)
                    yield _of_model(program, step)
                elif step.what == "_clear" and isinstance(step.receiver, Envoy):
                    seen.add(step.span)
                    yield _of_clearing(program, statement, step)
                elif step.what in _GRAPH:
                    seen.add(step.span)
                    yield _of_tracer(program, step)


def _of_model(program: Program, step: Told) -> Finding:
    text = program.text(step.span)
    edit = Edit(step.span, text.removesuffix("._envoy"))
    fix = Fix("Use the model itself", (edit,), Applicability.SAFE)
    message = f"`{text}` is gone: the model is its own envoy"
    return RULE.finding(Severity.ERROR, step.span, message, "AttributeError: _envoy", fix)


def _of_clearing(program: Program, top: Statement, step: Told) -> Finding:
    """`model._clear()` took the values of a run away; since 0.5 none is left behind."""
    statement = next((one for one in top.walk() if one.span == step.span), None)
    fix = None
    if statement is not None:
        edit = Edit(statement.span, "pass")
        blocks = [block for one in top.walk() for block in one.blocks]
        if movable(statement) and not any(block.statements == (statement,) for block in blocks):
            edit = removed(statement)
        fix = Fix("Take the call away", (edit,), Applicability.SAFE)
    message = f"`{program.text(step.span)}` is gone: a run leaves nothing in the model"
    return RULE.finding(Severity.ERROR, step.span, message, "AttributeError: _clear", fix)


def _of_tracer(program: Program, step: Told) -> Finding:
    name = step.what.partition(".")[2]
    message = f"`{program.text(step.span)}` is gone: 0.5 makes no graph; take the line away"
    return RULE.finding(Severity.ERROR, step.span, message, f"AttributeError: {name}")
