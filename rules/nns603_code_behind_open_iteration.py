"""Code stands behind a block that is run at every step of a generation of unknown length.

## What it does

Finds statements behind `with module.all():` and `with module.iter[n:]:` in a generation without
`max_new_tokens`, or with None for it; for 0.8 as the target, in every generation, and behind the
blocks of tracers as well.

## Why is this bad?

0.5 runs the block whenever the model makes another step. How many there will be it knows from
`max_new_tokens` only: without that the body still waits for one more step when the generation has
ended, and what stands behind the block is dropped. The names that it binds are missing afterwards.
0.8.1 drops it even where `max_new_tokens` is given.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.generate("The Eiffel Tower is in", max_new_tokens=None, max_length=20):
    with lm.transformer.h[0].all():
        lm.transformer.h[0].output[0][:] = 0
    out = lm.generator.output.save()
print(out)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.generate(max_new_tokens=None, max_length=20) as tracer:
    with tracer.invoke("The Eiffel Tower is in"):
        with tracer.all():
            lm.transformer.h[0].output[0][:] = 0
    with tracer.invoke():
        out = lm.generator.output.save()
print(out)
```

## Left alone

A generation whose length is given.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.generate("The Eiffel Tower is in", max_new_tokens=3):
    with lm.transformer.h[0].all():
        lm.transformer.h[0].output[0][:] = 0
    out = lm.generator.output.save()
print(out)
```

## Fix safety

The fix is safe: an invoke without arguments sees the same prompts. It is offered where one invoke
alone has prompts, and what moves needs nothing that the first part binds. Where `max_new_tokens`
is missing there is none: nnsight 0.4 made one step then, which 0.5 has to be told.

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/iterator.py` and `nnsight/modeling/language.py`
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Rule, Severity
from nnmigrate.program import Dialect, Program

from .common.open_ended import Tail, apart, drops_all, length_missing, stale_name, tails

RULE = Rule("NNS603", "code-behind-open-iteration", since="0.5.0", fixable=Applicability.SAFE)


def check(program: Program) -> Iterator[Finding]:
    """Blocks of unknown length with something behind them."""
    # Code in the form of 0.5 ran there; 0.8 drops from it what 0.5 did not.
    if program.dialect is Dialect.NEW and not drops_all(program):
        return
    for tail in tails(program):
        yield _finding(program, tail)


def _finding(program: Program, tail: Tail) -> Finding:
    missing = length_missing(tail.trace)
    text = program.text(tail.opened)
    why = f"`{text}` waits for steps that `max_new_tokens` does not count"
    if drops_all(program):
        why = f"`{text}` waits for one more step when the last one is done"
    fix = None if missing else apart(program, tail)
    decide = "" if fix is not None else _decision(tail, missing=missing)
    return RULE.finding(
        Severity.ERROR,
        tail.opened,
        f"{why}: what stands behind it is never run{decide}",
        "NameError: the rest of the body is dropped, with a warning only",
        fix,
    )


def _decision(tail: Tail, *, missing: bool) -> str:
    """What a person must decide."""
    if missing:
        return "; nnsight 0.4 made one step here: write `max_new_tokens=1` for the same"
    stale = stale_name(tail)
    if stale is not None:
        return f"; and the block would fill an older `{stale}`: bind it before the first invoke"
    return "; write how many steps there are (`iter[:n]`), or put it into an invoke of its own"
