"""A value of one invoke reaches another as an old value, silently.

## What it does

Finds names that one invoke binds and another one uses, where nnsight 0.5 hands over another value
than the one that the program means, and raises nothing.

## Why is this bad?

Invokes share names through one frame, under rules that 0.4 did not have. A name arrives as its
**outer** value if it is bound anywhere that the trace sees: as a local or module variable, a
parameter, a loop's variable, by an earlier turn of a loop around the trace that saved it. It
**freezes** at its first arrival: what the first invoke rebinds later is not seen. If **several
invokes** bind it, the one that did so last in time wins, not the last in the text; in a loop of
invokes all turns get one value. What a **helper** function calls by that name is shared in its
stead. None is never shared. Since Python 3.12 a module that a comprehension asks for **shares**
what the invoke has bound by then, as any other does; before, a comprehension has a frame of its
own. Where only one of them goes wrong, the finding says which.

Barriers do not help: they settle when, not what. A dictionary made in the trace's body does: every
invoke sees the one object.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
hidden = 0.0

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        hidden = lm.transformer.h[3].mlp.output
    with tracer.invoke("The Colosseum is in"):
        target = lm.transformer.h[3].mlp.output
        target[:] = hidden
        patched = lm.lm_head.output.save()
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
hidden = 0.0

with lm.trace() as tracer:
    shared = {}
    with tracer.invoke("The Eiffel Tower is in"):
        hidden = lm.transformer.h[3].mlp.output
        shared["hidden"] = hidden
    with tracer.invoke("The Colosseum is in"):
        target = lm.transformer.h[3].mlp.output
        target[:] = shared["hidden"]
        patched = lm.lm_head.output.save()
```

## Left alone

A name that nothing else binds.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        hidden = lm.transformer.h[3].mlp.output
    with tracer.invoke("The Colosseum is in"):
        target = lm.transformer.h[3].mlp.output
        target[:] = hidden
        patched = lm.lm_head.output.save()
```

Every invoke uses what it bound itself.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
hidden = 0.0

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        hidden = lm.transformer.h[3].mlp.output
        first = hidden.mean().save()
    with tracer.invoke("The Colosseum is in"):
        hidden = lm.transformer.h[3].mlp.output
        second = hidden.mean().save()
```

## Fix safety

The fix is safe: the changed trace is simulated, and the fix offered only if every use sees the
definition that the order of the text gives it. Where no dictionary and no barrier can do that, the
fix is unsafe: the invokes run one after the other, in a session (see NNS101).

## References

- nnsight 0.5.15, `nnsight/intervention/interleaver.py` (`Mediator.push`, `Mediator.pull`:
  `original_globals`)
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Program, Trace
from nnmigrate.program.survival import Held, lost_names
from nnmigrate.schedule import Effect, Seen, Unsafe

from .common.arriving import arriving_fix
from .common.crossings import Crossing, crossings, on_pythons, runs
from .common.keeping import keeping_fix

RULE = Rule("NNS102", "stale-reference", since="0.5.0", fixable=Applicability.SAFE)

_REASONS = {
    Unsafe.NOTHING: "None is never shared between invokes",
    Unsafe.OUTER: "the name is also bound outside the invokes, and that value is seen",
    Unsafe.SEVERAL_PRODUCERS: "several invokes bind the name, and the last one in time wins",
    Unsafe.REBOUND: "the invoke binds the name more than once, and the first value arrives",
    Unsafe.FOREIGN: "a helper's own variables are shared under their names instead",
}


def check(program: Program) -> Iterator[Finding]:
    """Uses that 0.5 gives another value than the one that is meant."""
    for trace in program.traces:
        found = [c for c in crossings(program, trace) if c.difference.effect is Effect.SILENT]
        if found:
            kept = _kept_outside(program, trace)
            found = [crossing for crossing in found if crossing.name not in kept]
        fix = arriving_fix(program, trace) if found else None
        for crossing in found:
            if crossing.by_chance:
                yield _by_chance(crossing, fix)
            elif crossing.again:
                yield _again(crossing, fix)
            else:
                yield RULE.finding(
                    Severity.SILENT,
                    crossing.step.span,
                    f"`{crossing.name}` is not the value that the earlier invoke makes: "
                    + _reason(program, trace, crossing),
                    on_pythons(f"silently {_seen(crossing)}", crossing),
                    fix,
                )


def _kept_outside(program: Program, trace: Trace) -> frozenset[str]:
    """Counters and flags of Python's that NNS203 moves out of the invokes."""
    if trace.session is not None:
        return frozenset()
    plain = (lost for lost in lost_names(program, trace) if lost.held is Held.PLAIN)
    fixes = ((lost.name, keeping_fix(program, trace, lost)) for lost in plain)
    safe = Applicability.SAFE
    return frozenset(name for name, fix in fixes if fix and fix.applicability is safe)


def _by_chance(crossing: Crossing, fix: Fix | None) -> Finding:
    """What an earlier turn bound and did not save is there only if its id is one of those saved."""
    return RULE.finding(
        Severity.WARNING,
        crossing.step.span,
        f"`{crossing.name}` may be what an earlier turn of the loop bound: 0.5 does not always "
        "drop what was not saved",
        "nothing, as a rule; now and then, silently, an earlier value",
        fix,
    )


def _again(crossing: Crossing, fix: Fix | None) -> Finding:
    """A notebook's names outlive its cells."""
    return RULE.finding(
        Severity.WARNING,
        crossing.step.span,
        f"`{crossing.name}` is what the notebook bound before, when this cell is run a second time",
        f"nothing at the first run; at the next one silently an older value of `{crossing.name}`",
        fix,
    )


def _reason(program: Program, trace: Trace, crossing: Crossing) -> str:
    for run in runs(program, trace):
        for need in run.plan.containers:
            if run.origin(need.use).step.site == crossing.step.site:
                return _REASONS[need.reason]
    if crossing.origin.invoke in {origin.invoke for origin in crossing.definitions}:
        return "another invoke sets the same item in the meantime"
    return "it is not there in time, and an older value is"


def _seen(crossing: Crossing) -> str:
    if Seen.OUTER in crossing.difference.seen:
        return f"the value that `{crossing.name}` had before the trace is used"
    return f"another value of `{crossing.name}` is used"
