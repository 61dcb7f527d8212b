from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nnmigrate import __version__

from .runner import put


def program(*arguments: str, **how: Any) -> subprocess.CompletedProcess[bytes]:
    """Runs nnmigrate as a program of its own."""
    command = [sys.executable, "-m", "nnmigrate", *arguments]
    return subprocess.run(command, capture_output=True, timeout=60, check=False, **how)


class TestProgram:
    def test_it_tells_its_version(self) -> None:
        assert program("--version").stdout.split()[-1].decode() == __version__

    @pytest.mark.parametrize("command", ["check", "fix"])
    def test_libcst_is_not_imported_where_nothing_concerns_nnsight(self, command: str) -> None:
        for number in range(3):
            Path(f"{number}.py").write_text("import os\nwith open(os.devnull) as f:\n    pass\n")
        script = (
            "import sys; from nnmigrate.cli import cli\n"
            f"cli([{command!r}, '.', '--select', 'NNS'], standalone_mode=False)\n"
            "sys.exit('libcst' in sys.modules or 'nnmigrate.engine' in sys.modules)"
        )

        done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)

        assert (done.returncode, done.stderr) == (0, b"")

    def test_a_reader_that_leaves_is_no_error(self) -> None:
        read, write = os.pipe()
        os.close(read)

        done = subprocess.run(
            [sys.executable, "-m", "nnmigrate", "check"],
            stdout=write,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )

        os.close(write)
        assert (done.returncode, done.stderr) == (1, b"")

    def test_an_interrupt_is_130_and_quiet(self) -> None:
        command = [sys.executable, "-m", "nnmigrate", "check", "-"]
        pipe = subprocess.PIPE
        # A shell that runs the tests in the background has interrupts ignored.
        deaf = signal.signal(signal.SIGINT, signal.default_int_handler)
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
            signal.signal(signal.SIGINT, deaf)
            _wait_for_read(process.pid)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)

        assert process.returncode == 130
        assert b"Traceback" not in said

    def test_a_terminal_that_lacks_a_character_gets_an_escape(self) -> None:
        put("日.py", "(")
        environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}

        done = program("check", env=environment)

        assert done.returncode == 2
        assert done.stderr.startswith(rb"\u65e5.py:")

    def test_colour_only_on_a_terminal(self) -> None:
        put("a.py", "(")

        assert b"\x1b" not in program("check").stdout + program("check").stderr


def _wait_for_read(process: int) -> None:
    """Until a process waits for its standard input (it has imported all it needs by then)."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if "pipe" in Path(f"/proc/{process}/wchan").read_text():
            return
        time.sleep(0.05)
