"""A remote trace reads an attribute of `self`.

## What it does

Finds traces that run remotely and whose bodies read attributes of the object that their method
belongs to.

## Why is this bad?

On 0.4 only the graph went to the server, and `self.layer` was read before. Since 0.5 the body
itself is sent, with every object that it names: the whole of `self`, whatever it holds. What cannot
be pickled (a lock, a connection) raises `TypeError`; what can be is sent with every trace.

## Example

```python
from nnsight import LanguageModel


class Reader:
    def __init__(self, model: LanguageModel, layer: int):
        self.model = model
        self.layer = layer

    def read(self, prompt):
        with self.model.trace(prompt, remote=True):
            hidden = self.model.transformer.h[self.layer].output.save()
        return hidden


lm = LanguageModel("openai-community/gpt2")
print(Reader(lm, layer=3).read("The Eiffel Tower is in"))
```

Use instead:

```python
from nnsight import LanguageModel


class Reader:
    def __init__(self, model: LanguageModel, layer: int):
        self.model = model
        self.layer = layer

    def read(self, prompt):
        model = self.model
        layer = self.layer
        with self.model.trace(prompt, remote=True):
            hidden = model.transformer.h[layer].output.save()
        return hidden


lm = LanguageModel("openai-community/gpt2")
print(Reader(lm, layer=3).read("The Eiffel Tower is in"))
```

## Left alone

Traces that run locally, and what stands outside of the body.

```python
from nnsight import LanguageModel


class Reader:
    def __init__(self, model: LanguageModel, layer: int):
        self.model = model
        self.layer = layer

    def read(self, prompt):
        with self.model.trace(prompt):
            hidden = self.model.transformer.h[self.layer].output.save()
        return hidden


lm = LanguageModel("openai-community/gpt2")
print(Reader(lm, layer=3).read("The Eiffel Tower is in"))
```

## Fix safety

The fix is safe. It is offered where the body only reads attributes: a method, or a changed
attribute, needs the object itself.

## References

- nnsight 0.5.15, `nnsight/schema/request.py`
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, count

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Dialect, Mutation, Program, Read, Remote, Statement, Trace
from nnmigrate.program.bodies import placed, roots
from nnmigrate.program.model import code_only
from nnmigrate.program.values import Instance
from nnmigrate.spans import Edit, Span

from .common.editing import code_of, lines_before, movable

RULE = Rule("NNS206", "object-shipped-whole", since="0.5.0", fixable=Applicability.SAFE)

_ATTRIBUTE = pattern(r"\s*\.\s*(?P<name>\w+)(?P<called>\s*\()?")


@dataclass(frozen=True)
class _Attribute:
    """`self.name`, read.

    Args:
        span: its characters.
        name: the attribute's name; empty where the object itself is read.
        called: whether it is a method that is called.
    """

    span: Span
    name: str = ""
    called: bool = False


def check(program: Program) -> Iterator[Finding]:
    """Remote traces in methods."""
    if program.dialect is Dialect.NEW:
        return
    for trace in roots(program):
        parent = trace.scope.parent
        if trace.remote is Remote.NO or parent is None or parent.kind != "class":
            continue
        if not trace.scope.parameters:
            continue
        read = _attributes(program, trace)
        if read:
            yield _finding(program, trace, read)


def _attributes(program: Program, trace: Trace) -> list[_Attribute]:
    """What the body reads of `self`; what it changes there is another rule's."""
    body = placed(program, trace)
    changed = [p.step.target for p in body if isinstance(p.step, Mutation) and p.step.target]
    spans = {
        place.step.span
        for place in body
        if isinstance(place.step, Read)
        and place.step.name == trace.scope.parameters[0]
        and isinstance(place.step.value, Instance)
    }
    inside = (s for s in sorted(spans) if not any(target.holds(s) for target in changed))
    return [_attribute(program, span) for span in inside]


def _attribute(program: Program, name: Span) -> _Attribute:
    found = _ATTRIBUTE.match(program.code, name.end)
    if found is None:
        return _Attribute(name)
    span = Span(name.start, found.end("name"))
    return _Attribute(span, found["name"], found["called"] is not None)


def _finding(program: Program, trace: Trace, read: Sequence[_Attribute]) -> Finding:
    name = trace.scope.parameters[0]
    fix = _fix(program, trace, name, read)
    told = program.dialect is Dialect.OLD
    reason = "" if fix else "; bind what it needs to names before the trace"
    where = "runs remotely" if trace.remote is Remote.YES else "may run remotely"
    return RULE.finding(
        Severity.WARNING if told else Severity.NOTE,
        read[0].span,
        f"the trace {where} and names `{name}`{reason}",
        f"the whole of `{name}` is sent along; TypeError if something in it cannot be pickled",
        fix,
    )


def _fix(program: Program, trace: Trace, name: str, read: Sequence[_Attribute]) -> Fix | None:
    """`layer = self.layer` before the trace."""
    if any(each.called or not each.name for each in read) or not movable(trace.statement):
        return None
    if any(_sets(statement, name) for statement in trace.body.walk()):
        return None
    text = code_only(program.text(trace.body.span))
    if len(re.findall(rf"(?<![\w.]){re.escape(name)}\b", text)) != len(read):
        return None  # what is changed, or read in a function of the body's own
    names = _local_names(program, trace, read)
    lines = [f"{local} = {name}.{attribute}" for attribute, local in names.items()]
    edits = [Edit(each.span, names[each.name]) for each in read]
    edits.append(lines_before(program, trace.statement, *lines))
    return Fix(f"Read `{name}`'s attributes before the trace", tuple(sorted(edits)))


def _sets(statement: Statement, name: str) -> bool:
    """Whether a statement sets an attribute in its header: `for self.h in rows:`."""
    node = statement.node
    targets: list[cst.CSTNode] = [node.target] if isinstance(node, (cst.For, cst.Del)) else []
    if isinstance(node, cst.With):
        targets = [item.asname for item in node.items if item.asname is not None]
    found = rf"(?<![\w.]){re.escape(name)}\s*\."
    return any(re.search(found, code_of(target)) for target in targets)


def _local_names(program: Program, trace: Trace, read: Sequence[_Attribute]) -> dict[str, str]:
    """By attribute, a name that the method does not know yet."""
    assert trace.scope.statement is not None
    words = re.findall(r"(?<![\w.])\w+", code_only(program.text(trace.scope.statement.span)))
    used, names = set(words), dict[str, str]()
    for attribute in dict.fromkeys(each.name for each in read):
        plain = attribute.lstrip("_") or "attribute"
        wishes = chain((plain, f"_{plain}"), (f"{plain}_{number}" for number in count(2)))
        local = next(wish for wish in wishes if wish not in used)
        used.add(local)
        names[attribute] = local
    return names
