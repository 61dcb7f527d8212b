"""The first item of a layer's output is read, where newer layers give no tuple.

## What it does

Finds `layer.output[0]` of decoder layers that give a bare tensor from some version of transformers
on.

## Why is this bad?

Where the output is a tuple, `[0]` is the hidden states of all prompts. Where it is a tensor, `[0]`
is the first prompt's: a dimension is missing, and an intervention reaches one prompt alone. With
one prompt that often runs, and nothing says so.

## Example

```toml
[project]
dependencies = ["nnsight", "transformers>=5.3"]
```

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in", scan=False):
    lm.transformer.h[0].output[0][:] = 0
    hidden = lm.transformer.h[1].output[0].save()
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    (out[0] if isinstance(out := lm.transformer.h[0].output, tuple) else out)[:] = 0
    hidden = (out[0] if isinstance(out := lm.transformer.h[1].output, tuple) else out).save()
```

## Left alone

Attention modules, which give a tuple in every version, and rows that are meant.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    attended = lm.transformer.h[1].attn.output[0].save()
    first = lm.transformer.h[1].mlp.output[0].save()
    whole = lm.transformer.h[1].output.save()
```

## Fix safety

The fix is unsafe: it assumes that the hidden states of all prompts are meant. It is offered where
the project asks for a transformers whose layers give a tensor; where it asks for an older one
nothing is said, and where it says nothing there is one note for each file.

## References

- transformers 4.54.0, 5.0.0, 5.2.0, 5.3.0 and 5.5.0, `transformers/models/*/modeling_*.py`
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Access, Dialect, Program
from nnmigrate.schedule.values import Point
from nnmigrate.spans import Edit, Span

from .common.editing import fresh_name
from .common.families import Family, family_of, reaches

RULE = Rule("NNS711", "layer-tuple", since="0.4.0", fixable=Applicability.UNSAFE)

_CONSEQUENCE = "silently the first prompt's row instead of the hidden states of all"


def check(program: Program) -> Iterator[Finding]:
    """Reads of a layer's first item, each where the version is known, else the first one."""
    if program.dialect is Dialect.NEW:
        return
    noted = False
    for span, family in _reads(program):
        known = reaches(program.options.project, family)
        if known:
            yield _certain(program, span, family)
        elif known is None and program.dialect is Dialect.OLD and not noted:
            noted = True
            yield _noted(program, span, family)


def _reads(program: Program) -> Iterator[tuple[Span, Family]]:
    seen: set[Span] = set()
    for trace in program.traces:
        for statement in trace.body.statements:
            for step in statement.all_steps:
                if not isinstance(step, Access) or step.swap or step.span in seen:
                    continue
                behind = program.code[step.span.end : step.span.end + 3]
                if behind == "[0]" and step.provider.point is Point.OUTPUT:
                    family = family_of(program.code, step.provider.path)
                    if family is not None:
                        seen.add(step.span)
                        yield Span(step.span.start, step.span.end + 3), family


def _certain(program: Program, span: Span, family: Family) -> Finding:
    text = program.text(span)
    name = fresh_name(program, "out")
    module = text.removesuffix("[0]")
    new = f"({name}[0] if isinstance({name} := {module}, tuple) else {name})"
    fix = None
    # The item itself is set: that is another thing for a tensor than for a tuple.
    behind = program.code[span.end :].lstrip(" ")
    if not behind.startswith("=") or behind.startswith("=="):
        fix = Fix("Take the tuple apart if it is one", (Edit(span, new),), Applicability.UNSAFE)
    return RULE.finding(
        Severity.SILENT,
        span,
        f"`{text}`: layers of {family.name} give a tensor, no tuple, from transformers "
        f"{family.tensor_from} on, which the project asks for",
        _CONSEQUENCE,
        fix,
    )


def _noted(program: Program, span: Span, family: Family) -> Finding:
    return RULE.finding(
        Severity.NOTE,
        span,
        f"`{program.text(span)}`: layers of {family.name} give a tuple up to transformers "
        f"{family.tuple_up_to}, and a tensor from {family.tensor_from} on",
        f"nothing changes by nnsight; with a newer transformers {_CONSEQUENCE}",
    )
