"""A value crosses between invokes in a way that is not followed.

## What it does

Finds names that one invoke binds and a later one uses in a trace of which nnmigrate cannot tell
when things happen: one that goes over the steps of a generation, deletes names, or is too long.
And names that a function binds for its surroundings (`global`, `nonlocal`), called in one invoke,
and that a later invoke uses.

## Why is this bad?

Nothing else is said of such a trace, so nothing would be said if a value did not arrive. What goes
wrong over the steps of a generation is known: a name is handed on once. The other invoke takes it
at the first step and keeps it, and from the second step on works with an old value. Nothing is
raised unless the shapes differ.

A function's `global` or `nonlocal` name is no name of the invoke, which 0.5 would hand on. A
function that is called later finds it where it has been bound by then; an invoke itself has what it
was when the trace began.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.generate(max_new_tokens=3) as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("The Eiffel Tower is in"):
        with tracer.iter[:3]:
            hidden = lm.transformer.h[3].output[0][:, -1]
            barrier()
    with tracer.invoke("The Colosseum is in"):
        with tracer.iter[:3]:
            barrier()
            lm.transformer.h[5].output[0][:, -1] = hidden
            logits = lm.lm_head.output.save()
```

## Left alone

A dictionary that the trace's body makes is one object for all invokes, at every step.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.generate(max_new_tokens=3) as tracer:
    barrier = tracer.barrier(2)
    shared = {}
    with tracer.invoke("The Eiffel Tower is in"):
        with tracer.iter[:3]:
            shared["hidden"] = lm.transformer.h[3].output[0][:, -1]
            barrier()
    with tracer.invoke("The Colosseum is in"):
        with tracer.iter[:3]:
            barrier()
            lm.transformer.h[5].output[0][:, -1] = shared["hidden"]
            logits = lm.lm_head.output.save()
```

Invokes that need nothing of each other.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.generate(max_new_tokens=3) as tracer:
    for prompt in ("The Eiffel Tower is in", "The Colosseum is in"):
        with tracer.invoke(prompt):
            with tracer.iter[:3]:
                hidden = lm.transformer.h[3].output[0][:, -1]
                hidden[:] = 0
```

## Fix safety

There is no fix: put the value into a dictionary that the trace's body makes, and see that a barrier
stands behind what is put there and before what is taken out, at every step.

## References

- nnsight 0.5.15, `nnsight/intervention/interleaver.py` (`Mediator.pull`)
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Finding, Rule, Severity
from nnmigrate.program import Bind, Dialect, Invoke, Mutation, Program, Read, Statement, Trace

from .common.crossings import why_not_followed

RULE = Rule("NNS110", "crossing-not-followed", since="0.5.0")


def check(program: Program) -> Iterator[Finding]:
    """The first use of each name that crosses, in traces that are not followed."""
    for trace in program.traces:
        why = why_not_followed(program, trace) if trace.explicit else None
        if why is not None:
            for step, frozen in _crossing(trace):
                if frozen or program.dialect is not Dialect.NEW:
                    yield _finding(step, why, frozen=frozen)
        if trace.explicit and program.dialect is not Dialect.NEW:
            yield from map(_bound_outside, _bound_by_functions(trace))


def _bound_outside(step: Read) -> Finding:
    return RULE.finding(
        Severity.WARNING,
        step.span,
        f"`{step.name}` is bound by a function that an earlier invoke calls: keep it in a "
        "dictionary, and see that it is there before it is used",
        "the value that it had before the trace, unless a function asks for it later",
    )


def _bound_by_functions(trace: Trace) -> Iterator[Read]:
    """The first use of each name that functions called in earlier invokes bind around them."""
    bound: set[str] = set()
    for invoke in trace.invokes:
        own: set[str] = set()
        changed: set[str] = set()
        for step in (step for each in invoke.body.walk() for step in (*each.steps, *each.turn)):
            if isinstance(step, Read) and step.name in bound - own:
                yield step
                bound.discard(step.name)
            elif isinstance(step, Mutation) and step.how == "rebind":
                changed.add(step.base)
                own.add(step.base)
            elif isinstance(step, Bind) and not step.foreign:
                own.add(step.name)
        bound |= changed


def _finding(step: Read, why: str, *, frozen: bool) -> Finding:
    if frozen:
        return RULE.finding(
            Severity.SILENT,
            step.span,
            f"`{step.name}` of another invoke is handed on at the first step only: carry it in a "
            "dictionary that the trace's body makes",
            "silently the first step's value at every step, unless the shapes differ",
        )
    return RULE.finding(
        Severity.WARNING,
        step.span,
        f"whether `{step.name}` of an earlier invoke is there in time cannot be told: {why}",
        "NameError, or silently an older value, unless it is there in time",
    )


def _crossing(trace: Trace) -> Iterator[tuple[Read, bool]]:
    """The reads of what only an earlier invoke binds, and whether both are at every step."""
    # By name: whether it is bound anew at every step of a generation.
    bound: dict[str, bool] = {}
    for invoke in trace.invokes:
        own: dict[str, bool] = {}
        for statement, steps_over in _statements(invoke):
            for step in (*statement.steps, *statement.turn):
                if isinstance(step, Read) and step.name in bound and step.name not in own:
                    yield step, steps_over and bound.pop(step.name)
                    bound.pop(step.name, None)
                elif isinstance(step, Bind) and not step.foreign:
                    own[step.name] = own.get(step.name, False) or steps_over
        bound.update(own)


def _statements(invoke: Invoke) -> Iterator[tuple[Statement, bool]]:
    """The statements of an invoke, with whether they are run at each of several steps."""
    for statement in invoke.body.statements:
        yield from _below(statement, False)


def _below(statement: Statement, steps_over: bool) -> Iterator[tuple[Statement, bool]]:
    yield statement, steps_over
    opens = statement.opens is not None and statement.opens.kind == "iterate"
    for block in statement.blocks:
        for inner in block.statements:
            yield from _below(inner, steps_over or opens)
