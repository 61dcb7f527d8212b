"""The body of a trace stands on the line of its `with`.

## What it does

Finds `with lm.trace(prompt): statement`, and invokes written that way.

## Why is this bad?

0.5 cuts the body out of the file by its lines. A body on the line of the `with` is not found, and
the statement runs outside of the model: `ValueError`.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"): logits = lm.lm_head.output.save()
print(logits)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()
print(logits)
```

## Left alone

Other statements that nnsight does not cut out.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    for layer in range(2): logits = lm.transformer.h[layer].output.save()
print(logits)
```

## Fix safety

The fix is safe: only the line end is new.

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/base.py` (`parse`)
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Block, Program, Statement
from nnmigrate.spans import Edit, Span

RULE = Rule("NNS301", "one-line-body", since="0.5.0", fixable=Applicability.SAFE)


def check(program: Program) -> Iterator[Finding]:
    """With statements of nnsight whose body has no line of its own."""
    for scope in program.scopes:
        for top in scope.body.statements:
            for statement in top.walk():
                if statement.opens is not None and statement.blocks[0].inline:
                    yield _finding(program, statement, statement.blocks[0])


def _finding(program: Program, statement: Statement, body: Block) -> Finding:
    entered = statement.opens
    assert entered is not None
    return RULE.finding(
        Severity.ERROR,
        body.span,
        f"the body of `{program.text(entered.call)}` stands on the line of its `with`",
        "ValueError: the body is not found and runs outside of the model",
        _fix(program, statement, body),
    )


def _fix(program: Program, statement: Statement, body: Block) -> Fix:
    header = program.code[: body.span.start].rstrip(" \t")
    unit = "\t" if statement.indent.endswith("\t") else "    "
    line = f"{program.newline}{statement.indent}{unit}"
    return Fix("Give the body its own line", (Edit(Span(len(header), body.span.start), line),))
