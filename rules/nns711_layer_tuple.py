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
nothing is said, and where it says nothing there is one note for each file. Asked for by its code
(`nnmigrate fix --select NNS711 --unsafe-fixes`) it is offered at every place, whatever the project
asks for: the new form reads the same hidden states with every version.

## References

- transformers 4.54.0, 5.0.0, 5.2.0, 5.3.0 and 5.5.0, `transformers/models/*/modeling_*.py`
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Access, Dialect, Program, Statement
from nnmigrate.schedule.values import Point
from nnmigrate.spans import Edit, Span

from .common.editing import code_of, fresh_name
from .common.families import Family, family_of, reaches

RULE = Rule("NNS711", "layer-tuple", since="0.4.0", fixable=Applicability.UNSAFE)

_IS_SET = pattern(r"\s*(?:=(?!=)|(?:[-+*/%@&|^]|//|\*\*|<<|>>)=)")
_CONSEQUENCE = "silently the first prompt's row instead of the hidden states of all"


@dataclass(frozen=True)
class _Place:
    """A read of a layer's first item, and how it would be written for every version."""

    span: Span
    family: Family
    fix: Fix | None


def check(program: Program) -> Iterator[Finding]:
    """Reads of a layer's first item, each where the version is known, else the first one."""
    asked = RULE.code in program.options.asked
    if program.dialect is Dialect.NEW and not asked:
        return
    noted = False
    for place in _reads(program):
        known = reaches(program.options.project, place.family)
        if known:
            yield _certain(program, place)
        elif asked:
            yield _noted(program, place)
        elif known is None and program.dialect is Dialect.OLD and not noted:
            noted = True
            yield _noted(program, replace(place, fix=None))


def _reads(program: Program) -> Iterator[_Place]:
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
                        span = Span(step.span.start, step.span.end + 3)
                        yield _Place(span, family, _fix(program, statement, span))


def _fix(program: Program, statement: Statement, span: Span) -> Fix | None:
    """The form that reads the same with every version."""
    module = program.text(span).removesuffix("[0]")
    # The item itself is set: that is another thing for a tensor than for a tuple.
    loops = re.search(r"\bfor\b", program.text(statement.span)) is not None
    if _IS_SET.match(program.code, span.end) or (loops and _is_iterated(statement.node, module)):
        return None
    name = fresh_name(program, "out")
    new = f"({name}[0] if isinstance({name} := {module}, tuple) else {name})"
    return Fix("Take the tuple apart if it is one", (Edit(span, new),), Applicability.UNSAFE)


def _is_iterated(node: cst.CSTNode, module: str) -> bool:
    """Whether a comprehension goes through it: no name can be bound there."""
    if isinstance(node, cst.CompFor) and module in code_of(node.iter):
        return True
    return any(_is_iterated(child, module) for child in node.children)


def _certain(program: Program, place: _Place) -> Finding:
    text, family = program.text(place.span), place.family
    return RULE.finding(
        Severity.SILENT,
        place.span,
        f"`{text}`: layers of {family.name} give a tensor, no tuple, from transformers "
        f"{family.tensor_from} on, which the project asks for",
        _CONSEQUENCE,
        place.fix,
    )


def _noted(program: Program, place: _Place) -> Finding:
    family = place.family
    return RULE.finding(
        Severity.NOTE,
        place.span,
        f"`{program.text(place.span)}`: layers of {family.name} give a tuple up to transformers "
        f"{family.tuple_up_to}, and a tensor from {family.tensor_from} on"
        + ("" if place.fix else "; `fix --select NNS711 --unsafe-fixes` writes what suits both"),
        f"nothing changes by nnsight; with a newer transformers {_CONSEQUENCE}",
        place.fix,
    )
