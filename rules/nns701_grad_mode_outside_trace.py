"""`torch.no_grad()` around a trace does not hold in its body.

## What it does

Finds bodies that use a module's weights without gradients being switched off inside of them, where
they are switched off around the trace: by a with statement, a decorator of the function,
`torch.set_grad_enabled(False)`, or by the model's own `generate`. Around a call of the function
that traces, or of what calls that, they count too.

## Why is this bad?

torch keeps the grad mode by thread. 0.4 computed in the caller's thread; since 0.5 the body runs in
a thread of its own, where gradients are on. What is computed there with a weight keeps a graph
alive: memory grows, and `.numpy()` raises. Under `torch.inference_mode()` it is an error.

## Example

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with torch.no_grad():
    with lm.trace("The Eiffel Tower is in"):
        hidden = lm.transformer.h[5].mlp.output
        logits = lm.lm_head(lm.transformer.ln_f(hidden)).save()
print(logits.requires_grad)
```

Use instead:

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with torch.no_grad():
    with lm.trace("The Eiffel Tower is in"):
        with torch.no_grad():
            hidden = lm.transformer.h[5].mlp.output
            logits = lm.lm_head(lm.transformer.ln_f(hidden)).save()
print(logits.requires_grad)
```

## Left alone

Values of the model alone: the model itself runs without gradients, so these have none.

```python
import torch
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with torch.no_grad():
    with lm.trace("The Eiffel Tower is in"):
        mean = lm.transformer.h[5].mlp.output.mean(-1).save()
print(mean.requires_grad)
```

## Fix safety

The fix is safe where the mode is to be seen around the trace: 0.4 computed in it. That `generate`
runs without gradients is not to be seen; there the fix is safe in code written for 0.4, and unsafe
where nothing tells for which version the code is written. Where the file calls the function once
with gradients and once without, the fix is unsafe: it switches them off for both.

## References

- nnsight 0.5.15, `nnsight/intervention/interleaver.py` (`Mediator.start`: the thread)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import (
    Block,
    Dialect,
    Invoke,
    Item,
    Program,
    Read,
    Remote,
    Scope,
    Step,
    Told,
    Trace,
    Weights,
    Write,
    flat,
)
from nnmigrate.program.names import PARAMETERS
from nnmigrate.program.values import Envoy, Instance, Method, Value
from nnmigrate.spans import Edit, Span

from .common.callers import mode_of_calls
from .common.editing import import_of, merged
from .common.helpers import calls_helper
from .common.surroundings import (
    Context,
    called_above,
    contexts_around,
    torch_imported,
    without,
    wrapped,
)

RULE = Rule("NNS701", "grad-mode-outside-trace", since="0.5.0", fixable=Applicability.SAFE)

_MODES = frozenset("no_grad inference_mode set_grad_enabled enable_grad".split())

# What asks a parameter for something else than its numbers.
_NO_NUMBERS = pattern(r"\s*\.\s*(shape|dtype|device|data|detach|size|numel|requires_grad)\b")
# Modules that have no weights, by the names that transformers gives them.
_WEIGHTLESS = pattern(r"act|act_fn|activation\w*|gelu|relu|silu|softmax|\w*drop(out)?")


def check(program: Program) -> Iterator[Finding]:
    """Invokes that use weights where gradients are off around the trace only."""
    if program.dialect is Dialect.NEW:
        return
    for trace in program.traces:
        if trace.kind not in ("trace", "generate") or trace.remote is Remote.YES:
            continue
        steps = trace.statement.all_steps
        if any(isinstance(step, Told) and step.what in ("grad", "backward") for step in steps):
            continue
        seen = mode_around(program, trace)
        if seen is None and trace.kind != "generate":
            continue
        for invoke in trace.invokes:
            yield from _of_invoke(program, trace, invoke, seen)


def _of_invoke(
    program: Program, trace: Trace, invoke: Invoke, seen: Context | None
) -> Iterator[Finding]:
    inference = seen is not None and seen.name == "inference_mode"
    used = next(_uses(program, trace.scope, invoke.body, inference), None)
    if used is None:
        return
    known = seen is not None or program.dialect is Dialect.OLD
    severity = Severity.ERROR if inference else Severity.SILENT if known else Severity.NOTE
    around = f"`{seen.text}` {seen.place}" if seen else "that `generate` runs without gradients"
    raised = "RuntimeError: an inference tensor is used outside of inference mode"
    yield RULE.finding(
        severity,
        used,
        f"{around} does not hold where `{program.text(used)}` is computed since 0.5",
        raised if inference else "silently a graph for gradients is kept; `.numpy()` raises",
        _fix(program, trace, invoke, seen, known and (seen is None or seen.certain)),
    )


def mode_around(program: Program, trace: Trace) -> Context | None:
    """What switches gradients off around a trace."""
    entered = [each for each in contexts_around(program, trace) if each.name in _MODES]
    if entered:
        # Of one that is chosen by a condition both may be meant.
        innermost = [each for each in entered if each.text == entered[0].text]
        return next(filter(_may_be_off, innermost), None)
    return _switched_off(program, trace) or _around_calls(program, trace)


def _around_calls(program: Program, trace: Trace) -> Context | None:
    """What is entered where the file calls the function that the trace is in."""
    if trace.scope.kind != "function":
        return None
    mode = mode_of_calls(program, trace.scope.name)
    if mode is None:
        return None
    place = f"around a call of `{trace.scope.name}`"
    return Context(mode.name, mode.text, place=place, certain=mode.always)


def _may_be_off(context: Context) -> bool:
    """Whether gradients are off in a context, or are where a name in it says so."""
    named = context.argument.replace(".", "").isidentifier()
    return _is_off(context) or (named and context.argument not in ("True", "False"))


def _is_off(context: Context) -> bool:
    if context.name == "inference_mode":
        return context.argument in ("", "True")
    return context.name == "no_grad" or (
        context.name == "set_grad_enabled" and context.argument == "False"
    )


def _switched_off(program: Program, trace: Trace) -> Context | None:
    """A statement `torch.set_grad_enabled(False)` above the trace, if nothing switches it back."""
    if "set_grad_enabled(False)" not in program.code:
        return None
    if re.search(r"\benable_grad\b|\bset_grad_enabled\((?!False\))", program.bare):
        return None
    return next(filter(_is_off, called_above(program, trace)), None)


# --- what the mode matters for --------------------------------------------------------------------


def _uses(program: Program, scope: Scope, body: Block, inference: bool) -> Iterator[Span]:
    """Where a body computes with something that may need gradients."""
    for statement in without(program, scope, body, _MODES):
        if calls_helper(statement):
            continue  # what it does in an invoke of its own is not done where it is called
        for step in flat((*statement.steps, *statement.turn)):
            if (inference and isinstance(step, Write)) or _needs_gradients(program, scope, step):
                yield step.span


def _needs_gradients(program: Program, scope: Scope, step: Step) -> bool:
    if isinstance(step, Weights):
        last = next((part for part in reversed(step.path) if isinstance(part, str)), "")
        return not _WEIGHTLESS.fullmatch(last) and not _NO_NUMBERS.match(
            program.code, step.span.end
        )
    if isinstance(step, Item) and step.path == "self":
        return _is_trained_attribute(program, step)
    if not isinstance(step, Read) or step.foreign:
        return False
    if _is_parameter(step.value):
        return not _NO_NUMBERS.match(program.code, step.span.end)
    return _is_trained(program, scope, step)


def _is_parameter(value: Value | None) -> bool:
    """Whether a name was given a module's parameter above."""
    while isinstance(value, Method):
        if isinstance(value.receiver, Envoy):
            return value.name in PARAMETERS
        if value.name in ("shape", "data", "dtype", "device"):
            return False
        value = value.receiver
    return False


