"""Running scripts in an environment, each in a fresh process within limits."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from nnmigrate.documents.places import Origin

from .channel import Channel, ExecutorDied, ExecutorFailure
from .environments import Environment
from .observation import Observation, parse
from .scripts import Hints, Script, leftovers_of
from .staging import stage

# Beyond a run's own limit, before the process that should end it is taken for dead.
_GRACE = 60.0
_LONGEST_OUTPUT = 1_000_000
_TAIL = 4_000


@dataclass(frozen=True)
class Conditions:
    """What a run may take, and what its models are.

    Args:
        limit: Seconds after which it is ended and counts as hung.
        memory: GiB that it may take beside what nnsight itself has; kept where there is a
            ``/proc`` (Linux).
        twins: Whether every checkpoint is replaced by a tiny random twin of its architecture;
            otherwise those in the user's own cache are loaded.
    """

    limit: float = 60.0
    memory: float = 8.0
    twins: bool = True


class Executor:
    """Runs scripts in one environment, one at a time; threads may share it.

    A context manager: its process imports nnsight once, in the background from the moment of
    entering, and is ended on leaving. Works where processes can fork (Linux, macOS).

    Args:
        environment: Where to run.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._channel: Channel | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Executor:
        """Start the process."""
        self._channel = Channel(self.environment.python)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the process."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def run(
        self,
        script: Path | str | Script,
        *,
        remote: bool = False,
        conditions: Conditions = Conditions(),  # frozen
        hints: Hints | None = None,
    ) -> Observation:
        """Run a script and observe what it computes.

        Args:
            script: A file, the text of a script, or a script with a name and a folder.
            remote: Whether ``remote=True`` in the script goes to a simulated server. Otherwise it
                means ordinary local execution.
            conditions: What the run may take, and what its models are.
            hints: What its models must cover; by default what the script itself says. Runs that
                are to be compared need the same.

        Raises:
            ExecutorFailure: The process that runs scripts could not be started.
            OSError: The file cannot be read.
        """
        program = Script.of(script)
        with tempfile.TemporaryDirectory(prefix="nnmigrate-") as scratch:
            copy = stage(program, Path(scratch).resolve())
            job = _job(program, copy, remote, conditions, hints or program.hints)
            with self._lock:
                answer = self._ask(job, conditions)
            return _collect(program, copy.parent, answer)

    def _ask(self, job: dict[str, Any], conditions: Conditions) -> dict[str, Any]:
        """Have a job run; where it takes the process with it, the next one gets another process."""
        if self._channel is None:
            raise ExecutorFailure("the executor is not running; use it as a context manager")
        try:
            return self._channel.ask(job, conditions.limit + _GRACE)
        except ExecutorDied as error:
            self._channel.close()
            self._channel = Channel(self.environment.python)
            return {"hung": False, "seconds": 0.0, "died": str(error)}


def _job(
    program: Script, copy: Path, remote: bool, conditions: Conditions, hints: Hints
) -> dict[str, Any]:
    return {
        "directory": str(copy.parent.parent),
        "script": str(copy),
        "search": [str(program.folder)] if program.folder is not None else [],
        "simulate": remote,
        "limit": conditions.limit,
        "memory": int(conditions.memory * 2**30),
        "twins": conditions.twins,
        "notebook": bool(program.origins),
        "hints": hints.as_json(),
    }


def _collect(program: Script, work: Path, answer: dict[str, Any]) -> Observation:
    # The working directory is another one in every run.
    report, stdout, stderr = (
        _read(work.parent / name).replace(str(work), ".")
        for name in ("report.json", "stdout", "stderr")
    )
    died = answer.get("died")
    words = stderr if died is None else died
    data = json.loads(report) if report else _nothing(None if answer["hung"] else words)
    seen = {
        "error": _located(data["error"], program.origins),
        "stdout": stdout[:_LONGEST_OUTPUT],
        "stderr": stderr[-_TAIL:],
        "hung": answer["hung"],
        "seconds": answer["seconds"],
        "leftovers": sorted(leftovers_of(program.source)),
    }
    tensors = (work.parent / "tensors").glob("*")
    return parse({**data, **seen}, {path.name: path.read_bytes() for path in tensors})


def _located(error: dict[str, Any] | None, origins: Sequence[Origin]) -> dict[str, Any] | None:
    """An error with the cell of a notebook in the place of a line of the whole."""
    if error is None or not origins or not error["line"]:
        return error
    origin = origins[min(error["line"], len(origins)) - 1]
    return {**error, "cell": origin.cell, "line": origin.row}


def _nothing(stderr: str | None) -> dict[str, Any]:
    """The report of a run that wrote none: it was ended, or crashed with these last words."""
    error = None
    if stderr is not None:
        message = (stderr.strip().splitlines() or ["the process died without a word"])[-1]
        error = {"type": "Crash", "message": message, "line": None}
    found: dict[str, Any] = {key: {} for key in ("values", "files", "configs")}
    return {**found, "saved": [], "requests": [], "traces": 0, "error": error}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
