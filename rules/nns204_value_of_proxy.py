"""`.value` is read from a saved value.

## What it does

Finds `.value` behind what a trace has saved: items of collections, attributes, what a function
returns. `.node` is reported there too.

## Why is this bad?

On 0.4 a saved value is a proxy, and `.value` is the tensor that it stands for. (A name that was
bound in the function of the trace itself is given the tensor when the trace ends; `.value` fails
there on 0.4 as well.) Since 0.5 there are no proxies, and what is saved is the tensor:
`AttributeError: 'Tensor' object has no attribute 'value'`.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

acts = []
with lm.trace("The Eiffel Tower is in"):
    for layer in range(2):
        acts.append(lm.transformer.h[layer].output.save())
print([act.value for act in acts])
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

acts = []
with lm.trace("The Eiffel Tower is in"):
    for layer in range(2):
        acts.append(lm.transformer.h[layer].output.save())
print([act for act in acts])
```

## Left alone

Whatever is not seen to come out of `save()`: members of enumerations, ctypes numbers, other
objects' attributes.

```python
import enum

from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


class Layer(enum.Enum):
    EARLY = 0
    LATE = 1


acts = {}
with lm.trace("The Eiffel Tower is in"):
    for layer in Layer:
        acts[layer] = lm.transformer.h[layer.value].output.save()
for layer, act in acts.items():
    print(layer.value, act)
```

## Fix safety

The fix is safe: only `.value` is taken away. Where a `ValueError` is waited for, which told on 0.4
that there is no value, a NameError is waited for as well. `x.value if hasattr(x, "value") else x`
works on both versions; there the finding is a note, and the fix leaves `x`.

## References

- nnsight 0.4.11, `nnsight/tracing/graph/proxy.py` (`value`)
- nnsight 0.5.15, `nnsight/intervention/tracing/base.py` (`push`)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Dialect, Program, Statement, Told
from nnmigrate.program.values import Container, Traced
from nnmigrate.spans import Edit, Span

from .common.unset import unset_errors

RULE = Rule("NNS204", "value-of-proxy", since="0.5.0", fixable=Applicability.SAFE)

_ATTRIBUTE = pattern(r"\s*\.\s*(value|node)\Z")


def check(program: Program) -> Iterator[Finding]:
    """Reads of a proxy's own attributes."""
    seen: set[Span] = set()
    for scope in program.scopes:
        for statement in scope.body.statements:
            for step in statement.all_steps:
                if not isinstance(step, Told) or step.span in seen:
                    continue
                if step.receiver.saved or _is_asked_for(program, statement, step):
                    seen.add(step.span)
                    yield from _findings(program, statement, step)


def _is_asked_for(program: Program, statement: Statement, step: Told) -> bool:
    """Whether a program asks whether there is a value, of one that it has not saved."""
    ours = isinstance(step.receiver, (Traced, Container)) and step.what == "value"
    return ours and bool(unset_errors(program, statement, step.span))


def _findings(program: Program, statement: Statement, step: Told) -> Iterator[Finding]:
    text = program.text(step.span)
    if step.what == "hasattr" and program.dialect is not Dialect.NEW:
        yield _guard(step, text)
    # What a helper does is told at its call, too: only where it stands can it be changed.
    attribute = _ATTRIBUTE.search(text)
    if step.what in ("value", "node") and attribute is not None:
        yield _read(step, text, attribute, unset_errors(program, statement, step.span))


def _guard(step: Told, text: str) -> Finding:
    plain = text.rpartition(" else ")[2].strip()
    return RULE.finding(
        Severity.NOTE,
        step.span,
        f"`{plain}` is a saved value, which has no `value` on 0.5",
        "nothing changes: the condition is never true",
        Fix(f"Write `{plain}`", (Edit(step.span, plain),)),
    )


def _read(step: Told, text: str, attribute: re.Match[str], more: tuple[Edit, ...]) -> Finding:
    name, receiver = attribute[1], text[: attribute.start()]
    removed = Edit(Span(step.span.start + attribute.start(), step.span.end), "")
    fix = Fix("Remove `.value`", tuple(sorted((removed, *more)))) if name == "value" else None
    reason = "" if fix else "; there is no graph any more, so what asks for its nodes has to go"
    return RULE.finding(
        Severity.ERROR,
        step.span,
        f"`{receiver}` is a saved value: a tensor since 0.5, no proxy" + reason,
        f"AttributeError: 'Tensor' object has no attribute '{name}'",
        fix,
    )
