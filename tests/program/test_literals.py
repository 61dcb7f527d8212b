from __future__ import annotations

import libcst as cst
import pytest

from nnmigrate.program.literals import whole_number, within


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("12", 12),
        ("0x10", 16),
        ("0o17", 15),
        ("0b11", 3),
        ("1_000", 1000),
        ("00", 0),
        ("1073741824", 2**30),
        ("1073741825", None),
        ("0x" + "9" * 5000, None),
    ],
)
def test_a_number_is_read_unless_it_is_too_large_to_be_an_index(
    text: str, number: int | None
) -> None:
    assert whole_number(cst.Integer(text)) == number


def test_large_numbers_below_zero_are_too_large_as_well() -> None:
    assert (within(-5), within(-(2**30)), within(-(2**30) - 1), within(None)) == (
        -5,
        -(2**30),
        None,
        None,
    )
