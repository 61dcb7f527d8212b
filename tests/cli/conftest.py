from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nnmigrate.findings import Applicability, Severity


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def rules(use_rules: Callable[..., None], replacing: Any) -> None:
    """A rule of each kind."""
    unsafe = Applicability.UNSAFE
    use_rules(
        replacing("NNS101", "old", "new"),
        replacing("NNS102", "risky", "brave", Severity.SILENT, unsafe),
        replacing("NNS201", "hard"),
        replacing("NNS202", "mild", severity=Severity.NOTE),
    )
