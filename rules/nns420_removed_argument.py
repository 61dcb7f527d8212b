"""A trace is given an argument that 0.5 no longer knows.

## What it does

Finds `scan=`, `validate=` and `debug=` of traces, generations, sessions, edits and invokes, also in
a dictionary of the same scope that is given with two stars.

## Why is this bad?

On 0.4 they let the graph be tried with shapes before it was run. Since 0.5 the body runs on real
values. What the method does not know it hands on to the model: a wrapped module raises a TypeError,
a language model swallows it.

## Example

```python
import torch
from nnsight import LanguageModel, NNsight

lm = LanguageModel("openai-community/gpt2")
net = NNsight(torch.nn.Linear(2, 2))
options = {"scan": False, "validate": False, "remote": False}

with lm.trace("The Eiffel Tower is in", scan=True, validate=True):
    logits = lm.lm_head.output.save()
with lm.trace("The Louvre is in", **options):
    others = lm.lm_head.output.save()
with net.trace(torch.ones(1, 2), scan=True):
    output = net.output.save()
```

Use instead:

```python
import torch
from nnsight import LanguageModel, NNsight

lm = LanguageModel("openai-community/gpt2")
net = NNsight(torch.nn.Linear(2, 2))
options = {"remote": False}

with lm.trace("The Eiffel Tower is in"):
    logits = lm.lm_head.output.save()
with lm.trace("The Louvre is in", **options):
    others = lm.lm_head.output.save()
with net.trace(torch.ones(1, 2)):
    output = net.output.save()
```

## Left alone

Other arguments, and those of other libraries.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")


def read(path, scan=True, validate=False):
    return path, scan, validate


with lm.trace("The Eiffel Tower is in", output_attentions=True):
    logits = lm.lm_head.output.save()
read("notes.txt", scan=False)
```

## Fix safety

The fix is safe: none of them changes a value. An argument that does something when it is evaluated
is only reported, and so is a dictionary that other code uses as well.

## References

- nnsight 0.4.11, `nnsight/intervention/contexts/invoker.py` and `tracing/contexts/base.py`
- nnsight 0.5.15, `nnsight/intervention/envoy.py` (`trace`)
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Dialect, Program
from nnmigrate.spans import Edit

from .common.calling import Called, called, is_plain, kept, keyword_of
from .common.dictionaries import given, without_keys
from .common.editing import code_of

RULE = Rule("NNS420", "removed-argument", since="0.5.0", fixable=Applicability.SAFE, first=True)

_GONE = frozenset({"scan", "validate", "debug"})
_CONSEQUENCE = "it is handed on to the model: TypeError, or silently swallowed"


def check(program: Program) -> Iterator[Finding]:
    """The arguments in calls, and those in dictionaries that calls are given."""
    if program.dialect is Dialect.NEW:
        return
    for call in called(program):
        found = [one for one in call.node.args if keyword_of(one) in _GONE]
        if found:
            yield _of_call(program, call, found)
        yield from _of_dictionaries(program, call)


def _of_call(program: Program, call: Called, found: list[cst.Arg]) -> Finding:
    names = ", ".join(f"`{keyword_of(one)}=`" for one in found)
    message = f"`{call.opener.kind}` no longer knows {names}"
    fix = None
    if all(is_plain(one.value) for one in found):
        text = code_of(kept(call.node, lambda one: keyword_of(one) not in _GONE))
        fix = Fix(f"Take {names} away", (Edit(call.span, text),), Applicability.SAFE)
    else:
        message += "; it is not taken away: what it is given does something"
    return RULE.finding(Severity.ERROR, call.span, message, _CONSEQUENCE, fix)


def _of_dictionaries(program: Program, call: Called) -> Iterator[Finding]:
    for literals in given(program, call):
        gone = [one for one in literals if one.keys & _GONE]
        keys = frozenset[str]().union(*(one.keys & _GONE for one in gone))
        names = ", ".join(f'`"{key}"`' for key in sorted(keys))
        if not names:
            continue
        edits = [without_keys(program, one, _GONE.__contains__) for one in gone if one.only]
        known = tuple(sorted(edit for edit in edits if edit is not None))
        whole = len(known) == len(gone)
        fix = Fix(f"Take {names} away", known, Applicability.SAFE) if whole else None
        message = f"`{call.opener.kind}` no longer knows {names}, which it is given here"
        message += "" if fix else "; the dictionary is used elsewhere as well: give it another one"
        yield RULE.finding(Severity.ERROR, call.span, message, _CONSEQUENCE, fix)
