"""An invoke stands behind one that iterates over the steps of a generation.

## What it does

Finds invokes behind an invoke with `module.all()` or `module.iter[...]`, in code for 0.4.

## Why is this bad?

0.4 ran an invoke behind such a block in part only, if at all: what it read at the first steps, and
what it changed there, was left out, and nothing told. 0.5 runs every invoke at every step that it
asks for. The numbers of such a program change, and those of 0.5 are the ones that it asks for.

## Example

```python
import nnsight
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.generate(max_new_tokens=3) as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        with lm.lm_head.all():
            lm.lm_head.output[:] = 0
    with tracer.invoke("The Colosseum is in"):
        steps = nnsight.list().save()
        with lm.lm_head.all():
            steps.append(lm.lm_head.output)
print(len(steps))
```

## Left alone

Invokes in front of such a block, and code for 0.5.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.generate(max_new_tokens=3) as tracer:
    with tracer.invoke("The Colosseum is in"):
        first = lm.lm_head.output.save()
    with tracer.invoke("The Eiffel Tower is in"):
        with tracer.all():
            lm.lm_head.output[:] = 0
```

## Fix safety

There is no fix, for nothing has to change. To have the numbers of 0.4 again, run each prompt in a
trace of its own on both versions and compare.

## References

- nnsight 0.4.11, `nnsight/intervention/graph/graph.py` and `nnsight/intervention/interleaver.py`;
  run on 0.4.11: of two invokes with `.all()` over three steps, the second one read one step only
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Finding, Rule, Severity
from nnmigrate.program import Dialect, Invoke, Program

from .common.cursors import shown
from .common.neighbours import Range, block_of, range_of

RULE = Rule("NNS605", "invoke-behind-steps", since="0.5.0")


def check(program: Program) -> Iterator[Finding]:
    """The invokes that 0.4 ran in part."""
    if program.dialect is not Dialect.OLD:
        return
    for trace in program.traces:
        if trace.kind != "generate" or not trace.explicit:
            continue
        several = single = False
        for invoke in trace.invokes:
            blocks = list(_blocks(program, invoke))
            mine = any(map(_is_several, blocks))
            if (several and shown(invoke.body.statements)) or (single and mine):
                yield _finding(invoke)
            several, single = several or mine, single or bool(blocks)


def _blocks(program: Program, invoke: Invoke) -> Iterator[Range | None]:
    """The steps that each block of an invoke asks for."""
    for top in invoke.body.statements:
        for statement in top.walk():
            block = block_of(program, statement)
            if block is not None:
                yield range_of(block)


def _is_several(steps: Range | None) -> bool:
    return steps is None or steps[0] != steps[1]


def _finding(invoke: Invoke) -> Finding:
    opens = invoke.statement.opens
    return RULE.finding(
        Severity.NOTE,
        invoke.statement.span if opens is None else opens.call,
        "an invoke before this one iterates over the steps: 0.4 ran this one in part only, "
        "0.5 runs it at every step that it asks for",
        "other values than on 0.4, which left out what stands here",
    )
