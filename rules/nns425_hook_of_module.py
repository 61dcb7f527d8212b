"""A module of one's own is called in a trace, and its output read as that of a module that ran.

## What it does

Finds calls of modules that the program has put into the model itself: in the body of an edit
without `hook=True`; with it, where the same body reads the module's output.

## Why is this bad?

0.4 ran a module that an edit calls with its hooks, so that later traces could read its output.
Since 0.5 that must be asked for. A body that calls a module cannot at the same time wait for it:
what the module gives is the value of the call.

## Example

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
layer = lm.transformer.h[1]
layer.probe = torch.nn.Identity()

with lm.edit() as edited:
    layer.output[0][:] = layer.probe(layer.output[0])
with lm.trace("The Eiffel Tower is in"):
    called = layer.probe(layer.output[0], hook=True)
    probed = layer.probe.output.save()
```

Use instead:

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
layer = lm.transformer.h[1]
layer.probe = torch.nn.Identity()

with lm.edit() as edited:
    layer.output[0][:] = layer.probe(layer.output[0], hook=True)
with lm.trace("The Eiffel Tower is in"):
    called = layer.probe(layer.output[0], hook=True)
    probed = called.save()
```

## Left alone

Modules of the model itself, whose hooks run when the model does.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    hidden = lm.transformer.h[1].output[0]
    early = lm.lm_head(lm.transformer.ln_f(hidden)).save()
    late = lm.lm_head.output.save()
```

## Fix safety

The fix is safe: in an edit 0.4 did the same; the value of the call is the module's output. Where
the call is not bound to a name the second form is only reported.

## References

- nnsight 0.4.11, `nnsight/intervention/envoy.py` (`__call__`)
- nnsight 0.5.15, `nnsight/intervention/envoy.py` (`__call__`)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Access, Bind, Program, Trace, Weights
from nnmigrate.schedule.values import Point
from nnmigrate.spans import Edit, Span

from .common.calling import keyword_of, parsed_call, with_argument
from .common.editing import code_of

RULE = Rule("NNS425", "hook-of-module", since="0.5.0", fixable=Applicability.SAFE, first=True)

_CONSEQUENCE = "ValueError: Execution complete but `{}.output` was not provided"


def check(program: Program) -> Iterator[Finding]:
    """Calls of the program's own modules, in edits and in traces."""
    for trace in program.traces:
        for step in _own_calls(program, trace):
            if trace.kind == "edit":
                yield from _of_edit(program, step)
            elif _has_hook(program, step.span):
                yield from _of_trace(program, trace, step)


def _own_calls(program: Program, trace: Trace) -> Iterator[Weights]:
    """Calls of modules that the file assigns to an attribute."""
    for step in (step for one in trace.body.statements for step in one.all_steps):
        if isinstance(step, Weights) and not step.parameter and step.path:
            name = step.path[-1]
            if isinstance(name, str) and re.search(rf"\.{re.escape(name)}\s*=(?!=)", program.code):
                yield step


def _has_hook(program: Program, call: Span) -> bool:
    node = parsed_call(program, call)
    return node is not None and any(keyword_of(one) == "hook" for one in node.args)


def _of_edit(program: Program, step: Weights) -> Iterator[Finding]:
    node = parsed_call(program, step.span)
    if node is None or _has_hook(program, step.span):
        return
    edit = with_argument(program, step.span, "hook=True")
    name = code_of(node.func)
    yield RULE.finding(
        Severity.ERROR,
        step.span,
        f"`{name}` is called in an edit without its hooks: no trace can read its output",
        _CONSEQUENCE.format(name),
        Fix("Call it with its hooks", (edit,), Applicability.SAFE),
    )


def _of_trace(program: Program, trace: Trace, step: Weights) -> Iterator[Finding]:
    name = _name_of(trace, step)
    for access in (each for one in trace.body.statements for each in one.all_steps):
        if not isinstance(access, Access) or access.swap or access.span.start < step.span.end:
            continue
        if access.provider.path != step.path or access.provider.point is not Point.OUTPUT:
            continue
        read = program.text(access.span)
        fix = None
        if name is not None:
            edit = Edit(access.span, name)
            fix = Fix("Use the value of the call", (edit,), Applicability.SAFE)
        message = f"`{read}` is read in the body that calls the module"
        message += "" if fix else ": bind the call to a name, and read that"
        consequence = _CONSEQUENCE.format(read.removesuffix(".output"))
        yield RULE.finding(Severity.ERROR, access.span, message, consequence, fix)


def _name_of(trace: Trace, step: Weights) -> str | None:
    """The name that is bound to the call, if no other binding takes it away."""
    binds = [
        each for one in trace.body.statements for each in one.all_steps if isinstance(each, Bind)
    ]
    names = [bind.name for bind in binds if bind.expression == step.span]
    return names[0] if len(names) == 1 and sum(b.name == names[0] for b in binds) == 1 else None
