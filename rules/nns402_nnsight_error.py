"""`NNsightError` is caught, which 0.5 does not have.

## What it does

Finds imports and uses of `nnsight.util.NNsightError`.

## Why is this bad?

The class is gone: `ImportError`, before anything runs. What fails in a trace is raised on 0.5 as
what it is, an `IndexError` for instance; it is an `ExceptionWrapper` as well, whatever it is, and
its text is a whole traceback.

## Example

```python
from nnsight import LanguageModel
from nnsight.util import NNsightError

lm = LanguageModel("openai-community/gpt2")

try:
    with lm.trace("The Eiffel Tower is in"):
        logits = lm.lm_head.output[99].save()
except NNsightError as error:
    reason = error.message
```

Use instead:

```python
from nnsight import LanguageModel
from nnsight.intervention.tracing.util import ExceptionWrapper as NNsightError

lm = LanguageModel("openai-community/gpt2")

try:
    with lm.trace("The Eiffel Tower is in"):
        logits = lm.lm_head.output[99].save()
except NNsightError as error:
    reason = str(error.original)
```

## Left alone

An import that may fail.

```python
from nnsight import LanguageModel

try:
    from nnsight.util import NNsightError
except ImportError:
    NNsightError = IndexError

lm = LanguageModel("openai-community/gpt2")

try:
    with lm.trace("The Eiffel Tower is in"):
        logits = lm.lm_head.output[0].save()
except NNsightError:
    print("no such prompt")
```

## Fix safety

The fix is unsafe: on 0.4 a body was only recorded inside of the `try`, and what Python itself
raised there (a misspelt module, a `raise`) was no `NNsightError`. Since 0.5 it is wrapped like what
fails in the model. There is no fix where another handler would come first, where a trace runs
remotely, and where the error is used in a way that has no counterpart.

## References

- nnsight 0.4.11, `nnsight/util.py`
- nnsight 0.5.15, `nnsight/intervention/tracing/util.py` (`wrap_exception`)
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Program

from .common.catching import GONE, Use, replacements, uses

RULE = Rule("NNS402", "nnsight-error", since="0.5.0", fixable=Applicability.UNSAFE)

_ASSUMED = "; the replacement also catches what Python itself raises in a trace's body"
_OPEN = "; what the program does with it has no counterpart: catch what really fails"


def check(program: Program) -> Iterator[Finding]:
    """Imports of the class, and what reaches it by the package's name."""
    if GONE not in program.code:
        return
    found = list(uses(program))
    edits = replacements(program, found) if found else None
    fix = None if edits is None else Fix("Catch any trace's error", edits, Applicability.UNSAFE)
    for use in found:
        yield _finding(program, use, fix)


def _finding(program: Program, use: Use, fix: Fix | None) -> Finding:
    what = f"{GONE}` in `nnsight.util" if use.imported else program.text(use.span)
    return RULE.finding(
        Severity.ERROR,
        use.span,
        f"0.5 has no `{what}`" + (_ASSUMED if fix else _OPEN),
        f"{'ImportError' if use.imported else 'AttributeError'}: nnsight.util has no {GONE}",
        fix,
    )