_TRAINED = pattern(
    r"(torch\.)?nn\.(Linear|Embedding|LayerNorm|Sequential|Parameter|Bilinear)\("
    r"|(?s:.*)\brequires_grad(\s*=\s*True\b|_\()"
)
# What is loaded and then called with a value, such as a sparse autoencoder or a probe.
_LOADED = pattern(r"(?!(?s:.*)okenizer)[\w.]+\.(from_pretrained|load_from_\w+)\(")
_CALLED = pattern(r"(\.(encode|decode|forward))?\(")


def _is_trained(program: Program, scope: Scope, read: Read) -> bool:
    """Whether a name stands for a layer or parameter that the file makes with torch."""
    called = _CALLED.match(program.code, read.span.end) is not None
    for bind in scope.seen(read.name):
        text = program.text(bind.expression) if bind.expression is not None else ""
        if _TRAINED.match(text) or (called and _LOADED.match(text)):
            return True
        if called and isinstance(bind.value, Instance) and _is_module(program, bind.value.name):
            return True
    return False


def _is_trained_attribute(program: Program, item: Item) -> bool:
    """Whether a method reads a layer or parameter that the file makes for its object."""
    name = re.escape(str(item.key))
    made = re.search(rf"\bself\.{name}\s*=\s*(?:torch\.)?nn\.(?:Linear|Parameter)\(", program.code)
    return made is not None and not _NO_NUMBERS.match(program.code, item.span.end)


def _is_module(program: Program, name: str) -> bool:
    """Whether a class of the file derives from torch's modules, as far as its header tells."""
    found = re.search(rf"^[ \t]*class {name}\(([^)]*)\)", program.code, re.MULTILINE)
    return found is not None and re.search(r"\bModule\b", found[1]) is not None


# --- the fix --------------------------------------------------------------------------------------


def _fix(
    program: Program, trace: Trace, invoke: Invoke, seen: Context | None, known: bool
) -> Fix | None:
    imports: tuple[Edit, ...] = ()
    if seen is not None:
        text = seen.text
    else:
        torch = torch_imported(program, trace.scope)
        if torch is None:
            torch, imports = import_of(program, "torch")
        text = f"{torch}.no_grad()"
    body = wrapped(program, invoke.statement, text)
    if body is None:
        return None
    applicability = Applicability.SAFE if known else Applicability.UNSAFE
    return Fix(f"Enter `{text}` in the body", merged((*imports, body)), applicability)
