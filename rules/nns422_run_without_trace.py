"""A model is run by a call that makes a trace.

## What it does

Finds `trace=False` in a call of a model's `trace` or `generate`, and `generate` that no
`with` enters.

## Why is this bad?

On 0.4 such a call ran the model and gave its output. 0.5 does not know the argument: it makes a
trace that nothing enters, or hands the argument on to the model.

On 0.4 `lm.generate(prompt)` without a `with` made a trace that never ran: the model did nothing. On
0.5 and later it generates at once, and gives the tokens (of a text, 0.5 and 0.7 make an
`AttributeError`; tensors they take).

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

output = lm.trace("The Eiffel Tower is in", trace=False)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    output = lm.output.save()
```

## Left alone

Traces that are entered.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    output = lm.output.save()
```

## Fix safety

The fix is safe. It is offered where the call is all that a name is bound to, or all that a function
returns. `generate(..., trace=False)` is only reported: 0.4 made one forward pass of it. So is
`generate` without a `with`, in code written for 0.4: what it was meant to do was never done. Where
tokens are read of what it gave (`ids[0]`, `ids.shape`) the line was not written for 0.4.

## References

- nnsight 0.4.11, `nnsight/intervention/base.py` (`trace`)
- nnsight 0.5.15, `nnsight/intervention/envoy.py` (`trace`, `interleave`)
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Dialect, Program, Read
from nnmigrate.program.values import Envoy
from nnmigrate.spans import Edit

from .common.calling import Called, called, kept, keyword_of
from .common.editing import code_of, fresh_name, movable
from .common.entering import Making, entered_later, makings

RULE = Rule("NNS422", "run-without-trace", since="0.5.0", fixable=Applicability.SAFE, first=True)


def check(program: Program) -> Iterator[Finding]:
    """Calls with `trace=False`, and generations that nothing enters."""
    for call in () if _runs(program) else called(program):
        for argument in call.node.args:
            if keyword_of(argument) == "trace" and code_of(argument.value) == "False":
                yield _finding(program, call)
    if program.dialect is Dialect.OLD:
        for making in makings(program):
            if _generates(making):
                yield _of_generation(program, making)


def _runs(program: Program) -> bool:
    """Whether the code is written for 0.7, which has the argument again (run on 0.7.0, 0.8.1)."""
    return program.dialect is Dialect.NEW and (0, 7) <= program.options.target < (0, 8)


def _generates(making: Making) -> bool:
    """Whether it is a model's `generate`, and no with statement can be meant to enter it."""
    opener = making.step.opener
    receiver = opener.receiver
    if opener.kind != "generate" or any(name == "trace" for name, _ in opener.keywords):
        return False
    if not isinstance(receiver, Envoy) or not receiver.proved or receiver.path:
        return False
    if making.name is None:
        return isinstance(making.statement.node, cst.Expr) and making.is_whole
    return entered_later(making) is None and not _is_taken_for_tokens(making)


def _is_taken_for_tokens(making: Making) -> bool:
    """Whether items or attributes are read of what it gave: 0.4's trace had none of them."""
    reads = (
        step
        for statement in making.scope.body.statements
        for step in statement.all_steps
        if isinstance(step, Read) and step.name == making.name and step.site > making.step.site
    )
    return any(read.partial for read in reads)


def _of_generation(program: Program, making: Making) -> Finding:
    call = program.text(making.step.span)
    return RULE.finding(
        Severity.ERROR,
        making.step.span,
        f"`{call}` is entered by no `with`: 0.4 made a trace of it that never ran; say whether "
        "the model is meant to generate here, in a `with` that saves its output, or delete it",
        "0.5 generates at once; AttributeError: 'str' object has no attribute 'shape' for a text",
    )


def _finding(program: Program, call: Called) -> Finding:
    text = _text(program, call)
    fix = None
    if text is not None:
        edit = Edit(call.statement.span, text)
        fix = Fix("Run it in a trace", (edit,), Applicability.SAFE)
    message = f"`{call.opener.kind}(..., trace=False)` no longer runs the model"
    if call.opener.kind == "generate":
        message += "; on 0.4 it made one forward pass instead of generating: say which is meant"
    elif fix is None:
        message += "; write a trace above the statement, and save the output in it"
    return RULE.finding(
        Severity.ERROR,
        call.span,
        message,
        "WithBlockNotFoundError, or the model does not know the argument `trace`",
        fix,
    )


def _text(program: Program, call: Called) -> str | None:
    """The statement as a trace, with what follows it in a function's last line."""
    statement, kind = call.statement, call.opener.kind
    if kind != "trace" or not movable(statement):
        return None
    without = code_of(kept(call.node, lambda one: keyword_of(one) != "trace"))
    node = statement.node
    if isinstance(node, cst.Return):
        name, whole = fresh_name(program, "output"), f"return {program.text(call.span)}"
    elif isinstance(node, cst.Assign) and len(node.targets) == 1:
        name = code_of(node.targets[0].target)
        whole = f"{name} = {program.text(call.span)}"
    else:
        return None
    if program.text(statement.span) != whole or not name.isidentifier():
        return None
    rows = [f"with {without}:", f"    {name} = {call.opener.text}.output.save()"]
    if isinstance(node, cst.Return):
        rows.append(f"return {name}")
    return f"{program.newline}{statement.indent}".join(rows)
