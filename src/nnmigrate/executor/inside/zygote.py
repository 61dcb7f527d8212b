"""A process that has nnsight imported and forks for every script.

Importing torch, transformers and nnsight takes about ten seconds; a fork has them at once, and
shares nothing with the next one: nnsight 0.5 can deadlock, and its marks of what was saved leak
from one trace to the next.

Jobs come as lines of JSON on standard input; each is answered by one line on standard output,
while the run's own output and report are files in the job's directory.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import platform
import signal
import sys
import time
import traceback
from types import FrameType
from typing import Any, TextIO

import nnsight
import torch
import transformers

from .job import Job, run

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
_current: list[int] = []


def serve() -> None:
    """Answer jobs until standard input ends."""
    answers = _own_output()
    signal.signal(signal.SIGTERM, _end)
    torch.set_num_threads(1)
    _adopt_orphans()
    gc.freeze()
    _say(answers, _versions())
    for line in sys.stdin:
        try:
            _say(answers, _run(Job.parse(line)))
        except Exception as error:
            _say(answers, {"refused": f"{type(error).__name__}: {error}"})


def _own_output() -> TextIO:
    """Keep standard output to ourselves: an import may print."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _say(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _versions() -> dict[str, Any]:
    return {
        "nnsight": nnsight.__version__,
        "transformers": transformers.__version__,
        "python": platform.python_version(),
    }


def _end(number: int, frame: FrameType | None) -> None:
    for process in _current:
        _kill_group(process)
    os._exit(0)


def _run(job: Job) -> dict[str, Any]:
    start = time.monotonic()
    process = os.fork()
    if process == 0:
        _become(job)
    _current[:] = [process]
    ended = _wait(process, start + job.limit)
    # Also after a normal end: a server that it started may still be there.
    _kill_group(process)
    if not ended:
        os.waitpid(process, 0)
    _current.clear()
    return {"hung": not ended, "seconds": time.monotonic() - start}


def _become(job: Job) -> None:
    """Run a job; does not return."""
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, source in ((0, nothing), (1, _file(job, "stdout")), (2, _file(job, "stderr"))):
        os.dup2(source, descriptor)
    try:
        run(job)
    except BaseException:
        # Of the report itself: what the script raises is in it.
        traceback.print_exc()
    finally:
        # Threads of a deadlocked trace would keep an ordinary exit waiting.
        os._exit(0)


def _file(job: Job, name: str) -> int:
    path = os.path.join(job.directory, name)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def _wait(process: int, deadline: float) -> bool:
    """Wait until a process has ended or the time is over; say whether it has ended."""
    while True:
        if os.waitpid(process, os.WNOHANG)[0]:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)


def _kill_group(process: int) -> None:
    # Where nothing of the group is left there is nothing to end.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)
    # The children of an orphan are orphans in their turn.
    while orphans := [child for child in _children() if child != process]:
        for orphan in orphans:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(orphan, signal.SIGKILL)
                os.waitpid(orphan, 0)


def _adopt_orphans() -> None:
    """Become the parent of what a script leaves behind in a session of its own (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as listed:
            return [int(process) for process in listed.read().split()]
    except OSError:
        return []
