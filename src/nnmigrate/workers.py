"""Does many things at once, each in one of several processes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext

T = TypeVar("T")
R = TypeVar("R")

# Elsewhere a process may not go on safely with what another one has imported: a new one imports it.
FORKS = sys.platform == "linux"
# A new one would look for its first modules in the working directory, which may be anybody's
# repository; since Python 3.11 it can be told not to.
POSSIBLE = FORKS or sys.version_info >= (3, 11)
_PATIENCE = 10.0
"""Seconds in which a process that is to end may tidy up."""


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def results(
    work: Callable[[T], R], tasks: Sequence[T], jobs: int, lost: Callable[[T], R]
) -> Iterator[R]:
    """What comes of each task, in the order of the tasks.

    Args:
        work: what is to be done; a function of a module, so that other processes find it.
        tasks: what to do it with, what takes longest first or last, as it comes.
        jobs: how many processes do it.
        lost: what comes of a task whose process died.

    Raises:
        Exception: whatever `work` raises.
    """
    staff = _Staff(work, tasks, jobs)
    try:
        yield from staff.results(lost)
    except BaseException:  # an interrupt, or whoever wanted the results has enough
        staff.interrupt()
        raise
    finally:
        staff.dismiss()


class _Staff(Generic[T, R]):
    """The processes that do the tasks."""

    def __init__(self, work: Callable[[T], R], tasks: Sequence[T], jobs: int) -> None:
        from multiprocessing import get_context

        self._work = work
        self._tasks = tasks
        self._context = get_context("fork" if FORKS else "spawn")
        self._next = 0
        self._workers: list[_Worker[T, R]] = []
        self._jobs = jobs

    def results(self, lost: Callable[[T], R]) -> Iterator[R]:
        from multiprocessing.connection import wait

        # Here, and not when this is made: an interrupt meanwhile ends those that are there.
        for _ in range(min(self._jobs, len(self._tasks))):
            self._engage()
        done: dict[int, R] = {}
        for number in range(len(self._tasks)):
            while number not in done:
                ready = wait([worker.connection for worker in self._workers if worker.busy])
                for worker in [one for one in self._workers if one.connection in ready]:
                    answer = worker.answer()
                    done[worker.task] = lost(self._tasks[worker.task]) if answer is None else answer
                    self._go_on(worker, died=answer is None)
            yield done.pop(number)

    def _go_on(self, worker: _Worker[T, R], died: bool) -> None:
        if not died:
            self._give(worker)
            return
        self._workers.remove(worker)
        worker.dismiss()
        if self._next < len(self._tasks):
            self._engage()

    def _engage(self) -> None:
        ends = [worker.connection for worker in self._workers]
        worker = _Worker(self._context, self._work, ends)
        self._workers.append(worker)
        self._give(worker)

    def _give(self, worker: _Worker[T, R]) -> None:
        worker.busy = self._next < len(self._tasks)
        if worker.busy:
            worker.begin(self._next, self._tasks[self._next])
            self._next += 1

    def interrupt(self) -> None:
        for worker in self._workers:
            worker.interrupt()

    def dismiss(self) -> None:
        for worker in self._workers:
            worker.connection.close()  # whoever waits for a task ends
        for worker in self._workers:
            worker.dismiss()


class _Worker(Generic[T, R]):
    """One process, and the task that it is at."""

    def __init__(
        self, context: BaseContext, work: Callable[[T], R], others: Sequence[Connection]
    ) -> None:
        self.connection, theirs = context.Pipe()
        # A fork has this side's ends of the pipes as well: while it does, no other one hears that
        # they are closed, nor does it itself.
        inherited = [self.connection, *others] if FORKS else []
        self.task = -1
        self.busy = False
        # Type checkers know only that some context has processes.
        self._process = context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(theirs, work, inherited), daemon=True
        )
        with _only_our_modules():
            self._process.start()
        theirs.close()

    def begin(self, number: int, task: T) -> None:
        self.task = number
        with suppress(OSError):  # it died: so says the answer
            self.connection.send(task)

    def answer(self) -> R | None:
        """What came of the task; None where the process died."""
        try:
            result, error = self.connection.recv()
        except (EOFError, OSError):
            return None
        if error is not None:
            raise error
        found: R = result
        return found

    def interrupt(self) -> None:
        """Tells the process to leave what it is at, as a person does at the keyboard."""
        if self.busy and self._process.is_alive() and self._process.pid and os.name == "posix":
            os.kill(self._process.pid, signal.SIGINT)

    def dismiss(self) -> None:
        self.connection.close()
        self._process.join(_PATIENCE)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()


@contextmanager
def _only_our_modules() -> Iterator[None]:
    """While a process starts, it does not look for modules in the working directory."""
    name = "PYTHONSAFEPATH"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _serve(connection: Connection, work: Callable[[T], R], inherited: Sequence[Connection]) -> None:
    """Does what comes, until nothing more does."""
    for end in inherited:
        end.close()
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            task = connection.recv()
            answer: tuple[R | None, Exception | None]
            try:
                answer = (work(task), None)
            except Exception as error:
                answer = (None, error)
            connection.send(answer)
