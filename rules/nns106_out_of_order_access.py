"""A module is read or set after a later one, in one invoke.

## What it does

Finds accesses to modules in another order than the one in which the model runs them; also where a
function's loop goes over layers in the order in which a call in the file names them (`[3, 0]`).

## Why is this bad?

0.4 read a trace as a whole and handed out every value, in whatever order the text asked for them.
Since 0.5 an invoke waits for one access after the other while the model runs: what has passed is
missed. `OutOfOrderError: Value was missed for ... Did you call an Envoy out of order?`

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    after = lm.transformer.h[3].output.save()
    before = lm.transformer.h[3].input.save()
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    before = lm.transformer.h[3].input.save()
    after = lm.transformer.h[3].output.save()
```

## Left alone

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    early = lm.transformer.h[0].output.save()
    again = lm.transformer.h[0].output.save()
    late = lm.transformer.h[5].output.save()
```

Modules of which it is not known which one runs first.

```python
import torch
from nnsight import NNsight



class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.one = torch.nn.Linear(2, 2)
        self.two = torch.nn.Linear(2, 2)

    def forward(self, x):
        return self.two(self.one(x))


model = NNsight(Net())

with model.trace(torch.zeros(1, 2)):
    one = model.one.output.save()
    two = model.two.output.save()
```

## Fix safety

The fix is safe. A statement moves up, with what it needs, past those that have nothing to do with
it; or two loops over the same layers become one; or a name is bound to the module's value where
that is there, and read where it is wanted. It is offered only if less comes late in the simulated
schedule, and no change of a module's value comes later than it did.

Where a module is changed with what a later one gives, no order helps, and 0.4 ignored the change
(NNS105): a person must decide whether a second trace was meant.

A trace that is meant to fail, in `pytest.raises(...)` or in a `try` of code for 0.5, is left alone.

## References

- nnsight 0.5.15, `nnsight/intervention/interleaver.py` (`Mediator.handle_value_event`)
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Rule, Severity
from nnmigrate.program import Access, Dialect, Program, Step, Trace
from nnmigrate.program.steps import Loop, Repeat, flat
from nnmigrate.schedule import Fault
from nnmigrate.schedule.values import Index

from .common.apart import apart_fix
from .common.crossings import late_accesses, runs
from .common.ordering import ordering_fix
from .common.wanted import is_wanted

RULE = Rule("NNS106", "out-of-order-access", since="0.5.0", fixable=Applicability.SAFE)

_ERRORS = {
    Fault.OUT_OF_ORDER_GET: "OutOfOrderError: Value was missed for `{}`",
    Fault.OUT_OF_ORDER_SWAP: "ValueError: Setting `{}` is out of scope",
    Fault.NOT_PROVIDED: "ValueError: Execution complete but `{}` was not provided",
}


def check(program: Program) -> Iterator[Finding]:
    """Accesses that come too late in every order that the modules may have."""
    for trace in program.traces:
        late = () if is_wanted(program, trace) else late_accesses(program, trace)
        for step, fault in late:
            yield _finding(program, trace, step, fault)
        if not late and program.dialect is not Dialect.NEW:
            yield from _given_backwards(program, trace)


def _given_backwards(program: Program, trace: Trace) -> Iterator[Finding]:
    """The first module that a loop asks for by numbers that a call gives in another order."""
    for loop, steps in _loops(trace):
        keys = tuple(each.key for each in (loop, *loop.parts) if each.returns)
        late = [s for s in flat(steps) if isinstance(s, Access) and _is_counted(s, keys)]
        if late:
            text = program.text(late[0].span)
            yield RULE.finding(
                Severity.ERROR,
                late[0].span,
                f"a call in this file lets the loop around `{text}` go back to an earlier module: "
                "this invoke waits for a later one before",
                _ERRORS[Fault.OUT_OF_ORDER_GET].format(text),
            )


def _loops(trace: Trace) -> Iterator[tuple[Loop, tuple[Step, ...]]]:
    """The loops in a trace's invokes, and what their turns do."""
    for invoke in trace.invokes:
        for statement in invoke.body.walk():
            if statement.loop is not None:
                yield statement.loop, statement.all_steps
            for step in statement.steps:
                if isinstance(step, Repeat):
                    yield step.loop, step.steps


def _is_counted(access: Access, loops: tuple[str, ...]) -> bool:
    indexes = [part.key for part in access.provider.path if isinstance(part, Index)]
    return any(key.startswith(loops) for key in indexes)


def _finding(program: Program, trace: Trace, step: Access, fault: Fault) -> Finding:
    text = program.text(step.span)
    held = any(run.unrolled.trace.barriers for run in runs(program, trace))
    waits = "waits for a later module, or at a barrier," if held else "waits for a later module"
    fix = ordering_fix(program, trace) or (apart_fix(program, trace) if held else None)
    return RULE.finding(
        Severity.ERROR,
        step.span,
        f"`{text}` has passed when it is asked for: this invoke {waits} before",
        _ERRORS[fault].format(text),
        fix,
    )
