"""`.next()` moves on to the next step of a generation.

## What it does

Finds `.next()` on a model or a module in the body of a trace.

## Why is this bad?

On 0.4 every module had a cursor of its own, which `.next()` moved together with those of the
modules inside it. 0.5 has one cursor for all of them: a second module's `.next()` moves it once
more, and a module that was not moved is read at a later step. Nothing tells. (0.7 reads only one
step.) `with tracer.iter[k]:` says which step is meant.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.generate("The Eiffel Tower is in", max_new_tokens=3):
    hidden = lm.transformer.h[0].output.save()
    logits = lm.lm_head.output.save()
    hidden_1 = lm.transformer.h[0].next().output.save()
    logits_1 = lm.lm_head.next().output.save()
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.generate("The Eiffel Tower is in", max_new_tokens=3) as tracer:
    hidden = lm.transformer.h[0].output.save()
    logits = lm.lm_head.output.save()
    with tracer.iter[1]:
        hidden_1 = lm.transformer.h[0].output.save()
        logits_1 = lm.lm_head.output.save()
```

## Left alone

`next` of Python, and iteration by the tracer.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
prompts = iter(["The Eiffel Tower is in"])

with lm.generate(next(prompts), max_new_tokens=3) as tracer:
    with tracer.iter[1]:
        logits = lm.lm_head.output.save()
```

## Fix safety

The fix is unsafe: it assumes that every step is generated. Where a step does not come (the text
ends early), 0.5 loses all that follows in the body, 0.4 lost only what was read at that step. It
is offered where the steps can be counted: in straight lines, and in a `for` over `range` or
`enumerate` of which every turn moves the cursor by one.

## References

- nnsight 0.4.11, `nnsight/intervention/envoy.py` (`Envoy.next`, `Envoy._set_iteration`)
- nnsight 0.5.15, `nnsight/intervention/envoy.py` and `nnsight/intervention/tracing/iterator.py`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nnmigrate.findings import Applicability, Finding, Rule, Severity
from nnmigrate.program import Dialect, Invoke, Program, Told
from nnmigrate.program.values import Envoy

from .common.counting import counted
from .common.cursors import Uncounted, call_of_next, is_below, nexts_of, shown
from .common.step_names import Lost

RULE = Rule("NNS601", "next-cursor", since="0.5.0", fixable=Applicability.UNSAFE)

_ASSUMED = "; the fix assumes that every step is generated"


def check(program: Program) -> Iterator[Finding]:
    """The cursors that are moved in each invoke."""
    if program.dialect is Dialect.NEW:
        return
    for trace in program.traces:
        if trace.kind == "session":
            continue
        for invoke in trace.invokes:
            nexts = [told for s in invoke.body.statements for told in nexts_of(s)]
            if not nexts:
                continue
            try:
                fix, reason = counted(program, trace, invoke), _ASSUMED
            except (Uncounted, Lost) as uncounted:
                fix, reason = None, f"; no step can be named for it: {uncounted}"
            graver = _gravest(program, invoke, nexts)
            if graver == "same" and program.dialect is Dialect.MIXED:
                continue  # half of it ran on 0.5, where this gives what is meant
            for told in nexts:
                severity, consequence = _TOLD[graver]
                if _named(program, told):
                    severity, consequence = _TOLD["named"]
                message = f"`{program.text(told.span)}` moves the cursor of one module{reason}"
                yield RULE.finding(severity, told.span, message, consequence, fix)


_TOLD = {
    "named": (
        Severity.ERROR,
        "TypeError: Envoy.next() got an unexpected keyword argument 'increment'",
    ),
    "shifted": (
        Severity.SILENT,
        "0.5 moves the cursor of all modules: some are read at another step",
    ),
    "same": (
        Severity.WARNING,
        "deprecated on 0.5 and 0.6; 0.7 does not move on",
    ),
}


def _named(program: Program, told: Told) -> bool:
    try:
        return call_of_next(program, told)[2]
    except Uncounted:
        return "increment" in program.text(told.span)


def _gravest(program: Program, invoke: Invoke, nexts: Sequence[Told]) -> str:
    """Whether one cursor for all modules is as good as one for each."""
    moved = {told.receiver for told in nexts if isinstance(told.receiver, Envoy)}
    if len(moved) > 1 or program.options.target >= (0, 7):
        return "shifted"
    only = moved.pop()
    inside = all(
        access.model == only.model and is_below(access.provider.path, only.path)
        for access in shown(invoke.body.statements)
    )
    behind = any("generator" in a.provider.path for a in shown(invoke.body.statements))
    return "same" if inside and not behind else "shifted"
