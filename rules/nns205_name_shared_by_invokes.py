"""Several invokes save a value under one name, and the wrong one comes back.

## What it does

Finds names that several invokes of a trace bind and save, and that are read after the trace, where
the last invoke in the text is not the last one to finish.

## Why is this bad?

On 0.4 the trace ran from top to bottom, so the last invoke in the text had the name. Since 0.5
every invoke gives its saved names back when it finishes: the one that reads the deepest module of
the model finishes last and wins, silently.

An invoke also gives back what it has taken from another one, whether it uses it or not. If that one
has bound the name anew in the meantime, the older value comes back, or none, if that was not saved.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        hidden = lm.transformer.h[2].output.save()
    with tracer.invoke("The Colosseum is in"):
        hidden = lm.transformer.h[0].output.save()
print(hidden)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        hidden_1 = lm.transformer.h[2].output.save()
    with tracer.invoke("The Colosseum is in"):
        hidden = lm.transformer.h[0].output.save()
print(hidden)
```

## Left alone

Invokes that read the same module finish in the order of the text.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        hidden = lm.transformer.h[2].output.save()
        first = hidden
    with tracer.invoke("The Colosseum is in"):
        hidden = lm.transformer.h[2].output.save()
print(first, hidden)
```

## Fix safety

The fix is safe: the name is changed in the invokes before the last one. There is none where another
invoke reads it.

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/base.py` (`push`)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import count, groupby

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Access, Bind, Program, Read, Statement, Trace
from nnmigrate.program.bodies import Placed, placed, roots
from nnmigrate.program.liveness import read_after
from nnmigrate.program.survival import Body
from nnmigrate.schedule import compare
from nnmigrate.schedule.values import Order
from nnmigrate.spans import Edit

from .common.crossings import given_back_otherwise
from .common.editing import fresh_name, lines_after, merged, movable

RULE = Rule("NNS205", "name-shared-by-invokes", since="0.5.0", fixable=Applicability.SAFE)


def check(program: Program) -> Iterator[Finding]:
    """Names that several invokes save."""
    for trace in roots(program):
        if not trace.explicit:
            continue
        body = placed(program, trace)
        known = Body(program, body)
        several = _shared(known, body)
        latest = {p.invoke: p.step for p in body if isinstance(p.step, Access)}
        for name, places in several.items():
            late = [p for p in places[:-1] if _may_finish_later(latest, p, places[-1])]
            if late and read_after(program, trace, name):
                yield _finding(program, trace, body, name, late)
        for last in _overwritten(program, trace, body, several.keys()):
            if known.saved_at_end(last) and read_after(program, trace, _name(last)):
                yield _given_back(program, trace, last)


def _overwritten(
    program: Program, trace: Trace, body: Sequence[Placed], several: Set[str]
) -> Iterator[Placed]:
    """The last bindings of names that another invoke gives back as they were before."""
    for name in sorted(given_back_otherwise(program, trace) - several):
        places = [p for p in body if isinstance(p.step, Bind) and p.step.name == name]
        if places and places[-1].invoke is not None:
            yield places[-1]


def _name(place: Placed) -> str:
    assert isinstance(place.step, Bind)
    return place.step.name


def _given_back(program: Program, trace: Trace, last: Placed) -> Finding:
    name = _name(last)
    return RULE.finding(
        Severity.SILENT,
        last.step.span,
        f"`{name}` is bound anew after another invoke has taken it, and that one gives back what "
        "it has taken",
        f"NameError, or silently `{name}` is the value from before",
        _kept_apart(program, trace, last, name),
    )


def _kept_apart(program: Program, trace: Trace, last: Placed, name: str) -> Fix | None:
    """Gives the last value a name of its own, under which it comes back."""
    inner = last.parents[last.parents.index(last.invoke) + 1 :] if last.invoke else ()
    if inner or not last.straight or not movable(last.statement, trace.statement):
        return None
    own = fresh_name(program, f"_{name.lstrip('_')}")
    edits = [
        lines_after(program, last.statement, f"{own} = {name}"),
        lines_after(program, trace.statement, f"{name} = {own}"),
    ]
    message = f"Give the last `{name}` a name of its own"
    return Fix(message, merged(edits), Applicability.SAFE, trace.statement.span)


def _shared(known: Body, body: Sequence[Placed]) -> dict[str, list[Placed]]:
    """The names that several invokes bind and save, with the last binding of each invoke."""
    found: dict[str, dict[Statement, Placed]] = {}
    for place in body:
        if isinstance(place.step, Bind) and place.invoke is not None and place.straight:
            found.setdefault(place.step.name, {})[place.invoke] = place
    return {
        name: list(places.values())
        for name, places in found.items()
        if len(places) > 1 and all(map(known.saved_at_end, places.values()))
    }


def _may_finish_later(
    latest: Mapping[Statement | None, Access], earlier: Placed, last: Placed
) -> bool:
    """Whether the earlier invoke may finish behind the last one, by what each reads last."""
    before, after = latest.get(earlier.invoke), latest.get(last.invoke)
    if before is None or after is None:
        return before is not None
    return compare(before.provider, after.provider) not in (Order.BEFORE, Order.SAME)


def _finding(
    program: Program, trace: Trace, body: Sequence[Placed], name: str, late: Sequence[Placed]
) -> Finding:
    fix = _fix(program, body, name, late)
    reason = "" if fix else "; give each invoke a name of its own"
    return RULE.finding(
        Severity.SILENT,
        late[0].step.span,
        f"several invokes save `{name}`, and this one may finish last{reason}",
        f"silently `{name}` is the value of the invoke that finishes last, not of the last one",
        fix,
    )


def _fix(program: Program, body: Sequence[Placed], name: str, late: Sequence[Placed]) -> Fix | None:
    edits, taken, number = [], set(program.names), 1
    steps = _steps(body, name)
    for place in late:
        number = next(n for n in count(number) if f"{name}_{n}" not in taken)
        own = f"{name}_{number}"
        taken.add(own)
        edits += [Edit(step.span, own) for step in steps[place.invoke]]
    if _crosses(body, name):
        return None
    return Fix(f"Use another name than `{name}` in the invokes before the last", tuple(edits))


def _steps(body: Sequence[Placed], name: str) -> dict[Statement | None, list[Bind | Read]]:
    """By invoke, where a name stands."""
    found: dict[Statement | None, list[Bind | Read]] = {}
    for place in body:
        if isinstance(place.step, (Bind, Read)) and place.step.name == name:
            found.setdefault(place.invoke, []).append(place.step)
    return found


def _crosses(body: Sequence[Placed], name: str) -> bool:
    """Whether an invoke, or what stands beside the invokes, reads the name of another one."""
    steps = [p for p in body if isinstance(p.step, (Bind, Read)) and p.step.name == name]
    return any(
        invoke is None or isinstance(next(iter(places)).step, Read)
        for invoke, places in groupby(steps, key=lambda place: place.invoke)
    )
