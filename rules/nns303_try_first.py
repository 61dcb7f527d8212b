"""The body of a trace begins with a `try`.

## What it does

Finds traces, invokes and sessions whose first statement is `try:`.

## Why is this bad?

0.5 leaves the caller's body by an exception that it raises at the body's first line. Where that
line is inside a `try`, the exception takes the wrong way and comes out: `ExitTracingException`.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    try:
        logits = lm.lm_head.output.save()
    except IndexError:
        print("no such module")
print(logits)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    ...  # since nnsight 0.5 a trace cannot begin with `try`
    try:
        logits = lm.lm_head.output.save()
    except IndexError:
        print("no such module")
print(logits)
```

## Left alone

A `try` behind another statement.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    hidden = lm.transformer.h[0].output
    try:
        logits = lm.lm_head.output.save()
    except IndexError:
        print("no such module")
print(logits)
```

## Fix safety

The fix is safe: the new statement does nothing. (`pass` would not do: it is skipped as well.)

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/base.py` (`ExitTracingException`)
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Program, Statement

from .common.editing import lines_before

RULE = Rule("NNS303", "try-first", since="0.5.0", fixable=Applicability.SAFE)

_CUT_OUT = ("trace", "generate", "scan", "session", "invoke")
_NOTHING = "...  # since nnsight 0.5 a trace cannot begin with `try`"


def check(program: Program) -> Iterator[Finding]:
    """Bodies that begin with a try statement."""
    for scope in program.scopes:
        for top in scope.body.statements:
            for statement in top.walk():
                if statement.opens is not None and statement.opens.kind in _CUT_OUT:
                    yield from _of_body(program, statement)


def _of_body(program: Program, statement: Statement) -> Iterator[Finding]:
    first = statement.blocks[0].statements[0]
    if first.kind in ("Try", "TryStar") and statement.opens is not None:
        fix = Fix("Put a statement before it", (lines_before(program, first, _NOTHING),))
        yield RULE.finding(
            Severity.ERROR,
            first.steps[0].span if first.steps else statement.opens.call,
            f"the body of `{program.text(statement.opens.call)}` begins with `try`",
            "ExitTracingException",
            fix,
        )
