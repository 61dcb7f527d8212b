"""Invokes fill one list, and its items come in another order.

## What it does

Finds lists that several invokes append to, and dictionaries of which several invokes set one item,
where nnsight 0.5 does so in another order than that of the text.

## Why is this bad?

On 0.4 the body of a trace ran once, from top to bottom: what the first invoke collected came first.
Since 0.5 the invokes run side by side, and each goes on when the model reaches the module that it
waits for: all that they take from the first layer comes before all that they take from the second.
The list has the same items in another order, and nothing is raised. Of an item that several invokes
set, the value that is set last in time stays.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
collected = []

with lm.trace() as tracer:
    for prompt in ("The Eiffel Tower is in", "The Colosseum is in"):
        with tracer.invoke(prompt):
            collected.append(lm.transformer.h[3].output.save())
            collected.append(lm.lm_head.output.save())

print(collected)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
collected = []

collected_parts = []
with lm.trace() as tracer:
    for prompt in ("The Eiffel Tower is in", "The Colosseum is in"):
        collected_part = []
        collected_parts.append(collected_part)
        with tracer.invoke(prompt):
            collected_part.append(lm.transformer.h[3].output.save())
            collected_part.append(lm.lm_head.output.save())
for collected_part in collected_parts:
    collected.extend(collected_part)

print(collected)
```

## Left alone

Each invoke takes from one module, the same or a later one than the invoke before.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
collected = []

with lm.trace() as tracer:
    for prompt in ("The Eiffel Tower is in", "The Colosseum is in"):
        with tracer.invoke(prompt):
            collected.append(lm.lm_head.output.save())

print(collected)
```

## Fix safety

The fix is safe: every invoke fills a list of its own, which the body of the trace makes, and behind
the trace they are joined in the order of the text. It is offered where the trace does nothing else
with the list, and the list is made outside of it. Elsewhere the fix is unsafe: the invokes run one
after the other, in a session, which pads no prompt to the length of another.

## References

- nnsight 0.5.15, `nnsight/intervention/interleaver.py` (`Interleaver.handle`)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Bind, Invoke, Mutation, Program, Read, Remote, Statement, Trace
from nnmigrate.schedule import Outcome, simulate
from nnmigrate.schedule.values import Put, Take
from nnmigrate.spans import Edit

from .common.apart import apart_fix
from .common.crossings import Run, runs
from .common.editing import fresh_name, lines_after, lines_before, merged

_WAY = pattern(r"[\w.]+(\[(\d+|'\w*'|\"\w*\")\])*")
RULE = Rule("NNS107", "collected-out-of-order", since="0.5.0", fixable=Applicability.SAFE)


def check(program: Program) -> Iterator[Finding]:
    """Objects that the invokes of a trace fill in another order than the text's."""
    for trace in program.traces:
        seen: dict[str, Mutation] = {}
        for run in runs(program, trace):
            for step, container in _disordered(program, run):
                if _matters(program, trace, run, step, container):
                    seen.setdefault(_filled(program, step) or step.path, step)
        for path, step in seen.items():
            yield RULE.finding(
                Severity.SILENT,
                step.span,
                f"the invokes fill `{path}` in the order in which the model runs, not in that of "
                "the text",
                _consequence(step),
                _fix(program, trace, step) or apart_fix(program, trace),
            )


def _consequence(step: Mutation) -> str:
    if step.how == "setitem":
        return "silently the value that is set last in time stays, another one than on 0.4"
    return "silently the same items in another order than on 0.4"


def _disordered(program: Program, run: Run) -> Iterator[tuple[Mutation, str]]:
    """The first change of each object that is filled in another order, at some turn."""
    found: set[str] = set()
    fillings_of = _fillings(program, run)
    if not fillings_of:
        return
    outcomes = [[simulate(run.unrolled.trace, rank) for rank in orders] for orders in run.turns]
    for name, fillings in fillings_of.items():
        for every in outcomes:
            if name not in found and all(_differs(run, fillings, one) for one in every):
                found.add(name)
                step = run.origin(fillings[0][2].site).step
                assert isinstance(step, Mutation)
                yield step, fillings[0][2].container


def _matters(program: Program, trace: Trace, run: Run, step: Mutation, container: str) -> bool:
    """Whether somebody can see the order: what comes after the trace, or a later invoke."""
    if step.path != step.base or step.base in trace.scope.parameters:
        return True
    if any(len(_fillers(run, take)) > 1 for take in _takes(run) if take.container == container):
        return True
    span = trace.statement.span
    return any(
        isinstance(each, Read) and each.name == step.base and not span.holds(each.span)
        for scope in program.scopes
        for statement in scope.body.statements
        for each in statement.all_steps
    )


