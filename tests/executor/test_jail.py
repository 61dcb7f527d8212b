"""What a run cannot do, whatever its script tries; each test tries."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from nnmigrate.executor import Conditions, Executor, Observation, Script

linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own refusal is Linux's")


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file of the user's, outside of every run."""
    file = tmp_path / "victim" / "notes.txt"
    file.parent.mkdir()
    file.write_text("mine")
    return file


def attempt(executor: Executor, victim: Path, code: str) -> Observation:
    text = f"import os, subprocess, sys\nvictim = {str(victim)!r}\n{code}\n"
    return executor.run(Script(text.encode()))


@pytest.mark.parametrize(
    "code",
    [
        "open(victim, 'w')",
        "open(victim, 'a').write('x')",
        "open(victim, 'r+')",
        "open(victim + '.new', 'x')",
        "os.remove(victim)",
        "os.rename(victim, 'here')",
        "os.replace('here', victim)",
        "os.truncate(victim, 0)",
        "os.chmod(victim, 0)",
        "os.mkdir(victim + '.d')",
        "os.symlink('here', victim + '.l')",
        "os.link(victim, victim + '.h')",
        "import pathlib; pathlib.Path(victim).write_text('x')",
    ],
)
def test_python_code_cannot_change_the_users_files(
    executor_05: Executor, victim: Path, code: str
) -> None:
    observed = attempt(executor_05, victim, f"open('here', 'w').close()\n{code}")
    assert observed.error is not None
    assert (observed.error.type, observed.error.line) == ("WriteRefused", 4)
    assert victim.read_text() == "mine"
    assert list(victim.parent.iterdir()) == [victim]


@linux
@pytest.mark.parametrize(
    "code",
    [
        "subprocess.run(['sh', '-c', f'echo x > {victim}'])",
        "subprocess.run(['rm', victim])",
        "subprocess.run(['mv', victim, 'here'])",
        "subprocess.run(['touch', victim + '.new'])",
        "import ctypes; ctypes.CDLL(None).unlink(victim.encode())",
        "import torch; torch.save(1, victim)",
        "import torch; os.symlink(victim, 'link'); torch.save(1, 'link')",
        "os.remove(os.path.basename(victim), dir_fd=os.open(os.path.dirname(victim), 0))",
    ],
)
def test_nor_can_what_python_does_not_see(executor_05: Executor, victim: Path, code: str) -> None:
    attempt(executor_05, victim, code)
    assert victim.read_text() == "mine"
    assert list(victim.parent.iterdir()) == [victim]


def test_what_a_script_writes_to_its_data_goes_into_a_copy(
    executor_05: Executor, victim: Path
) -> None:
    script = victim.parent / "script.py"
    script.write_text(
        "seen = open('notes.txt').read()\n"
        "with open('notes.txt', 'a') as notes:\n"
        "    notes.write(' and more')\n"
        "both = open('notes.txt').read()\n"
        "with open('notes.txt', 'w') as notes:\n"
        "    notes.write('other')\n"
    )
    observed = executor_05.run(script)
    assert observed.error is None
    assert observed.values["seen"].text == "'mine'"
    assert observed.values["both"].text == "'mine and more'"
    assert {name: file.text for name, file in observed.files.items()} == {"notes.txt": "other"}
    assert victim.read_text() == "mine"


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.socket()",
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import socket; socket.getaddrinfo('localhost', 80)",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')",
    ],
)
def test_the_network_is_refused(executor_05: Executor, victim: Path, code: str) -> None:
    error = attempt(executor_05, victim, code).error
    assert error is not None
    assert "NetworkRefused" in f"{error.type} {error.message}" or "cannot be reached" in str(error)


@linux
@pytest.mark.parametrize("family", [2, 10])
def test_the_kernel_refuses_the_network(executor_05: Executor, victim: Path, family: int) -> None:
    code = f"import socket; print(repr(socket.socket({family}, 1)))"
    here = attempt(executor_05, victim, f"import _socket; _socket.socket({family}, 1)")
    assert here.error is not None
    assert here.error.type == "PermissionError"
    child = attempt(executor_05, victim, f"subprocess.run([sys.executable, '-c', {code!r}])")
    assert "Permission denied" in child.stderr


def test_what_needs_no_network_works(executor_05: Executor, victim: Path) -> None:
    code = """
import asyncio, multiprocessing, socket, tempfile
one, other = socket.socketpair()
asyncio.run(asyncio.sleep(0))
with multiprocessing.Pool(1) as pool:
    found = pool.map(abs, [-1])
with tempfile.NamedTemporaryFile() as file:
    file.write(b"x")
subprocess.run(["sh", "-c", "echo x > /dev/null"], check=True)
os.makedirs("results/deep")
open("results/deep/x.txt", "w").write("kept")
"""
    observed = attempt(executor_05, victim, code)
    assert observed.error is None
    assert observed.files["results/deep/x.txt"].text == "kept"


@linux
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("x = bytearray(3 * 2**30)", "MemoryError"),
        ("import torch; x = torch.zeros(3 * 2**30, dtype=torch.uint8)", "RuntimeError"),
    ],
)
def test_memory_is_limited(executor_05: Executor, code: str, kind: str) -> None:
    assert executor_05.run(code, conditions=Conditions(memory=4)).completed
    error = executor_05.run(code, conditions=Conditions(memory=2)).error
    assert error is not None
    assert error.type == kind


@linux
def test_a_process_that_steps_out_of_the_group_is_ended(executor_05: Executor) -> None:
    text = """
import subprocess
child = subprocess.Popen(["sh", "-c", "sleep 57 & wait"], start_new_session=True)
print(child.pid, flush=True)
"""
    observed = executor_05.run(text)
    time.sleep(0.2)
    assert not os.path.exists(f"/proc/{int(observed.stdout)}")
    sleepers = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert b"sleep\x0057\x00" not in sleepers


@linux
def test_a_run_cannot_signal_what_runs_it(executor_05: Executor) -> None:
    observed = executor_05.run("import os\nos.kill(os.getppid(), 9)\n")
    if observed.completed:
        pytest.skip("this kernel's Landlock does not know signals")
    assert observed.error is not None
    assert observed.error.type == "PermissionError"
    assert executor_05.run("x = 1\n").completed
