"""A package is imported that came along with nnsight 0.4 alone.

## What it does

Finds imports of einops, torchvision, diffusers, sentencepiece, msgspec and protobuf in code that
uses nnsight, where the project declares its requirements and not this one.

## Why is this bad?

nnsight 0.4 asked for these packages itself, and 0.5 does not: in a fresh environment the import
raises a ModuleNotFoundError.

## Example

```toml
[project]
dependencies = ["nnsight", "torch"]
```

```python
import einops
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace("The Eiffel Tower is in"):
    hidden = lm.transformer.h[1].output[0].save()
print(einops.rearrange(hidden, "b s d -> s b d"))
```

## Left alone

Packages that every nnsight brings along, and imports that a program tries.

```python
import torch
from nnsight import LanguageModel

try:
    import einops
except ImportError:
    einops = None

lm = LanguageModel("openai-community/gpt2")
print(torch.ones(2), einops is None)
```

## Fix safety

There is no fix: the package belongs into the project's requirements.

## References

- the metadata of nnsight 0.4.11 and 0.5.15 (`Requires-Dist`)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from nnmigrate.findings import Finding, Rule, Severity
from nnmigrate.program import Dialect, Program, Statement

from .common.editing import code_of

RULE = Rule("NNS723", "undeclared-package", since="0.5.0")

# What is imported: the package that has it.
_WENT = {
    "einops": "einops",
    "torchvision": "torchvision",
    "diffusers": "diffusers",
    "sentencepiece": "sentencepiece",
    "msgspec": "msgspec",
    "google.protobuf": "protobuf",
}


def check(program: Program) -> Iterator[Finding]:
    """Imports of such packages, outside of what is tried."""
    project = program.options.project
    if not project.declares or program.dialect is Dialect.NEW or not program.traces:
        return
    for scope in program.scopes:
        for statement, name in _imported(scope.body.statements):
            package = next((p for m, p in _WENT.items() if _is_in(name, m)), None)
            if package is not None and package not in project.names:
                yield RULE.finding(
                    Severity.WARNING,
                    statement.span,
                    f"`{package}` came along with nnsight 0.4, and 0.5 does not ask for it: "
                    "declare it among the project's requirements",
                    f"ModuleNotFoundError: No module named '{name.partition('.')[0]}'",
                )


def _is_in(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def _imported(statements: Sequence[Statement]) -> Iterator[tuple[Statement, str]]:
    for statement in statements:
        node = statement.node
        if isinstance(node, cst.Import):
            yield from ((statement, code_of(alias.name)) for alias in node.names)
        elif isinstance(node, cst.ImportFrom) and node.module is not None and not node.relative:
            module = code_of(node.module)
            names = () if isinstance(node.names, cst.ImportStar) else node.names
            # `from google import protobuf`
            yield from ((statement, f"{module}.{code_of(alias.name)}") for alias in names)
        elif statement.kind not in ("Try", "FunctionDef", "ClassDef"):
            for block in statement.blocks:
                yield from _imported(block.statements)
