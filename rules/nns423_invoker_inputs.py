"""An invoke's inputs are read in the shape that 0.4 gave them.

## What it does

Finds `invoker.inputs[0][0]["input_ids"]` in the body of an invoke, what is asked of `invoker`
behind the trace, and `tracer.invoker`.

## Why is this bad?

On 0.4 a language model's inputs were a tokenizer's encoding in a tuple of its own. Since 0.5 they
are what the model is called with: the tokens stand among the keyword arguments. And the name that
`with tracer.invoke(...) as invoker` binds is gone when the trace has ended.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in") as invoker:
        last = invoker.inputs[0][0]["input_ids"].shape[1] - 1
        logits = lm.lm_head.output[:, last].save()
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in") as invoker:
        last = invoker.inputs[1]["input_ids"].shape[1] - 1
        logits = lm.lm_head.output[:, last].save()
```

## Left alone

Inputs of modules, and those of a model that is given tensors.

```python
import torch
from nnsight import NNsight

model = NNsight(torch.nn.Linear(2, 2))
ones = torch.ones(1, 2)

with model.trace() as tracer:
    with tracer.invoke(ones) as invoker:
        total = invoker.inputs[0][0].sum()
        scaled = (model.output * total).save()
```

## Fix safety

The fix is safe: only an encoding has items under such names. What is read behind the trace is saved
in the invoke, where that stands in no loop and no condition.

## References

- nnsight 0.4.11, `nnsight/intervention/contexts/invoker.py`
- nnsight 0.5.15, `nnsight/intervention/tracing/invoker.py`
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Bind, Invoke, Program, Trace
from nnmigrate.program.bodies import straight
from nnmigrate.program.liveness import read_after
from nnmigrate.program.model import STRING_OR_COMMENT
from nnmigrate.spans import Edit, Span

from .common.editing import fresh_name, lines_first, merged, movable

RULE = Rule("NNS423", "invoker-inputs", since="0.5.0", fixable=Applicability.SAFE, first=True)


def check(program: Program) -> Iterator[Finding]:
    """Inputs of each invoke that has a name, and the tracer's own invoker."""
    if ".inputs" not in program.code:
        return
    for trace in program.traces:
        for invoke in trace.invokes:
            opens = invoke.statement.opens
            if not invoke.implicit and opens is not None and opens.name is not None:
                yield from _of_invoke(program, invoke, opens.name)
                yield from _behind_trace(program, trace, invoke, opens.name)
        yield from _of_tracer(program, trace)


def _of_invoke(program: Program, invoke: Invoke, name: str) -> Iterator[Finding]:
    way = _way(name)
    body = invoke.body.span
    for found in re.finditer(way, program.text(body)):
        span = Span(body.start + found.start(), body.start + found.end())
        saved = ".save()" if _is_kept(invoke, span) else ""
        edit = Edit(span, f"{name}.inputs[1]{found[1]}{saved}")
        yield RULE.finding(
            Severity.ERROR,
            span,
            f"`{found[0]}` has no encoding any more: the tokens are keyword arguments",
            "IndexError: tuple index out of range",
            Fix("Read the keyword arguments", (edit,), Applicability.SAFE),
        )


def _way(name: str) -> str:
    """Finds an item of the encoding that an invoke was given."""
    return rf"(?<![\w.]){re.escape(name)}\.inputs\[0\]\[0\](\[[\"'][^\]\n]*\])"


def _behind_trace(program: Program, trace: Trace, invoke: Invoke, name: str) -> Iterator[Finding]:
    """What is read behind the trace of the last invoke that has the name."""
    bound = _bindings(trace, name)
    inside = [span for span in bound if trace.statement.span.holds(span)]
    is_last = bool(inside) and invoke.statement.span.holds(inside[-1])
    if trace.session is not None or not is_last or not read_after(program, trace, name):
        return
    start = trace.statement.span.end
    later = (span.start for span in bound if span.start >= start)
    region = Span(start, next(later, trace.scope.body.span.end))
    text = STRING_OR_COMMENT.sub(lambda found: " " * len(found[0]), program.text(region))
    uses = [
        Span(start + each.start(), start + each.end())
        for each in re.finditer(rf"(?<![\w.]){re.escape(name)}\b", text)
    ]
    yield RULE.finding(
        Severity.ERROR,
        uses[0] if uses else inside[-1],
        f"`{name}` is an invoke's name, which is gone when the trace has ended",
        f"NameError: name '{name}' is not defined",
        _saving_fix(program, invoke, name, uses),
    )


def _bindings(trace: Trace, name: str) -> list[Span]:
    return sorted(each.span for each in trace.scope.bindings.get(name, ()))


def _saving_fix(program: Program, invoke: Invoke, name: str, uses: Sequence[Span]) -> Fix | None:
    """Saves in the invoke each item of the encoding that is read behind the trace."""
    first = invoke.body.statements[0]
    if not uses or not straight(invoke.parents) or not movable(first):
        return None
    names: dict[str, str] = {}
    edits: list[Edit] = []
    for use in uses:
        found = re.compile(_way(name)).match(program.code, use.start)
        key = found[1].strip("[]\"' ") if found else ""
        if found is None or not key.isidentifier():
            return None
        kept = names.setdefault(key, fresh_name(program, f"{name}_{key}"))
        edits.append(Edit(Span(found.start(), found.end()), kept))
    lines = [f'{kept} = {name}.inputs[1]["{key}"].save()' for key, kept in names.items()]
    edits.append(lines_first(program, invoke.body, *lines))
    return Fix("Save in the invoke what is read of it", merged(edits), Applicability.SAFE)


def _is_kept(invoke: Invoke, span: Span) -> bool:
    """Whether a name is bound to it: on 0.4 it was there behind the trace without being saved."""
    return any(
        isinstance(step, Bind) and step.how == "assign" and step.expression == span
        for statement in invoke.body.walk()
        for step in statement.steps
    )


def _of_tracer(program: Program, trace: Trace) -> Iterator[Finding]:
    if trace.entered.name is None:
        return
    way = rf"(?<![\w.]){re.escape(trace.entered.name)}\.invoker\.inputs\b"
    for found in re.finditer(way, program.text(trace.body.span)):
        start = trace.body.span.start
        yield RULE.finding(
            Severity.ERROR,
            Span(start + found.start(), start + found.end()),
            f"`{found[0]}` is gone: tokenize the prompt yourself, or name its invoke",
            "AttributeError: a tracer has no `invoker`",
        )
