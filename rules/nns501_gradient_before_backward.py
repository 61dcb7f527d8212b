"""A gradient is read above the `backward()` that makes it.

## What it does

Finds `.grad` of values of the model that is read in a trace before the statement `loss.backward()`.

## Why is this bad?

On 0.4 the order did not matter: a gradient was a node of the graph that waited for the backward
pass. Since 0.5 the line runs when it is reached, where there is no gradient yet: `.grad` is None,
or the name is never bound. Gradients are read in the body of `with loss.backward():`, in the order
in which the backward pass makes them, the last module's first.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    hidden = lm.transformer.h[3].output
    gradient = hidden.grad.save()
    lm.lm_head.output.sum().backward()
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    hidden = lm.transformer.h[3].output
    with lm.lm_head.output.sum().backward():
        gradient = hidden.grad.save()
```

## Left alone

Gradients of parameters, which an ordinary backward pass leaves behind.

```python
import torch
from nnsight import NNsight

layer = torch.nn.Linear(2, 2)
model = NNsight(layer)

with model.trace(torch.ones(1, 2)):
    model.output.sum().backward()

print(layer.weight.grad)
```

## Fix safety

The fix is safe: it is offered for one backward pass, where each gradient is that of a name, what
it gives is not used before the pass, and the order of the modules is known.

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/backwards.py`
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cmp_to_key

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Access, Bind, Program, Read, Statement, Told, Trace
from nnmigrate.program.values import Traced
from nnmigrate.schedule import compare
from nnmigrate.schedule.values import Order, Provider
from nnmigrate.spans import Edit

from .common.editing import merged, movable, reindented, removed

RULE = Rule("NNS501", "gradient-before-backward", since="0.5.0", fixable=Applicability.SAFE)


def check(program: Program) -> Iterator[Finding]:
    """Gradients that are read above the backward pass, in each trace."""
    for trace in program.traces:
        statements = [inner for invoke in trace.invokes for inner in _below(invoke.body.statements)]
        passes = [s for s in statements if s.opens is None and _told(s, "backward")]
        if not passes:
            continue
        early = [
            statement
            for statement in statements
            if _told(statement, "grad") and statement.span.end < passes[-1].span.start
        ]
        fix = _fix(program, trace, early, passes) if early else None
        for statement in early:
            told = _told(statement, "grad")[0]
            yield RULE.finding(
                Severity.ERROR,
                told.span,
                f"`{program.text(told.span)}` is read before the backward pass has made it",
                "`.grad` is None there, or the name is never bound",
                fix,
            )


def _below(statements: Sequence[Statement]) -> Iterator[Statement]:
    """The statements that are not in a `with loss.backward():` already."""
    for statement in statements:
        yield statement
        if statement.opens is None or statement.opens.kind != "backward":
            for block in statement.blocks:
                yield from _below(block.statements)


def _told(statement: Statement, what: str) -> list[Told]:
    steps = (*statement.steps, *statement.turn)
    return [step for step in steps if isinstance(step, Told) and step.what == what]


def _fix(
    program: Program, trace: Trace, early: Sequence[Statement], passes: Sequence[Statement]
) -> Fix | None:
    """Moves the readings into the body of the one backward pass."""
    tops = [statement for invoke in trace.invokes for statement in invoke.body.statements]
    moving = [*early, *passes]
    if len(passes) != 1 or not movable(*moving) or not all(one in tops for one in moving):
        return None
    if passes[0].kind != "Expr" or not all(_is_plain(program, one) for one in early):
        return None
    ordered = _backwards(trace, early)
    if ordered is None or _needed_before(tops, early, passes[0]):
        return None
    unit = trace.body.indent[len(trace.statement.indent) :] or "    "
    indent = passes[0].indent + unit
    rows = [f"with {program.text(passes[0].span)}:"]
    rows += [indent + reindented(program, statement, indent) for statement in ordered]
    edits = [removed(statement) for statement in early]
    edits.append(Edit(passes[0].span, program.newline.join(rows)))
    return Fix("Read the gradient in the backward pass", merged(edits), Applicability.SAFE)


def _is_plain(program: Program, statement: Statement) -> bool:
    """Whether a statement reads the gradient of one name, and no module."""
    told = _told(statement, "grad")
    named = re.fullmatch(r"[^\W\d]\w*\.grad", program.text(told[0].span)) is not None
    accesses = any(isinstance(step, Access) for step in statement.steps)
    return len(told) == 1 and named and not accesses and statement.kind in ("Assign", "Expr")


def _needed_before(
    tops: Sequence[Statement], early: Sequence[Statement], backward: Statement
) -> bool:
    """Whether something up to the backward pass uses what the readings bind."""
    names = {step.name for one in early for step in one.steps if isinstance(step, Bind)}
    others = [one for one in tops if one not in early and one.span.start <= backward.span.start]
    return any(
        isinstance(step, (Read, Bind)) and step.name in names
        for one in others
        for step in one.all_steps
    )


def _backwards(trace: Trace, early: Sequence[Statement]) -> list[Statement] | None:
    """The readings in the order in which a backward pass comes by, if that is known."""
    providers = [_provider(trace, statement) for statement in early]
    if len(early) == 1:
        return list(early)
    known = [provider for provider in providers if provider is not None]
    if len(known) != len(early) or len(set(known)) != len(known):
        return None
    pairs = [(a, b) for a in known for b in known if a != b]
    if any(compare(a, b) not in (Order.BEFORE, Order.AFTER) for a, b in pairs):
        return None
    by_provider = dict(zip(known, early, strict=True))
    return [by_provider[provider] for provider in sorted(known, key=cmp_to_key(_later_first))]


def _later_first(one: Provider, other: Provider) -> int:
    return -1 if compare(one, other) is Order.AFTER else int(one != other)


def _provider(trace: Trace, statement: Statement) -> Provider | None:
    receiver = _told(statement, "grad")[0].receiver
    if not isinstance(receiver, Traced):
        return None
    for step in trace.statement.all_steps:
        if isinstance(step, Access) and step.site == receiver.origin:
            return step.provider
    return None
