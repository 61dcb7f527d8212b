"""A trace asks whether the shape of a module's output is a tuple of shapes.

## What it does

Finds `type(module.output.shape) == tuple`, in a trace and of what a trace has saved.

## Why is this bad?

It was the way to ask whether a module gives a tuple: in a scanned trace of 0.4 the `shape` of a
tuple was a tuple of shapes. Since 0.5 the value itself is there, and a tuple has no `shape`.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in", scan=True):
    hidden = lm.transformer.h[1].attn.output
    if type(hidden.shape) == tuple:
        hidden = hidden[0]
    kept = hidden.save()
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    hidden = lm.transformer.h[1].attn.output
    if isinstance(hidden, tuple):
        hidden = hidden[0]
    kept = hidden.save()
```

## Left alone

The shapes of other things.

```python
import numpy
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
weights = numpy.ones((3, 3))

with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()
print(type(weights.shape) == tuple)
```

## Fix safety

The fix is safe. Where nothing was scanned, 0.4 said no of a tensor and raised of a tuple; elsewhere
the answer is the same.

## References

- nnsight 0.4.11, `nnsight/intervention/graph/proxy.py` (`shape`)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Access, Dialect, Item, Program, Read, Step
from nnmigrate.program.expressions import is_modules_shape
from nnmigrate.program.values import Traced
from nnmigrate.spans import Edit, Span

RULE = Rule("NNS713", "shape-of-tuple", since="0.5.0", fixable=Applicability.SAFE)

_BEFORE = pattern(r"(?<![\w.])type\(\s*\Z")
_BEHIND = pattern(r"\.shape\s*\)\s*(==|!=|is\s+not|is)\s*tuple\b")
_POINTS = frozenset({"output", "input", "inputs"})


def check(program: Program) -> Iterator[Finding]:
    """Questions in traces, and those about what they have saved, in the order of the text."""
    if program.dialect is Dialect.NEW or not re.search(r"\.shape\s*\)", program.code):
        return
    found: dict[Span, Finding] = {}
    # Most steps are asked nothing: what is to stand behind them is looked for first.
    ends = {match.start() for match in _BEHIND.finditer(program.code)}
    inside = [trace.statement.span for trace in program.traces]
    for scope in program.scopes:
        for statement in scope.body.statements:
            for step in (one for one in statement.all_steps if one.span.end in ends):
                traced = any(span.holds(step.span) for span in inside)
                finding = _of_step(program, step) if _is_value(step, traced=traced) else None
                if finding is not None:
                    found[finding.span] = finding
    yield from (found[span] for span in sorted(found))


def _is_value(step: Step, *, traced: bool) -> bool:
    """Whether a step reads what a module gives; one that is not known gives it in traces alone."""
    if isinstance(step, Read):
        known = isinstance(step.value, Traced)
        return known or (traced and step.value is not None and is_modules_shape(step.value))
    if isinstance(step, Item):
        return traced and step.key in _POINTS
    return isinstance(step, Access) and not step.swap


def _of_step(program: Program, step: Step) -> Finding | None:
    code, value = program.code, step.span
    asked = _BEFORE.search(code, max(0, value.start - 40), value.start)
    compared = _BEHIND.match(code, value.end)
    if asked is None or compared is None:
        return None
    span = Span(asked.start(), compared.end())
    text = program.text(value)
    negated = "not " if compared[1].startswith(("!", "is ")) and compared[1] != "is" else ""
    edit = Edit(span, f"{negated}isinstance({text}, tuple)")
    return RULE.finding(
        Severity.ERROR,
        span,
        f"`{program.text(span)}` asks whether `{text}` is a tuple",
        "AttributeError: 'tuple' object has no attribute 'shape', where it is one",
        Fix("Ask the value itself", (edit,), Applicability.SAFE),
    )
