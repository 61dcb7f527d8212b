"""An invoke ends the program: on 0.5 it never ends.

## What it does

Finds `exit()`, `quit()`, `sys.exit()` and `raise SystemExit` in the body of a trace or an invoke.

## Why is this bad?

On 0.4 the body of a trace ran before the model did, in the program's own thread: `exit()` ended the
program there. Since 0.5 every invoke runs in a thread of its own, and the model waits until that
has asked for a module or has ended. `SystemExit` is no `Exception`: it ends the thread without a
word to the model, which waits for good. The program hangs, and does not even print what it has.

An ordinary exception in an invoke is passed on: it ends the trace, and the program.

## Example

```python
import sys

from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

for prompt in ("The Eiffel Tower is in", ""):
    with lm.trace(prompt):
        if not prompt:
            sys.exit("no prompt")
        logits = lm.lm_head.output.save()
    print(logits)
```

## Left alone

```python
import sys

from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    broken = lm.transformer.h[3].mlp.output.isnan().any().save()

if broken:
    sys.exit("no numbers")
```

## Fix safety

There is no fix: save what the decision depends on, and leave behind the trace; or raise an ordinary
exception.

## References

- nnsight 0.5.15, `nnsight/intervention/interleaver.py` (`Mediator`: `except Exception`)
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from nnmigrate.findings import Finding, Rule, Severity
from nnmigrate.program import Program, Statement, Trace

RULE = Rule("NNS109", "exit-in-invoke", since="0.5.0")

_EXITS = frozenset(["exit", "quit", "sys.exit"])


def check(program: Program) -> Iterator[Finding]:
    """Statements in an invoke that raise `SystemExit`."""
    own = {name for scope in program.scopes for name in scope.bindings}
    for trace in program.traces:
        for statement in _run_in_threads(trace):
            what = _exits(statement)
            if what is not None and what not in own:
                yield RULE.finding(
                    Severity.ERROR,
                    statement.span,
                    f"`{what}` in an invoke: its thread ends, and the model waits for it for good",
                    "hangs",
                )


def _run_in_threads(trace: Trace) -> Iterator[Statement]:
    """The statements of the invokes; those of functions made there do not run there and then."""
    if trace.kind in ("trace", "generate"):
        for invoke in trace.invokes:
            for statement in invoke.body.statements:
                yield from _reached(statement)


def _reached(statement: Statement) -> Iterator[Statement]:
    yield statement
    if statement.kind not in ("FunctionDef", "ClassDef"):
        for block in statement.blocks:
            for inner in block.statements:
                yield from _reached(inner)


def _exits(statement: Statement) -> str | None:
    """What raises `SystemExit`, as a person calls it."""
    node = statement.node
    if isinstance(node, cst.Expr) and isinstance(node.value, cst.Call):
        name = _dotted(node.value.func)
        return name if name in _EXITS else None
    if isinstance(node, cst.Raise) and node.exc is not None:
        raised = node.exc.func if isinstance(node.exc, cst.Call) else node.exc
        return "SystemExit" if _dotted(raised) == "SystemExit" else None
    return None


def _dotted(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute) and isinstance(node.value, cst.Name):
        return f"{node.value.value}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""
