"""A function called in a trace reads a name that the trace binds.

## What it does

Finds functions that are made outside of a trace, are called in it, and take a name from around
them which the trace binds before.

## Why is this bad?

On 0.4 the body of a trace was run where it stands: what it bound, a function found. Since 0.5 the
body is a function of its own, with a copy of the names around it. A function from outside does not
see what is bound there before the trace is over: it finds the value from before, and nothing is
raised.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
factor = 1.0


def scaled(hidden):
    return hidden * factor


with lm.trace("The Eiffel Tower is in"):
    factor = lm.transformer.h[0].output[0].std().save()
    out = scaled(lm.transformer.h[1].output[0]).save()
```

## Left alone

A function that is given what it needs.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


def scaled(hidden, factor):
    return hidden * factor


with lm.trace("The Eiffel Tower is in"):
    factor = lm.transformer.h[0].output[0].std().save()
    out = scaled(lm.transformer.h[1].output[0], factor).save()
```

A function that the trace makes itself.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    factor = lm.transformer.h[0].output[0].std().save()
    scaled = lambda hidden: hidden * factor
    out = scaled(lm.transformer.h[1].output[0]).save()
```

## Fix safety

There is no fix: give the function what it needs as an argument.

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/base.py` (`Tracer.compile`) and
  `nnsight/intervention/interleaver.py` (`Mediator.push`)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import libcst as cst

from nnmigrate.findings import Finding, Rule, Severity
from nnmigrate.program import Bind, Dialect, Program, Read, Scope, Statement, Trace
from nnmigrate.program.bodies import roots
from nnmigrate.program.liveness import bound_before, reads_free
from nnmigrate.program.memory import remembered

RULE = Rule("NNS209", "binding-unseen-by-function", since="0.5.0")


def check(program: Program) -> Iterator[Finding]:
    """The first use of each function for each name."""
    if program.dialect is Dialect.NEW:
        return
    for trace in roots(program):
        told: set[tuple[str, str]] = set()
        for read, name in _unseen(program, trace):
            if (read.name, name) not in told:
                told.add((read.name, name))
                yield _finding(trace, read, name)


def _finding(trace: Trace, read: Read, name: str) -> Finding:
    before = bound_before(trace, name)
    return RULE.finding(
        Severity.SILENT if before else Severity.ERROR,
        read.span,
        f"`{read.name}` takes `{name}` from around it, which the trace binds: a function from "
        "outside does not see that; give it to it as an argument",
        f"silently the value that `{name}` had before the trace"
        if before
        else f"NameError: name '{name}' is not defined",
    )


def _unseen(program: Program, trace: Trace) -> Iterator[tuple[Read, str]]:
    """The uses of functions from outside that take what the trace has bound by then."""
    bound: set[str] = set()
    functions = _functions(program)
    for statement in trace.body.walk():
        steps = (*statement.steps, *statement.turn)
        for read in (step for step in steps if isinstance(step, Read) and bound):
            for scope, made in functions.get(read.name, ()):
                if not trace.statement.span.holds(made.span):
                    for name in sorted(bound):
                        if _takes(program, trace, scope, made, name):
                            yield read, name
        bound |= {step.name for step in steps if isinstance(step, Bind) and not step.foreign}


def _takes(program: Program, trace: Trace, scope: Scope, made: Statement, name: str) -> bool:
    """Whether a function takes a name from around it, and that is the one that the trace binds."""
    return reads_free(program, made, name) and _owner(scope, name) is trace.scope


def _owner(scope: Scope, name: str) -> Scope | None:
    """The scope whose name a function means that stands in a scope."""
    around = (one for one in scope.outward() if one.kind != "class" and name not in one.declared)
    return next((one for one in around if name in one.bindings), None)


@remembered
def _functions(program: Program) -> Mapping[str, list[tuple[Scope, Statement]]]:
    """The functions of a program with the scopes that they stand in, by their names."""
    found: dict[str, list[tuple[Scope, Statement]]] = {}
    for scope in program.scopes:
        for statement in scope.body.walk():
            name = _made(statement) if scope.kind != "class" else None
            if name is not None:
                found.setdefault(name, []).append((scope, statement))
    return found


def _made(statement: Statement) -> str | None:
    """The name of the function that a statement makes."""
    node = statement.node
    if isinstance(node, cst.FunctionDef):
        return node.name.value
    if isinstance(node, cst.Assign) and isinstance(node.value, cst.Lambda):
        target = node.targets[0].target
        return target.value if isinstance(target, cst.Name) else None
    return None
