"""The names of a model's modules are read: they begin with `model` on 0.5.

## What it does

Finds `named_modules()` of wrapped models and of their modules where the names are used, `path` of
an envoy, and `modules()` where a module is known by its place in the list.

## Why is this bad?

On 0.4 the model itself was called `""` and its modules `".layer1"`; since 0.5 they are called
`"model"` and `"model.layer1"`. Keys are no longer found, and `if name:` keeps the model itself. The
order is another one as well: on 0.4 a module came before what it consists of, since 0.5 it comes
behind that, the model last.

## Example

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

outputs = {}
with lm.trace("The Eiffel Tower is in"):
    for name, module in lm.named_modules():
        if name.startswith(".transformer.h.") and name.endswith(".mlp"):
            outputs[name] = module.output.save()
print(lm.transformer.h[0].path)
```

Use instead:

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

outputs = {}
with lm.trace("The Eiffel Tower is in"):
    for name, module in ((n.removeprefix("model"), envoy) for n, envoy in lm.named_modules()):
        if name.startswith(".transformer.h.") and name.endswith(".mlp"):
            outputs[name] = module.output.save()
print(lm.transformer.h[0].path.removeprefix("model"))
```

## Left alone

The names of the model that is wrapped, which are torch's, and code that knows the new names.

```python
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

for name, module in lm._model.named_modules():
    print(name)
print(sorted(name.removeprefix("model") for name, envoy in lm.named_modules()))
```

## Fix safety

The fix is safe in a file that is written for 0.4 beyond doubt, where it gives the old order as well
or nothing can tell the order. Otherwise it is unsafe: the message says what it takes for granted.
In a trace that reads the modules the new order stays: it is the one in which they run.

## References

- nnsight 0.5.15, `nnsight/intervention/envoy.py` (`modules`, `path`)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Dialect, Program
from nnmigrate.spans import Edit, Span

from .common.naming import Listing, Place, helper, listings, old_names, paths, places
from .common.severity import if_old

RULE = Rule("NNS401", "module-names", since="0.5.0", fixable=Applicability.SAFE)

_IF_OLD = "; this is right if the code was written for nnsight 0.4"
_ORDER = "; the modules also come in another order: each behind what it consists of, the model last"


def check(program: Program) -> Iterator[Finding]:
    """Names of modules that code for 0.4 reads."""
    if program.dialect in (Dialect.NEW, Dialect.MIXED):
        return
    for listing in listings(program):
        yield _of_listing(program, listing)
    for place in places(program):
        yield _of_place(program, place)
    for span, old in paths(program):
        text = f'{program.text(span)}.removeprefix("model")'
        yield _finding(program, span, (Edit(span, text),), "", old=old)


def _of_listing(program: Program, listing: Listing) -> Finding:
    """The names in the place of the call; in the old order where no module is read in it."""
    if listing.names_only:
        name, edits = helper(program)
        text, order = f"{name}({listing.receiver})", ""
    else:
        text, edits = old_names(program.text(listing.span), iterated=listing.iterated), ()
        order = "" if listing.unordered else _ORDER
    edits = (*edits, Edit(listing.span, text))
    finding = _finding(program, listing.span, edits, order, old=listing.old)
    if listing.chosen_by_path:
        more = "; what is chosen by `path` as well: change that by hand"
        return replace(finding, fix=None, message=finding.message + more)
    return finding


def _of_place(program: Program, place: Place) -> Finding:
    """A module that is found by its place in the list."""
    old = program.dialect is Dialect.OLD
    name, edits = helper(program)
    change = Edit(place.span, f"[envoy for _, envoy in {name}({place.receiver})]")
    how = Applicability.SAFE if old else Applicability.UNSAFE
    fix = Fix("List them in the order of nnsight 0.4", tuple(sorted((*edits, change))), how)
    more = "" if old else _IF_OLD
    named = "; its `path` is another one, too: change both by hand" if place.named else ""
    return RULE.finding(
        if_old(program, Severity.SILENT),
        place.span,
        f"`{program.text(place.span)}` gives the modules in another order since 0.5: each behind "
        f"what it consists of, the model last{more}{named}",
        "silently another module at the same place",
        None if place.named else fix,
    )


def _finding(
    program: Program, span: Span, edits: tuple[Edit, ...], order: str, *, old: bool
) -> Finding:
    told = old or program.dialect is Dialect.OLD
    # A model whose modules were renamed has others still.
    renamed = program.has_name("rename")
    applicability = Applicability.SAFE if told and not order else Applicability.UNSAFE
    fix = Fix("Give the names of nnsight 0.4", tuple(sorted(edits)), applicability)
    more = "; which of them `rename=` changed is for you to say" if renamed else ""
    more += "" if told else _IF_OLD
    return RULE.finding(
        Severity.SILENT if told else Severity.NOTE,
        span,
        f"the names that `{program.text(span)}` gives begin with `model` since 0.5: "
        f'`""` is now `"model"`, `".layer"` is `"model.layer"`{order}{more}',
        "silently other names: conditions on them and keys made of them no longer fit",
        None if renamed else fix,
    )
