"""A seeded run of the random programs.

`python -m random_programs` in `tests/` makes longer ones.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from nnmigrate.executor import Executors

from .judge import Fault, Judgement, judge
from .writer import Writer

# What would make the tool worthless. An intervention that makes no difference to the numbers, such
# as one by what is there already, is counted by the long runs as a false alarm or note.
FORBIDDEN = frozenset(Fault) - {Fault.FALSE_ALARM, Fault.FALSE_NOTE}
SEEDS = range(60)


@pytest.fixture(scope="module")
def judged(executors: Executors) -> Mapping[int, Judgement]:
    return {seed: judge(Writer(seed).written(), executors) for seed in SEEDS}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_program_means_the_same(seed: int, judged: Mapping[int, Judgement]) -> None:
    one = judged[seed]
    faults = FORBIDDEN.intersection(one.faults)
    assert not faults, "\n".join((one.program.old, one.fixed, one.detail))


def test_0_4_runs_most_random_programs(judged: Mapping[int, Judgement]) -> None:
    """Of two traces in one script it refuses some, with an IndexError of its own."""
    assert sum(one.valid for one in judged.values()) >= len(SEEDS) * 9 // 10


def test_most_random_programs_are_rewritten_whole(judged: Mapping[int, Judgement]) -> None:
    """The rest change a module with what a later one gives, in one invoke: a person must decide."""
    assert sum(one.left for one in judged.values()) <= len(SEEDS) // 12


def test_safe_fixes_do_no_harm_either(executors: Executors) -> None:
    for seed in range(60, 75):
        one = judge(Writer(seed).written(), executors, unsafe=False)
        assert not FORBIDDEN.intersection(one.faults), one.detail
