"""Tasks in several processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nnmigrate.workers import cores, results


def double(number: int) -> int:
    time.sleep(0.02 * (number % 3))
    return 2 * number


def mortal(number: int) -> int:
    if number % 4 == 1:
        os._exit(3)
    return number


def angry(number: int) -> int:
    if number == 2:
        raise ValueError("two")
    return number


def lost(number: int) -> int:
    return -number


@pytest.mark.parametrize("jobs", [1, 2, 3, 20])
def test_results_come_in_the_order_of_the_tasks(jobs: int) -> None:
    assert list(results(double, range(10), jobs, lost)) == [2 * number for number in range(10)]


def test_a_process_that_dies_takes_only_its_task_along() -> None:
    found = list(results(mortal, range(10), 2, lost))
    assert found == [0, -1, 2, 3, 4, -5, 6, 7, 8, -9]


def test_what_is_raised_is_raised_here() -> None:
    with pytest.raises(ValueError, match="two"):
        list(results(angry, range(5), 2, lost))


def test_nothing_is_left_behind_when_the_results_are_no_longer_wanted() -> None:
    import multiprocessing

    found = results(double, range(100), 2, lost)
    assert next(found) == 0
    found.close()  # type: ignore[attr-defined]
    assert not multiprocessing.active_children()


@pytest.mark.skipif(os.name != "posix", reason="signals are sent")
def test_an_interrupt_ends_all_processes_and_lets_them_tidy_up(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text(
        "import os, signal, time\n"
        "from pathlib import Path\n"
        "from nnmigrate.workers import results\n"
        # A shell has what it runs in the background ignore interrupts.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def slow(number):\n"
        "    mark = Path(f'{os.getpid()}.tmp')\n"
        "    try:\n"
        "        mark.touch()\n"
        "        time.sleep(60)\n"
        "    finally:\n"
        "        mark.unlink()\n"
        "if __name__ == '__main__':\n"
        "    list(results(slow, range(4), 2, abs))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "work.py"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    while len(list(tmp_path.glob("*.tmp"))) < 2:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)  # to this one alone: at a terminal all get it
    _, said = process.communicate(timeout=30)
    assert said.count("KeyboardInterrupt") == 1, said
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there processes only fork")
def test_a_new_process_takes_no_module_from_the_working_directory(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    for name in ("multiprocessing", "pickle", "signal", "struct"):
        (repository / f"{name}.py").write_text("open('taken', 'a').write(__name__)")
    (tmp_path / "start.py").write_text(
        "from nnmigrate import workers\n"
        "if __name__ == '__main__':\n"
        "    workers.FORKS = False\n"
        "    print(list(workers.results(abs, [-1, -2, -3], 2, abs)))\n"
    )
    ran = subprocess.run(
        [sys.executable, tmp_path / "start.py"], cwd=repository, capture_output=True, text=True
    )
    assert ran.stdout == "[1, 2, 3]\n", ran.stderr
    assert not (repository / "taken").exists()


def test_there_is_a_processor() -> None:
    assert cores() >= 1
