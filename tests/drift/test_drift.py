"""What is recorded of releases fits the rules, and the page fits what is recorded.

The runs themselves take minutes: `python -m drift VERSION` in `tests/`.
"""

from __future__ import annotations

import pytest

from nnmigrate.catalogue import entries
from nnmigrate.executor.verification import TARGET

from .cases import cases
from .recorded import PAGE, PROVED, drifts, merged, not_proved, read, table, with_table

RECORDED = read()
SHOWN = {(code, case.name) for case in cases() for code in case.rules}


def test_the_page_shows_what_is_recorded() -> None:
    """After a change on purpose: `python -m drift VERSION --record`."""
    page = PAGE.read_text(encoding="utf-8")

    assert with_table(page, RECORDED) == page


@pytest.mark.parametrize("release", RECORDED)
def test_every_rule_that_rewrites_something_is_recorded(release: str) -> None:
    recorded = {(code, name) for code, came in RECORDED[release].items() for name in came}

    assert recorded == SHOWN


def test_on_the_release_that_all_others_are_held_against_everything_is_proved() -> None:
    assert {one for came in RECORDED[TARGET].values() for one in came.values()} == {"same"}


def test_a_rule_without_a_rewrite_is_not_in_the_table() -> None:
    rows = table(RECORDED)
    for page in entries():
        shown = f"| {page.rule.code} " in rows
        assert not shown or page.rule.fixable is not None


def test_a_program_that_was_proved_and_is_not_drifts() -> None:
    recorded = {
        "0.5.15": {"NNS101": {"a": "same", "b": "close", "c": "different: x"}},
        "0.10.0": {"NNS101": {"a": "different: y"}},
    }
    new = {
        "NNS101": {"a": "different: z", "b": "inconclusive: w", "c": "same", "d": "different: v"}
    }

    assert list(drifts(recorded, "0.9.0", new)) == [
        "NNS101 drifts: a: different: z",
        "NNS101 drifts: b: inconclusive: w",
        "NNS101 is proved again: c",
    ]


def test_some_cases_run_anew_leave_the_others_as_they_were() -> None:
    old = {"NNS101": {"a": "same", "b": "same"}, "NNS102": {"a": "same"}}
    new = {"NNS101": {"b": "close"}, "NNS103": {"c": "same"}}

    assert merged(old, new) == {
        "NNS101": {"a": "same", "b": "close"},
        "NNS102": {"a": "same"},
        "NNS103": {"c": "same"},
    }


def test_releases_stand_in_the_order_of_their_numbers_and_cells_count() -> None:
    came = {"NNS101": {"a": "same", "b": "different: p | q <r>"}}
    recorded = {"0.10.0": came, "0.9.0": {"NNS101": {"a": PROVED[1]}}}

    assert table(recorded) == (
        "| rule | 0.9.0 | 0.10.0 |\n| --- | --- | --- |\n"
        "| NNS101 unsynchronized-reference | proved | 1 of 2 |\n"
    )
    assert not_proved(recorded) == "- 0.10.0, `b`: different: p \\| q \\<r>\n"
