"""nnsight 0.4 silently ignored this intervention; 0.5 carries it out.

## What it does

Finds interventions that came too late on nnsight 0.4, so that its numbers are those of a run
without them.

## Why is this bad?

0.4 carried a trace out as a graph, in the order of the text: an operation on the right side of an
intervention (`h * 0.5`, even a slice) waited for the access above it in the text. If that access
is to a module that runs later than the one that is changed, such as `lm_head`, read by an invoke
before, the change came when the module's output had long been used, and nothing said so. What was
published as the effect of the intervention was then the effect of nothing.

On 0.5 the intervention is carried out where it stands. The new numbers are the ones that were
meant; they differ from the old ones, and the old ones should not be relied on.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        clean = lm.transformer.h[3].mlp.output
        logits = lm.lm_head.output.save()
    with tracer.invoke("The Colosseum is in"):
        lm.transformer.h[3].mlp.output[:] = clean * 0.5
        patched = lm.lm_head.output.save()
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("The Eiffel Tower is in"):
        clean = lm.transformer.h[3].mlp.output
        barrier()
        logits = lm.lm_head.output.save()
    with tracer.invoke("The Colosseum is in"):
        barrier()
        lm.transformer.h[3].mlp.output[:] = clean * 0.5
        patched = lm.lm_head.output.save()
```

## Left alone

The value goes over as it is, without an operation: 0.4 was in time.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        clean = lm.transformer.h[3].mlp.output
        logits = lm.lm_head.output.save()
    with tracer.invoke("The Colosseum is in"):
        hidden = lm.transformer.h[3].mlp.output
        hidden[:] = clean
        patched = lm.lm_head.output.save()
```

The module is touched above the operation.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        clean = lm.transformer.h[3].mlp.output
        logits = lm.lm_head.output.save()
    with tracer.invoke("The Colosseum is in"):
        hidden = lm.transformer.h[3].mlp.output
        hidden[:] = clean * 0.5
        patched = lm.lm_head.output.save()
```

## Fix safety

There is nothing to fix: the note tells what the other fixes of the trace will change in the
numbers.

## References

- nnsight 0.4.11, `nnsight/intervention/graph/graph.py` (`InterventionGraph.execute`)
- [ndif-team/nnsight#502](https://github.com/ndif-team/nnsight/issues/502)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from nnmigrate.findings import Finding, Rule, Severity
from nnmigrate.program import Access, Dialect, Program, Trace, Write
from nnmigrate.schedule import values
from nnmigrate.schedule.graph04 import Ignored, Late, ignored
from nnmigrate.schedule.module_order import LAYER_CHILDREN
from nnmigrate.schedule.values import Get, Index, Point, Provider, Swap
from nnmigrate.spans import Lines

from .common.crossings import Orders, Run, runs_as_written

RULE = Rule("NNS105", "ignored-intervention", since="0.5.0")


def check(program: Program) -> Iterator[Finding]:
    """Interventions that 0.4 carried out too late, in code that may have run on it."""
    if program.dialect is Dialect.NEW:
        return
    for trace in program.traces:
        yield from _of_trace(program, trace)


def _of_trace(program: Program, trace: Trace) -> Iterator[Finding]:
    """One finding for each intervention that was ignored in some way that the trace goes."""
    seen: dict[int, tuple[Run, Ignored, bool]] = {}
    spared: set[int] = set()
    for run in runs_as_written(program, trace):
        if run.unrolled.trace.barriers:
            continue  # 0.4 has no barriers: this never ran there
        late, in_time = _ignored(run), _in_time(run)
        for step, each in late.items():
            always = step not in in_time and seen.get(step, (run, each, True))[2]
            seen[step] = (run, each, always)
        spared |= in_time - late.keys()
    for step, (run, each, always) in seen.items():
        when = "" if always else " at some of its loop's turns"
        if step in spared:
            when = " in some of the ways that the trace's conditions go"
        yield _finding(program, trace, run, each, when)


def _ignored(run: Run) -> dict[int, Ignored]:
    """What 0.4 ignored at some turn, in every order that the modules may have there; by step."""
    found: dict[int, Ignored] = {}
    for orders in run.turns:
        for each in _certain(run, orders):
            found.setdefault(run.origin(each.site).step.site, each)
    return found


def _certain(run: Run, orders: Orders) -> list[Ignored]:
    every = [{e.site: e for e in ignored(run.unrolled.trace, rank)} for rank in orders]
    late = [each for site, each in every[0].items() if all(site in other for other in every)]
    sure = [each for each in late if not _is_under_condition(run, each)]
    return [each for each in sure if not _is_still_whole(run, each)]


def _is_under_condition(run: Run, each: Ignored) -> bool:
    """Whether a helper may do without the change, or without what it would have waited for."""
    operations = {op.site: op for invoke in run.unrolled.trace.invokes for op in invoke.operations}
    write = operations[each.site]
    got = write.got if isinstance(write, values.Write) else None
    sites = [one for one in (each.site, got, each.source, each.waited_for) if one in operations]
    steps = [run.origin(site).step for site in sites if site is not None]
    return any(isinstance(step, Access) and step.maybe for step in steps)


def _in_time(run: Run) -> set[int]:
    """The interventions that came in time at some turn, or may have; by step."""
    found: set[int] = set()
    for orders in run.turns:
        late = {each.site for each in _certain(run, orders)}
        for invoke in run.unrolled.trace.invokes:
            for operation in invoke.operations:
                if isinstance(operation, (Swap, values.Write)) and operation.site not in late:
                    found.add(run.origin(operation.site).step.site)
    return found


def _finding(program: Program, trace: Trace, run: Run, each: Ignored, when: str) -> Finding:
    step = run.origin(each.site).step
    target = _target(program, run, each.site)
    why = _why(program, run, each)
    late, numbers = "ignored this change", "without this intervention"
    if _reaches_the_sum(run, each):
        late, numbers = "was late with this change", "in which a part of the model did not see it"
    return RULE.finding(
        Severity.NOTE,
        step.span,
        f"nnsight 0.4 silently {late} of `{target}`{when}: {why}. "
        f"The numbers that it gave are those of a run {numbers}",
        _now(each),
    )


def _reaches_the_sum(run: Run, each: Ignored) -> bool:
    """Whether a late change of what goes into a layer may still be in time for the layer's sum.

    A layer adds its input to what its first modules make of it, and only then lets go of it.
    """
    inside = _inside_user(run, each, known=False)
    return inside is not None and inside.path != ()


# What a layer's input goes into first.
_FIRST = {row[:1] for row in LAYER_CHILDREN}


def _is_still_whole(run: Run, each: Ignored) -> bool:
    """Whether the change waited only for the input of the layer, before anything has used it."""
    inside = _inside_user(run, each, known=True)
    if inside is None or inside.point is not Point.INPUT:
        return False
    return inside.path == () or inside.path in _FIRST


def _inside_user(run: Run, each: Ignored, *, known: bool) -> Provider | None:
    """What a change waited for, as seen from the layer that has the changed value for its input."""
    operations = {op.site: op for invoke in run.unrolled.trace.invokes for op in invoke.operations}
    write, waited = operations[each.site], operations[each.waited_for]
    if not isinstance(write, values.Write) or not isinstance(waited, (Get, Swap)):
        return None
    path, other = write.provider.path, waited.provider.path
    if not path or len(other) < len(path) or other[: len(path) - 1] != path[:-1]:
        return None
    if not _follows(path[-1], other[len(path) - 1], int(write.provider.point), known):
        return None
    return replace(waited.provider, path=other[len(path) :])


def _follows(layer: str | Index, other: str | Index, steps: int, known: bool) -> bool:
    """Whether `other` is, or where that is not `known` may be, the layer that gets the value."""
    if not isinstance(layer, Index) or not isinstance(other, Index):
        return False
    if layer.value is None or other.value is None:
        return not known
    return other.value == layer.value + steps


def _now(each: Ignored) -> str:
    if each.reason is Late.BACKWARD:
        return "no single run of the model can do it: it needs a second trace"
    return "it takes effect, and the numbers will change to those that were meant"


def _target(program: Program, run: Run, site: int) -> str:
    step = run.origin(site).step
    got = step.got if isinstance(step, Write) else None
    steps = (origin.step for origin in run.unrolled.origins.values())
    read = (each.span for each in steps if isinstance(each, Access) and each.site == got)
    return program.text(next(read, step.span))


def _why(program: Program, run: Run, each: Ignored) -> str:
    source = each.waited_for if each.source is None else each.source
    span = run.origin(source).step.span
    lines = Lines(program.code)
    here = run.origin(each.site).step.span
    away = _away(lines.place(span.start)[0] - lines.place(here.start)[0])
    where = f"`{program.text(span)}`{away}, which runs later"
    if each.reason is Late.BACKWARD:
        return f"its value comes from {where}"
    return f"the operation on its right side waited for {where}"


def _away(rows: int) -> str:
    """How far away another line of the trace is: in a notebook it has no number of its own."""
    if rows == 0:
        return ""
    count = "a line" if abs(rows) == 1 else f"{abs(rows)} lines"
    return f" ({count} {'below' if rows > 0 else 'above'})"
