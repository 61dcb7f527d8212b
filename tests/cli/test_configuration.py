"""`[tool.nnmigrate]` in a project's `pyproject.toml`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .runner import put, run

Use = Callable[..., None]

REMOTE = """from nnsight import LanguageModel

lm = LanguageModel("gpt2")
kept = {}
with lm.trace("a"):
    kept["x"] = lm.lm_head.output.save()
print(kept)
"""


def configure(text: str) -> None:
    Path("pyproject.toml").write_text(text, encoding="utf-8")


def test_every_trace_counts_as_remote() -> None:
    put("a.py", REMOTE)
    assert run("check").exit_code == 0
    configure("[tool.nnmigrate]\nassume-remote = true\n")
    assert run("check").exit_code == 1
    assert run("check", "--no-assume-remote").exit_code == 0
    assert run("fix").exit_code == 0
    assert 'kept["x"] = _kept' in Path("a.py").read_text()


def test_it_counts_for_the_directories_below(monkeypatch: pytest.MonkeyPatch) -> None:
    configure("[tool.nnmigrate]\nassume-remote = true\n")
    put("src/a.py", REMOTE)
    Path("src/pyproject.toml").write_text("[project]\n")
    monkeypatch.chdir("src")
    assert run("check").exit_code == 1


@pytest.mark.usefixtures("rules")
def test_the_other_options(use_rules: Use, replacing: Any) -> None:
    rule = replacing("NNS101", "old")
    seen = []
    rule.check = lambda program: seen.append(program.options) or iter(())
    use_rules(rule)
    put("a.py")
    configure('[tool.nnmigrate]\ntarget-version = "0.5.13"\n')
    assert run("check").exit_code == 0
    assert run("check", "--target-version", "0.6").exit_code == 0
    configure('[tool.nnmigrate]\nignore = ["NNS1"]\n')
    assert run("check").exit_code == 0
    assert [one.target for one in seen] == [(0, 5, 13), (0, 6)]


WRONG = {
    "an unknown key": (
        "[tool.nnmigrate]\n\nremote = true\n",
        ":3:1: tool.nnmigrate has no 'remote'",
    ),
    "a wrong kind": (
        '[tool.nnmigrate]\nassume-remote = "yes"\n',
        ":2:1: tool.nnmigrate.assume-remote",
    ),
    "no list": ('[tool.nnmigrate]\nselect = "NNS1"\n', ":2:1: tool.nnmigrate.select"),
    "no table": ("tool.nnmigrate = 1\n", ":1:1: tool.nnmigrate is no table"),
    "no TOML": ("[tool.nnmigrate]\nselect = [\n\n", "pyproject.toml:1:1: "),
    "an unknown rule": ('[tool.nnmigrate]\nselect = ["NNS9"]\n', "NNS9"),
    "an old version": ('[tool.nnmigrate]\ntarget-version = "0.4"\n', "0.4 is older than 0.5"),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_and_nothing_is_done(text: str, said: str) -> None:
    before = put("a.py", REMOTE).read_text()
    configure(text)
    result = run("fix")
    assert result.exit_code == 2
    assert said in result.stderr
    assert Path("a.py").read_text() == before


def test_what_is_not_this_tools_is_not_read() -> None:
    put("a.py", REMOTE)
    configure("[tool.ruff\n")
    assert run("check").exit_code == 0
