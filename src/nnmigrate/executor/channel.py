"""The process inside an environment that runs scripts, and talking to it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import IO, Any

# The start imports torch, transformers and nnsight.
_START = 300.0

_KEPT_VARIABLES = (
    *("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT"),
    # Where the user's own cache of models is.
    *("XDG_CACHE_HOME", "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"),
)
_VARIABLES = {
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
    # Sums depend on the number of threads that share them.
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    # Scripts read these, and must not find the user's own.
    "HF_TOKEN": "offline",
    "NDIF_API_KEY": "offline",
}


class ExecutorFailure(RuntimeError):
    """The process that runs scripts could not be started, or did not understand a job."""


class ExecutorDied(ExecutorFailure):
    """The process that runs scripts died during a run."""


class Channel:
    """A running process that answers jobs, one line of JSON for each.

    It starts at once and in the background; the first question waits until it is ready.

    Args:
        python: The interpreter of an environment.
    """

    def __init__(self, python: Path) -> None:
        self._python = python
        self._ready = False
        kept = {key: os.environ[key] for key in _KEPT_VARIABLES if key in os.environ}
        # Open as long as the process runs.
        self._messages: IO[str] = tempfile.TemporaryFile(  # noqa: SIM115
            "w+", encoding="utf-8", errors="replace"
        )
        entry = Path(__file__).parent / "inside"
        self._process = subprocess.Popen(
            [str(python), str(entry)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            text=True,
            env={**kept, **_VARIABLES},
            # An interrupt at the terminal is for us, who end the process in good order.
            start_new_session=True,
        )

    def ask(self, job: dict[str, Any], limit: float) -> dict[str, Any]:
        """Hand over a job and wait for its answer.

        Args:
            job: See `nnmigrate.executor.inside.job`.
            limit: Seconds after which the process is taken for dead.

        Raises:
            ExecutorFailure: It could not be started, or did not understand the job.
            ExecutorDied: It died.
        """
        if not self._ready:
            self._receive(_START)
            self._ready = True
        try:
            self._send(job)
            answer = self._receive(limit)
        except ExecutorFailure as error:
            raise ExecutorDied(str(error)) from error
        if "refused" in answer:
            raise ExecutorFailure(f"the run could not be started: {answer['refused']}")
        return answer

    def close(self) -> None:
        """End the process, and with it a run that is under way."""
        self._process.terminate()
        self._process.communicate()
        self._messages.close()

    def _send(self, message: dict[str, Any]) -> None:
        if self._process.stdin is None:
            raise ExecutorFailure("no way to the process")
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise ExecutorFailure(self._last_words()) from None

    def _receive(self, limit: float) -> dict[str, Any]:
        if self._process.stdout is None:
            raise ExecutorFailure("no way from the process")
        timer = threading.Timer(limit, self._process.kill)
        timer.start()
        try:
            line = self._process.stdout.readline()
        finally:
            timer.cancel()
        if not line:
            raise ExecutorFailure(self._last_words())
        message: dict[str, Any] = json.loads(line)
        return message

    def _last_words(self) -> str:
        self._messages.seek(0)
        tail = "\n".join(self._messages.read().strip().splitlines()[-12:])
        return f"{self._python} stopped:\n{tail}"
