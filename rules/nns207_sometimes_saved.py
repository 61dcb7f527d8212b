"""A name is saved in a trace only sometimes, and read after it.

## What it does

Finds names that a trace always binds but saves only under a condition, and that are read after it.

## Why is this bad?

On 0.4 the name stood for a proxy, and reading it after a run that had not saved it raised
`ValueError`. Since 0.5 an unsaved name is not given back: where an earlier turn of a loop, or
anything before the trace, has bound it, the old value is still there and nothing tells.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

for layer in range(3):
    with lm.trace("The Eiffel Tower is in"):
        hidden = lm.transformer.h[layer].output
        if layer != 1:
            hidden.save()
    print(hidden)
```

## Left alone

What is read only where it was saved, and what is bound only where it is saved.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

for layer in range(3):
    with lm.trace("The Eiffel Tower is in"):
        hidden = lm.transformer.h[layer].output
        if layer != 1:
            hidden.save()
    if layer != 1:
        print(hidden)
```

## Fix safety

There is no fix: 0.4 had no value either. The finding is a note.

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/base.py` (`push`)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from nnmigrate.findings import Finding, Rule, Severity
from nnmigrate.program import Bind, Dialect, Program, Save, Statement, Trace
from nnmigrate.program.bodies import Placed, placed, roots
from nnmigrate.program.liveness import bound_before, read_after
from nnmigrate.program.values import Traced

from .common.editing import code_of
from .common.helpers import runs_in_session

RULE = Rule("NNS207", "sometimes-saved", since="0.5.0")

_CONDITIONS = ("If", "Elif", "Match", "Try", "TryStar", "While")


def check(program: Program) -> Iterator[Finding]:
    """Names whose saving depends on a condition that their binding does not depend on."""
    if program.dialect is Dialect.NEW:
        return
    for trace in roots(program):
        if not runs_in_session(program, trace):
            yield from _in_trace(program, trace)


def _in_trace(program: Program, trace: Trace) -> Iterator[Finding]:
    body = placed(program, trace)
    for name, saves in _saves(body).items():
        binds = [p for p in body if isinstance(p.step, Bind) and p.step.name == name]
        if not binds or not all(_is_unsaved(place) for place in binds):
            continue
        around = set(binds[-1].parents)
        conditions = [set(_conditions(place)) - around for place in saves]
        if not all(conditions) or _read_under(program, trace, conditions):
            continue
        stays = bool(trace.loops) or bound_before(trace, name)
        if stays and read_after(program, trace, name):
            yield _finding(name, saves[0])


def _saves(body: Sequence[Placed]) -> dict[str, list[Placed]]:
    found: dict[str, list[Placed]] = {}
    for place in body:
        if isinstance(place.step, Save) and place.step.name is not None:
            found.setdefault(place.step.name, []).append(place)
    return found


def _is_unsaved(place: Placed) -> bool:
    bind = place.step
    return isinstance(bind, Bind) and isinstance(bind.value, Traced) and not bind.value.saved


def _conditions(place: Placed) -> Iterator[Statement]:
    return (parent for parent in place.parents if parent.kind in _CONDITIONS)


def _read_under(program: Program, trace: Trace, conditions: Sequence[set[Statement]]) -> bool:
    """Whether something behind the trace asks the same as a condition of a save."""
    asked = {_test(statement) for found in conditions for statement in found}
    return any(
        statement.kind in ("If", "Elif")
        and statement.span.start > trace.statement.span.start
        and not trace.statement.span.holds(statement.span)
        and _test(statement) in asked
        for statement in trace.scope.body.walk()
    )


def _test(statement: Statement) -> str:
    node = statement.node
    return code_of(node.test) if isinstance(node, (cst.If, cst.While)) else ""


def _finding(name: str, save: Placed) -> Finding:
    return RULE.finding(
        Severity.NOTE,
        save.step.span,
        f"`{name}` is saved only sometimes, and read after the trace: 0.4 raised where it was not",
        f"silently `{name}` keeps the value that it had before the trace",
    )
