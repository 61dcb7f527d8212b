"""A name that a trace binds has lost its value behind the trace.

## What it does

Finds names that are bound in a trace, not saved there, and read afterwards: collections whose items
were saved one by one, counters and flags, loop variables, sums. In remote traces also names that
the trace reads before it assigns them.

## Why is this bad?

On 0.4 the trace's body ran in the caller's own frame, so every name kept what it was bound to.
Since 0.5 the body is a function of its own, and a name comes back only if the object that it
stands for at the end is saved. Otherwise the name is unbound (`UnboundLocalError` or `NameError`)
or, if it was bound before the trace, silently keeps its old value: a counter that never counts
makes every trace of a loop write over the first one's results.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    acts = []
    for layer in range(2):
        acts.append(lm.transformer.h[layer].output.save())
print(acts)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    acts = list().save()
    for layer in range(2):
        acts.append(lm.transformer.h[layer].output.save())
print(acts)
```

## Left alone

Names that nobody reads afterwards, names that are bound anew before they are read, and names of
which nothing is said behind the trace but that they hold no value (`assert kept is None`).

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

for prompt in ("The Eiffel Tower is in", "The Colosseum is in"):
    with lm.trace(prompt):
        layer = 3
        hidden = lm.transformer.h[layer].output
        logits = lm.lm_head.output.save()
    print(logits)
```

## Fix safety

The fix is safe where it saves what is bound, or moves plain Python out of the trace. `None` never
comes back, so what may be `None` is kept in a list of one item. The fix is unsafe where 0.4 had no
value either (an unsaved sum), or where a function out of view made the value. A name whose value
was never saved at all, so that 0.4 raised too, is only noted; one that is only returned is saved,
since 0.4 returned it without a value. Where an error leads that leaves the
trace, nothing that is saved comes back: there only what the body begins with can be moved.

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/base.py` (`push`)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Bind, Dialect, Program, Remote, Trace
from nnmigrate.program.bodies import Placed, roots
from nnmigrate.program.model import code_only
from nnmigrate.program.survival import Held, Lost, lost_names
from nnmigrate.wording import SEPARATOR

from .common.helpers import runs_in_session
from .common.keeping import keeping_fix
from .common.lost_name import is_made_by_lambda, is_made_here
from .common.outer import outer_objects

RULE = Rule("NNS203", "lost-name", since="0.5.0", fixable=Applicability.SAFE)
_LOOPS = pattern(r"\s*for\s[\w\s,(]*")


def check(program: Program) -> Iterator[Finding]:
    """Names that a trace loses."""
    for trace in roots(program):
        if runs_in_session(program, trace):
            continue  # a session's traces hand on what they have not saved
        grown: set[str] | None = None
        for lost in lost_names(program, trace):
            if grown is None:
                # What only grows in place is the caller's own object: NNS201 tells of that.
                grown = {outer.path for outer in outer_objects(program, trace)}
            if lost.name in grown or _is_guess(program, lost) or _is_anothers(program, trace, lost):
                continue
            if _is_said_to_be_lost(program, trace, lost):
                continue
            yield _finding(program, trace, lost)


def _is_guess(program: Program, lost: Lost) -> bool:
    """In code born on 0.5 a name of which little is known is left to its author."""
    guessed = (Held.OPAQUE, Held.UNFILLED, Held.UNSET)
    return program.dialect is Dialect.NEW and lost.held in guessed


def _is_anothers(program: Program, trace: Trace, lost: Lost) -> bool:
    """In a text a name that other blocks read alone, if it is a loop's, or a value is guessed.

    It stands for their own there: a block may show a line of a trace that it does not repeat. In
    its own block nothing reads it, or another loop binds it first.
    """
    loops = not any(map(_is_no_loops, lost.binds))
    guessed = lost.held in (Held.OPAQUE, Held.UNSET) and not lost.kept
    if not program.options.text or not (loops or guessed):
        return False
    rest = program.code[trace.statement.span.end :].partition(f"\n{SEPARATOR}")[0]
    first = re.search(rf"(?m)^(?P<before>.*?)\b{lost.name}\b", rest)
    return first is None or _LOOPS.fullmatch(first["before"]) is not None


def _is_said_to_be_lost(program: Program, trace: Trace, lost: Lost) -> bool:
    """Whether all that the program says of a name behind the trace is that it has no value.

    On 0.4 what is not saved is a proxy behind the trace, of which that may be said as well.
    """
    if not lost.before or "assert" not in program.code:
        return False
    scope = trace.scope.body.span
    rest = code_only(program.code[trace.statement.span.end : scope.end])
    named = len(re.findall(rf"\b{lost.name}\b", rest))
    no_tensor = rf"not\s+isinstance\(\s*{lost.name}\s*,[^)]*\bTensor\b"
    denied = rf"\bassert\s+(?:{no_tensor}|{lost.name}\s+is\s+None\b)"
    return 0 < named == len(re.findall(denied, rest))


def _is_no_loops(place: Placed) -> bool:
    return not (isinstance(place.step, Bind) and place.step.how == "for")


def _finding(program: Program, trace: Trace, lost: Lost) -> Finding:
    fix = keeping_fix(program, trace, lost)
    reason = "" if fix or _was_unset(lost) else _reason(program, trace, lost)
    return RULE.finding(
        _severity(trace, lost),
        lost.binds[-1].step.span,
        _message(lost) + reason,
        _consequence(trace, lost),
        fix,
    )


def _was_unset(lost: Lost) -> bool:
    """Whether 0.4 raised as well."""
    return lost.held is Held.UNSET and not (lost.kept or lost.before or lost.handed)


def _only_restarts(lost: Lost) -> bool:
    return lost.restarts and not lost.wanted and not lost.needed


def _severity(trace: Trace, lost: Lost) -> Severity:
    if _was_unset(lost):
        return Severity.NOTE
    if _only_restarts(lost):
        return Severity.SILENT
    if not lost.wanted:
        return Severity.ERROR if trace.remote is Remote.YES else Severity.WARNING
    raises = not lost.before or (lost.needed and trace.remote is Remote.YES)
    return Severity.ERROR if raises else Severity.SILENT


def _message(lost: Lost) -> str:
    if lost.exported:
        return f"`{lost.name}` is declared global, and a trace binds only names of its own function"
    if _only_restarts(lost):
        return f"`{lost.name}` is bound in an invoke and taken on by the next one"
    if not lost.wanted:
        before = "is read in the trace before the trace assigns it"
        return f"`{lost.name}` {before}, and it may run remotely"
    if _was_unset(lost):
        return f"`{lost.name}` is not saved in the trace but read after it: 0.4 raised here too"
    return f"`{lost.name}` is bound in the trace, not saved, and read after it"


def _reason(program: Program, trace: Trace, lost: Lost) -> str:
    if lost.caught:
        return (
            ", also where an error leads that leaves the trace: there 0.4 had what was bound so "
            "far. Bind it before the trace, or behind it, as it is meant for traces that fail"
        )
    if trace.remote is not Remote.NO and is_made_here(lost):
        return "; no server sends back objects of this file's classes: make it behind the trace"
    if trace.remote is not Remote.NO and is_made_by_lambda(program, lost):
        return "; its default factory is a lambda, which cannot be sent: make a plain dictionary"
    return "; save it, or bind it outside the trace: how it is bound leaves no single right place"


def _consequence(trace: Trace, lost: Lost) -> str:
    unbound = f"UnboundLocalError: cannot access local variable '{lost.name}'"
    if _only_restarts(lost):
        return f"silently every invoke begins with the `{lost.name}` from beside the invokes"
    if lost.needed and trace.remote is Remote.YES:
        return f"{unbound}, on the server"
    if lost.needed and not lost.wanted:
        return f"{unbound}, on the server, if the trace runs remotely"
    if lost.before:
        return f"silently `{lost.name}` keeps the value that it had before the trace"
    if trace.scope.kind == "module":
        return f"NameError: name '{lost.name}' is not defined"
    return unbound
