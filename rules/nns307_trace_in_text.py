"""A trace stands in a string that is run as code.

## What it does

Finds traces in strings that `exec`, `eval` and `compile` are given, or IPython's `run_cell_magic`
and its like, and traces in a notebook's cells that begin with a magic such as `%%time`.

## Why is this bad?

0.5 reads the source of a trace's body. What is run from a string has none: `OSError: could not get
source code`. In a notebook nnsight reads the cell, where the trace only stands in a string:
`WithBlockNotFoundError`. So it is in a cell that begins with `%%time`, `%%timeit` or `%%capture`:
to IPython the rest of such a cell is a string.

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

A cell of a notebook:

```ipython
%%time
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()
```

Use instead:

```ipython
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()
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

For a string there is no fix: whether it can be code of the file is for its author to say. The magic
of a cell is taken off it. That is unsafe: what it measured is no longer measured, what it kept from
being shown is shown. `time.time()` before and behind a trace measures as well.

## References

- nnsight 0.5.15, `nnsight/intervention/tracing/base.py` (`capture`)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Program, Statement, Told
from nnmigrate.program.values import Constant, Envoy
from nnmigrate.spans import Edit
from nnmigrate.wording import SEPARATOR

RULE = Rule("NNS307", "trace-in-text", since="0.5.0", fixable=Applicability.UNSAFE)

_PYTHON = ("exec", "eval", "compile")
_IPYTHON = ("run_cell_magic", "run_line_magic", "run_cell", "ex")
_NEXT_CELL = pattern(rf"^{SEPARATOR}", re.MULTILINE)
_MAGIC = pattern(r"\('(\w+)'")
_TRACE = pattern(r"(?<![\w.])(\w+)(?:\.\w+)*\.(?:trace|generate|session|scan|edit)\s*\(")


def check(program: Program) -> Iterator[Finding]:
    """Strings with traces of the file's models that are run."""
    models = _models(program)
    for scope in program.scopes:
        for statement in scope.body.walk():
            for step in statement.steps:
                if isinstance(step, Told) and _opens_trace(step, models):
                    yield _finding(step)
                elif isinstance(step, Told) and _is_cell_magic(program, step):
                    yield from _in_cell(program, statement, step)


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


def _is_cell_magic(program: Program, step: Told) -> bool:
    """Whether a call stands for the magic of a cell that is itself code of the program."""
    return step.what == "run_cell_magic" and program.text(step.span).endswith(", ...)")


def _in_cell(program: Program, statement: Statement, step: Told) -> Iterator[Finding]:
    """The traces of a notebook's cell below its magic."""
    following = _NEXT_CELL.search(program.code, step.span.end)
    end = following.start() if following else len(program.code)
    name = _MAGIC.search(program.text(step.span))
    magic = f"%%{name[1]}" if name else "the magic"
    fix = Fix(f"Take `{magic}` off the cell", (Edit(statement.line, ""),), Applicability.UNSAFE)
    for trace in program.traces:
        if step.span.end <= trace.statement.span.start < end and trace.session is None:
            yield RULE.finding(
                Severity.ERROR,
                trace.entered.call,
                f"this cell begins with `{magic}`, and a trace cannot stand in such a cell; "
                f"without it the same is computed, if `{magic}` only measures or hides",
                "WithBlockNotFoundError: to IPython the rest of the cell is a string",
                fix,
            )
