"""nnsight is asked for in a version from before 0.5.

## What it does

Finds requirements that allow no nnsight from 0.5 on: in `pyproject.toml`, `requirements*.txt`,
`setup.cfg`, `setup.py` and `environment.yml` of the project whose code is migrated, and in the code
where it installs packages.

## Why is this bad?

The migrated code needs 0.5, and the project goes on installing 0.4.

## Example

```python
import subprocess
import sys

from nnsight import LanguageModel

subprocess.run([sys.executable, "-m", "pip", "install", "nnsight==0.4.11"], check=True)
lm = LanguageModel("openai-community/gpt2")
```

## Left alone

Requirements that allow 0.5, and those of other packages.

```python
import subprocess
import sys

from nnsight import LanguageModel

subprocess.run([sys.executable, "-m", "pip", "install", "nnsight>=0.4", "torch<3"], check=True)
lm = LanguageModel("openai-community/gpt2")
```

## Fix safety

There is no fix: which versions a project takes is its own decision. `nnsight>=0.5.13` has all that
the other fixes write.

## References

- https://packaging.python.org/en/latest/specifications/version-specifiers/
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from nnmigrate.findings import Finding, Rule, Severity
from nnmigrate.patterns import pattern
from nnmigrate.program import Program
from nnmigrate.project import Requirement
from nnmigrate.project.requirement import parsed
from nnmigrate.spans import Span

RULE = Rule("NNS721", "old-pin", since="0.5.0")

_PIN = pattern(r"nnsight(?:\[[\w, -]*\])?\s*(?:[<>=!~]=?=?\s*[\w.*]+\s*,?\s*)+")
_INSTALLS = pattern(r"\b(?:pip|uv)\b[^\n]*\binstall\b|\bconda\b[^\n]*\binstall\b|\"install\"")


def check(program: Program) -> Iterator[Finding]:
    """Lines of the code that install an old nnsight."""
    if "install" not in program.code:
        return
    at = 0
    for row in program.code.splitlines(keepends=True):
        if "nnsight" in row and _INSTALLS.search(row) and not row.lstrip().startswith("#"):
            for found in _PIN.finditer(row):
                text = found[0].rstrip(", ")
                requirement = parsed(text, Path(), at + found.start())
                if requirement is not None and requirement.is_old:
                    yield of_pin(requirement)
        at += len(row)


def of_pin(requirement: Requirement) -> Finding:
    """The finding for a requirement, at its place in its own file."""
    start = requirement.start
    return RULE.finding(
        Severity.WARNING,
        Span(start, start + len(requirement.text)),
        f"`{requirement.text}` allows no nnsight from 0.5 on: the migrated code needs "
        "`nnsight>=0.5.13`",
        "nnsight 0.4 goes on being installed",
    )
