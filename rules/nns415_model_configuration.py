"""A language model is given its configuration under the old name.

## What it does

Finds `config=` of `LanguageModel(...)` and its like, and `patch_llama_scan=`.

## Why is this bad?

Since 0.5 the configuration is called `config_model`: under the old name it is handed on to
transformers, and the model's `config` is another one. There is no scan to be patched any more.

## Example

```python
from nnsight import LanguageModel
from transformers import GPT2Config

lm = LanguageModel("gpt2", config=GPT2Config(resid_pdrop=0.5), patch_llama_scan=False)
print(lm.config.resid_pdrop)
```

Use instead:

```python
from nnsight import LanguageModel
from transformers import GPT2Config

lm = LanguageModel("gpt2", config_model=GPT2Config(resid_pdrop=0.5))
print(lm.config.resid_pdrop)
```

## Left alone

Configurations of other objects.

```python
from nnsight import LanguageModel
from transformers import GPT2Config, GPT2LMHeadModel

module = GPT2LMHeadModel(config=GPT2Config(n_layer=1, n_embd=48))
lm = LanguageModel(module)
print(len(lm.transformer.h))
```

## Fix safety

The fix is unsafe: `config_model` is known from 0.5.11 on, and what transformers made of `config` on
0.4 depends on its version. 0.4 loaded the weights under the configuration that it was given. 0.5
builds the modules by it and loads the weights under the checkpoint's own: one with other sizes or
another number of layers fails there.

## References

- nnsight 0.5.15, `nnsight/modeling/transformers.py`
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Bind, Program
from nnmigrate.program.values import Envoy
from nnmigrate.spans import Edit, Span

from .common.calling import is_plain, kept, keyword_of, parsed_call
from .common.editing import code_of

RULE = Rule("NNS415", "model-configuration", since="0.5.0", fixable=Applicability.UNSAFE)

_MODELS = pattern(r"(\w+\.)*(LanguageModel|VisionLanguageModel)\Z")


def check(program: Program) -> Iterator[Finding]:
    """Models that are made with one of the keywords and bound to a name."""
    for scope in program.scopes:
        for binds in scope.bindings.values():
            for bind in binds:
                if isinstance(bind.value, Envoy) and bind.expression is not None:
                    yield from _of_model(program, bind, bind.expression)


def _of_model(program: Program, bind: Bind, span: Span) -> Iterator[Finding]:
    call = parsed_call(program, span)
    if call is None or not _MODELS.match(code_of(call.func)):
        return
    given = {keyword_of(one): one for one in call.args}
    if not {"config", "patch_llama_scan"} & given.keys():
        return
    new = kept(call, lambda one: keyword_of(one) != "patch_llama_scan")
    text = re.sub(r"\bconfig(?=\s*=(?!=))", "config_model", code_of(new), count=1)
    patched = given.get("patch_llama_scan")
    fix = None
    if patched is None or is_plain(patched.value):
        fix = Fix("Call it `config_model`", (Edit(span, text),), Applicability.UNSAFE)
    names = " and ".join(f"`{name}=`" for name in ("config", "patch_llama_scan") if name in given)
    yield RULE.finding(
        Severity.SILENT,
        span,
        f"{names} of a language model: the configuration is `config_model=` from 0.5.11 on",
        f"silently handed on to transformers; `{bind.name}.config` is another one",
        fix,
    )
