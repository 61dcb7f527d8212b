"""A second run says what the first one said, and works nothing out."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from nnmigrate.reports import FORMATS

from .runner import put, run
from .test_startup import HEAVY, imported

TRACE = (
    "model = nnsight.LanguageModel('gpt2')",
    "with model.trace() as tracer:",
    "    with tracer.invoke('a'):",
    "        x = model.transformer.h[0].output[0]",
    "    with tracer.invoke('b'):",
    "        model.transformer.h[0].output[0][:] = x",
)


@pytest.fixture(autouse=True)
def cached(
    here: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.delenv("NNMIGRATE_NO_CACHE")
    monkeypatch.setenv("NNMIGRATE_CACHE_DIR", str(folder))
    put("old.py", *TRACE)
    put("fine.py", "x = 1")
    cells = [
        {"cell_type": "code", "source": f"import nnsight\n{chr(10).join(TRACE)}", "metadata": {}}
    ]
    cells[0] |= {"outputs": [], "execution_count": None}
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    Path("book.ipynb").write_text(json.dumps(book))
    text = "\n".join(
        ["# A text", "```python", "import nnsight", *TRACE, "```", "```python", "(", "```"]
    )
    Path("text.md").write_text(text)
    Path("other.py").write_text("x = 1\n")
    return folder


def entries(folder: Path) -> list[Path]:
    return [
        path for path in folder.rglob("*") if path.is_file() and path.parent.name != "findings-1"
    ]


@pytest.mark.parametrize("style", [*FORMATS, "statistics"])
def test_every_format_is_the_same_byte_for_byte(cached: Path, style: str) -> None:
    asked = ["--statistics"] if style == "statistics" else ["--output-format", style]
    runs = [run("check", "--no-cache", *asked), run("check", *asked), run("check", *asked)]
    assert len({(one.exit_code, one.stdout_bytes, one.stderr_bytes) for one in runs}) == 1
    assert runs[0].exit_code == 1
    assert len(entries(cached)) == 4  # all but the file without nnsight


def test_a_second_run_imports_no_libcst(cached: Path) -> None:
    Path("text.md").unlink()  # a block that is no Python is looked at closely to say so
    first, second = imported("check", expected=1), imported("check", expected=1)
    assert "libcst" in first
    assert not second & (set(HEAVY.split()) - {"json", "hashlib", "ast"})


def test_fix_takes_what_check_found_where_there_is_nothing_to_fix(cached: Path) -> None:
    for name in ("old.py", "book.ipynb", "text.md"):
        Path(name).unlink()
    assert "libcst" in imported("check")
    assert "libcst" not in imported("fix")


def test_fix_fixes_all_the_same(cached: Path) -> None:
    run("check")
    before = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    with_cache = run("fix")
    after = {path: path.read_bytes() for path in before}
    for path, raw in before.items():
        path.write_bytes(raw)
    without = run("fix", "--no-cache")
    assert (with_cache.stdout, with_cache.stderr) == (without.stdout, without.stderr)
    assert after == {path: path.read_bytes() for path in before}
    assert after != before


def test_a_change_is_seen(cached: Path) -> None:
    assert run("check", "old.py").exit_code == 1
    put("old.py", "x = 1")
    assert run("check", "old.py").exit_code == 0
    put("old.py", *TRACE)
    assert run("check", "old.py").exit_code == 1


def test_a_pin_of_the_project_is_seen(cached: Path) -> None:
    put("code.py", "model.session(validate=False)")
    run("check", "code.py")
    count = len(entries(cached))
    Path("requirements.txt").write_text("nnsight<0.5\n")
    run("check", "code.py")
    assert len(entries(cached)) == count + 1


@pytest.mark.parametrize("options", [["--select", "NNS2"], ["--target-version", "0.6"]])
def test_what_is_asked_otherwise_is_found_otherwise(cached: Path, options: list[str]) -> None:
    run("check", "old.py")
    with_cache, without = (
        run("check", "old.py", *options),
        run("check", "old.py", "--no-cache", *options),
    )
    assert with_cache.stdout == without.stdout


def test_what_could_not_be_done_is_tried_again(cached: Path) -> None:
    put("broken.py", "def (")
    for _ in range(2):
        assert "broken.py:2:" in run("check", "broken.py").stderr
    assert not entries(cached)


def test_the_same_code_elsewhere_is_known_and_said_to_be_there(cached: Path) -> None:
    run("check", "old.py")
    Path("copy.py").write_bytes(Path("old.py").read_bytes())
    result = run("check", "copy.py", "--output-format", "concise")
    assert result.stdout.startswith("copy.py:")
    assert len(entries(cached)) == 1


def test_a_baseline_counts_for_what_is_known_as_well(cached: Path) -> None:
    run("check", "old.py")
    assert run("check", "old.py", "--write-baseline", "known.json").exit_code == 0
    assert run("check", "old.py", "--baseline", "known.json").exit_code == 0
    assert run("check", "old.py").exit_code == 1


def test_nothing_is_kept_where_that_is_not_wanted(cached: Path, tmp_path: Path) -> None:
    run("check", "--no-cache")
    assert not entries(cached)
    run("check", "--cache-dir", str(tmp_path / "mine"))
    assert not entries(cached)
    assert entries(tmp_path / "mine")


@pytest.mark.skipif(os.name != "posix", reason="files stand for folders")
def test_a_cache_that_cannot_be_is_not_spoken_of(here: Path) -> None:
    Path("file").write_text("")
    result = run("check", "old.py", "--cache-dir", "file/inside")
    assert (result.exit_code, result.stderr) == (1, run("check", "old.py", "--no-cache").stderr)
