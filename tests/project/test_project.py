"""What the files of a project declare."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnmigrate.project import NO_PROJECT, project_of
from nnmigrate.project.requirement import of_poetry, parsed

HERE = Path("requirements.txt")

OLD = ["nnsight<0.5", "nnsight==0.4.*", "nnsight==0.4.11", "nnsight~=0.4.1", "nnsight>=0.3,<0.4"]
OPEN = [
    "nnsight",
    "nnsight>=0.4",
    "nnsight>=0.5",
    "nnsight==0.5.*",
    "nnsight~=0.4",
    "nnsight!=0.4.3",
]


@pytest.mark.parametrize("text", OLD)
def test_allows_no_0_5(text: str) -> None:
    found = parsed(text, HERE, 0)
    assert found is not None
    assert found.is_old


@pytest.mark.parametrize("text", OPEN)
def test_allows_0_5(text: str) -> None:
    found = parsed(text, HERE, 0)
    assert found is not None
    assert not found.is_old


@pytest.mark.parametrize(
    ("version", "old"),
    [
        ("^0.4", True),
        ("^0.4.1", True),
        ("~0.4.1", True),
        ("0.4.11", True),
        ("0.4.*", True),
        ({"version": "^0.4", "extras": []}, True),
        ("^0.5", False),
        (">=0.4", False),
        ("*", False),
    ],
)
def test_poetry(version: object, old: bool) -> None:
    found = of_poetry("nnsight", version, HERE, 0)
    assert found is not None
    assert found.is_old is old


def test_from_a_repository() -> None:
    found = parsed("nnsight @ git+https://github.com/ndif-team/nnsight.git@v0.4.11", HERE, 0)
    assert found is not None
    assert (found.name, found.specifier) == ("nnsight", "==0.4.11")


@pytest.mark.parametrize(
    ("text", "floor"),
    [
        ("nnsight>=0.5.13", (0, 5, 13)),
        ("nnsight~=0.5.0", (0, 5, 0)),
        ("nnsight==0.6.3", (0, 6, 3)),
        ("nnsight==0.6.1", (0, 6, 1)),
        ("nnsight~=0.7.2", (0, 7, 2)),
        ("nnsight==0.6.*", (0, 6)),
        ("nnsight===0.6.1", (0, 6, 1)),
        ("nnsight>=0.5.0.dev8", (0, 5, 0)),
        ("nnsight>=0.4", None),
        ("nnsight", None),
        ("nnsight<0.5", None),
        ("nnsight===mine", None),
    ],
)
def test_floor(text: str, floor: tuple[int, ...] | None) -> None:
    found = parsed(text, HERE, 0)
    assert found is not None
    assert found.floor == floor


FILES = {
    "pyproject.toml": '[project]\ndependencies = ["torch", "NNsight == 0.4.11"]\n',
    "requirements-dev.txt": "# a comment\ntorch\nnnsight==0.4.11  # why\n",
    "setup.cfg": "[options]\ninstall_requires =\n    torch\n    nnsight<0.5\n",
    "setup.py": "from setuptools import setup\nsetup(install_requires=['torch', 'nnsight<0.5'])\n",
    "environment.yml": "dependencies:\n  - torch=2.5\n  - pip:\n    - nnsight==0.4.11\n",
}
GROUPS = {
    "extras": '[project.optional-dependencies]\nx = ["nnsight<0.5"]\n',
    "groups": '[dependency-groups]\ndev = ["nnsight<0.5", {include-group = "x"}]\n',
    "poetry": '[tool.poetry.dependencies]\npython = "^3.10"\nnnsight = "^0.4"\n',
    "poetry's groups": '[tool.poetry.group.dev.dependencies]\nnnsight = "~0.4.1"\n',
    "uv": '[tool.uv]\ndev-dependencies = ["nnsight<0.5"]\n',
    "hatch": '[tool.hatch.envs.test]\ndependencies = ["nnsight<0.5"]\n',
}


@pytest.mark.parametrize("name", FILES)
def test_the_pin_and_its_place(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FILES[name])
    inner = tmp_path / "src" / "deep"
    inner.mkdir(parents=True)

    project = project_of(inner)
    (pin,) = project.old_pins

    assert pin.path.name == name
    assert FILES[name][pin.start :].lower().startswith("nnsight")
    assert "torch" in project.names


@pytest.mark.parametrize("text", GROUPS.values(), ids=GROUPS)
def test_other_tables(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert len(project_of(tmp_path).old_pins) == 1


def test_included_requirements(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("-r base.txt\n-r requirements.txt\n")
    (tmp_path / "base.txt").write_text("nnsight==0.4.11\n")
    (pin,) = project_of(tmp_path).old_pins
    assert pin.path.name == "base.txt"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "[project\n"),
        ("setup.py", "def (:\n"),
        ("setup.cfg", "no section\n"),
        ("requirements.txt", "???\n"),
    ],
)
def test_what_cannot_be_read_declares_nothing(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert project_of(tmp_path).requirements == ()


def test_a_repository_is_the_end(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("nnsight<0.5\n")
    (tmp_path / "own" / ".git").mkdir(parents=True)
    assert project_of(tmp_path / "own") is NO_PROJECT


def test_several_floors(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("nnsight>=0.5.2\n")
    (tmp_path / "setup.cfg").write_text("[options]\ninstall_requires = nnsight>=0.5.13\n")
    assert project_of(tmp_path).target == (0, 5, 13)
