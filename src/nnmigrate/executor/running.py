"""Running scripts in an environment, each in a fresh process with a time limit."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from .channel import Channel, ExecutorFailure
from .environments import Environment
from .observation import Observation, parse_report
from .scripts import Hints, Script, hints_of, leftovers_of

LIMIT = 60.0
# Beyond a run's own limit, before the process that should end it is taken for dead.
_GRACE = 60.0
_LONGEST_OUTPUT = 1_000_000
_TAIL = 4_000


class Executor:
    """Runs scripts in one environment.

    A context manager: its process imports nnsight once, in the background from the moment of
    entering, and is ended on leaving. Works where processes can fork (Linux, macOS).

    Args:
        environment: Where to run.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._channel: Channel | None = None

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
        limit: float = LIMIT,
        hints: Hints | None = None,
    ) -> Observation:
        """Run a script and observe what it computes.

        Args:
            script: A file, the text of a script, or a script with a name and a folder.
            remote: Whether ``remote=True`` in the script goes to a simulated server. Otherwise it
                means ordinary local execution.
            limit: Seconds after which the run is ended and counts as hung.
            hints: What its models must cover; by default what the script itself says. Runs that
                are to be compared need the same.

        Raises:
            ExecutorFailure: The process that runs scripts died.
            OSError: The file cannot be read.
        """
        if self._channel is None:
            raise ExecutorFailure("the executor is not running; use it as a context manager")
        program = Script.of(script)
        source = program.source
        search = [str(program.folder)] if program.folder is not None else []
        with tempfile.TemporaryDirectory(prefix="nnmigrate-") as scratch:
            # A real file: 0.5 reads the source of a trace from it.
            copy = Path(scratch).resolve() / "work" / program.name
            copy.parent.mkdir()
            copy.write_bytes(source)
            job = _job(copy, search, remote, limit, hints or hints_of(source))
            answer = self._channel.ask(job, limit + _GRACE)
            observation = _collect(copy.parent, answer)
        return replace(observation, leftovers=leftovers_of(source))


def _job(
    script: Path, search: Sequence[str], remote: bool, limit: float, hints: Hints
) -> dict[str, Any]:
    return {
        "directory": str(script.parent.parent),
        "script": str(script),
        "search": list(search),
        "simulate": remote,
        "limit": limit,
        "hints": {
            "integers": sorted(hints.integers),
            "texts": sorted(hints.texts),
            "stretch": hints.stretch,
        },
    }


def _collect(work: Path, answer: dict[str, Any]) -> Observation:
    # The working directory is another one in every run.
    report, stdout, stderr = (
        _read(work.parent / name).replace(str(work), ".")
        for name in ("report.json", "stdout", "stderr")
    )
    if report:
        observation = parse_report(json.loads(report))
    elif answer["hung"]:
        observation = Observation()
    else:
        observation = parse_report(_crash(stderr))
    return replace(
        observation,
        stdout=stdout[:_LONGEST_OUTPUT],
        stderr=stderr[-_TAIL:],
        hung=answer["hung"],
        seconds=answer["seconds"],
    )


def _crash(stderr: str) -> dict[str, Any]:
    message = (stderr.strip().splitlines() or ["the process died without a word"])[-1]
    error = {"type": "Crash", "message": message, "line": None}
    return {"values": {}, "error": error, "requests": [], "traces": 0}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
