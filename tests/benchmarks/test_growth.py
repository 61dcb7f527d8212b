"""Twice as much takes twice as long, whatever there is more of: counted, not timed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nnmigrate.engine import check, fix

from . import programs
from .counting import steps_of

FEW, MANY = 16, 32


def growth(work: Callable[[str], object], write: Callable[[int], str]) -> float:
    """How many times as much is done for twice as much code."""
    work(write(2))  # so that all is imported, and patterns are compiled
    few, many = (steps_of(lambda n=n: work(write(n))) for n in (FEW, MANY))
    return many / few


@pytest.mark.parametrize("write", programs.GROWING, ids=lambda write: write.__name__)
def test_work_grows_as_the_code_does(write: Callable[[int], str]) -> None:
    assert growth(fix, write) < 2.2


def test_what_is_counted_tells_apart_what_grows_faster() -> None:
    def quadratic(code: str) -> None:
        import threading

        rows = code.splitlines()
        thread = threading.Thread(target=lambda: [a.find(b) for a in rows for b in rows])
        thread.start()
        thread.join()

    assert growth(quadratic, programs.removed) > 3.5


def test_a_trace_of_200_invokes_takes_as_long_for_each_as_one_of_50() -> None:
    few, many = (steps_of(lambda n=n: check(programs.pairs(n))) for n in (50, 200))
    assert many / few < 4.4
