"""`torch.autocast` or a default device around a trace does not hold in its body.

## What it does

Finds bodies that compute, where `torch.autocast` is entered around the trace, or that make tensors,
where `with torch.device(...)` is, or `torch.set_default_device(...)` was called.

## Why is this bad?

torch keeps these modes by thread. 0.4 computed in the caller's thread; since 0.5 the body runs in a
thread of its own: tensors are made on the CPU there, and products are computed in full precision,
or fail for two dtypes.

## Example

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with torch.autocast("cpu", dtype=torch.bfloat16):
    with lm.trace("The Eiffel Tower is in"):
        hidden = lm.transformer.ln_f.output
        similar = (hidden @ hidden.mT).save()
```

Use instead:

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with torch.autocast("cpu", dtype=torch.bfloat16):
    with lm.trace("The Eiffel Tower is in"):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = lm.transformer.ln_f.output
            similar = (hidden @ hidden.mT).save()
```

## Left alone

A body that only takes what the model computes, or says where its tensors belong.

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with torch.autocast("cpu", dtype=torch.bfloat16):
    with lm.trace("The Eiffel Tower is in"):
        last = lm.transformer.h[5].mlp.output[:, -1].save()

with torch.device("cpu"):
    with lm.trace("The Eiffel Tower is in"):
        lm.transformer.h[5].mlp.output[:] = torch.zeros(1, device="cpu")
        logits = lm.lm_head.output.save()
```

## Fix safety

The fix is safe: 0.4 computed in that mode.

## References

- nnsight 0.5.15, `nnsight/intervention/interleaver.py` (`Mediator.start`: the thread)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import (
    Compute,
    Dialect,
    Invoke,
    Program,
    Remote,
    Statement,
    Trace,
    Weights,
    flat,
)
from nnmigrate.program.model import code_only
from nnmigrate.spans import Span

from .common.helpers import calls_helper
from .common.surroundings import (
    Context,
    called_above,
    contexts_around,
    torch_imported,
    without,
    wrapped,
)

RULE = Rule("NNS702", "mode-outside-trace", since="0.5.0", fixable=Applicability.SAFE)

# What makes a tensor on the default device (torch/utils/_device.py).
_MAKERS = (
    "arange|as_tensor|empty|eye|full|linspace|logspace|ones|rand|randint|randn|randperm|tensor"
    "|zeros"
)


def check(program: Program) -> Iterator[Finding]:
    """Invokes for whose computations a mode around the trace matters."""
    if program.dialect is Dialect.NEW:
        return
    for trace in program.traces:
        if trace.kind not in ("trace", "generate") or trace.remote is Remote.YES:
            continue
        seen: set[str] = set()
        for context in (*contexts_around(program, trace), *_default_device(program, trace)):
            if context.name in ("autocast", "device") and context.name not in seen:
                seen.add(context.name)
                for invoke in trace.invokes:
                    yield from _of_invoke(program, trace, invoke, context)


def _default_device(program: Program, trace: Trace) -> Iterator[Context]:
    """`torch.set_default_device(...)` above the trace, where it is called once."""
    torch = torch_imported(program, trace.scope)
    if torch is not None and program.bare.count("set_default_device(") == 1:
        for called in called_above(program, trace):
            if called.name == "set_default_device" and called.argument:
                yield Context("device", f"{torch}.device({called.argument})")


def _of_invoke(
    program: Program, trace: Trace, invoke: Invoke, context: Context
) -> Iterator[Finding]:
    statements = without(program, trace.scope, invoke.body, (context.name,))
    used = next((s for one in statements for s in _uses(program, trace, one, context)), None)
    if used is None:
        return
    fix = None
    if edit := wrapped(program, invoke.statement, context.text):
        fix = Fix(f"Enter `{context.text}` in the body", (edit,), Applicability.SAFE)
    yield RULE.finding(
        Severity.SILENT,
        used,
        f"`{context.text}` outside of the trace does not hold since 0.5 where "
        f"`{program.text(used)}` is computed",
        "silently another dtype, or RuntimeError for two dtypes"
        if context.name == "autocast"
        else "silently on the CPU, or RuntimeError for two devices",
        fix,
    )


def _uses(program: Program, trace: Trace, statement: Statement, context: Context) -> Iterator[Span]:
    """What a statement computes for which the mode matters."""
    if calls_helper(statement):
        return  # what it does in an invoke of its own is not done where it is called
    steps = flat((*statement.steps, *statement.turn))
    if context.name == "autocast":
        for step in steps:
            # An index gives a part of what is there.
            if isinstance(step, (Compute, Weights)) and program.code[step.span.end - 1] != "]":
                yield step.span
        return
    torch = torch_imported(program, trace.scope)
    maker = re.compile(rf"{torch}\.({_MAKERS})\(")
    for step in steps:
        text = code_only(program.text(step.span)) if isinstance(step, Compute) else ""
        if torch and maker.match(text) and not re.search(r"\bdevice\s*=", text):
            yield step.span
