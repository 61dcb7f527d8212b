from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from nnmigrate.reports.diff import diff

CHANGES = {
    "a line": (b"a\nb\nc\n", b"a\nB\nc\n"),
    "no final newline": (b"a\nb", b"a\nB"),
    "final newline added": (b"a", b"a\n"),
    "final newline gone": (b"a\n", b"a"),
    "crlf": (b"a\r\nb\r\n", b"a\r\nB\r\nc\r\n"),
    "lone carriage returns": (b"a\rb\rc\n", b"a\rB\rc\n"),
    "form feeds": (b"\x0ca\nb\x0c\x85\n", b"\x0ca\nB\x0c\x85\n"),
    "other encodings": (b"\xe9\nb\n", b"\xe9\nB\n"),
    "from nothing": (b"", b"a\n"),
    "to nothing": (b"a\n", b""),
    "far apart": (b"a\n" + b"x\n" * 50 + b"b\n", b"A\n" + b"x\n" * 50 + b"B\n"),
}
NAMES = ["a.py", "d/a b.py", "é.py", 'quo"te\\.py', "tab\t.py", os.fsdecode(b"\xff.py"), "-a.py"]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q", "."], check=True)
    return tmp_path


def applied(path: Path, old: bytes, new: bytes, named: str) -> bytes:
    """What `git apply` makes of the old bytes with the diff to the new ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(old)
    patch = diff(named, old, new)
    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], input=patch, check=True)
    return path.read_bytes()


@pytest.mark.parametrize(("old", "new"), CHANGES.values(), ids=CHANGES)
def test_git_applies_it(repository: Path, old: bytes, new: bytes) -> None:
    assert applied(repository / "a.py", old, new, "a.py") == new


@pytest.mark.parametrize("name", NAMES)
def test_git_understands_the_name(repository: Path, name: str) -> None:
    assert applied(repository / name, b"a\n", b"b\n", name) == b"b\n"


def test_an_absolute_path_becomes_one_from_here(repository: Path) -> None:
    path = repository / "d" / "a.py"

    assert applied(path, b"a\n", b"b\n", str(path)) == b"b\n"


def test_it_reads_as_a_diff() -> None:
    assert diff("a.py", b"a\nb\n", b"a\nc") == (
        b"--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n\\ No newline at end of file\n"
    )


def test_no_change_is_no_diff() -> None:
    assert diff("a.py", b"a\n", b"a\n") == b""
