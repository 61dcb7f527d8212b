"""A class that derives from nnsight's models overrides what 0.5 calls otherwise, or not at all.

## What it does

Finds `_prepare_input`, `_batch`, `_execute` and `__methods__` in the form of 0.4, in classes that
derive from `NNsight`, `LanguageModel` and the like.

## Why is this bad?

On 0.4 `_prepare_input` gave `((args, kwargs), batch_size)` and `_batch` gave `(args, kwargs)`. 0.5
asks `_batch` for the size: `_prepare_input` gives `(args, kwargs)`, and `_batch` gives
`((args, kwargs), batch_size)`. From 0.6 on `_prepare_input` gives `(args, kwargs, batch_size)` and
`_batch` is as on 0.4. `_execute` and `__methods__` are not looked at any more.

## Example

```python
import torch
from nnsight import NNsight


class Batched(NNsight):
    def _prepare_input(self, x):
        return ((x,), {}), len(x)

    def _batch(self, batched, x):
        if batched is None:
            return (x,), {}
        return (torch.cat([batched[0][0], x]),), {}


model = Batched(torch.nn.Linear(2, 2))
ones, zeros = torch.ones(1, 2), torch.zeros(1, 2)

with model.trace() as tracer:
    with tracer.invoke(ones):
        one = model.output.save()
    with tracer.invoke(zeros):
        other = model.output.save()
```

Use instead:

```python
import torch
from nnsight import NNsight


class Batched(NNsight):
    def _prepare_input(self, x):
        return (x,), {}

    def _batch(self, batched, x):
        if batched is None:
            return ((x,), {}), len(x)
        return ((torch.cat([batched[0][0], x]),), {}), len(x)


model = Batched(torch.nn.Linear(2, 2))
ones, zeros = torch.ones(1, 2), torch.zeros(1, 2)

with model.trace() as tracer:
    with tracer.invoke(ones):
        one = model.output.save()
    with tracer.invoke(zeros):
        other = model.output.save()
```

## Left alone

What is handed on to nnsight's own class, other methods, and classes that do not wrap a model.

```python
import torch
from nnsight import LanguageModel


class Prompted(LanguageModel):
    def _prepare_input(self, *inputs, **kwargs):
        return super()._prepare_input(*inputs, **kwargs)

    def _batches(self, rows):
        return (rows,), {}


class Loader:
    def _prepare_input(self, x):
        return ((x,), {}), len(x)


lm = Prompted("openai-community/gpt2")

with lm.trace("Where is the Louvre?"):
    logits = lm.lm_head.output.save()
```

## Fix safety

The fix is unsafe: it assumes that the size of a batch depends on the arguments alone, and that
preparing what is prepared changes nothing, for 0.4 did it twice and 0.5 does it once. It is offered
where each `return` gives tuples that stand there, and `_batch` has the names that the size is
counted from.

## References

- nnsight 0.4.11, `nnsight/intervention/base.py` (`NNsight._prepare_input`, `_batch`, `_execute`)
- nnsight 0.5.15 and 0.7.0, `nnsight/intervention/batching.py`; `nnsight/intervention/envoy.py`
  (`__nnsight_<name>__`)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import libcst as cst

from nnmigrate.classes import dataclass
from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Dialect, Program, Scope
from nnmigrate.program.pieces import everything
from nnmigrate.program.positions import Positions
from nnmigrate.program.values import ModelClass
from nnmigrate.spans import Edit, Span

from .common.editing import code_of

RULE = Rule("NNS416", "subclass-contract", since="0.5.0", fixable=Applicability.UNSAFE)

_ERROR = "TypeError: 'int' object is not iterable"
_GONE = {
    "_execute": "`_execute` is not called since 0.5: what it adds has to go into the module's "
    "`forward`, or into a module of its own around it",
    "__methods__": "`__methods__` is not looked at since 0.5: a method of the wrapped module opens "
    "a trace by itself, and `__nnsight_NAME__` overrides it",
}


def check(program: Program) -> Iterator[Finding]:
    """The classes of the file that wrap models."""
    if program.dialect is Dialect.NEW:
        return
    for scope in program.scopes:
        if scope.kind == "class" and _wraps(scope):
            yield from _of_class(program, scope)


def _wraps(scope: Scope) -> bool:
    binds = scope.parent.bindings.get(scope.name, ()) if scope.parent is not None else ()
    return any(isinstance(bind.value, ModelClass) for bind in binds)


def _of_class(program: Program, owner: Scope) -> Iterator[Finding]:
    for name, message in _GONE.items():
        for bind in owner.bindings.get(name, ()):
            yield RULE.finding(Severity.SILENT, bind.span, message, "it is never called or read")
    if "_prepare_input" not in owner.bindings:
        return
    methods = _methods(program, owner)
    given = _prepared(methods.get("_prepare_input", ()))
    if not given:
        return
    fix = _fix(program, given, methods.get("_batch"))
    form = "(args, kwargs, batch_size)" if program.options.target >= (0, 6) else "(args, kwargs)"
    yield RULE.finding(
        Severity.ERROR,
        owner.bindings["_prepare_input"][-1].span,
        f"`_prepare_input` gives `((args, kwargs), batch_size)`: it has to give `{form}` now"
        + ("" if fix else ", and what `_batch` gives changes with it"),
        _ERROR,
        fix,
    )


@dataclass(frozen=True)
class _Return:
    """A return statement of a method.

    Args:
        span: its characters.
        value: what it gives.
        method: the method.
    """

    span: Span
    value: cst.BaseExpression | None
    method: cst.FunctionDef


def _methods(program: Program, owner: Scope) -> dict[str, tuple[_Return, ...]]:
    """The returns of each method; the program's own walk leaves out what opens no trace."""
    piece = everything(program.code)
    positions = Positions((piece,), program.code)
    assert owner.statement is not None
    found: dict[str, tuple[_Return, ...]] = {}
    for node in _below(piece.tree.module, cst.ClassDef):
        if positions.of(node).start != owner.statement.span.start:
            continue
        for method in node.body.body:
            if isinstance(method, cst.FunctionDef):
                found[method.name.value] = tuple(
                    _Return(positions.of(one), one.value, method)
                    for one in _below(method.body, cst.Return)
                )
    return found


