"""The picture in a terminal."""

from __future__ import annotations

import pytest

from nnmigrate.picture import text
from nnmigrate.reports.text import width

from .traces import LATE_BARRIER, OUT_OF_ORDER, PARKED, RIGHT_BARRIER, STALE, SWAP, shown, trace_of


def graph(code: str, columns: int = 100) -> list[str]:
    """The lines of the graph of a trace as it stands, blanks at its left left out."""
    lines = text(shown(code), columns).split("\n\n")[1].splitlines()
    return [line.strip() for line in lines]


def test_a_missed_value_is_a_broken_line_into_the_mark_and_the_trace_ends_below_it() -> None:
    assert graph(SWAP) == [
        "invoke 1  'prompt 1'",
        "┊   invoke 2  'prompt 2'",
        "before the model runs  ├╌╌✗┤     clean ← invoke 1, line 6 (not made yet)",
        "│   ✗   8 lm.transformer.h[1].output = clean",
        "│   │     [1] NameError: name 'clean' is not defined",
        "━━━━━━━ ✗ 0.5 ends the trace here",
        "h[1].output  ●   ┊   6 clean = lm.transformer.h[1].output",
        "┊   ■   8 … lm.transformer.h[1].output",
        "⋮  ┊   ┊",
        "lm_head.output  ┊   ●   9 out = lm.lm_head.output.save()",
    ]


def test_a_barrier_is_a_bar_and_who_waits_for_it_a_double_line() -> None:
    assert graph(RIGHT_BARRIER)[2:-2] == [
        "before the model runs  │   ╥   10 barrier()",
        "h[1].output  ●   ║    7 clean = lm.transformer.h[1].output",
        "╞═══╡   barrier(): invokes 1 and 2 go on together (lines 8, 10)",
        "├──▶┤      clean ← invoke 1, line 7",
        "│   ■   11 lm.transformer.h[1].output = clean",
    ]


def test_a_module_that_goes_by_is_a_cross_in_the_lane_that_waits() -> None:
    assert "h[1].output  │   ✕   [1] lm.transformer.h[1].output goes by" in graph(LATE_BARRIER)


def test_what_happens_is_told_below_with_the_codes_of_the_rules() -> None:
    told = text(shown(OUT_OF_ORDER))

    assert "  [1] line 7 · NNS106 · fails\n      OutOfOrderError: Value was missed" in told
    assert "it has passed: this invoke was waiting for h[9].output by then" in told


def test_before_comes_before_after_and_both_have_verdicts() -> None:
    told = text(shown(STALE))

    before, after = told.index("before the fix"), told.index("after the fix")
    assert before < told.index("≠ runs, and is silently wrong (line 10)") < after
    assert told.index("✓ nothing is missed") > after
    assert told.endswith("fix: Carry `clean` in a dictionary")


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("code", [SWAP, LATE_BARRIER, PARKED, STALE, OUT_OF_ORDER])
def test_no_line_is_wider_than_the_terminal(code: str, columns: int) -> None:
    long = code.replace("clean", "the_clean_hidden_state_of_the_first_of_all_the_prompts")

    assert max(map(width, text(shown(long), columns).splitlines())) <= columns


def test_without_box_drawing_characters_it_is_ascii() -> None:
    told = text(shown(LATE_BARRIER), ascii_only=True)

    assert told.isascii()
    assert "|---|   barrier()" not in told
    assert "===|   barrier()" in told


def test_colours_are_used_only_where_they_are_asked_for() -> None:
    assert "\x1b[" not in text(shown(SWAP))
    assert "\x1b[31m\x1b[1m✗" in text(shown(SWAP), color=True)


def test_what_would_act_on_a_terminal_is_written_out() -> None:
    code = trace_of("x = lm.lm_head.output['\x1b[2J\u202e'].save()\n").replace("prompt", "\x1b]0;")

    told = text(shown(code))

    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "\\x1b[2J\\u202e" in told
