"""A loop in a trace goes over the rows of a value of the model.

## What it does

Finds `for row in hidden:` in traces, where the body of the loop fills a collection of Python's or
adds up.

## Why is this bad?

On 0.4 `hidden` was a proxy, and Python ran the body of such a loop once, for a row that stood for
all: a list got one item, the last row, and a sum had one term. (Only what nnsight itself recorded,
such as an `nnsight.list()`, saw every row.) Since 0.5 `hidden` is a tensor and the loop is a loop.
The program gives other numbers: most likely those that were meant.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

rows = []
with lm.trace(["The Eiffel Tower is in", "The Colosseum is in"]):
    for row in lm.transformer.h[0].output[0]:
        rows.append(row.save())
print(len(rows))
```

## Left alone

Loops over what is known before the model runs.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    hidden = lm.transformer.h[0].output[0][0]
    rows = list().save()
    for row in range(3):
        rows.append(hidden[row])
print(len(rows))
```

## Fix safety

There is no fix: which of the two was meant is a person's to say. Where nothing tells that the
code once ran on 0.4, the finding is a note.

## References

- nnsight 0.4.11, `nnsight/intervention/graph/proxy.py` and `nnsight/tracing/hacks`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nnmigrate.findings import Finding, Rule, Severity
from nnmigrate.program import Access, Bind, Dialect, Mutation, Program, Read, Statement
from nnmigrate.program.bodies import Placed, placed, roots

RULE = Rule("NNS208", "loop-over-proxy", since="0.5.0")


def check(program: Program) -> Iterator[Finding]:
    """Loops over rows that Python itself counts."""
    if program.dialect is Dialect.NEW:
        return
    for trace in roots(program):
        body = placed(program, trace)
        own = {place.step.name for place in body if isinstance(place.step, Bind)}
        loops = dict.fromkeys(parent for place in body for parent in place.parents)
        for statement in loops:
            if _goes_over_rows(statement, own) and _counts(program, body, statement):
                yield _finding(program, statement)


def _goes_over_rows(statement: Statement, own: set[str]) -> bool:
    """Whether a loop goes over a value of this trace's run of the model."""
    if statement.loop is None or not statement.loop.proxy:
        return False
    return any(
        isinstance(step, Access) or (isinstance(step, Read) and step.name in own)
        for step in statement.steps
    )


def _counts(program: Program, body: Sequence[Placed], loop: Statement) -> bool:
    """Whether it matters how often Python runs the body."""
    inside = [place for place in body if loop in place.parents]
    recorded = {
        place.step.name
        for place in body
        if isinstance(place.step, Bind) and _is_recorded(program, place.step)
    }
    read = {(p.statement, p.step.name) for p in inside if isinstance(p.step, Read)}
    return any(
        (isinstance(step, Mutation) and step.base not in recorded)
        or (isinstance(step, Bind) and (place.statement, step.name) in read)
        for place in inside
        for step in (place.step,)
    )


def _is_recorded(program: Program, bind: Bind) -> bool:
    """`rows = nnsight.list()`: 0.4 recorded what happens to it."""
    made = "" if bind.expression is None else program.text(bind.expression)
    return program.nnsight is not None and made.startswith(f"{program.nnsight}.")


def _finding(program: Program, statement: Statement) -> Finding:
    told = program.dialect is Dialect.OLD
    return RULE.finding(
        Severity.SILENT if told else Severity.NOTE,
        statement.steps[0].span,
        f"0.4 ran the body of `{_header(program, statement)}` once, for a row that stood for all",
        "silently the body runs for every row: collections are longer, sums have all terms",
    )


def _header(program: Program, statement: Statement) -> str:
    return program.text(statement.span).partition("\n")[0].rstrip(" :\r")
