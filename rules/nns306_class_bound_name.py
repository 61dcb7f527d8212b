"""The body of a trace uses names that only mean something inside of their class.

## What it does

Finds private names (`self.__scale`) and `super()` without arguments in the bodies that nnsight cuts
out of a method.

## Why is this bad?

Python spells `self.__scale` as `self._Probe__scale` where it compiles a class, and gives `super()`
the class that it stands in. 0.5 compiles the body of a trace on its own, outside of the class:
`AttributeError`, or `RuntimeError: super(): __class__ cell not found`. An attribute that is set
there gets another name than the one that the class reads.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


class Scaled:
    def factor(self):
        return 2.0


class Probe(Scaled):
    def __init__(self):
        self.__scale = 3.0

    def run(self, prompt):
        with lm.trace(prompt):
            logits = (lm.lm_head.output * self.__scale * super().factor()).save()
        return logits


print(Probe().run("The Eiffel Tower is in"))
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


class Scaled:
    def factor(self):
        return 2.0


class Probe(Scaled):
    def __init__(self):
        self.__scale = 3.0

    def run(self, prompt):
        with lm.trace(prompt):
            logits = (lm.lm_head.output * self._Probe__scale * super(Probe, self).factor()).save()
        return logits


print(Probe().run("The Eiffel Tower is in"))
```

## Left alone

Names with two underscores at both ends, and the header of the outermost `with`, which is not cut
out.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


class Probe:
    def __init__(self):
        self.__prompt = "The Eiffel Tower is in"

    def run(self):
        with lm.trace(self.__prompt):
            logits = lm.lm_head.output.save()
            print(self.__class__)
        return logits


print(Probe().run())
```

## Fix safety

The fix is safe: it writes out what Python reads.

## References

- https://docs.python.org/3/reference/expressions.html#private-name-mangling
- nnsight 0.5.15, `nnsight/intervention/backends/base.py`
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Program, Statement
from nnmigrate.spans import Edit

from .common.classes import ClassBound, Classes, class_of
from .common.cutting import cut_out

RULE = Rule("NNS306", "class-bound-name", since="0.5.0", fixable=Applicability.SAFE)

_LOOKS_BOUND = pattern(r"(?<!\w)__[^\W_]|\bsuper\s*\(\s*\)")
_SET = pattern(r"\s*=(?!=)")


def check(program: Program) -> Iterator[Finding]:
    """What a body that is cut out has from the class that it stands in."""
    classes = Classes(program)
    for scope, statement in cut_out(program):
        owner = class_of(scope)
        if owner is not None and _LOOKS_BOUND.search(program.text(statement.span)):
            yield from _findings(program, statement, classes.bound(scope, owner, statement))


def _findings(program: Program, statement: Statement, found: list[ClassBound]) -> Iterator[Finding]:
    assert statement.opens is not None
    edits = tuple(Edit(each.span, each.instead) for each in found)
    fix = Fix("Write out what Python reads", edits)
    for each in found:
        severity, consequence = _consequence(program, each)
        text = program.text(each.whole)
        message = f"`{text}` means `{_written_out(program, each)}` only inside of its class"
        yield RULE.finding(severity, each.span, message, consequence, fix)


def _written_out(program: Program, each: ClassBound) -> str:
    return program.code[each.whole.start : each.span.start] + each.instead


def _consequence(program: Program, each: ClassBound) -> tuple[Severity, str]:
    name = program.text(each.span)
    if each.instead.startswith("super"):
        return Severity.ERROR, "RuntimeError: super(): __class__ cell not found"
    if each.whole == each.span:
        return Severity.ERROR, f"NameError: name '{name}' is not defined, or what is bound is lost"
    if _SET.match(program.code, each.span.end):
        return Severity.SILENT, f"another attribute is set, `{name}`: the class never reads it"
    return Severity.ERROR, f"AttributeError: no attribute '{name}'"
