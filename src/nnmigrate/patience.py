"""A bound on the work that one document is worth.

What is known to grow without an end has bounds of its own (`nesting`, `program.unroll`,
`schedule.orders`, the engine's rounds); this one is for what is not known. It counts the
processor's time, not the clock's: a busy machine does not change what is found.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

PATIENCE = 120.0
"""Seconds of the processor's time for one document."""

# LibCST's parser recurses on the C stack and overruns the 8 MB that a process starts with at some
# thousand levels of nesting (libcst 1.9.0): the process would die. Reserved, not used.
_STACK = 256 * 1024 * 1024

_LOOK = 0.2
"""Seconds between two looks at the time."""
_GRACE = 5.0
"""Seconds in which whoever is told to stop does so, unless it is in C code."""

_T = TypeVar("_T")
_starting = threading.Lock()


class GivenUp(Exception):
    """Work was given up; the message says after what time."""


class _Stop(BaseException):
    """Raised where the work is under way; rules that catch every `Exception` do not catch it."""


def bounded(work: Callable[[], _T], seconds: float | None = None) -> _T:
    """What some work gives, done on a large stack and in a bounded time.

    Within bounded work it is a part of it: the outermost bound holds.

    Args:
        work: what to do.
        seconds: how much of the processor's time it may take; None for `PATIENCE`, 0 for any.

    Raises:
        GivenUp: it took longer.
    """
    if isinstance(threading.current_thread(), _Worker):
        return work()
    limit = PATIENCE if seconds is None else seconds
    worker = _Worker(work)
    begun = time.process_time()
    with _starting:
        before = threading.stack_size(_STACK)
        try:
            worker.start()
        finally:
            threading.stack_size(before)
    while worker.is_alive():
        worker.join(_LOOK)
        if limit and worker.is_alive() and time.process_time() - begun > limit:
            worker.stop()
            worker.join(_GRACE)
            if not worker.ended:
                raise GivenUp(f"given up after {limit:g} seconds of work (see --timeout)")
    if worker.error is not None:
        raise worker.error
    result: _T = worker.result
    return result


class _Worker(threading.Thread, Generic[_T]):
    """A thread that does one piece of work. A daemon: whoever leaves does not wait for it."""

    def __init__(self, work: Callable[[], _T]) -> None:
        super().__init__(name="nnmigrate", daemon=True)
        self._work = work
        self._ending = threading.Lock()
        self.ended = False
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        """Does the work; keeps what came of it."""
        try:
            try:
                self.result = self._work()
            except _Stop:
                return
            except BaseException as error:
                self.error = error
            with self._ending:
                self.ended = True
        except _Stop:  # a moment too late, or too early for the line above
            return

    def stop(self) -> None:
        """Has the work raise `_Stop` at its next step, unless it has ended."""
        import ctypes

        with self._ending:
            if not self.ended and self.ident is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self.ident), ctypes.py_object(_Stop)
                )
