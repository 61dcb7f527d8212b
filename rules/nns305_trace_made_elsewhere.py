"""A trace is made in one place and entered in another.

## What it does

Finds traces, sessions and invokes that are not made in the header of the `with` that enters them:
bound to a name first, returned by a function, entered by an `ExitStack` or by hand.

## Why is this bad?

0.5 looks for the body where the trace is made: at a `with` on that very line.
`WithBlockNotFoundError`.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


def traced(prompt):
    return lm.trace(prompt)


tracer = lm.trace("The Eiffel Tower is in")
with tracer:
    logits = lm.lm_head.output.save()

with traced("Madison Square Garden is in"):
    hidden = lm.transformer.h[0].output.save()
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()

with lm.trace("Madison Square Garden is in"):
    hidden = lm.transformer.h[0].output.save()
```

## Left alone

A condition in the header itself.

```python
from contextlib import nullcontext

from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
tracing = True

with lm.trace("The Eiffel Tower is in") if tracing else nullcontext():
    print("here")
```

## Fix safety

The fix is safe: it is offered where the trace is made once and entered once, in the same suite, and
nothing in between changes what the call reads; for an `ExitStack`, where it does nothing but enter
contexts, first thing in its body.

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/base.py` (`parse`)
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Dialect, Made, Program
from nnmigrate.program.values import Envoy, NnsightModule, Tracer

from .common.entering import Making, entered_later, makings, name_fix, stack_fix
from .common.inlining import Helper, fix_of, helpers, uses, vanishes

RULE = Rule("NNS305", "trace-made-elsewhere", since="0.5.0", fixable=Applicability.SAFE)

_CONSEQUENCE = "WithBlockNotFoundError: nnsight looks for a `with` on the line of the call"


def check(program: Program) -> Iterator[Finding]:
    """What nnsight makes outside of the header of a with statement."""
    returning = [helper for helper in helpers(program) if not helper.manager]
    vanishing = []
    for helper in returning:
        found = uses(program, helper)
        vanishing += [helper.last] if vanishes(program, helper, found) else []
        yield from _of_helper(program, helper)
    for making in makings(program):
        if making.statement not in vanishing:
            yield from _of_making(program, making)


def _of_helper(program: Program, helper: Helper) -> Iterator[Finding]:
    found = uses(program, helper)
    for use in found:
        fix = fix_of(program, helper, found, use)
        if fix is not None:
            message = f"`{helper.scope.name}` makes the trace that this `with` enters"
            yield RULE.finding(Severity.ERROR, use.context.span, message, _CONSEQUENCE, fix)


def _of_making(program: Program, making: Making) -> Iterator[Finding]:
    entered = entered_later(making)
    if not (entered or _is_certain(making.step)) or _is_shown(program, making):
        return
    if program.dialect is Dialect.NEW and _is_found(program, later=entered is not None):
        return
    fix: Fix | None = name_fix(program, making) or stack_fix(program, making)
    call = program.text(making.step.span)
    reason = "" if fix else "; write it in the header of the `with` that it belongs to"
    message = f"`{call}` is not made in the header of a `with`{reason}"
    yield RULE.finding(Severity.ERROR, making.step.span, message, _CONSEQUENCE, fix)


def _is_found(program: Program, *, later: bool) -> bool:
    """Whether the target finds the `with` from where it is entered (run on 0.7.0 and 0.8.1)."""
    target = program.options.target
    return target >= (0, 7) and (later or target < (0, 8))


def _is_shown(program: Program, making: Making) -> bool:
    """Whether a text shows how a call is written: nothing becomes of what it makes."""
    return program.options.text and making.is_alone


def _is_certain(step: Made) -> bool:
    """Whether a call makes a context of nnsight's, whatever becomes of it."""
    opener, receiver = step.opener, step.opener.receiver
    if opener.kind == "generate" or any(name == "trace" for name, _ in opener.keywords):
        # `model.generate(...)` alone generates, and `trace=False` runs the model.
        return False
    if isinstance(receiver, Envoy):
        return opener.kind in ("trace", "session") or not receiver.path
    return isinstance(receiver, (Tracer, NnsightModule))
