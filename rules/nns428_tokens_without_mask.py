"""Several prompts are given as tensors of tokens.

## What it does

Finds tensors of token ids among the inputs of a trace with several invokes.

## Why is this bad?

On 0.4 the tokenizer padded them and made an attention mask. Since 0.5.14 a tensor comes without
one: 0.5 raises a KeyError, later versions let the model see the padding.

## Example

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
tokens = torch.tensor([[1, 2, 3]])

with lm.trace() as tracer:
    with tracer.invoke(tokens):
        one = lm.lm_head.output.save()
    with tracer.invoke(lm.tokenizer("The Louvre", return_tensors="pt").input_ids):
        other = lm.lm_head.output.save()
```

Use instead:

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
tokens = torch.tensor([[1, 2, 3]])

with lm.trace() as tracer:
    with tracer.invoke(tokens.tolist()):
        one = lm.lm_head.output.save()
    with tracer.invoke(lm.tokenizer("The Louvre", return_tensors="pt").input_ids.tolist()):
        other = lm.lm_head.output.save()
```

## Left alone

One input, strings and lists of tokens, and models that are given tensors.

```python
import torch
from nnsight import LanguageModel, NNsight

lm = LanguageModel("openai-community/gpt2")
net = NNsight(torch.nn.Linear(2, 2))

with lm.trace(torch.tensor([[1, 2, 3]])):
    one = lm.lm_head.output.save()
with lm.trace() as tracer:
    with tracer.invoke([1, 2, 3]):
        one = lm.lm_head.output.save()
    with tracer.invoke("The Louvre"):
        other = lm.lm_head.output.save()
```

## Fix safety

The fix is safe: lists of tokens are padded, and masked, in every version.

## References

- nnsight 0.5.15, `nnsight/modeling/language.py` (`_prepare_input`)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Dialect, Invoke, Program, Trace
from nnmigrate.spans import Edit, Span

from .common.calling import parsed_call
from .common.editing import code_of, expression_of

RULE = Rule("NNS428", "tokens-without-mask", since="0.5.14", fixable=Applicability.SAFE)

# Functions that make a tensor, whatever they are given.
_MAKERS = frozenset(
    f"torch.{name}"
    for name in "tensor LongTensor as_tensor arange randint stack cat ones zeros full".split()
)
_ENCODED = pattern(r"return_tensors\s*=\s*[\"']pt[\"']")


def check(program: Program) -> Iterator[Finding]:
    """Tensors among the inputs of each trace with several."""
    if program.dialect is Dialect.NEW:
        return
    for trace in program.traces:
        given = [one for one in trace.invokes if one.statement.opens and not one.implicit]
        several = len(given) > 1 or any(one.parents and one.parents[-1].loop for one in given)
        if several and not _wraps_plainly(program, trace):
            for invoke in given:
                yield from _of_invoke(program, invoke)


def _wraps_plainly(program: Program, trace: Trace) -> bool:
    """Whether the model is one that tokenizes nothing."""
    bound = [b for s in program.scopes for b in s.bindings.get(trace.entered.model, ())]
    plain = {"NNsight", *_plain_classes(program)}
    texts = [program.text(b.expression) for b in bound if b.expression]
    return any(text.split("(")[0].split(".")[-1] in plain for text in texts)


def _plain_classes(program: Program) -> Iterator[str]:
    """The classes of the file that derive from no language model as far as it tells."""
    language: set[str] = set()
    for scope in program.scopes:
        if scope.kind == "class" and scope.statement is not None:
            header = program.text(scope.statement.span).split(":")[0]
            # A class stands behind those that it derives from.
            words = re.findall(r"\w+", header)
            if "LanguageModel" in header or language.intersection(words):
                language.add(scope.name)
            else:
                yield scope.name


def _of_invoke(program: Program, invoke: Invoke) -> Iterator[Finding]:
    assert invoke.statement.opens is not None
    span = invoke.statement.opens.call
    call = parsed_call(program, span)
    first = call.args[0] if call is not None and call.args else None
    if call is None or first is None or first.star or first.keyword is not None:
        return
    if not _is_tensor(program, first.value):
        return
    text = code_of(first.value)
    opened = program.code.index("(", span.start + len(code_of(call.func)))
    at = program.code.index(text, opened) + len(text)
    edit = Edit(Span(at, at), ".tolist()")
    yield RULE.finding(
        Severity.ERROR,
        span,
        f"`{text}` is a tensor of tokens, which comes without an attention mask",
        "KeyError: 'attention_mask'; from 0.6 on silently the padding is seen",
        Fix("Give lists of tokens", (edit,), Applicability.SAFE),
    )


def _is_tensor(program: Program, node: cst.BaseExpression) -> bool:
    """Whether an expression is a tensor for sure, or its name is bound to tensors alone."""
    if not isinstance(node, cst.Name):
        return _makes_tensor(node)
    bound = [b for s in program.scopes for b in s.bindings.get(node.value, ())]
    made = [program.text(one.expression) for one in bound if one.expression is not None]
    nodes = [expression_of(text) for text in made]
    return bool(bound) and len(nodes) == len(bound) and all(map(_makes_tensor, nodes))


def _makes_tensor(node: cst.BaseExpression) -> bool:
    """`torch.tensor(...)`, or the tokens of a tokenizer's encoding in tensors."""
    if isinstance(node, cst.Call):
        return code_of(node.func) in _MAKERS
    text = code_of(node)
    tokens = isinstance(node, (cst.Attribute, cst.Subscript)) and "input_ids" in text[-14:]
    return tokens and _ENCODED.search(text) is not None
