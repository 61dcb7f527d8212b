"""nnsight 0.4 overwrote what had been read of a module when the module was set.

## What it does

Finds names bound to a module's output, or to a part of it, that are saved or used after the same
invoke has set that output, in traces of several prompts.

## Why is this bad?

With several invokes an invoke is given its rows of the batch: a view. To set a module's output,
0.4 wrote the new value into those rows, in place. Whatever the invoke had read of them before
showed the new value from then on, saved values included: the "clean" activation that a script
saved before it patched the module was the patched one. With one prompt it was not.

Since 0.5 the batch is put together anew, and what was read stays what it was. The new numbers are
the ones that were meant; the old ones should not be relied on.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        clean = lm.transformer.h[2].mlp.output
    with tracer.invoke("The Colosseum is in"):
        before = lm.transformer.h[2].mlp.output.save()
        lm.transformer.h[2].mlp.output = clean
        patched = lm.lm_head.output.save()
```

## Left alone

What is computed is a value of its own.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        clean = lm.transformer.h[2].mlp.output
    with tracer.invoke("The Colosseum is in"):
        before = lm.transformer.h[2].mlp.output.clone().save()
        lm.transformer.h[2].mlp.output = clean
        patched = lm.lm_head.output.save()
```

## Fix safety

There is nothing to fix: the note tells what will change in the numbers.

## References

- nnsight 0.4.11, `nnsight/intervention/graph/node.py` and `nnsight/intervention/interleaver.py`;
  seen by running both versions
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nnmigrate.findings import Finding, Rule, Severity
from nnmigrate.program import Bind, Dialect, Program, Trace
from nnmigrate.program.values import Traced
from nnmigrate.schedule import expected
from nnmigrate.schedule.values import Define, Get, Invoke, Swap

from .common.crossings import Run, runs_as_written

RULE = Rule("NNS111", "overwritten-reading", since="0.5.0")


def check(program: Program) -> Iterator[Finding]:
    """Readings that 0.4 overwrote, in code that may have run on it."""
    if program.dialect is Dialect.NEW:
        return
    for trace in program.traces:
        yield from _of_trace(program, trace)


def _of_trace(program: Program, trace: Trace) -> Iterator[Finding]:
    found: dict[int, tuple[Bind, str]] = {}
    for run in runs_as_written(program, trace):
        if len(run.unrolled.trace.invokes) > 1 and not run.unrolled.trace.barriers:
            last_uses = _last_uses(run)
            for invoke in run.unrolled.trace.invokes:
                for bind, swap in _overwritten(run, invoke, last_uses):
                    found[bind.site] = bind, program.text(run.origin(swap.site).step.span)
    for bind, module in found.values():
        yield RULE.finding(
            Severity.NOTE,
            bind.span,
            f"nnsight 0.4 overwrote `{bind.name}` when `{module}` was set below: with several "
            "prompts it was given the new value's rows, not those that were read",
            f"`{bind.name}` stays what was read, and numbers made of it change to what was meant",
        )


def _last_uses(run: Run) -> Mapping[int, int]:
    """By definition, the last use that sees it."""
    last: dict[int, int] = {}
    for use, made in expected(run.unrolled.trace).uses.items():
        if isinstance(made, int):
            last[made] = max(use, last.get(made, use))
    return last


def _overwritten(
    run: Run, invoke: Invoke, last_uses: Mapping[int, int]
) -> Iterator[tuple[Bind, Swap]]:
    """The bindings to a module's own value that somebody sees after the module is set."""
    for number, swap in enumerate(invoke.operations):
        if not isinstance(swap, Swap):
            continue
        gets = {
            operation.site
            for operation in invoke.operations[:number]
            if isinstance(operation, Get) and operation.provider == swap.provider
        }
        for define in invoke.operations[:number] if gets else ():
            if isinstance(define, Define) and gets.intersection(define.needs):
                bind = run.origin(define.site).step
                later = last_uses.get(define.site, swap.site) > swap.site
                if isinstance(bind, Bind) and _is_view(bind) and (later or bind.value.saved):
                    yield bind, swap


def _is_view(bind: Bind) -> bool:
    """Whether a name stands for a module's value itself, or for a part of it."""
    return isinstance(bind.value, Traced) and bind.value.origin is not None
