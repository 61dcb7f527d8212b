"""A trace's body is left by `return`, `break`, `continue` or `yield`.

## What it does

Finds these statements in the body of a trace or an invoke, where they belong to a function or a
loop around it.

## Why is this bad?

0.5 cuts the body out and compiles it as a function of its own. A `break` or `continue` there is a
`SyntaxError`; after a `return` or `yield` the model waits forever for the body's end.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


def logits_of(prompt):
    with lm.trace(prompt):
        return lm.lm_head.output.save()


print(logits_of("The Eiffel Tower is in"))
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


def logits_of(prompt):
    with lm.trace(prompt):
        _returned = lm.lm_head.output.save()
    return _returned


print(logits_of("The Eiffel Tower is in"))
```

## Left alone

A `break` out of a loop that the trace itself holds.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    for layer in range(2):
        hidden = lm.transformer.h[layer].output.save()
        if layer == 1:
            break
print(hidden)
```

## Fix safety

The fix is safe: the statement moves behind the trace. It is offered where the statement is the last
one of the body, alone or under a condition that needs nothing of the model.

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/base.py` and `nnsight/intervention/interleaver.py`
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from nnmigrate.findings import Applicability, Finding, Rule, Severity
from nnmigrate.program import Dialect, Program

from .common.inlining import written_out
from .common.leaving import Leaving, is_waited_for, leaving_fix, leaving_statements

RULE = Rule("NNS302", "leaving-statement", since="0.5.0", fixable=Applicability.SAFE)


def check(program: Program) -> Iterator[Finding]:
    """Statements that leave a body which 0.5 cuts out."""
    elsewhere = written_out(program)
    for leaving in leaving_statements(program):
        if leaving.statement in elsewhere or _never_comes(program, leaving):
            continue
        fix = leaving_fix(program, leaving)
        what = _word(leaving)
        yield RULE.finding(
            Severity.ERROR,
            leaving.statement.span,
            f"`{what}` leaves the body of `{program.text(leaving.call)}`"
            + ("" if fix else _reason(leaving)),
            _consequence(what),
            fix,
        )


def _never_comes(program: Program, leaving: Leaving) -> bool:
    """Code born on 0.5 that returns under a condition would hang there: it has not come to it."""
    inside = leaving.parents[leaving.left + 1 :]
    conditional = any(parent.kind == "If" for parent in inside)
    returns = leaving.statement.kind == "Return"
    return program.dialect is Dialect.NEW and conditional and returns


def _reason(leaving: Leaving) -> str:
    if is_waited_for(leaving):
        return "; what others do there belongs in the trace: write it out where it is used"
    return "; only the last statement of a body can be moved behind it"


def _word(leaving: Leaving) -> str:
    node = leaving.statement.node
    if isinstance(node, cst.Return):
        return "return"
    if isinstance(node, cst.Break):
        return "break"
    return "continue" if isinstance(node, cst.Continue) else "yield"


def _consequence(word: str) -> str:
    if word in ("break", "continue"):
        return f"SyntaxError: '{word}' outside loop"
    return "the program hangs: the body never tells the model that it has ended"
