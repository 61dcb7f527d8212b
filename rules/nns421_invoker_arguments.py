"""A trace is given arguments for its invoke in a dictionary.

## What it does

Finds `invoker_kwargs=` and `invoker_args=` of traces and generations.

## Why is this bad?

On 0.4 the trace handed them on to the invoke that it made for its input, and so to the tokenizer.
0.5 hands them on to the model instead: a wrapped module raises a TypeError, a language model
swallows them, so that a prompt that was to be cut is read whole.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in", invoker_kwargs={"max_length": 2, "truncation": True}):
    logits = lm.lm_head.output.save()
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in", max_length=2, truncation=True):
        logits = lm.lm_head.output.save()
```

## Left alone

Arguments of an invoke.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("The Eiffel Tower is in", max_length=2, truncation=True):
        logits = lm.lm_head.output.save()
```

## Fix safety

The fix is safe: the input and its arguments go to an invoke of their own, in which the body stands.

## References

- nnsight 0.4.11, `nnsight/intervention/contexts/interleaving.py`
- nnsight 0.5.15, `nnsight/intervention/tracing/tracer.py`
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Program, Remote, Trace
from nnmigrate.spans import Edit

from .common.calling import (
    Called,
    argument_text,
    as_keywords,
    called,
    is_plain,
    kept,
    keyword_of,
)
from .common.editing import code_of, fresh_name
from .common.headers import body_lines, header_of, indented, unit_of
from .common.stepping import tracer_of

RULE = Rule("NNS421", "invoker-arguments", since="0.5.0", fixable=Applicability.SAFE, first=True)

_KEYWORDS = ("invoker_kwargs", "invoker_args")


def check(program: Program) -> Iterator[Finding]:
    """Calls that are given arguments for their invoke."""
    traces = {trace.entered.call: trace for trace in program.traces}
    for call in called(program):
        for argument in call.node.args:
            if keyword_of(argument) in _KEYWORDS:
                edits = _edits(program, call, argument, traces.get(call.span))
                name = keyword_of(argument)
                fix = Fix("Give them to an invoke", edits, Applicability.SAFE) if edits else None
                message = f"`{name}=` no longer reaches the invoke"
                if fix is None:
                    message += ": write `with tracer.invoke(...)` and give them to it"
                yield RULE.finding(
                    Severity.SILENT,
                    call.span,
                    message,
                    "the model is given it: TypeError, or silently without effect",
                    fix,
                )


def _edits(
    program: Program, call: Called, argument: cst.Arg, trace: Trace | None
) -> tuple[Edit, ...]:
    given = as_keywords(argument.value)
    without = kept(call.node, lambda one: one is not argument)
    if given == "" and is_plain(argument.value):
        return (Edit(call.span, code_of(without)),)
    inputs = [one for one in without.args if one.keyword is None and not one.star]
    if not given or trace is None or trace.explicit or not inputs:
        return ()
    if len(trace.statement.contexts) != 1 or any(one.star == "*" for one in without.args):
        return ()
    named = tracer_of(program, trace)
    moved = indented(program.text(body_lines(program, trace.statement)), unit_of(trace.statement))
    if named is None or moved is None or trace.body.inline:
        return ()
    unit = trace.statement.indent + unit_of(trace.statement)
    options = ", ".join(argument_text(one) for one in without.args if one not in inputs)
    first, prompts = _inputs(program, trace, inputs)
    rows = [
        f"{first}with {code_of(call.node.func)}({options}) as {named[0]}:",
        f"{unit}with {named[0]}.invoke({prompts}, {given}):",
    ]
    return (
        Edit(header_of(program, trace.statement), program.newline.join(rows)),
        Edit(body_lines(program, trace.statement), moved),
    )


def _inputs(program: Program, trace: Trace, inputs: list[cst.Arg]) -> tuple[str, str]:
    """The inputs as the invoke is given them, and what has to stand before the trace for that.

    What is called there may change things, and what a remote trace is given in its body is worked
    out on the server, with all that it needs.
    """
    texts = [argument_text(one) for one in inputs]
    does = trace.remote is not Remote.NO or re.search(r"\w\s*\(", texts[0]) is not None
    if len(inputs) > 1 or not does or is_plain(inputs[0].value):
        return "", ", ".join(texts)
    name = fresh_name(program, "inputs")
    return f"{name} = {texts[0]}{program.newline}{trace.statement.indent}", name
