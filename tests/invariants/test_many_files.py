"""What is found in a file does not hang on the files that were looked at before it.

Nor on the order in which sets and dictionaries happen to be: each process draws its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from .choosing import Seeded
from .writing import program

SEEDS = range(int(os.environ.get("NNMIGRATE_INVARIANTS", "0")) or 8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs, of which each second one has a project of its own around it."""
    root = tmp_path_factory.mktemp("many")
    for seed in SEEDS:
        inside = root / f"p{seed}"
        inside.mkdir()
        if seed % 2:
            pin = ("nnsight>=0.4", "nnsight>=0.6", "nnsight")[seed % 3]
            text = f'[project]\nname = "a"\nversion = "1"\ndependencies = ["{pin}"]\n'
            (inside / "pyproject.toml").write_text(text, encoding="utf-8")
        code = program(Seeded(seed))
        (inside / "program.py").write_bytes(code.encode())
    return root


def _found(folder: Path, paths: Sequence[str], hashes: str) -> dict[str, list[object]]:
    """What `check` says of each file, in one process."""
    command = [sys.executable, "-m", "nnmigrate", "check", "--output-format", "json", *paths]
    environment = {**os.environ, "PYTHONHASHSEED": hashes, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, env=environment, encoding="utf-8", check=False
    )
    assert done.returncode in (0, 1, 2), done.stderr
    assert "internal error" not in done.stderr
    found: dict[str, list[object]] = {}
    for one in json.loads(done.stdout):
        path = Path(one["filename"])
        found.setdefault(f"{path.parent.name}/{path.name}", []).append(one)
    return found


def test_neither_the_order_of_files_nor_that_of_hashes_matters(folder: Path) -> None:
    paths = [f"p{seed}/program.py" for seed in SEEDS]
    together = _found(folder, paths, "1")

    assert together, "else this would say nothing"
    assert _found(folder, paths[::-1], "2") == together


def test_a_file_alone_is_told_what_it_is_told_among_others(folder: Path) -> None:
    paths = [f"p{seed}/program.py" for seed in SEEDS]
    together = _found(folder, paths, "1")
    for path in paths[:3]:
        alone = _found(folder, [path], "3")
        assert alone.get(path) == together.get(path)
