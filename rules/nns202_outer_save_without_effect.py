"""Saving an object that was made outside the trace brings nothing back.

## What it does

Finds `x.save()` and `nnsight.save(x)` in a remote trace, where `x` is made outside the trace and
not assigned in it.

## Why is this bad?

Since 0.5 a remote trace returns the saved objects that are bound to names which the trace assigns.
An object from outside is only mentioned there: the server saves its copy, and nobody takes that
along. Locally the caller's object is changed anyway, with or without the save.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

results = {}
with lm.trace("The Eiffel Tower is in", remote=True):
    logits = lm.lm_head.output.save()
    results.save()
results["logits"] = logits
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

results = {}
with lm.trace("The Eiffel Tower is in", remote=True):
    logits = lm.lm_head.output.save()
results["logits"] = logits
```

## Left alone

A collection that the trace assigns.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in", remote=True):
    results = dict()
    results["logits"] = lm.lm_head.output
    results.save()
```

## Fix safety

The fix removes the statement, which is safe: it has no effect. What the trace changes in the
object is brought back by the fix of NNS201.

## References

- nnsight 0.5.15, `nnsight/intervention/backends/remote.py`
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Bind, Program, Remote, Save
from nnmigrate.program.bodies import Placed, placed, roots
from nnmigrate.program.values import Envoy, Traced

from .common.editing import removed
from .common.outer import brought_back

RULE = Rule("NNS202", "outer-save-without-effect", since="0.5.0", fixable=Applicability.SAFE)


def check(program: Program) -> Iterator[Finding]:
    """Saves of outer objects in remote traces."""
    for trace in roots(program):
        if trace.remote is Remote.NO:
            continue
        body = placed(program, trace)
        bound = {place.step.name for place in body if isinstance(place.step, Bind)}
        bound |= brought_back(program, body)
        for place in body:
            step = place.step
            if not isinstance(step, Save) or step.name is None or step.name in bound:
                continue
            if not isinstance(step.value, (Traced, Envoy)):
                alone = len((place.suites or (trace.body,))[-1].statements) == 1
                yield _finding(step.name, place, movable=not alone)


def _finding(name: str, place: Placed, *, movable: bool) -> Finding:
    statement = place.statement
    bare = statement.kind == "Expr" and statement.span == place.step.span and not statement.shared
    fix = Fix(f"Remove it: it does not bring `{name}` back", (removed(statement),))
    return RULE.finding(
        Severity.WARNING,
        place.step.span,
        f"`{name}` is made outside the trace, so saving it in the trace has no effect",
        f"`{name}` does not come back from the server: only names assigned in the trace do",
        fix if bare and movable else None,
    )
