"""Runs the command line in this process, over files of a line or two."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from nnmigrate.cli import cli


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    # Before click 8.2, both streams came mixed unless that was refused.
    mixes = "mix_stderr" in inspect.signature(CliRunner).parameters
    options: dict[str, Any] = {"mix_stderr": False} if mixes else {}
    return CliRunner(**options).invoke(cli, arguments, input=stdin)


def put(name: str, *words: str) -> Path:
    """Writes a file that imports nnsight and then has the words, one a line."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(("import nnsight", *words, "")))
    return path
