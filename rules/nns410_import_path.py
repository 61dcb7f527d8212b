"""A name of nnsight is imported from where 0.5 no longer has it.

## What it does

Finds imports of `nnsight.tracing`, `nnsight.intervention.contexts` and other modules that are gone,
and their use as attributes of the package.

## Why is this bad?

0.5 has a new engine: the graph and its proxies are gone, and the contexts moved. The import raises
a ModuleNotFoundError or an ImportError.

## Example

```python
from nnsight import LanguageModel
from nnsight.intervention import Envoy
from nnsight.intervention.contexts import Invoker, Session
from nnsight.intervention.graph import InterventionProxy

lm = LanguageModel("openai-community/gpt2")


def scaled(value: InterventionProxy, layer: Envoy, by: float) -> InterventionProxy:
    return value * by


with lm.trace("The Eiffel Tower is in"):
    logits = scaled(lm.lm_head.output, lm.lm_head, by=2.0).save()
print(Invoker.__name__, Session is None)
```

Use instead:

```python
import torch
from nnsight import LanguageModel
from nnsight import Envoy
from nnsight.intervention.tracing.invoker import Invoker
from nnsight.intervention.tracing.base import Tracer as Session

lm = LanguageModel("openai-community/gpt2")


def scaled(value: torch.Tensor, layer: Envoy, by: float) -> torch.Tensor:
    return value * by


with lm.trace("The Eiffel Tower is in"):
    logits = scaled(lm.lm_head.output, lm.lm_head, by=2.0).save()
print(Invoker.__name__, Session is None)
```

## Left alone

Imports that a program tries, and names that are where they were.

```python
from nnsight import LanguageModel
from nnsight.intervention.envoy import Envoy
from nnsight.util import fetch_attr

try:
    from nnsight.tracing.graph import Proxy
except ImportError:
    Proxy = object

lm = LanguageModel("openai-community/gpt2")
print(isinstance(fetch_attr(lm, "transformer.h"), Envoy), Proxy is None)
```

## Fix safety

The fix is safe. A proxy's class becomes `torch.Tensor` where the file uses it in annotations only;
what else has no counterpart is reported.

## References

- nnsight 0.5.15, `nnsight/__init__.py` and `nnsight/intervention/`
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from nnmigrate.findings import Applicability, Finding, Fix, Rule, Severity
from nnmigrate.program import Program, Statement
from nnmigrate.spans import Edit, Span

from .common.annotating import annotated_only
from .common.editing import code_of, import_of, removed
from .common.paths import PROXIES, Moved, looked_up
from .common.structures import code_only_kept

RULE = Rule("NNS410", "import-path", since="0.5.0", fixable=Applicability.SAFE)


def check(program: Program) -> Iterator[Finding]:
    """Imports, then uses as attributes."""
    if "nnsight" not in program.code:
        return
    for scope in program.scopes:
        yield from _imports(program, scope.body.statements)
    yield from _attributes(program)


def _imports(program: Program, statements: tuple[Statement, ...]) -> Iterator[Finding]:
    for statement in statements:
        if isinstance(statement.node, cst.ImportFrom):
            yield from _of_import(program, statement, statement.node)
        elif isinstance(statement.node, cst.Import):
            for alias in statement.node.names:
                moved = looked_up(code_of(alias.name))
                if moved is not None:
                    yield _finding(statement.span, moved, None, "ModuleNotFoundError")
        elif statement.kind not in ("Try", "FunctionDef", "ClassDef"):
            for block in statement.blocks:
                yield from _imports(program, block.statements)


def _of_import(program: Program, statement: Statement, node: cst.ImportFrom) -> Iterator[Finding]:
    if node.relative or node.module is None or isinstance(node.names, cst.ImportStar):
        return
    module = code_of(node.module)
    if not module.startswith("nnsight"):
        return
    gone = {}
    for alias in node.names:
        moved = looked_up(f"{module}.{alias.evaluated_name}")
        if moved is not None:
            gone[alias] = moved
    if not gone:
        return
    edits = _edits(program, statement, node, gone)
    for moved in gone.values():
        raised = "ImportError" if module in ("nnsight.intervention", "nnsight") else None
        fix = Fix("Import it from where it is", edits, Applicability.SAFE) if edits else None
        yield _finding(statement.span, moved, fix, raised or "ModuleNotFoundError")


def _edits(
    program: Program,
    statement: Statement,
    node: cst.ImportFrom,
    gone: dict[cst.ImportAlias, Moved],
) -> tuple[Edit, ...]:
    """The statement without the names that are gone, and imports of the new ones."""
    if statement.shared or isinstance(node.names, cst.ImportStar):
        return ()
    rows, edits, left = [], [], []
    for alias in node.names:
        local = code_of(alias.asname.name) if alias.asname else code_of(alias.name)
        new = gone[alias].new if alias in gone else ""
        if new:
            package, _, name = new.rpartition(".")
            rows.append(f"from {package} import {name}" + (f" as {local}" * (name != local)))
        elif new is None and code_of(alias.name) in PROXIES:
            spans = annotated_only(program.code, local)
            if spans is None:
                left.append(alias)
            else:
                edits += [Edit(span, "torch.Tensor") for span in spans]
        else:
            left.append(alias)
    if len(left) == len(node.names):
        return ()
    if left:
        left[-1] = left[-1].with_changes(comma=node.names[-1].comma)
        rows.insert(0, code_of(node.with_changes(names=left)))
    if edits and "torch" not in program.scopes[0].bindings:
        edits += import_of(program, "torch")[1]
    text = f"{program.newline}{statement.indent}".join(rows)
    edits.append(Edit(statement.span, text) if rows else removed(statement))
    return tuple(sorted(edits))


def _attributes(program: Program) -> Iterator[Finding]:
    """`nnsight.intervention.contexts.Invoker`, written out."""
    if program.nnsight is None:
        return
    way = re.compile(rf"(?<![\w.]){re.escape(program.nnsight)}((?:\.\w+)+)")
    imports = [
        one.span for one in program.scopes[0].body.walk() if one.kind in ("Import", "ImportFrom")
    ]
    for found in way.finditer(code_only_kept(program.code)):
        parts = f"nnsight{found[1]}".split(".")
        at = found.start()
        if any(span.start <= at < span.end for span in imports):
            continue
        for length in range(len(parts), 2, -1):
            moved = looked_up(".".join(parts[:length]))
            if moved is not None:
                end = at + len(program.nnsight) + sum(len(p) + 1 for p in parts[1:length])
                yield _of_attribute(program, Span(at, end), moved)
                break


def _of_attribute(program: Program, span: Span, moved: Moved) -> Finding:
    fix = None
    if moved.new is not None:
        text = f"{program.nnsight}{moved.new.removeprefix('nnsight')}"
        fix = Fix("Write where it is", (Edit(span, text),), Applicability.SAFE)
    return _finding(span, moved, fix, "AttributeError")


def _finding(span: Span, moved: Moved, fix: Fix | None, raised: str) -> Finding:
    where = f"it is `{moved.new}` since 0.5" if moved.new else f"it is gone: {moved.advice}"
    return RULE.finding(Severity.ERROR, span, f"`{moved.old}` is not there: {where}", raised, fix)
