"""The GitHub action: its schema, and what its scripts do with what they are given."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from nnmigrate.guides import guide

ROOT = Path(__file__).parents[1]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
INSTALL, RUN = ACTION["runs"]["steps"]
# As GitHub runs `shell: bash`.
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
BROKEN = """\
from nnsight import LanguageModel

model = LanguageModel("openai-community/gpt2")
with model.trace("a b", scan=False):
    logits = model.lm_head.output.save()
"""

ATTACKS = "$(touch owned) `touch owned` '; touch owned; ' \"; touch owned; \" ; touch owned #"


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("vendor.github-actions", "action.yml"),
        ("vendor.github-workflows", ".github/workflows/docs.yml"),
        ("vendor.readthedocs", ".readthedocs.yaml"),
    ],
)
def test_the_schema_takes_it(schema: str, path: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_the_schema_refuses_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "action.yml"
    path.write_text(yaml.safe_dump({**ACTION, "runs": {"using": "composite", "step": []}}))
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-actions",
    ]

    assert subprocess.run([*command, path], capture_output=True, check=False).returncode == 1


def test_nothing_that_is_given_gets_into_the_text_of_a_script() -> None:
    assert all("${{" not in step["run"] for step in (INSTALL, RUN))
    given = " ".join([*INSTALL["env"].values(), *RUN["env"].values()])
    assert set(re.findall(r"inputs\.([\w-]+)", given)) == set(ACTION["inputs"])


def test_every_input_is_in_the_documentation() -> None:
    text = guide("hooks-and-ci").text

    rows = dict(re.findall(r"^\| `([\w-]+)` \|.*\| ?(.*?) ?\|$", text, re.MULTILINE))
    assert rows.keys() == ACTION["inputs"].keys()
    for name, one in ACTION["inputs"].items():
        assert one["default"] == "" or rows[name] == f"`{one['default']}`"


@pytest.mark.parametrize("number", [0, 1])
def test_the_workflows_of_the_documentation_are_workflows(number: int, tmp_path: Path) -> None:
    blocks = re.findall(r"^```yaml\n(jobs:.*?)^```$", guide("hooks-and-ci").text, re.M | re.S)
    path = tmp_path / "workflow.yml"
    path.write_text(f"on: push\n{blocks[number]}")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    done = subprocess.run([*command, "vendor.github-workflows", path], capture_output=True)
    assert done.returncode == 0, done.stdout

    (ours,) = [s for s in _steps(path) if s["uses"].startswith("OWNER/nnmigrate@")]
    assert ours["with"].keys() <= ACTION["inputs"].keys()


def _steps(path: Path) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = yaml.safe_load(path.read_text())["jobs"]["nnmigrate"]["steps"]
    return steps


class Runner:
    """A folder on which the action's second step runs, with the nnmigrate of these tests."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        (self.folder / "a b.py").write_text(BROKEN)
        binaries = folder / "nnmigrate" / "bin"
        binaries.mkdir(parents=True)
        program = binaries / "nnmigrate"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nnmigrate "$@"\n')
        program.chmod(0o755)
        self._output = folder / "output"
        self._output.touch()
        self._temporary = folder
        monkeypatch.delenv("BASH_ENV", raising=False)

    def run(self, **given: str) -> subprocess.CompletedProcess[str]:
        inputs = {name: one["default"] for name, one in ACTION["inputs"].items()}
        # GitHub's own format needs no test here.
        inputs |= {"output-format": "concise"} | {k.replace("_", "-"): v for k, v in given.items()}
        named = {key: re.findall(r"inputs\.([\w-]+)", text)[0] for key, text in RUN["env"].items()}
        variables = {key: inputs[name] for key, name in named.items()}
        runner = {"RUNNER_TEMP": str(self._temporary), "GITHUB_OUTPUT": str(self._output)}
        environment = {**os.environ, **variables, **runner}
        return subprocess.run(
            [*BASH, RUN["run"]],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def output(self) -> str:
        return self._output.read_text()


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    return Runner(tmp_path, monkeypatch)


class TestRun:
    def test_findings_fail_the_step(self, runner: Runner) -> None:
        done = runner.run()

        assert done.returncode == 1, done.stderr
        assert done.stdout.startswith("a b.py:4:6: NNS420 ")
        assert runner.output == "exit-code=1\n"

    def test_paths_stand_one_a_line(self, runner: Runner) -> None:
        (runner.folder / "other.py").write_text(BROKEN)

        done = runner.run(paths="a b.py\n")

        assert done.stdout.count("NNS420") == 1
        assert done.stdout.startswith("a b.py:")

    def test_options_are_handed_on(self, runner: Runner) -> None:
        done = runner.run(args="--select NNS1 --strict", target_version="0.5.13")

        assert done.returncode == 0, done.stderr
        assert "NNS420" not in done.stdout

    def test_a_target_reaches_the_tool(self, runner: Runner) -> None:
        done = runner.run(target_version="0.4")

        assert done.returncode == 2
        assert "0.4 is older than 0.5" in done.stderr
        assert runner.output == "exit-code=2\n"

    def test_it_fixes(self, runner: Runner) -> None:
        done = runner.run(fix="true")

        assert done.returncode == 0, done.stderr
        assert "scan" not in (runner.folder / "a b.py").read_text()

    def test_a_report_goes_into_a_file(self, runner: Runner) -> None:
        done = runner.run(output_format="json", output_file="report.json")

        assert (done.returncode, done.stdout) == (1, "")
        assert '"code": "NNS420"' in (runner.folder / "report.json").read_text()

    @pytest.mark.parametrize("name", ["paths", "args", "target_version", "output_format", "fix"])
    def test_what_is_given_is_never_run(self, runner: Runner, name: str) -> None:
        runner.run(**{name: ATTACKS})

        assert sorted(path.name for path in runner.folder.iterdir()) == ["a b.py"]

    def test_a_path_is_no_option(self, runner: Runner) -> None:
        done = runner.run(paths="--select=ALL")

        assert done.returncode == 2
        assert "--select=ALL" in done.stderr
        assert "No such file" in done.stderr
