"""Counts what some work does, so that it is the same on every machine, busy or not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import FrameType

from nnmigrate.program.pieces import forget


def steps_of(work: Callable[[], object]) -> int:
    """How many calls some work makes, those of built-in functions included.

    It must do its work in a thread of its own, as `patience.bounded` has it done.
    """
    count = 0

    def counted(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    forget()  # what an earlier turn has parsed
    threading.setprofile(counted)
    try:
        work()
    finally:
        threading.setprofile(None)  # type: ignore[arg-type]
    return count
