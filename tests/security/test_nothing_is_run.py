"""Nothing of the user's code is imported or run, wherever it lies and whatever it is called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from nnmigrate.executor import environments

CODE = """\
from nnsight import LanguageModel

model = LanguageModel("gpt2")
with model.trace("a") as tracer:
    with tracer.invoke("b"):
        x = model.transformer.h[1].output[0]
    with tracer.invoke("c"):
        model.transformer.h[1].output[0][:] = x
        y = model.lm_head.output.save()
print(y.value)
"""
TRAP = "open({marker!r}, 'a').write(__name__ + ' ')\n"
# Modules of ours and of what we use that are the first to be looked for, and what Python, pytest
# or a tool may run by itself. All others are found by asking which modules are there in the end.
NAMES = (
    "click libcst packaging pathspec tomllib tomli yaml nnsight torch pygls lsprotocol attrs "
    "cattrs sitecustomize usercustomize conftest setup pathlib contextlib typing dataclasses re "
    "json ast difflib tempfile threading ctypes concurrent.futures fnmatch unicodedata tokenize "
    "html xml platform encodings rules document program"
).split()
WAYS = {
    "check": ["check", "--output-format", "junit", "."],
    "fix": ["fix", "--unsafe-fixes", "--annotate", "."],
    "explain": ["explain", "NNS101"],
    "report": ["report", "."],
    "show": ["show", "program/a.py:5"],
    "lsp": ["lsp"],
}


@pytest.fixture
def marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository full of traps; each of them writes its name into this file."""
    marker = tmp_path / "was run"
    tree = tmp_path / "tree"
    for folder in (tree, tree / "program"):
        folder.mkdir()
        for name in NAMES:
            place = folder / f"{name.replace('.', '/')}.py"
            place.parent.mkdir(exist_ok=True)
            place.write_text(TRAP.format(marker=str(marker)))
    for name in ("a.py", "b.py"):
        (tree / "program" / name).write_text(f"{TRAP.format(marker=str(marker))}{CODE}")
    (tree / "a.md").write_text(f"```python\n{TRAP.format(marker=str(marker))}{CODE}```\n")
    cells = [{"cell_type": "code", "source": TRAP.format(marker=str(marker)) + CODE}]
    (tree / "a.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}))
    (tree / "pyproject.toml").write_text("[tool.nnmigrate]\nstrict = true\n")
    monkeypatch.chdir(tree)
    monkeypatch.setenv("PYTHONSTARTUP", str(tree / "conftest.py"))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    return marker


def start(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    # With no input a language server leaves at once.
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=300)


@pytest.mark.parametrize("way", WAYS)
def test_a_repository_cannot_lend_its_modules_to_python_m_nnmigrate(way: str, marker: Path) -> None:
    done = start([sys.executable, "-m", "nnmigrate", *WAYS[way]])

    assert not marker.exists(), marker.read_text()
    assert b"Traceback" not in done.stderr
    assert done.returncode in (0, 1)


@pytest.mark.parametrize("flags", [["-mnnmigrate"], ["-Im", "nnmigrate"], ["-Bm", "nnmigrate"]])
def test_however_it_is_written(flags: list[str], marker: Path) -> None:
    done = start([sys.executable, *flags, "check", "program"])

    assert not marker.exists(), marker.read_text()
    assert done.returncode == 1


def test_the_command_looks_for_nothing_in_the_working_directory(marker: Path) -> None:
    command = Path(sys.executable).with_name("nnmigrate" + (".exe" if os.name == "nt" else ""))
    done = start([str(command), "check", "."])

    assert not marker.exists(), marker.read_text()
    assert done.returncode == 1


def test_who_imports_nnmigrate_keeps_the_path_that_he_has(tmp_path: Path) -> None:
    package = tmp_path / "other"
    package.mkdir()
    (package / "__init__.py").write_text("import nnmigrate\n")
    (package / "__main__.py").write_text("import beside\n")
    (tmp_path / "beside.py").write_text("print('found')\n")
    for arguments in ([], ["-m", "nnmigrate"]):
        command = [sys.executable, "-m", "other", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.stdout == "found\n", done.stderr


WATCH = """
import json, os, sys
seen = []
def hook(event, arguments):
    if event in ("exec", "import", "os.system", "os.exec", "os.posix_spawn", "os.fork",
                 "subprocess.Popen", "socket.connect", "socket.bind", "marshal.loads",
                 "pickle.find_class", "open", "os.remove", "os.rename", "os.chmod", "os.symlink"):
        first = arguments[0] if arguments else None
        name = first.co_filename if event == "exec" else first
        flags = arguments[2] if event == "open" else 0
        seen.append((event, str(name), flags if isinstance(flags, int) else 0))
sys.argv = ["nnmigrate", *sys.argv[2:]]
from nnmigrate.cli import main
sys.addaudithook(hook)
try:
    main()
finally:
    hook = None
    with open(os.environ["SEEN"], "w") as file:
        json.dump(seen, file)
"""


@pytest.mark.parametrize("way", [way for way in WAYS if way != "lsp"])
def test_what_python_itself_sees_of_it(way: str, marker: Path, tmp_path: Path) -> None:
    """No code object of the tree is executed, no program started, nothing connected to."""
    script, log = tmp_path / "watch.py", tmp_path / "seen.json"
    script.write_text(WATCH)
    environment = {**os.environ, "SEEN": str(log)}
    command = [sys.executable, "-B", str(script), "--", *WAYS[way]]
    subprocess.run(command, env=environment, capture_output=True, timeout=300)
    seen = [(event, name, flags) for event, name, flags in json.loads(log.read_text())]
    tree = str(Path.cwd())

    quiet = {"exec", "import", "marshal.loads", "open", "os.remove", "os.rename", "os.chmod"}
    loud = [one for one in seen if one[0] not in quiet]
    assert loud == []
    assert [one for one in seen if one[0] == "exec" and one[1].startswith(tree)] == []
    assert not marker.exists()
    writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT
    written = {name for event, name, flags in seen if event == "open" and flags & writes}
    outside = [name for name in written if not _below(name, tree) and name != str(log)]
    assert outside == []
    if way != "fix":
        assert written <= {str(log)}


def _below(name: str, tree: str) -> bool:
    return os.path.realpath(name).startswith(os.path.join(os.path.realpath(tree), ""))


def test_making_an_environment_runs_nothing_of_the_working_directory(
    marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made outside of every jail, so what lies around must have no part in it."""
    for name in ("pip", "importlib"):
        Path(f"{name}.py").write_text(TRAP.format(marker=str(marker)))
    other = marker.parent / "python"
    other.symlink_to(sys.executable)

    assert environments._is_version(str(other), f"{sys.version_info[0]}.{sys.version_info[1]}")
    with pytest.raises(environments.EnvironmentFailure):
        environments.given(other)  # nnsight is not there
    environments._find_links()
    assert not marker.exists(), marker.read_text()

    commands: list[list[str]] = []
    monkeypatch.setattr(environments, "_run", commands.append)
    recipe = environments._Recipe("0", "0", "0", "0")
    environments._make_with_pip(marker.parent / "made", recipe, str(other), [])
    assert [command[1:3] for command in commands] == [["-I", "-m"]] * 3
