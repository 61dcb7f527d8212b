"""A context of nnsight stands for Python's `if` or `for`.

## What it does

Finds `with tracer.cond(...)` with what follows it by `else_`, `with session.iter(...)`, the same of
the package (`nnsight.cond`, `nnsight.iter`), and `with nnsight.local()`.

## Why is this bad?

On 0.4 a condition or a loop over values that were not there yet had to be a part of the graph.
Since 0.5 the body runs on real values, Python's own statements do, and these contexts are gone.

## Example

```python
import nnsight
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.session() as session:
    kept = nnsight.list().save()
    with session.iter(["The Eiffel Tower is in", "The Louvre is in"]) as prompt:
        with lm.trace(prompt) as tracer:
            logits = lm.lm_head.output
            with tracer.cond(logits.sum() > 0) as positive:
                kept.append(logits.max())
            with positive.else_():
                kept.append(logits.min())
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.session() as session:
    kept = list().save()
    for prompt in ["The Eiffel Tower is in", "The Louvre is in"]:
        with lm.trace(prompt) as tracer:
            logits = lm.lm_head.output
            if logits.sum() > 0:
                kept.append(logits.max())
            else:
                kept.append(logits.min())
```

## Left alone

Iteration over the steps of a generation, and contexts of other libraries.

```python
from nnsight import LanguageModel
from requests import Session

lm = LanguageModel("openai-community/gpt2")

with Session() as session:
    session.headers["Accept"] = "text/plain"
with lm.generate("The Eiffel Tower is in", max_new_tokens=3) as tracer:
    with tracer.iter[:]:
        token = lm.lm_head.output.argmax(-1).save()
```

## Fix safety

The fix is safe where everything in the body was a part of the graph. Where the body binds a name
anew that was bound before it, the fix is unsafe: 0.4 ran the body's Python once, whatever the
condition and however many turns.

## References

- nnsight 0.4.11, `nnsight/tracing/contexts/conditional.py` and `iterator.py`
- nnsight 0.5.15, `nnsight/__init__.py`
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Program
from nnmigrate.spans import Edit

from .common.structures import (
    Structure,
    as_condition,
    as_loop,
    plain_effects,
    structures,
    unwrapped,
)

RULE = Rule("NNS404", "removed-context", since="0.5.0", fixable=Applicability.SAFE, first=True)

_WORD = {"cond": "if", "iter": "for", "local": ""}


def check(program: Program) -> Iterator[Finding]:
    """Each context that is gone; the parts of a chain are one finding."""
    for structure in structures(program):
        yield _finding(program, structure)


def _finding(program: Program, structure: Structure) -> Finding:
    edits = _edits(program, structure)
    name = plain_effects(program, structure) if structure.kind != "local" else None
    text = program.text(structure.context.call)
    word = _WORD[structure.kind]
    message = f"`{text}` is gone" + (f": Python's `{word}` does it" if word else "")
    if edits is None:
        message += f"; it is not changed: {_reason(structure)}"
    elif name is not None:
        message += f"; 0.4 bound `{name}` once, whatever happened (the fix assumes otherwise)"
    how = Applicability.SAFE if name is None else Applicability.UNSAFE
    title = f"Write it as `{word}`" if word else "Take the context away"
    fix = None if edits is None else Fix(title, tuple(sorted(edits)), how)
    what = structure.kind
    consequence = (
        f"AttributeError: a tracer has no `{what}`"
        if not text.partition("(")[0].startswith(program.nnsight or "\0")
        else "DeprecationWarning, raised as an exception"
    )
    return RULE.finding(Severity.ERROR, structure.context.span, message, consequence, fix)


def _edits(program: Program, structure: Structure) -> tuple[Edit, ...] | None:
    make = {"cond": as_condition, "iter": as_loop, "local": unwrapped}[structure.kind]
    return make(program, structure)


def _reason(structure: Structure) -> str:
    if len(structure.statement.contexts) > 1:
        return "it shares its `with` with another context: write it into the body first"
    if structure.kind == "cond":
        return "its name is used elsewhere, or its arguments are not in view"
    return "what it binds is used in another way, or its arguments are not in view"
