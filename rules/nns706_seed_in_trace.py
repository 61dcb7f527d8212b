"""Random numbers are drawn, and a seed is set behind that, in the body of a trace.

## What it does

Finds `torch.manual_seed(...)` behind a random draw in the same body, in code for 0.4.

## Why is this bad?

0.4 set every seed when the body was recorded, and drew when the model ran: all draws followed the
last seed of the body. 0.5 runs line by line, so that each draw follows the seed above it. The
numbers change, and nothing tells.

## Example

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    torch.manual_seed(0)
    first = (lm.transformer.h[0].mlp.output + torch.randn(1)).save()
    torch.manual_seed(0)
    second = (lm.transformer.h[1].mlp.output + torch.randn(1)).save()
```

## Left alone

A seed in front of all draws, and seeds outside of traces.

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

torch.manual_seed(1)
with lm.trace("The Eiffel Tower is in"):
    torch.manual_seed(0)
    first = (lm.transformer.h[0].mlp.output + torch.randn(1)).save()
    second = (lm.transformer.h[1].mlp.output + torch.randn(1)).save()
```

## Fix safety

There is no fix: what 0.5 does is what the lines say. For the numbers of 0.4 set the last seed in
front of the first draw, and no other.

## References

- nnsight 0.4.11, `nnsight/tracing/tracer.py` and `nnsight/util.py` (what is patched in a body); run
  on 0.4.11 and 0.5.15
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Finding, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Dialect, Program
from nnmigrate.program.model import code_only
from nnmigrate.spans import Span

from .common.severity import if_old

RULE = Rule("NNS706", "seed-in-trace", since="0.5.0")

_SEED = pattern(r"(?<![\w.])torch\.(?:cuda\.|random\.)?manual_seed(?:_all)?\(")
_DRAW = pattern(
    r"(?<![\w.])torch\.(?:rand|randn|randint|randperm|normal|bernoulli|multinomial)(?:_like)?\("
    r"|\.(?:multinomial|bernoulli|normal_|uniform_|random_|exponential_)\(|\bdropout\("
)


def check(program: Program) -> Iterator[Finding]:
    """The seeds that are set behind a draw."""
    if program.dialect is Dialect.NEW or "manual_seed" not in program.code:
        return
    for trace in program.traces:
        if trace.kind not in ("trace", "generate"):
            continue
        span = trace.body.span
        text = code_only(program.text(span))
        drawn = _DRAW.search(text)
        for seed in _SEED.finditer(text, drawn.end() if drawn is not None else len(text)):
            yield RULE.finding(
                if_old(program, Severity.SILENT),
                Span(span.start + seed.start(), span.start + seed.end() - 1),
                "0.4 set this seed before the first draw of the body, 0.5 sets it here",
                "silently other random numbers",
            )
