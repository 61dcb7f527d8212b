"""pre-commit itself, with the hooks of this very tree, on a repository of a user's."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from nnmigrate.documents.kinds import EVERYTHING, STUBS

ROOT = Path(__file__).parents[1]
# What is needed to install the package.
PARTS = (".pre-commit-hooks.yaml", "LICENSE", "README.md", "pyproject.toml", "rules", "src")
BROKEN = """\
from nnsight import LanguageModel

model = LanguageModel("openai-community/gpt2")
with model.trace("a b", scan=False):
    logits = model.lm_head.output.save()
"""
FIXED = BROKEN.replace(", scan=False", "")
KINDS = [kind.removeprefix(".") for kind in (*EVERYTHING, *STUBS)]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


def _environment(home: Path | None = None) -> dict[str, str]:
    """Without what a surrounding git (a hook that runs these tests) or a user's settings say."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    kept |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "NO_COLOR": "1"}
    return kept | ({"PRE_COMMIT_HOME": str(home)} if home else {})


def _git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
    command = ["git", *who, *arguments]
    run = subprocess.run(
        command, cwd=folder, env=_environment(), capture_output=True, text=True, check=True
    )
    return run.stdout


def _commit_all(folder: Path) -> str:
    """Makes a repository of a folder, and gives its first commit."""
    _git(folder, "init", "--quiet")
    _git(folder, "add", "--all", "--force")
    _git(folder, "commit", "--quiet", "--no-verify", "--message", "All of it")
    return _git(folder, "rev-parse", "HEAD").strip()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A repository that has this working tree, and its commit."""
    folder = tmp_path_factory.mktemp("nnmigrate")
    listed = _git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z", *PARTS)
    for name in filter(None, listed.split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            shutil.copyfile(ROOT / name, target)
    return folder, _commit_all(folder)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps the environment that it makes for the hooks: made once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def project(tmp_path: Path, source: tuple[Path, str]) -> Path:
    """A user's repository that has the hooks."""
    repository, revision = source
    hooks = [{"id": hook["id"]} for hook in HOOKS]
    config = {"repos": [{"repo": str(repository), "rev": revision, "hooks": hooks}]}
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / "clean.py").write_text(FIXED)
    _commit_all(tmp_path)
    return tmp_path


def _put(project: Path, name: str, text: str) -> Path:
    path = project / name
    path.write_text(text)
    _git(project, "add", name)
    return path


def _run(project: Path, home: Path, hook: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pre_commit", "run", hook, "--all-files", "--color=never"]
    return subprocess.run(
        command, cwd=project, env=_environment(home), capture_output=True, text=True, check=False
    )


def test_check_says_what_breaks_and_changes_nothing(project: Path, home: Path) -> None:
    path = _put(project, "broken.py", BROKEN)

    run = _run(project, home, "nnmigrate-check")

    assert run.returncode == 1, run.stdout + run.stderr
    assert "NNS420 removed-argument" in run.stdout
    assert "broken.py:4:" in run.stdout
    assert "exit code: 1" in run.stdout
    assert path.read_text() == BROKEN


def test_fix_fails_once_and_then_passes(project: Path, home: Path) -> None:
    path = _put(project, "broken.py", BROKEN)

    first = _run(project, home, "nnmigrate-fix")
    second = _run(project, home, "nnmigrate-fix")

    assert first.returncode == 1, first.stdout + first.stderr
    assert "files were modified by this hook" in first.stdout
    assert path.read_text() == FIXED
    assert second.returncode == 0, second.stdout + second.stderr


def test_notebooks_and_texts_are_fixed(project: Path, home: Path) -> None:
    cell = {"cell_type": "code", "source": BROKEN.splitlines(keepends=True)}
    notebook = _put(project, "broken.ipynb", json.dumps({"cells": [cell]}, indent=1))
    text = _put(project, "README.md", f"# It\n\n```python\n{BROKEN}```\n")
    whole = notebook.read_text()

    run = _run(project, home, "nnmigrate-fix")

    assert "files were modified by this hook" in run.stdout, run.stdout + run.stderr
    assert notebook.read_text() == whole.replace(", scan=False", "")
    assert text.read_text() == f"# It\n\n```python\n{FIXED}```\n"


def test_what_is_clean_passes(project: Path, home: Path) -> None:
    _put(project, "notes.txt", BROKEN)
    _put(project, "script", f"#!/usr/bin/env python3\n{BROKEN}")

    for hook in HOOKS:
        run = _run(project, home, hook["id"])
        assert run.returncode == 0, run.stdout + run.stderr
        assert "Passed" in run.stdout


def test_a_file_that_cannot_be_parsed_fails(project: Path, home: Path) -> None:
    _put(project, "broken.py", "import nnsight(\n")

    run = _run(project, home, "nnmigrate-check")

    assert "exit code: 2" in run.stdout, run.stdout + run.stderr
    assert "broken.py:1:" in run.stdout


def test_what_pre_commit_installs_has_its_pages(project: Path, home: Path) -> None:
    _run(project, home, "nnmigrate-check")
    binaries = home.glob("repo*/py_env-*/*/python*")  # bin/python, Scripts/python.exe
    python = next(path for path in binaries if path.stem == "python")

    run = subprocess.run(
        [python, "-m", "nnmigrate", "explain", "migrating"],
        cwd=project,
        capture_output=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(b"# Migrating from nnsight 0.4")


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_hooks_get_every_kind_of_file_that_holds_code(hook: dict[str, str]) -> None:
    taken = re.compile(hook["files"])

    assert all(taken.search(f"a/b.{kind}") for kind in KINDS)
    assert not any(taken.search(name) for name in ("a.txt", "a.python", "apy", "a.md.bak", "b/py"))
