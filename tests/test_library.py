"""`nnmigrate.verify`, and the plugin for pytest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import nnmigrate
from nnmigrate.documents import DocumentProblem
from nnmigrate.executor import Conditions, Executors, Outcome

OLD = """from nnsight import LanguageModel
lm = LanguageModel("openai-community/gpt2")
with lm.trace("a b", scan=False):
    out = lm.lm_head.output.save()
"""
NEW = OLD.replace(", scan=False", "")
TESTS = """
import pytest

def test_right(assert_migrates):
    proof = assert_migrates("old.py")
    assert proof.rewritten == open("new.py", "rb").read()

def test_by_hand(assert_migrates):
    assert_migrates("old.py", "new.py")

def test_wrong(assert_migrates):
    assert_migrates("old.py", "wrong.py")

def test_nothing(assert_migrates):
    assert_migrates("nothing.py")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    wrong = NEW.replace("output.save", "output.mul(2).save")
    texts = {
        "old": OLD,
        "new": NEW,
        "wrong": wrong,
        "nothing": "x = 1\n",
        "broken": "import nnsight(",
    }
    for name, text in texts.items():
        Path(f"{name}.py").write_text(text)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_a_program_is_migrated_and_run(executors: Executors) -> None:
    proof = nnmigrate.verify("old.py", executors=executors)
    assert proof.proved
    assert proof.rewritten == NEW.encode()
    assert proof.verdict is not None
    assert proof.verdict.outcome is Outcome.SAME
    assert Path("old.py").read_text() == OLD


@pytest.mark.usefixtures("folder")
def test_a_program_and_its_migration(executors: Executors) -> None:
    proof = nnmigrate.verify(Path("old.py"), Path("wrong.py"), executors=executors)
    assert not proof.proved
    assert proof.verdict is not None
    assert proof.verdict.reason.startswith("`out`: values differ")


@pytest.mark.usefixtures("folder")
def test_limits(executors: Executors) -> None:
    Path("old.py").write_text(OLD + "while True: pass\n")
    proof = nnmigrate.verify("old.py", executors=executors, conditions=Conditions(limit=3))
    assert proof.verdict is not None
    assert proof.verdict.outcome is Outcome.INCONCLUSIVE


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["broken.py", "missing.py"])
def test_what_cannot_be_read_is_raised(executors: Executors, name: str) -> None:
    with pytest.raises(DocumentProblem, match=name):
        nnmigrate.verify(name, executors=executors)


def test_importing_it_costs_nothing() -> None:
    code = (
        "import sys, nnmigrate; print(sorted(m for m in sys.modules if m.startswith('nnmigrate')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['nnmigrate', 'nnmigrate.alone', 'nnmigrate.library']"


def test_the_plugin(folder: Path) -> None:
    """In a project of its own, where nothing but nnmigrate is installed."""
    (folder / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "2 failed, 2 passed" in done.stdout
    assert "wrong.py: different: `out`: values differ" in done.stdout
    assert "nothing.py: there is nothing in it that concerns nnsight" in done.stdout
