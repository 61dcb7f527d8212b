"""Disks, links and other processes: a message, exit code 2, and every file as it was."""

from __future__ import annotations

import inspect
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nnmigrate import run as running
from nnmigrate.cli import cli
from nnmigrate.documents import read, writing

OLD = """\
from nnsight import LanguageModel

model = LanguageModel("gpt2")
with model.trace("a"):
    hidden = model.transformer.h[0].output[0].save()
print(hidden.value)
"""
NEW = OLD.replace("hidden.value", "hidden")

unix = pytest.mark.skipif(os.name == "nt", reason="Windows has other links, pipes and limits")


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "tree").mkdir()
    monkeypatch.chdir(tmp_path / "tree")
    for name in "az":
        Path(f"{name}.py").write_text(OLD)
    return Path.cwd()


def run(*arguments: str) -> Result:
    # Before click 8.2, both streams came mixed unless that was refused.
    mixes = "mix_stderr" in inspect.signature(CliRunner).parameters
    return CliRunner(**({"mix_stderr": False} if mixes else {})).invoke(cli, arguments)


def fixed_but(*names: str) -> None:
    """The two good files are fixed and the others are what they were; nothing is left behind."""
    assert Path("a.py").read_text() == Path("z.py").read_text() == NEW
    assert sorted(os.listdir()) == sorted(["a.py", "z.py", *names])


@unix
def test_links_to_what_is_no_file_are_passed_over_and_named(tmp_path: Path) -> None:
    os.mkfifo("fifo.py")
    Path("zero.py").symlink_to("/dev/zero")
    Path("circle.py").symlink_to("circle.py")
    Path("nowhere.py").symlink_to(tmp_path / "nothing.py")
    Path("above").symlink_to(tmp_path)
    names = ("above", "circle.py", "fifo.py", "nowhere.py", "zero.py")

    done = run("fix", ".")
    assert done.exit_code == 2
    assert done.stderr.splitlines()[0].startswith("circle.py:1:1: cannot read: ")
    fixed_but(*names)

    for name in ("fifo.py", "zero.py", "circle.py", "nowhere.py"):
        done = run("fix", name)
        assert done.exit_code == 2
        assert done.stderr.startswith(f"{name}:1:1: cannot read: ")
    fixed_but(*names)


@pytest.mark.parametrize(
    "happens", [lambda: Path("m.py").unlink(), lambda: Path("m.py").write_text("import os\n")]
)
def test_a_file_that_vanishes_or_changes_while_it_is_looked_at(
    happens: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("m.py").write_text(OLD)

    def and_then(path: Path) -> bytes:
        raw = read(path)
        if path.name == "m.py":
            happens()
        return raw

    monkeypatch.setattr(running, "read", and_then)
    done = run("fix", ".")

    assert done.exit_code == 2
    assert done.stderr.startswith("m.py:1:1: ")
    there = Path("m.py").exists()
    assert not there or Path("m.py").read_text() == "import os\n"
    fixed_but(*["m.py"] * there)


def test_a_file_that_vanishes_between_finding_and_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("m.py").write_text(OLD)

    def too_late(path: Path) -> bytes:
        if path.name == "m.py":
            path.unlink()
        return read(path)

    monkeypatch.setattr(running, "read", too_late)
    done = run("fix", ".")
    assert (done.exit_code, done.stderr) == (
        2,
        "m.py:1:1: cannot read: No such file or directory\n",
    )
    fixed_but()


def test_a_full_disk_leaves_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.os, "fsync", full)
    done = run("fix", ".")

    assert done.exit_code == 2
    assert "a.py:1:1: cannot write: No space left on device\n" in done.stderr
    assert Path("a.py").read_text() == OLD
    assert sorted(os.listdir()) == ["a.py", "z.py"]


UNPRIVILEGED = """
import ctypes, os, struct, sys
if os.getuid() == 0:
    # Root without its capabilities: what files say of their owner counts for it, too.
    header, none = struct.pack("=Ii", 0x20080522, 0), bytes(24)
    assert ctypes.CDLL(None).capset(header, none) == 0
sys.argv = ["nnmigrate", *{arguments!r}]
from nnmigrate.cli import main
main()
"""

privileges = pytest.mark.skipif(
    os.name == "nt" or (sys.platform != "linux" and os.getuid() == 0),
    reason="only Linux lets root give up what it may do",
)


def started(*arguments: str, limit: str = "") -> subprocess.CompletedProcess[str]:
    """Runs the command as somebody who may not do everything."""
    text = limit + UNPRIVILEGED.format(arguments=arguments)
    command = [sys.executable, "-c", text]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@privileges
