"""What the project around the code declares: old pins, and the version to migrate to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .runner import run

OLD = """from nnsight import LanguageModel

lm = LanguageModel("gpt2")
with lm.trace("a", scan=True):
    y = lm.lm_head.output.save()
print(y)
"""
NEW = OLD.replace(", scan=True", "")


def pin(text: str, name: str = "requirements.txt") -> None:
    Path(name).write_text(text)


def put(code: str, name: str = "a.py") -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(code)


def test_an_old_pin_is_told_next_to_the_code() -> None:
    pin("torch\nnnsight<0.5\n")
    put(OLD, "src/a.py")
    put(OLD, "src/b.py")
    shown = run("check", "--output-format", "concise", "src").stdout
    (row,) = [row for row in shown.splitlines() if "NNS721" in row]
    assert row.startswith("requirements.txt:2:1: NNS721 [warning]")


def test_fixing_leaves_the_pin_to_a_person() -> None:
    pin("nnsight==0.4.11\n")
    put(OLD)
    done = run("fix", "a.py", "--output-format", "concise")
    assert "requirements.txt:1:1: NNS721" in done.stdout
    assert done.exit_code == 1
    assert Path("requirements.txt").read_text() == "nnsight==0.4.11\n"
    assert Path("a.py").read_text() == NEW


def test_json_has_the_file_of_the_pin() -> None:
    pin("nnsight<0.5\n")
    put(OLD)
    found = json.loads(run("check", "a.py", "--output-format", "json").stdout)
    assert "requirements.txt" in json.dumps(found)


@pytest.mark.parametrize(
    ("requirement", "code", "more"),
    [
        ("nnsight>=0.5", OLD, ()),
        ("nnsight<0.5", NEW, ()),
        ("nnsight<0.5", OLD, ("--ignore", "NNS721")),
        ("torch<0.5", OLD, ()),
        ("# nnsight<0.5", OLD, ()),
    ],
)
def test_no_pin_is_told(requirement: str, code: str, more: tuple[str, ...]) -> None:
    pin(f"{requirement}\n")
    put(code)
    assert "NNS721" not in run("check", "a.py", *more).stdout


def test_an_old_pin_says_for_which_nnsight_the_code_is_written() -> None:
    put(
        'from nnsight import LanguageModel\nlm = LanguageModel("gpt2")\n'
        'with lm.generate("a"):\n    y = lm.generator.output.save()\n'
    )
    assert run("check", "a.py").exit_code == 0
    pin("nnsight<0.5\n")
    assert "NNS429 default-length [silent]" in run("check", "a.py").stdout


@pytest.mark.parametrize(
    ("requirement", "more", "severity"),
    [
        ("nnsight>=0.6.3", (), "error"),
        ("nnsight>=0.5.13", (), "warning"),
        ("nnsight", (), "warning"),
        ("nnsight>=0.6.3", ("--target-version", "0.5"), "warning"),
    ],
)
def test_the_target_is_the_projects_own(
    requirement: str, more: tuple[str, ...], severity: str
) -> None:
    pin(f"{requirement}\n")
    put(
        'import nnsight\nlm = nnsight.LanguageModel("gpt2")\n'
        'with lm.trace("a"):\n    kept = nnsight.list().save()\n'
    )
    assert f"NNS403 removed-function [{severity}]" in run("check", "a.py", *more).stdout
