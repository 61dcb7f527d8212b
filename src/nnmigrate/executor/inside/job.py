"""One run of one script, in a process of its own."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import json
import os
import sys
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import nnsight

from . import kernel, proxies, remote, sandbox, saves, twins
from .client import Ledger
from .failure import describe_failure
from .files import describe_files, files_of
from .observe import describe_globals, describe_saved, keep


@dataclass(frozen=True)
class Job:
    """What is to be run, and where.

    Args:
        directory: Where the report and the captured output are written.
        script: The script, in a working directory of its own below ``directory``.
        search: Further directories whose modules the script may import.
        simulate: Whether ``remote=True`` goes through the simulation of a server.
        limit: Seconds after which the run is ended.
        memory: Bytes that the run may take.
        with_twins: Whether checkpoints are replaced by twins.
        notebook: Whether the script has what a notebook's kernel gives.
        hints: What the script says about its models.
    """

    directory: str
    script: str
    search: tuple[str, ...]
    simulate: bool
    limit: float
    memory: int
    with_twins: bool
    notebook: bool
    hints: twins.Hints

    @property
    def work(self) -> str:
        """The working directory of the run."""
        return os.path.dirname(self.script)

    @classmethod
    def parse(cls, line: str) -> Job:
        """Read a job from a line of JSON."""
        data = json.loads(line)
        hints = data["hints"]
        return cls(
            directory=data["directory"],
            script=data["script"],
            search=tuple(data["search"]),
            simulate=data["simulate"],
            limit=data["limit"],
            memory=data["memory"],
            with_twins=data["twins"],
            notebook=data["notebook"],
            hints=twins.Hints(
                frozenset(hints["integers"]),
                tuple(hints["texts"]),
                hints["stretch"],
                hints["configs"],
            ),
        )


@dataclass
class Report:
    """What a run yielded; complete only once the script has ended."""

    values: dict[str, Any] = field(default_factory=dict)
    saved: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    traces: int = 0
    configs: dict[str, Any] = field(default_factory=dict)


def run(job: Job) -> None:
    """Run a job in this process and write its report."""
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    report = Report()
    names = _stage(job)
    given = files_of(job.work)
    traces = proxies.watch(names)
    ledger = Ledger((job.work, *job.search), report.requests, saves.watch())
    try:
        sandbox.install(job.work, nnsight, job.memory)
        twins.answer_for_the_hub()
        if job.with_twins:
            report.configs = twins.install(job.hints)
        remote.install(job.simulate, ledger)
        sys.path[:0] = [job.work, *job.search]
        _execute(job.script, names, job.notebook)
    except BaseException as error:
        if not _is_clean_exit(error):
            report.error = describe_failure(error, job.script)
    report.values = describe_globals(names, traces.names)
    report.saved = describe_saved(ledger.saves.values())
    report.files = describe_files(job.work, given)
    report.traces = traces.count
    sys.stdout.flush()
    _write(job.directory, report)


def _stage(job: Job) -> dict[str, Any]:
    """Make the module as which the script runs.

    It is the real ``__main__``: cloudpickle sends what is defined there by value.
    """
    module = ModuleType("__main__")
    module.__file__ = job.script
    if job.notebook:
        module.__dict__.update(display=print, get_ipython=kernel.Shell)
    sys.modules["__main__"] = module
    sys.argv = [job.script]
    return module.__dict__


def _execute(script: str, names: dict[str, Any], notebook: bool) -> None:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if notebook else 0
    with open(script, "rb") as handle:
        code = compile(handle.read(), script, "exec", flags=flags)
    awaited = eval(code, names)
    if inspect.iscoroutine(awaited):
        asyncio.run(awaited)


def _is_clean_exit(error: BaseException) -> bool:
    return isinstance(error, SystemExit) and error.code in (None, 0)


def _write(directory: str, report: Report) -> None:
    tensors = os.path.join(directory, "tensors")
    os.mkdir(tensors)
    keep(tensors)
    path = os.path.join(directory, "report.json")
    with open(f"{path}.part", "w", encoding="utf-8") as handle:
        json.dump(vars(report), handle)
    # Whole or not at all: the process may be ended at any moment.
    with contextlib.suppress(FileNotFoundError):
        os.replace(f"{path}.part", path)