def test_what_may_not_be_read_or_written() -> None:
    Path("m.py").write_text(OLD)
    Path("m.py").chmod(0)
    Path("n.py").write_text(OLD)
    Path("n.py").chmod(0o444)
    for folder, mode in (("closed", 0), ("full", 0o555)):
        Path(folder).mkdir()
        Path(folder, "a.py").write_text(OLD)
        Path(folder, "a.py").chmod(0o666)
        Path(folder).chmod(mode)

    done = started("fix", ".")
    for folder in ("closed", "full"):
        Path(folder).chmod(0o777)

    assert done.returncode == 2
    said = sorted(line for line in done.stderr.splitlines() if ":1:1: " in line)
    assert [line.partition(": ")[0] for line in said] == [
        "closed:1:1",
        "full/a.py:1:1",
        "m.py:1:1",
        "n.py:1:1",
    ]
    assert all("cannot" in line for line in said)
    for name in ("closed/a.py", "full/a.py", "m.py", "n.py"):
        assert Path(name).read_text() == OLD
    assert os.listdir("full") == ["a.py"]
    fixed_but("closed", "full", "m.py", "n.py")


@privileges
def test_a_file_that_may_not_grow_stays() -> None:
    """As under a quota: the write ends half way."""
    limit = (
        "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
    )
    done = started("fix", ".", limit=limit)

    assert done.returncode == 2
    assert "a.py:1:1: cannot write: File too large" in done.stderr
    assert Path("a.py").read_text() == Path("z.py").read_text() == OLD
    assert sorted(os.listdir()) == ["a.py", "z.py"]


KILLED = """
import os, sys
from nnmigrate.documents import writing
def die(*_):
    os.kill(os.getpid(), {signal})
setattr(writing.os, {where!r}, die)
sys.argv = ["nnmigrate", "fix", "."]
from nnmigrate.cli import main
main()
"""


@unix
@pytest.mark.parametrize("where", ["fsync", "chmod", "replace"])
def test_whoever_kills_it_finds_the_old_file_or_the_new_one(where: str) -> None:
    text = KILLED.format(signal=int(signal.SIGKILL), where=where)
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, timeout=120)

    assert done.returncode == -signal.SIGKILL
    assert {Path(f"{name}.py").read_text() for name in "az"} <= {OLD, NEW}
    # What it leaves behind is hidden, named after us, and not taken for a program.
    rest = {name for name in os.listdir() if name not in ("a.py", "z.py")}
    assert all(name.startswith(".nnmigrate-") and not name.endswith(".py") for name in rest)
    assert run("fix", ".").exit_code == 0
    fixed_but(*rest)


def test_two_runs_at_once_on_one_tree() -> None:
    for number in range(12):
        Path(f"m{number}.py").write_text(OLD)
    command = [sys.executable, "-m", "nnmigrate", "fix", "."]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=240) for process in both]

    # Who comes second finds it done, or changed meanwhile, and says so.
    assert {process.returncode for process in both} <= {0, 2}
    problems = [line for _, err in said for line in err.splitlines() if ":1:1: " in line]
    assert all("changed meanwhile; run again" in line for line in problems)
    fixed_but(*(f"m{number}.py" for number in range(12)))


@unix
@pytest.mark.parametrize(
    "name",
    [
        b"\xff\xfe.py",
        b"new\nline.py",
        b"\x1b]0;owned\x07.py",
        "\u202egnp.py".encode(),
        b"-rf.py",
        b"a b'\"$(x).py",
        b"x" * 252 + b".py",
    ],
)
def test_any_name_is_dealt_with_and_shown_harmless(name: bytes) -> None:
    path = os.fsdecode(name)
    try:
        Path(path).write_text(OLD)
    except OSError:
        pytest.skip("this file system has no such names")
    done = run("check", ".")
    assert done.exit_code == 1
    assert not {"\x1b", "\x07", "\u202e"} & set(done.stdout + done.stderr)
    assert "new\nline" not in done.stdout

    assert run("fix", ".").exit_code == 0
    assert Path(path).read_text() == NEW
    fixed_but(path)


def test_paths_longer_than_the_system_takes() -> None:
    done = run("check", "x" * 5000 + ".py", "a.py")
    assert done.exit_code == 2
    assert "cannot read" in done.stderr
    assert "a.py" in done.stdout


def test_a_big_file_is_refused_at_once() -> None:
    with Path("big.py").open("wb") as file:
        file.write(b"import nnsight\n")
        file.truncate(1 << 34)  # a hole: it takes no room
    begun = time.process_time()
    done = run("check", "big.py", "a.py")

    assert done.exit_code == 2
    assert done.stderr.startswith("big.py:1:1: not looked at: longer than the limit of 10,000,000")
    assert time.process_time() - begun < 10
