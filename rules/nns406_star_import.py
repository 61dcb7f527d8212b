"""Everything is imported from nnsight.

## What it does

Finds `from nnsight import *`.

## Why is this bad?

It takes Python's own `list`, `dict`, `int`, `iter` and others away: nnsight has functions of these
names, which are deprecated since 0.5 and gone from 0.6 on. What the file means by them depends on
the version.

## Example

```python
from nnsight import *

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    kept = list().save()
    kept.append(lm.lm_head.output)
print(len(kept))
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    kept = list().save()
    kept.append(lm.lm_head.output)
print(len(kept))
```

## Left alone

Names that are imported one by one, and everything of other packages.

```python
from math import *

from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")
print(pi)
```

## Fix safety

The fix is safe: it imports the names that the file uses. It is not offered where the file may use
something else that came along, such as `os`.

## References

- nnsight 0.4.11 and 0.5.15, `nnsight/__init__.py`
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Program, Statement
from nnmigrate.program.names import MODEL_CLASSES, REMOVED_FUNCTIONS
from nnmigrate.spans import Edit

from .common.editing import removed

RULE = Rule("NNS406", "star-import", since="0.5.0", fixable=Applicability.SAFE)

_EXPORTED = MODEL_CLASSES | REMOVED_FUNCTIONS | {"save", "session", "CONFIG", "PATH", "util"}
# What nnsight 0.4.11 itself imports or makes, and so hands on.
_ALONG = frozenset(
    "os yaml wraps autocast FakeTensor DEFAULT_PATCHER Patch Patcher logger remote_logger "
    "fake_bool wrap_autocast ConfigModel GlobalInterventionTracingContext".split()
)


def check(program: Program) -> Iterator[Finding]:
    """The file's star imports of nnsight."""
    for statement in program.scopes[0].body.walk():
        node = statement.node
        star = isinstance(node, cst.ImportFrom) and isinstance(node.names, cst.ImportStar)
        if star and program.text(statement.span).split()[1] == "nnsight":
            yield _finding(program, statement)


def _finding(program: Program, statement: Statement) -> Finding:
    bindings = program.scopes[0].bindings
    used = sorted(
        name
        for name in _EXPORTED & program.names
        if all(bind.span == statement.span for bind in bindings.get(name, ()))
    )
    along = {name for name in _ALONG & program.names if name not in bindings}
    fix = None
    if not along and not statement.shared:
        text = f"from nnsight import {', '.join(used)}"
        edit = Edit(statement.span, text) if used else removed(statement)
        fix = Fix("Import what is used", (edit,), Applicability.SAFE)
    gone = program.options.target >= (0, 6)
    return RULE.finding(
        Severity.SILENT if gone else Severity.WARNING,
        statement.span,
        "`from nnsight import *` takes Python's own `list`, `dict`, `int` and others away"
        + ("" if fix else f"; import the names that are used ({', '.join(sorted(along))})"),
        "what these names mean depends on the version of nnsight",
        fix,
    )
