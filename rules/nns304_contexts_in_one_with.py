"""One `with` enters several contexts, of which nnsight finds the wrong one.

## What it does

Finds traces, sessions and invokes that share a `with` with each other, and those that stand behind
another context manager with an `as`.

## Why is this bad?

0.5 cuts the body of the `with` out of the file. Of two of its contexts each cuts out the same body,
and the inner one runs outside of the model. And what the first `as` of the statement binds is taken
for nnsight's own: for the tracer (`AttributeError`), or, where steps of a generation are iterated
over, for the number of the step, so that the name silently stands for something else.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer, tracer.invoke("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()

with open("log.txt", "w") as log, lm.trace("Madison Square Garden is in"):
    hidden = lm.transformer.h[0].output.save()
    log.write("traced")
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        logits = lm.lm_head.output.save()

with open("log.txt", "w") as log:
    with lm.trace("Madison Square Garden is in"):
        hidden = lm.transformer.h[0].output.save()
        log.write("traced")
```

## Left alone

A context manager that binds nothing, before the trace or behind it.

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with torch.no_grad(), lm.trace("The Eiffel Tower is in") as tracer:
    logits = lm.lm_head.output.save()
```

## Fix safety

The fix is safe: the contexts are entered and left in the same order. What stood behind a context of
nnsight's stays in the same `with` as it, where it does not stay open while the model runs, as on
0.4. A file that the body uses is the exception: it is opened in the body.

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/tracer.py` (`InterleavingTracer.capture`),
  `iterator.py` and `base.py` (`parse`)
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Context, Program, Read, Statement

from .common.headers import nested

RULE = Rule("NNS304", "contexts-in-one-with", since="0.5.0", fixable=Applicability.SAFE)

# What takes the first `as` of its statement for its own (nnsight 0.5.15, tracer.py, iterator.py).
_TAKES_THE_FIRST = ("trace", "generate", "scan", "iterate")
# What runs its body when what stands behind it is left already.
_RUNS_LATER = (*_TAKES_THE_FIRST, "session", "invoke")
_CLOSED = "ValueError: the file is closed before the body runs"


def check(program: Program) -> Iterator[Finding]:
    """With statements of several context managers, one of them nnsight's."""
    for scope in program.scopes:
        for statement in scope.body.walk():
            if statement.opens is not None and statement.opens.items > 1:
                yield from _of_statement(program, statement)


def _of_statement(program: Program, statement: Statement) -> Iterator[Finding]:
    contexts = statement.contexts
    apart = {
        number: wrong for number in range(1, len(contexts)) if (wrong := _wrong(statement, number))
    }
    if not apart:
        return
    fix = _fix(program, statement, sorted(apart))
    for number, (before, severity, consequence) in apart.items():
        one, other = (program.text(each.span) for each in (before, contexts[number]))
        message = f"`{one}` and `{other}` are entered by one `with`"
        if consequence is _CLOSED and fix is None:
            message += "; say where the file is to be open: around the trace, or in an invoke"
        yield RULE.finding(severity, contexts[number].span, message, consequence, fix)


def _wrong(statement: Statement, number: int) -> tuple[Context, Severity, str] | None:
    """What a context manager cannot share its statement with, and what happens if it does."""
    contexts = statement.contexts
    here, first = contexts[number], contexts[0]
    before = [each for each in contexts[:number] if each.kind]
    if here.kind and before:
        return before[-1], Severity.ERROR, "AttributeError or ValueError: both cut out one body"
    if here.kind == "iterate" and (first.bound or here.bound):
        name = first.name or here.name
        bound = f"`{name}` stands" if name else "what is bound stands"
        return first, Severity.SILENT, f"{bound} for something else in the body"
    if here.kind in _TAKES_THE_FIRST and first.bound:
        return first, Severity.ERROR, "AttributeError: what the first `as` binds is no tracer"
    if before and before[-1].kind in _RUNS_LATER and _is_used_file(statement, number):
        return before[-1], Severity.ERROR, _CLOSED
    return None


def _is_used_file(statement: Statement, number: int) -> bool:
    """Whether a context manager is an `open(...)` that the body reads from or writes to."""
    context = statement.contexts[number]
    opened = context.function == "open"
    steps = (step for inner in statement.blocks[0].walk() for step in inner.steps)
    return opened and any(isinstance(s, Read) and s.name == context.name for s in steps)


def _fix(program: Program, statement: Statement, apart: list[int]) -> Fix | None:
    entered = statement.opens
    assert entered is not None
    if statement.blocks[0].inline or _closes_early(statement, apart):
        return None
    if any(each.kind == "edit" for each in statement.contexts[: apart[-1]]):
        # A trace in the body of an edit would be run by each later trace.
        return None
    ends = [*apart, len(statement.contexts)]
    groups = [statement.contexts[a:b] for a, b in zip([0, *apart], ends, strict=True)]
    edits = nested(program, statement, groups)
    return Fix("Give each a `with` of its own", edits) if edits else None


def _closes_early(statement: Statement, apart: list[int]) -> bool:
    """Whether a file that is opened in the body would be closed before the body's invokes run."""
    contexts = statement.contexts
    files = [number for number in apart if not contexts[number].kind]
    inner = [each.opens.kind for each in statement.blocks[0].walk() if each.opens is not None]
    later = [each.kind for number in files for each in contexts[number:]]
    return bool(files) and "invoke" in (*inner, *later)
