"""A plain wrapped module is given several invokes.

## What it does

Finds traces with more than one input of a model that is wrapped by `NNsight` itself, or by a class
of the file that says nothing about batches.

## Why is this bad?

Nobody says how two inputs become one batch. 0.4 failed there as well; 0.5 raises a
NotImplementedError.

## Example

```python
import torch
from nnsight import NNsight

model = NNsight(torch.nn.Linear(2, 2))
ones, zeros = torch.ones(1, 2), torch.zeros(1, 2)

with model.trace() as tracer:
    with tracer.invoke(ones):
        one = model.output.save()
    with tracer.invoke(zeros):
        other = model.output.save()
```

## Left alone

Language models, one input, and classes that say how to batch.

```python
import torch
from nnsight import LanguageModel, NNsight

lm = LanguageModel("openai-community/gpt2")
model = NNsight(torch.nn.Linear(2, 2))
ones = torch.ones(1, 2)

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        one = lm.lm_head.output.save()
    with tracer.invoke("The Louvre is in"):
        other = lm.lm_head.output.save()
with model.trace() as tracer:
    with tracer.invoke(ones):
        one = model.output.save()
```

## Fix safety

There is no fix: concatenate the inputs and take the outputs apart, or define `_batch` in a class of
your own.

## References

- nnsight 0.5.15, `nnsight/intervention/batching.py`
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nnmigrate.findings import Finding, Rule, Severity
from nnmigrate.program import Dialect, Program, Trace

RULE = Rule("NNS414", "unbatched-invokes", since="0.4.0")


def check(program: Program) -> Iterator[Finding]:
    """Traces of plain wrapped modules with several inputs."""
    if program.dialect is Dialect.NEW:
        return
    plain = set(_plain_classes(program))
    for trace in program.traces:
        given = [
            one for one in trace.invokes if one.statement.opens and one.statement.opens.arguments
        ]
        several = len(given) > 1 or any(one.parents and one.parents[-1].loop for one in given)
        if several and trace.explicit and _is_plain(program, trace, plain):
            yield RULE.finding(
                Severity.ERROR,
                trace.entered.call,
                f"`{trace.entered.model}` is not told how to make one batch of several inputs: "
                "concatenate them, or define `_batch` in a class of your own",
                "NotImplementedError: Batching not implemented; 0.4 failed as well",
            )


def _plain_classes(program: Program) -> Iterator[str]:
    """`NNsight`, and classes of the file that only derive from it."""
    yield "NNsight"
    for scope in program.scopes:
        if scope.kind == "class" and scope.statement is not None:
            text = program.text(scope.statement.span)
            derived = re.match(r"class \w+\(\s*(\w+\.)?NNsight\s*\)", text)
            if derived and "_batch" not in text and "_prepare_input" not in text:
                yield scope.name


def _is_plain(program: Program, trace: Trace, plain: set[str]) -> bool:
    """Whether all that binds the model's name wraps it plainly."""
    name = trace.entered.model
    bound = [bind for scope in program.scopes for bind in scope.bindings.get(name, ())]
    if trace.scope.kind == "module":
        # In a text a block may come before another one that binds the same name.
        bound = [bind for bind in bound if bind.span.start < trace.statement.span.start]
    made = [program.text(bind.expression) for bind in bound if bind.expression is not None]
    ways = [re.match(r"(?:\w+\.)?(\w+)\(", text) for text in made]
    return bool(bound) and len(made) == len(bound) and all(way and way[1] in plain for way in ways)
