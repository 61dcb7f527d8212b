"""A barrier stands too late or too early, or waits for the wrong number of invokes.

## What it does

Finds traces whose barriers make them fail on nnsight 0.5, or do not do what they are for.

## Why is this bad?

All that call a barrier go on together, when the last of them arrives. If one arrives late in the
forward pass (behind `lm_head`), the others are held until then, and the modules that they want
next have passed: `ValueError: Execution complete but ... was not provided`. A barrier that fewer
invokes call than it waits for holds them for good: `TypeError: cannot unpack non-iterable NoneType
object`, and so does one that an invoke calls at more steps of a generation than another. One that
more invokes call lets the first ones through too early.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("The Eiffel Tower is in"):
        clean = lm.transformer.h[3].output
        logits = lm.lm_head.output.save()
        barrier()
    with tracer.invoke("The Colosseum is in"):
        barrier()
        lm.transformer.h[3].output = clean
        patched = lm.lm_head.output.save()
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("The Eiffel Tower is in"):
        clean = lm.transformer.h[3].output
        barrier()
        logits = lm.lm_head.output.save()
    with tracer.invoke("The Colosseum is in"):
        barrier()
        lm.transformer.h[3].output = clean
        patched = lm.lm_head.output.save()
```

## Left alone

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("The Eiffel Tower is in"):
        clean = lm.transformer.h[3].output
        barrier()
    with tracer.invoke("The Colosseum is in"):
        barrier()
        lm.transformer.h[3].output = clean
        patched = lm.lm_head.output.save()
```

A barrier that nothing needs, and that does no harm.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("The Eiffel Tower is in"):
        first = lm.lm_head.output.save()
        barrier()
    with tracer.invoke("The Colosseum is in"):
        second = lm.lm_head.output.save()
        barrier()
```

## Fix safety

The fix is safe: it puts the barriers where the values need them (nowhere, if they are there in time
without one), and is offered only if the simulated schedule of the changed trace has less that
fails. Where no barrier can do it, the fix is unsafe: the invokes run one after the other, in a
session (see NNS101).

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/tracer.py` (`Barrier`)
- The forum thread "Patching in 0.5", with the error that such a barrier gives
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Rule, Severity
from nnmigrate.program import BarrierCall, Program, Trace
from nnmigrate.schedule import Fault
from nnmigrate.schedule.values import Wait

from .common.arriving import arriving_fix
from .common.crossings import Run, runs, why_not_followed
from .common.iterating import Uneven, uneven_calls

RULE = Rule("NNS103", "misplaced-barrier", since="0.5.0", fixable=Applicability.SAFE)

_FAULTS = (
    Fault.NOT_PROVIDED,
    Fault.PARKED_BARRIER,
    Fault.OUT_OF_ORDER_GET,
    Fault.OUT_OF_ORDER_SWAP,
    Fault.LATE_WRITE,
)


def check(program: Program) -> Iterator[Finding]:
    """The first call of each barrier that has to go or move."""
    for trace in program.traces:
        for run in runs(program, trace)[:1]:
            if run.repair.removed:
                yield from _findings(program, trace, run)
        if why_not_followed(program, trace) is not None:
            yield from map(_uneven, uneven_calls(trace))


def _uneven(found: Uneven) -> Finding:
    return RULE.finding(
        Severity.ERROR,
        found.call.span,
        f"this invoke calls the barrier {found.times} times, another one {found.others} times: "
        "let all go over the same steps",
        "TypeError: cannot unpack non-iterable NoneType object",
    )


def _findings(program: Program, trace: Trace, run: Run) -> Iterator[Finding]:
    fix = arriving_fix(program, trace)
    seen: set[int] = set()
    for name in run.repair.removed:
        for call in _calls(run, name):
            if call.made not in seen:
                seen.add(call.made)
                silent = _failing(program, run)[0] is Fault.LATE_WRITE
                yield RULE.finding(
                    Severity.SILENT if silent else Severity.ERROR,
                    call.span,
                    f"`{call.text}` holds the invokes at the wrong place: {_missed(program, run)}",
                    _consequence(program, run),
                    fix,
                )


def _calls(run: Run, name: str) -> Iterator[BarrierCall]:
    for invoke in run.unrolled.trace.invokes:
        for operation in invoke.operations:
            if isinstance(operation, Wait) and operation.barrier == name:
                step = run.origin(operation.site).step
                assert isinstance(step, BarrierCall)
                yield step


def _failing(program: Program, run: Run) -> tuple[Fault | None, str]:
    """What goes wrong first, and where."""
    for site, difference in run.differences.items():
        if difference.fault in _FAULTS and site in run.unrolled.origins:
            return difference.fault, program.text(run.origin(site).step.span)
    return None, ""


def _missed(program: Program, run: Run) -> str:
    fault, text = _failing(program, run)
    if fault is Fault.PARKED_BARRIER:
        return "not as many invokes call it as it waits for"
    if fault is Fault.LATE_WRITE:
        return f"`{text}` comes when the model has gone on"
    if fault is None:
        return "the values that it is for are not there in time"
    return f"`{text}` has passed when they go on"


def _consequence(program: Program, run: Run) -> str:
    fault, text = _failing(program, run)
    if fault is Fault.PARKED_BARRIER:
        return "TypeError: cannot unpack non-iterable NoneType object"
    if fault is Fault.LATE_WRITE:
        return "silently without effect"
    if fault is None:
        return "NameError, or silently an older value"
    return f"ValueError: Execution complete but `{text}` was not provided"