def _takes(run: Run) -> Iterator[Take]:
    for invoke in run.unrolled.trace.invokes:
        yield from (each for each in invoke.operations if isinstance(each, Take))


def _fillers(run: Run, take: Take) -> set[int]:
    """The invokes that have put something into an object before it is read, by the text."""
    return {
        number
        for number, invoke in enumerate(run.unrolled.trace.invokes)
        for each in invoke.operations
        if isinstance(each, Put) and each.container == take.container and each.site < take.site
    }


Filling = tuple[int, int, Put]


def _fillings(program: Program, run: Run) -> Mapping[str, list[Filling]]:
    """By object and item: who fills it, as invoke, place in the invoke and operation."""
    found: dict[str, list[Filling]] = {}
    for number, invoke in enumerate(run.unrolled.trace.invokes):
        for place, operation in enumerate(invoke.operations):
            if isinstance(operation, Put):
                step = run.origin(operation.site).step
                name = _slot(program, step, operation) if isinstance(step, Mutation) else None
                if name is not None:
                    found.setdefault(name, []).append((number, place, operation))
    return {
        name: fillings for name, fillings in found.items() if len({n for n, *_ in fillings}) > 1
    }


def _slot(program: Program, step: Mutation, put: Put) -> str | None:
    """What is filled in an order that matters: a list, or one item."""
    filled = _filled(program, step) if step.depth else put.container
    if step.how == "method" and step.method in ("append", "extend"):
        return filled
    if step.how == "setitem" and put.key is not None:
        return filled and f"{filled}[{put.key!r}]"
    return None


def _filled(program: Program, step: Mutation) -> str | None:
    """The way to what is filled, if it leads over nothing but names and literal keys."""
    text = program.text(step.target) if step.target is not None else ""
    return text if not step.foreign and _WAY.fullmatch(text) else None


def _differs(run: Run, fillings: Sequence[Filling], outcome: Outcome) -> bool:
    """Whether time puts the items of a list in another order, or another value last."""
    if any(put.site not in outcome.times for *_, put in fillings):
        return False
    in_time = sorted(fillings, key=lambda each: (outcome.times[each[2].site], *each[:2]))
    step = run.origin(fillings[0][2].site).step
    if isinstance(step, Mutation) and step.how == "setitem":
        return in_time[-1] != fillings[-1]
    return in_time != list(fillings)


# --- a list for every invoke ----------------------------------------------------------------------


def _fix(program: Program, trace: Trace, step: Mutation) -> Fix | None:
    """Lets every invoke fill a list of its own; they are joined behind the trace."""
    name = step.base
    fillers = [invoke for invoke in trace.invokes if _changes(invoke.statement, name)]
    if not _may_part(program, trace, name, fillers):
        return None
    part, parts = fresh_name(program, f"{name}_part"), fresh_name(program, f"{name}_parts")
    edits = [lines_before(program, trace.statement, f"{parts} = []")]
    for invoke in fillers:
        made = (f"{part} = []", f"{parts}.append({part})")
        edits.append(lines_before(program, invoke.statement, *made))
        edits += _renamed(program, invoke, name, part)
    unit = trace.body.indent[len(trace.statement.indent) :]
    joined = (f"for {part} in {parts}:", f"{unit}{name}.extend({part})")
    edits.append(lines_after(program, trace.statement, *joined))
    message, region = "Let every invoke fill a list of its own", trace.statement.span
    return Fix(message, merged(edits), Applicability.SAFE, region)


def _may_part(program: Program, trace: Trace, name: str, fillers: Sequence[Invoke]) -> bool:
    """Whether the trace only appends to the list, which is made outside of it."""
    if trace.session is not None or trace.remote is not Remote.NO:
        return False
    steps = trace.statement.all_steps
    if any(isinstance(each, Bind) and each.name == name for each in steps):
        return False
    changes = [s for invoke in fillers for s in _changes(invoke.statement, name)]
    reads = [each for each in steps if isinstance(each, Read) and each.name == name]
    plain = all(s.how == "method" and s.path == name and not s.foreign for s in changes)
    plain = plain and not any(s.depth for s in changes)
    return plain and len(reads) == len(changes) == len(_changes(trace.statement, name))


def _changes(statement: Statement, name: str) -> list[Mutation]:
    return [s for s in statement.all_steps if isinstance(s, Mutation) and s.base == name]


def _renamed(program: Program, invoke: Invoke, name: str, part: str) -> Iterator[Edit]:
    for step in invoke.statement.all_steps:
        if isinstance(step, Read) and step.name == name:
            yield Edit(step.span, part)
