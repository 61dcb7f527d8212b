"""Steps of a generation are asked of a module instead of the tracer.

## What it does

Finds `.all()` and `.iter[...]` on a model or a module in the body of a trace.

## Why is this bad?

On 0.4 they moved that module and those inside it; every other module stayed at the first step.
0.5 has one cursor for all modules, so that the others move as well: an intervention that was made
once is made at every step. Outside of a `with` the body of a block is looked for and not found, and
what `as` binds is the number of the step instead of the module.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.generate("The Eiffel Tower is in", max_new_tokens=3):
    with lm.lm_head.all() as head:
        head.output[:] = head.output * 2
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.generate("The Eiffel Tower is in", max_new_tokens=3) as tracer:
    with tracer.all():
        lm.lm_head.output[:] = lm.lm_head.output * 2
```

## Left alone

`all` of a tensor, and iteration by the tracer.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.generate("The Eiffel Tower is in", max_new_tokens=3) as tracer:
    with tracer.all():
        positive = (lm.lm_head.output > 0).all().save()
```

## Fix safety

The fix is safe where all that the block reads is the module or lies inside it, or where what is
read of other modules is used by itself: it goes under `if step == 0:`. A name that the block binds
anew gets a second name, because every step of 0.4 began with the value from before the block, and
0.5 forgets behind it what the block bound. The fix is unsafe where the block adds to a collection
of Python's own: 0.4 ran the block once, 0.5 runs it at every step.

## References

- nnsight 0.4.11, `nnsight/intervention/envoy.py` (`Envoy.all`, `IterationEnvoy`)
- nnsight 0.5.15, `nnsight/intervention/envoy.py` and `nnsight/intervention/tracing/iterator.py`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Dialect, Invoke, Program, Statement, Told, Trace

from .common.neighbours import grows
from .common.step_names import Lost, begins_anew
from .common.stepped import (
    OutOfStep,
    Stepping,
    Undecided,
    entered_by_tracer,
    others,
    stepping_of,
)
from .common.wrapping import wrapped

RULE = Rule("NNS602", "module-iteration", since="0.5.0", fixable=Applicability.SAFE)


def check(program: Program) -> Iterator[Finding]:
    """The modules that are iterated over in each invoke."""
    if program.dialect is Dialect.NEW:
        return
    for trace in program.traces:
        if trace.kind == "session":
            continue
        for invoke in trace.invokes:
            for statement in _below(invoke.body.statements):
                for step in (*statement.steps, *statement.turn):
                    stepping = stepping_of(program, step) if isinstance(step, Told) else None
                    if stepping is not None:
                        yield _finding(program, trace, invoke, statement, stepping)


def _below(statements: Sequence[Statement]) -> Iterator[Statement]:
    return (inner for statement in statements for inner in statement.walk())


def _finding(
    program: Program, trace: Trace, invoke: Invoke, statement: Statement, stepping: Stepping
) -> Finding:
    is_entered = statement.opens is not None and statement.opens.kind == "iterate"
    severity, consequence = _told(program, statement, stepping, is_entered)
    fix: Fix | None = None
    reason = ""
    try:
        make = entered_by_tracer if is_entered else wrapped
        fix = make(program, trace, invoke, statement, stepping)
    except OutOfStep as undecided:
        reason = f"; it is not changed: {undecided}"
        if severity is Severity.WARNING:
            severity, consequence = Severity.ERROR, "OutOfOrderError, or what follows is lost"
    except (Undecided, Lost) as undecided:
        reason = f"; it is not changed: {undecided}"
    if severity is Severity.SILENT and program.dialect is not Dialect.OLD:
        severity = Severity.NOTE  # 0.5 may be what was meant
    reason += _begins(program, statement, fixed=fix is not None) if is_entered else ""
    message = f"`{program.text(stepping.told.span)}` asks a module for its steps{reason}"
    return RULE.finding(severity, stepping.told.span, message, consequence, fix)


def _begins(program: Program, statement: Statement, *, fixed: bool) -> str:
    """What is to be said of what a block changes from what it was."""
    name = grows(program, statement)
    if name is not None:
        assumed = " (the fix assumes that this is meant)" if fixed else ""
        return f"; 0.4 ran the block once, 0.5 changes `{name}` at every step{assumed}"
    name = begins_anew(statement)
    if name is None:
        return ""
    keeps = ", and the fix keeps that" if fixed else ""
    return f"; on 0.4 every step began with the same `{name}`, so that only the last counts{keeps}"


def _told(
    program: Program, statement: Statement, stepping: Stepping, is_entered: bool
) -> tuple[Severity, str]:
    if not is_entered:
        return Severity.ERROR, "WithBlockNotFoundError"
    if statement.opens is not None and statement.opens.name is not None:
        return Severity.ERROR, "AttributeError: 'int' object has no attribute 'output'"
    body = statement.blocks[0].statements
    if others(stepping, body):
        return Severity.SILENT, "0.5 moves all modules: the others are read at every step as well"
    if grows(program, statement) or begins_anew(statement):
        return Severity.SILENT, "a name that the block changes goes on from step to step"
    return Severity.WARNING, "deprecated: `tracer.all()` and `tracer.iter[...]` replace it"
