from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from nnmigrate.executor import Environment, EnvironmentFailure, ensure, environments, given


class Installer:
    """Stands for the commands that make an environment, and notes them."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.fails = False

    def __call__(self, command: Sequence[str]) -> str:
        self.commands.append(list(command))
        if "venv" in command:
            Path(command[-1], "bin").mkdir(parents=True)
        if "install" in command and self.fails:
            raise EnvironmentFailure("no matching distribution")
        return "3.11.7\n"

    def options(self, name: str) -> list[str]:
        install = next(command for command in self.commands if "install" in command)
        return [install[n + 1] for n, word in enumerate(install) if word == name]


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> Installer:
    installer = Installer()
    monkeypatch.setattr(environments, "_run", installer)
    monkeypatch.setattr(environments, "_find_uv", lambda: "uv")
    monkeypatch.setattr(environments, "_find_python", lambda wanted: sys.executable)
    monkeypatch.setenv("PIP_FIND_LINKS", "/wheels")
    return installer


def test_an_environment_holds_what_was_asked_for(environment_05: Environment):
    found = given(environment_05.python)
    assert (found.nnsight, found.transformers) == ("0.5.15", "4.51.3")
    assert given(environment_05.python.parent.parent) == found


def test_torchvision_is_left_out(environment_04: Environment):
    code = "import importlib.util as u; print(u.find_spec('torchvision'), bool(u.find_spec('PIL')))"
    command = [str(environment_04.python), "-c", code]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert output.split() == ["None", "True"]


def test_what_is_made_once_is_kept(installer: Installer, tmp_path: Path):
    first = ensure("0.5.15", cache=tmp_path)
    made = len([command for command in installer.commands if "venv" in command])
    assert ensure("0.5.15", cache=tmp_path) == first
    assert made == len([command for command in installer.commands if "venv" in command]) == 1


def test_every_version_has_an_environment_of_its_own(installer: Installer, tmp_path: Path):
    made = {
        ensure("0.5.15", cache=tmp_path).python,
        ensure("0.5.14", cache=tmp_path).python,
        ensure("0.5.15", cache=tmp_path, transformers="4.57.6").python,
        ensure("0.5.15", cache=tmp_path, torch="2.12.0").python,
    }
    assert len(made) == 4
    assert all(tmp_path in python.parents for python in made)


def test_an_unfinished_one_is_made_anew(installer: Installer, tmp_path: Path):
    directory = ensure("0.5.15", cache=tmp_path).python.parent.parent
    (directory / ".ready").unlink()
    (directory / "half").write_text("")
    ensure("0.5.15", cache=tmp_path)
    assert not (directory / "half").exists()
    assert json.loads((directory / ".ready").read_text())["nnsight"] == "0.5.15"


def test_one_that_held_other_requirements_is_made_anew(installer: Installer, tmp_path: Path):
    """As an older release made it, which did not know that a requirement breaks nnsight."""
    directory = ensure("0.5.15", cache=tmp_path).python.parent.parent
    marker = directory / ".ready"
    recipe = json.loads(marker.read_text())
    recipe["requirements"] = recipe["requirements"][:-1]
    marker.write_text(json.dumps(recipe))
    (directory / "old").write_text("")
    ensure("0.5.15", cache=tmp_path)
    assert not (directory / "old").exists()


def test_a_failure_leaves_nothing_and_says_why(installer: Installer, tmp_path: Path):
    installer.fails = True
    with pytest.raises(EnvironmentFailure, match="no matching distribution"):
        ensure("0.5.15", cache=tmp_path)
    assert not [path for path in (tmp_path / "environments").iterdir() if path.is_dir()]


def test_uv_is_handed_the_places_for_wheels(installer: Installer, tmp_path: Path):
    ensure("0.5.15", cache=tmp_path)
    assert "/wheels" in installer.options("--find-links")
    assert not installer.options("--torch-backend")


def test_without_such_places_the_small_torch_is_tried_first(
    installer: Installer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(environments, "_find_links", list)
    ensure("0.5.15", cache=tmp_path)
    assert installer.options("--torch-backend") == ["cpu"]


def test_without_uv_there_is_pip(
    installer: Installer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(environments, "_find_uv", lambda: None)
    ensure("0.4.11", cache=tmp_path)
    verbs = [command for command in installer.commands if "pip" in command]
    assert "nnsight==0.4.11" in verbs[0]
    assert verbs[1][-1] == "torchvision"


def test_where_environments_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("NNMIGRATE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert environments._default_cache() == tmp_path / "nnmigrate"
    monkeypatch.setenv("NNMIGRATE_CACHE", str(tmp_path / "own"))
    assert environments._default_cache() == tmp_path / "own"


def test_two_at_once_make_one(tmp_path: Path):
    """The second waits for the first, whatever becomes of it."""
    program = tmp_path / "both.py"
    program.write_text(
        "import sys, time\n"
        "from pathlib import Path\n"
        "from nnmigrate.executor import environments\n"
        "def make(directory, recipe, interpreter, options):\n"
        "    with open(sys.argv[1] + '/log', 'a') as log:\n"
        "        log.write('made\\n')\n"
        "    time.sleep(1)\n"
        "    directory.mkdir()\n"
        "environments._make = make\n"
        "environments.ensure('1.0', cache=Path(sys.argv[1]))\n"
    )
    command = [sys.executable, str(program), str(tmp_path)]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert (tmp_path / "log").read_text() == "made\n"


def test_what_cannot_be_installed_is_said(tmp_path: Path):
    with pytest.raises(EnvironmentFailure, match=r"nnsight==0\.0\.0"):
        ensure("0.0.0", cache=tmp_path)


def test_given_must_have_nnsight():
    with pytest.raises(EnvironmentFailure, match="nnsight"):
        given(Path(sys.executable))


def test_given_must_be_an_interpreter(tmp_path: Path):
    with pytest.raises(EnvironmentFailure, match="is not an interpreter"):
        given(tmp_path / "python")


def test_a_python_that_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(EnvironmentFailure, match=r"no Python 2\.1"):
        ensure("0.5.15", cache=tmp_path, python="2.1")
