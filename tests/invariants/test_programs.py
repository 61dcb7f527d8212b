"""What holds of every program that could be written: with Hypothesis, and with seeds.

`NNMIGRATE_INVARIANTS=5000 pytest tests/invariants` looks at that many programs for each of them.
"""

from __future__ import annotations

import contextlib
import os

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nnmigrate import engine
from nnmigrate.program import NotPython
from nnmigrate.understanding import compiles

from .choosing import Drawn, Seeded
from .holding import (
    assert_fixes_hold,
    assert_line_ends_are_nothing,
    assert_order_of_rules_is_nothing,
    assert_sound,
)
from .smallest import SMALLEST
from .writing import program

COUNT = int(os.environ.get("NNMIGRATE_INVARIANTS", "0"))
# Without the variable the same programs each time: a failure in CI is a failure at home.
PROFILE = settings(
    max_examples=COUNT or 15,
    derandomize=not COUNT,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@st.composite
def programs(draw: st.DrawFn) -> str:
    code = program(Drawn(draw))
    assume(compiles(code))
    return code


@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
@pytest.mark.parametrize("code", SMALLEST.values(), ids=SMALLEST)
def test_what_once_went_wrong(code: str, unsafe: bool) -> None:
    assert_fixes_hold(code, unsafe)
    assert_order_of_rules_is_nothing(code, 1, unsafe)
    assert_line_ends_are_nothing(code, unsafe)


@PROFILE
@given(programs(), st.booleans())
def test_fixes_keep_their_promises(code: str, unsafe: bool) -> None:
    assert_fixes_hold(code, unsafe)


@PROFILE
@given(programs(), st.integers(0, 9), st.booleans())
def test_the_order_of_the_rules_does_not_matter(code: str, seed: int, unsafe: bool) -> None:
    assert_order_of_rules_is_nothing(code, seed, unsafe)


@PROFILE
@given(programs().filter(lambda code: not {"\r", "\x0c"} & set(code)), st.booleans())
def test_line_ends_do_not_matter(code: str, unsafe: bool) -> None:
    assert_line_ends_are_nothing(code, unsafe)


@PROFILE
@given(programs(), st.data())
def test_what_is_cut_off_anywhere_is_understood_or_refused(code: str, data: st.DataObject) -> None:
    """As while a person types: no rule may fail."""
    cut = code[: data.draw(st.integers(0, len(code)))]
    if compiles(cut):
        assert_sound(cut, engine.check(cut))
        return
    with contextlib.suppress(NotPython):
        assert_sound(cut, engine.check(cut))


def test_the_programs_are_of_many_kinds() -> None:
    """What is written makes most rules speak: else the rest of this file would say little."""
    spoken = set()
    for seed in range(COUNT or 60):
        try:
            spoken |= {one.code for one in engine.check(program(Seeded(seed))).findings}
        except NotPython:
            continue
    assert len(spoken) >= 30, sorted(spoken)