_Node = TypeVar("_Node", bound=cst.CSTNode)


def _below(node: cst.CSTNode, kind: type[_Node]) -> Iterator[_Node]:
    """The nodes of a kind, in the order of the text, without those in functions inside."""
    for child in node.children:
        if isinstance(child, kind):
            yield child
        inner = isinstance(child, (cst.FunctionDef, cst.Lambda)) and kind is cst.Return
        if not inner:
            yield from _below(child, kind)


def _prepared(returns: Sequence[_Return]) -> list[tuple[_Return, cst.Tuple, cst.Tuple]] | None:
    """Each `return (args, kwargs), size` of a method; None where one gives something else."""
    found = []
    for one in returns:
        pair = _pair(one.value)
        inner = _pair(pair.elements[0].value) if pair is not None else None
        if pair is None or inner is None:
            return None
        found.append((one, pair, inner))
    return found


def _pair(node: cst.BaseExpression | None) -> cst.Tuple | None:
    """A tuple of two that stands there."""
    return node if isinstance(node, cst.Tuple) and len(node.elements) == 2 else None


def _fix(
    program: Program,
    given: Sequence[tuple[_Return, cst.Tuple, cst.Tuple]],
    batch: Sequence[_Return] | None,
) -> Fix | None:
    """The fix of both methods, if what they give can be told."""
    late = program.options.target >= (0, 6)
    edits = []
    for one, pair, inner in given:
        parts = [code_of(element.value) for element in inner.elements]
        parts += [code_of(pair.elements[1].value)] if late else []
        edits.append(Edit(one.span, f"return {', '.join(parts)}"))
    if batch is not None and not late:
        more = _sized(batch, {code_of(pair.elements[1].value) for _, pair, _ in given})
        if more is None:
            return None
        edits += more
    return Fix("Give what it is asked for", tuple(sorted(edits)), Applicability.UNSAFE)


def _sized(batch: Sequence[_Return], sizes: set[str]) -> list[Edit] | None:
    """The edits that let `_batch` give the size as well."""
    size = next(iter(sizes))
    if len(sizes) != 1 or not batch:
        return None
    method = batch[0].method
    given = {one.name.value for one in _below(method.params, cst.Param)}
    bound = {
        name.value
        for target in _below(method.body, cst.AssignTarget)
        for name in (target.target, *_below(target.target, cst.Name))
        if isinstance(name, cst.Name)
    }
    if not _names(size) <= given - bound | {"len"}:
        return None
    edits = []
    for one in batch:
        pair = _pair(one.value)
        if pair is None:
            return None
        text = code_of(pair).strip()
        edits.append(Edit(one.span, f"return {text if pair.lpar else f'({text})'}, {size}"))
    return edits


def _names(code: str) -> set[str]:
    found: set[str] = set()
    pending: list[cst.CSTNode] = [cst.parse_expression(code)]
    while pending:
        node = pending.pop()
        if isinstance(node, cst.Name):
            found.add(node.value)
        # An attribute's own name is none of the method's.
        pending += [node.value] if isinstance(node, cst.Attribute) else node.children
    return found
