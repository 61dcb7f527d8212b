"""A run is stopped by `nnsight.stop()` or by a value's own `stop()`.

## What it does

Finds `nnsight.stop()` and `.stop()` of modules' values in a trace, and `stop()` of a session.

## Why is this bad?

Since 0.5 the tracer alone stops a run. The others are deprecated, and what the body had bound
before is lost: the names are not there behind the trace. A session has no `stop` at all.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    hidden = lm.transformer.h[1].output.save()
    lm.transformer.h[1].output.stop()
print(hidden)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in") as tracer:
    hidden = lm.transformer.h[1].output.save()
    tracer.stop()
print(hidden)
```

## Left alone

Anything else that can be stopped.

```python
import threading

from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
profiler = threading.Event()

with lm.trace("The Eiffel Tower is in") as tracer:
    hidden = lm.transformer.h[1].output.save()
    tracer.stop()
profiler.set()
```

## Fix safety

The fix is safe. A value that nothing has read before is read first, so that the run ends where it
did. What stands behind a session's stop never ran; where nothing decides whether the session stops,
it is taken away with the stop.

## References

- nnsight 0.4.11, `nnsight/tracing/graph/proxy.py` and `nnsight/tracing/protocols.py`
- nnsight 0.5.15, `nnsight/intervention/tracing/globals.py` and `tracer.py`
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Program, Statement, Told, Trace
from nnmigrate.spans import Edit, Span

from .common.editing import movable
from .common.stops import Stop, edits_of, is_session, stops

RULE = Rule("NNS405", "stop-of-value", since="0.5.0", fixable=Applicability.SAFE)


def check(program: Program) -> Iterator[Finding]:
    """Stops in traces, then those of sessions."""
    for stop in stops(program):
        yield _of_value(program, stop)
    for trace in program.traces:
        if trace.kind == "session":
            yield from _of_session(program, trace)


def _of_value(program: Program, stop: Stop) -> Finding:
    edits = edits_of(program, stop)
    fix = None if edits is None else Fix("Let the tracer stop", edits, Applicability.SAFE)
    message = f"`{program.text(stop.span)}` is gone: the tracer stops a run"
    if fix is None:
        message += "; it needs a line of its own, and a trace whose tracer can be named"
    consequence = "what the body has bound is lost: NameError behind the trace"
    return RULE.finding(Severity.ERROR, stop.span, message, consequence, fix)


def _of_session(program: Program, session: Trace) -> Iterator[Finding]:
    for statement in session.body.walk():
        for step in statement.steps:
            if isinstance(step, Told) and step.what == "tracer.stop" and is_session(step):
                edits = _tail(session.body.statements, statement, step)
                fix = edits and Fix("Take away what never ran", edits, Applicability.SAFE)
                message = f"`{program.text(step.span)}` stops a session: 0.5 cannot"
                if not fix:
                    message += "; put what follows under the condition that it goes on"
                yield RULE.finding(
                    Severity.ERROR,
                    step.span,
                    message,
                    "AttributeError: a session has no `stop`",
                    fix or None,
                )


def _tail(statements: Sequence[Statement], stop: Statement, step: Told) -> tuple[Edit, ...] | None:
    """Removes an unconditional stop and all behind it."""
    if stop not in statements or stop.span != step.span:
        return None
    gone = statements[statements.index(stop) :]
    if len(gone) == len(statements) or not movable(*gone):
        return None
    return (Edit(Span(gone[0].line.start, gone[-1].line.end), ""),)
