"""A context manager of the wrapped module is entered by the wrapped model.

## What it does

Finds `with model.disable_adapter():` and other methods of the wrapped module in a with statement.

## Why is this bad?

On 0.4 the call went to the module. 0.5 takes every method that a with statement enters on a model
for a trace: the module's context is never entered, and nothing says so.

## Example

```python
from contextlib import contextmanager

import torch
from nnsight import NNsight


class Adapted(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.base = torch.nn.Linear(2, 2)
        self.scale = 3.0

    @contextmanager
    def disable_adapter(self):
        self.scale = 1.0
        yield
        self.scale = 3.0

    def forward(self, x):
        return self.scale * self.base(x)


model = NNsight(Adapted())

with model.disable_adapter():
    with model.trace(torch.ones(1, 2)):
        output = model.output.save()
```

Use instead:

```python
from contextlib import contextmanager

import torch
from nnsight import NNsight


class Adapted(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.base = torch.nn.Linear(2, 2)
        self.scale = 3.0

    @contextmanager
    def disable_adapter(self):
        self.scale = 1.0
        yield
        self.scale = 3.0

    def forward(self, x):
        return self.scale * self.base(x)


model = NNsight(Adapted())

with model._module.disable_adapter():
    with model.trace(torch.ones(1, 2)):
        output = model.output.save()
```

## Left alone

What nnsight itself enters, and context managers of a class of one's own.

```python
from contextlib import nullcontext

from nnsight import LanguageModel


class Edited(LanguageModel):
    def quiet(self):
        return nullcontext()


lm = Edited("openai-community/gpt2")

with lm.session():
    with lm.generate("The Eiffel Tower is in", max_new_tokens=1):
        logits = lm.lm_head.output.save()
with lm.quiet():
    print("quiet")
```

## Fix safety

The fix is safe: `_module` is the wrapped module.

## References

- nnsight 0.5.15, `nnsight/intervention/envoy.py` (`__getattr__`)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Context, Program, Read, Scope, Statement
from nnmigrate.program.names import MODEL_CLASSES
from nnmigrate.program.values import Envoy
from nnmigrate.spans import Edit, Span

from .common.calling import parsed_call
from .common.editing import code_of

RULE = Rule("NNS704", "context-of-module", since="0.5.0", fixable=Applicability.SAFE)

# What an envoy itself may be asked for in a with statement (nnsight 0.4.11 and 0.5.15,
# intervention/envoy.py and modeling/).
_OWN = frozenset(
    "trace generate scan session edit all iter next invoke export_edits import_edits cache "
    "interleave forward".split()
)

_WRAPPED = frozenset({*MODEL_CLASSES, "StandardizedTransformer"})
_ASKED = pattern(r"isinstance\(\s*(?P<name>[\w.]+)\s*,\s*(?P<kind>[\w.]+)\s*\)")


def check(program: Program) -> Iterator[Finding]:
    """With statements that enter another method of a model."""
    for scope in program.scopes:
        for statement in scope.body.walk():
            for context in statement.contexts:
                receiver = _receiver(program, statement, context)
                if receiver and not _is_anothers(program, scope, statement, receiver):
                    yield _finding(program, context, receiver)


def _is_anothers(program: Program, scope: Scope, statement: Statement, receiver: str) -> bool:
    """Whether it stands where the model is one of another library: `isinstance(model, Other)`."""
    for around in scope.body.walk():
        if isinstance(around.node, cst.If) and around.blocks[0].span.holds(statement.span):
            asked = _ASKED.match(code_of(around.node.test))
            if asked is not None and asked["name"] == receiver:
                kind = asked["kind"].rpartition(".")[2]
                wrapped = kind in _WRAPPED or f"class {kind}(" in program.code
                return not wrapped
    return False


def _receiver(program: Program, statement: Statement, context: Context) -> str | None:
    """The model or module whose own context manager is entered."""
    if context.kind:
        return None
    call = parsed_call(program, context.call)
    if call is None or not isinstance(call.func, cst.Attribute):
        return None
    name, text = call.func.attr.value, code_of(call.func.value)
    if re.search(r"\._(module|model)\b", text):
        return None
    if name in _OWN or name.startswith("_"):
        return None
    # A method of the class itself, or one that its `__methods__` makes a trace on 0.4.
    if re.search(rf"\bdef {name}\b|[\"']{name}[\"']\s*:", _own_classes(program)):
        return None
    first = re.match(r"\w+", text)
    for step in statement.steps:
        if isinstance(step, Read) and step.span.start == context.call.start:
            value = step.value
            known = isinstance(value, Envoy) and value.proved
            return text if known and first is not None and first[0] == step.name else None
    return None


def _own_classes(program: Program) -> str:
    """The text of the file's classes of wrapped models."""
    texts = [
        program.text(scope.statement.span)
        for scope in program.scopes
        if scope.kind == "class" and scope.statement is not None
    ]
    return "\n".join(text for text in texts if re.match(r"class \w+\(.*(NNsight|Model)", text))


def _finding(program: Program, context: Context, receiver: str) -> Finding:
    at = context.call.start + len(receiver)
    return RULE.finding(
        Severity.SILENT,
        context.call,
        f"`{program.text(context.call)}` is taken for a trace, not for the module's own context",
        "silently the context is never entered",
        Fix("Enter it on the module itself", (Edit(Span(at, at), "._module"),)),
    )
