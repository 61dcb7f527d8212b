"""A trace stands in a string that is run as code.

## What it does

Finds traces in strings that `exec`, `eval` and `compile` are given, or IPython's `run_cell_magic`
and its like.

## Why is this bad?

0.5 reads the source of a trace's body. What is run from a string has none: `OSError: could not get
source code`. In a notebook nnsight reads the cell, where the trace only stands in a string:
`WithBlockNotFoundError`.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

code = '''
with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()
'''
exec(code)
```

## Left alone

Text that opens no trace of a model.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
exec("prompt = 'The Eiffel Tower is in'")

with lm.trace(prompt):
    logits = lm.lm_head.output.save()
```

## Fix safety

There is no fix: whether the string can be code of the file is for its author to say.

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/base.py` (`capture`)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nnmigrate.findings import Finding, Rule, Severity
from nnmigrate.program import Program, Told
from nnmigrate.program.values import Constant, Envoy

RULE = Rule("NNS307", "trace-in-text", since="0.5.0")

_PYTHON = ("exec", "eval", "compile")
_IPYTHON = ("run_cell_magic", "run_line_magic", "run_cell", "ex")
_TRACE = re.compile(r"(?<![\w.])(\w+)(?:\.\w+)*\.(?:trace|generate|session|scan|edit)\s*\(")


def check(program: Program) -> Iterator[Finding]:
    """Strings with traces of the file's models that are run."""
    models = _models(program)
    for scope in program.scopes:
        for statement in scope.body.walk():
            for step in statement.steps:
                if isinstance(step, Told) and _opens_trace(step, models):
                    yield _finding(step)


def _models(program: Program) -> set[str]:
    return {
        name
        for scope in program.scopes
        for name, bindings in scope.bindings.items()
        if any(isinstance(bind.value, Envoy) for bind in bindings)
    }


def _opens_trace(step: Told, models: set[str]) -> bool:
    text = step.receiver.value if isinstance(step.receiver, Constant) else None
    if step.what not in (*_PYTHON, *_IPYTHON) or not isinstance(text, str):
        return False
    entered = step.what == "eval" or re.search(r"\bwith\b", text)
    return bool(entered) and any(found[1] in models for found in _TRACE.finditer(text))


def _finding(step: Told) -> Finding:
    consequence = "OSError: could not get source code"
    if step.what in _IPYTHON:
        consequence = "WithBlockNotFoundError: nnsight reads the cell, where it is no `with`"
    message = f"`{step.what}` runs a trace that stands in a string: write it as code of the file"
    return RULE.finding(Severity.ERROR, step.span, message, consequence)
