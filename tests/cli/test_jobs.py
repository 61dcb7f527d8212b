"""Several processes find what one finds."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from nnmigrate import run as running
from nnmigrate.outcomes import Outcome
from nnmigrate.workers import FORKS

from .runner import put, run

TRACE = (
    "model = nnsight.LanguageModel('gpt2')",
    "with model.trace() as tracer:",
    "    with tracer.invoke('a'):",
    "        x = model.transformer.h[0].output[0]",
    "    with tracer.invoke('b'):",
    "        model.transformer.h[0].output[0][:] = x",
)


@pytest.fixture
def many(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_WORTH_A_FORK", 1)
    monkeypatch.setattr(running, "_WORTH_A_START", 1)
    for number in range(6):
        put(f"f{number}.py", *TRACE[: 6 if number % 2 else 2], *["pass"] * number)
    put("broken.py", "def (")
    Path("other.py").write_text("import torch\n")


@pytest.mark.parametrize("command", ["check", "fix"])
@pytest.mark.parametrize("style", ["full", "json"])
def test_the_output_is_the_same(many: None, command: str, style: str) -> None:
    before = {path: path.read_bytes() for path in Path().glob("*.py")}
    said, left = [], []
    for jobs in ("1", "3"):
        for path, raw in before.items():
            path.write_bytes(raw)
        result = run(command, "--jobs", jobs, "--output-format", style)
        said.append((result.exit_code, result.stdout, result.stderr))
        left.append({path: path.read_bytes() for path in Path().glob("*.py")})
    assert said[0] == said[1]
    assert left[0] == left[1]
    assert "broken.py" in said[0][2]
    assert said[0][0] == 2


@pytest.mark.skipif(not FORKS, reason="another process does not have what is patched here")
def test_a_process_that_is_killed_is_a_problem_of_its_file(
    many: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = running._looked_at

    def deadly(name: str, *arguments: object) -> Outcome:
        if name == "f3.py":
            os.kill(os.getpid(), signal.SIGKILL)
        return looked_at(name, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "_looked_at", deadly)
    result = run("check", "--jobs", "2", "--output-format", "concise")
    assert result.exit_code == 2
    assert "f3.py:1:1: internal error, please report it: the process" in result.stderr
    assert "f1.py:" in result.stdout
    assert "f5.py:" in result.stdout


def test_few_bytes_are_not_worth_a_process(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnmigrate.workers.results", None)
    put("a.py")
    put("b.py")
    assert run("check", "--jobs", "4").exit_code == 0


def test_no_jobs_are_refused(here: Path) -> None:
    assert run("check", "--jobs", "0").exit_code == 2
