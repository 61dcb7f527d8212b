"""flake8 itself, with the plugin that comes along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nnmigrate.engine import check

BROKEN = """\
from nnsight import LanguageModel

model = LanguageModel("openai-community/gpt2")
with model.trace("a b", scan=False):
    logits = model.lm_head.output.save()
"""
# What 0.4 would have done is a note where nothing tells that the program is written for it.
NOTED = """\
from nnsight import LanguageModel

model = LanguageModel("openai-community/gpt2")
with model.generate("a b"):
    tokens = model.generator.output.save()
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _flake8(*arguments: str, stdin: str | None = None) -> list[str]:
    """The lines that flake8 prints of this plugin's findings."""
    command = [sys.executable, "-m", "flake8", "--isolated", "--select=NNS,E9", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, input=stdin, encoding="utf-8")
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_it_shows_findings_where_they_stand() -> None:
    Path("broken.py").write_text(BROKEN)
    Path("clean.py").write_text("x = 1\n")

    (line,) = _flake8("broken.py", "clean.py")

    assert line.startswith("broken.py:4:6: NNS420 [error] `trace` no longer knows `scan=`")


def test_a_character_of_two_bytes_is_one_column() -> None:
    code = BROKEN.replace("with model", 'with open("ä"), model')
    Path("broken.py").write_text(code, encoding="utf-8")

    assert _flake8("broken.py")[0].startswith("broken.py:4:17: NNS420 ")


def test_standard_input_has_no_file() -> None:
    assert _flake8("-", stdin=BROKEN)[0].startswith("stdin:4:6: NNS420 ")


def test_notes_are_left_out() -> None:
    Path("noted.py").write_text(NOTED)

    assert [finding.code for finding in check(NOTED).findings] == ["NNS429"]
    assert _flake8("noted.py") == []


def test_comments_silence_findings() -> None:
    silenced = BROKEN.replace("scan=False):", "scan=False):  # nnmigrate: ignore[NNS420]")
    Path("broken.py").write_text(silenced)

    assert _flake8("broken.py") == []


def test_the_project_says_which_rules_run() -> None:
    Path("broken.py").write_text(BROKEN)
    Path("pyproject.toml").write_text('[tool.nnmigrate]\nignore = ["NNS4"]\n')

    assert _flake8("broken.py") == []


@pytest.mark.parametrize("table", ["nonsense = 1", 'target-version = "new"', 'select = ["E501"]'])
def test_a_configuration_that_cannot_be_understood_is_said(table: str) -> None:
    Path("broken.py").write_text(BROKEN)
    Path("pyproject.toml").write_text(f"[tool.nnmigrate]\n{table}\n")

    (line,) = _flake8("broken.py")

    assert line.startswith("broken.py:1:1: NNS000 ")


def test_it_imports_nothing_of_its_own_until_a_file_concerns_nnsight() -> None:
    code = (
        "import sys; from nnmigrate.flake8_plugin import Plugin\n"
        "assert not list(Plugin(None, 'a.py', ['x = 1\\n']).run())\n"
        "print(*sorted(name for name in sys.modules if name.startswith(('nnmigrate.', 'libcst'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = set(done.stdout.split())
    assert "libcst" not in loaded
    assert {name for name in loaded if not name.startswith("nnmigrate.documents")} == {
        "nnmigrate.alone",
        "nnmigrate.classes",
        "nnmigrate.flake8_plugin",
        "nnmigrate.library",
        "nnmigrate.patterns",
        "nnmigrate.spans",
    }
