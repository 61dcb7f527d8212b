"""A generation does not say how many tokens it makes.

## What it does

Finds `with lm.generate(...)` without `max_new_tokens`.

## Why is this bad?

On 0.4 nnsight itself made one token where nothing was said. Since 0.5 transformers decides: twenty
more tokens by default. A `max_length` counted for nothing on 0.4, where one token was made.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in", scan=False):
    logits = lm.lm_head.output.save()
with lm.generate("The Eiffel Tower is in"):
    hidden = lm.transformer.h[1].output.save()
    tokens = lm.generator.output.save()
print(hidden, tokens)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()
with lm.generate("The Eiffel Tower is in", max_new_tokens=1):
    hidden = lm.transformer.h[1].output.save()
    tokens = lm.generator.output.save()
print(hidden, tokens)
```

## Left alone

Generations that say it, here or in a dictionary, and models that make images.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
options = {"max_new_tokens": 5}

with lm.generate("The Eiffel Tower is in", max_new_tokens=3):
    tokens = lm.generator.output.save()
with lm.generate("The Eiffel Tower is in", **options):
    tokens = lm.generator.output.save()
```

## Fix safety

The fix is safe in a file that is written for 0.4 beyond doubt, and unsafe elsewhere: code that was
written for 0.5 may want transformers' default.

## References

- nnsight 0.4.11, `nnsight/modeling/language.py` (`_execute_generate`)
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Dialect, Program

from .common.calling import Called, called, keyword_of, with_argument

RULE = Rule("NNS429", "default-length", since="0.5.0", fixable=Applicability.SAFE, first=True)

# Other models than language models generate as well, and count otherwise.
_OTHERS = ("DiffusionModel", "VLLM")


def check(program: Program) -> Iterator[Finding]:
    """Generations that are entered without `max_new_tokens`."""
    if program.dialect is Dialect.NEW or any(map(program.has_name, _OTHERS)):
        return
    entered = {trace.entered.call for trace in program.traces}
    for call in called(program):
        keywords = [keyword_of(one) for one in call.node.args]
        spread = any(one.star for one in call.node.args)
        if call.opener.kind != "generate" or call.span not in entered or spread:
            continue
        if "max_new_tokens" not in keywords and "trace" not in keywords:
            yield _finding(program, call, ignored="max_length" in keywords)


def _finding(program: Program, call: Called, *, ignored: bool) -> Finding:
    told = program.dialect is Dialect.OLD
    edit = with_argument(program, call.span, "max_new_tokens=1")
    how = Applicability.SAFE if told else Applicability.UNSAFE
    message = "`generate` without `max_new_tokens` made one token on 0.4"
    message += ", whatever `max_length` said" if ignored else ""
    message += "" if told else "; this is right if the code was written for nnsight 0.4"
    return RULE.finding(
        Severity.SILENT if told else Severity.NOTE,
        call.span,
        message,
        "silently more tokens: transformers' own default, 20 of them",
        Fix("Say that one token is made", (edit,), how),
    )
