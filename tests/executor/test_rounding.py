from __future__ import annotations

import struct
from array import array

import pytest

from nnmigrate.executor.rounding import is_rounding, is_rounding_of_text, largest_difference


def floats(*numbers: float, code: str = "f") -> bytes:
    return array(code, numbers).tobytes()


def bfloat16(*numbers: float) -> bytes:
    return b"".join(struct.pack("<f", number)[2:] for number in numbers)


def half(*numbers: float) -> bytes:
    return struct.pack(f"<{len(numbers)}e", *numbers)


@pytest.mark.parametrize(
    ("dtype", "one", "other", "distance"),
    [
        ("float32", floats(1.0, 100.0), floats(1.0, 100.0005), 0.0005),
        ("numpy.float32", floats(1.0, 0.0), floats(1.0, 5e-7), 5e-7),
        ("float64", floats(1.0, code="d"), floats(1.0 + 5e-8, code="d"), 5e-8),
        ("complex64", floats(1.0, 2.0), floats(1.0, 2.00001), 1e-5),
        ("bfloat16", bfloat16(1.0, -2.0), bfloat16(1.0078125, -2.0), 0.0078125),
        ("float16", half(1.0), half(1.0009765625), 0.0009765625),
        ("float32", floats(float("nan"), 1.0), floats(float("nan"), 1.000001), 1e-6),
        ("float32", floats(float("inf"), 1.0), floats(float("inf"), 1.000001), 1e-6),
    ],
)
def test_rounding(dtype: str, one: bytes, other: bytes, distance: float) -> None:
    assert largest_difference(dtype, one, other) == pytest.approx(distance, rel=0.2)


@pytest.mark.parametrize(
    ("dtype", "one", "other"),
    [
        ("float32", floats(1.0, 100.0), floats(1.0, 100.01)),
        ("float32", floats(0.0), floats(1e-4)),
        ("float32", floats(1.0), floats(-1.0)),
        ("float32", floats(1.0), floats(float("nan"))),
        ("float32", floats(float("inf")), floats(float("-inf"))),
        ("float32", floats(1.0), floats(1.0, 1.0)),
        ("float64", floats(1.0, code="d"), floats(1.000001, code="d")),
        ("bfloat16", bfloat16(1.0), bfloat16(1.03125)),
        ("float16", half(1.0), half(1.00390625)),
        ("int64", array("q", [1]).tobytes(), array("q", [2]).tobytes()),
        ("bool", b"\0", b"\1"),
    ],
)
def test_no_rounding(dtype: str, one: bytes, other: bytes) -> None:
    assert largest_difference(dtype, one, other) is None


@pytest.mark.parametrize(
    ("was", "now", "close"),
    [
        ("0.1", "0.10000001", True),
        ("(1+2j)", "(1+2.000001j)", True),
        ("nan", "nan", True),
        ("0.1", "0.11", False),
        ("1.0", "inf", False),
        ("(1+2j)", "(1+3j)", False),
    ],
)
def test_numbers(was: str, now: str, close: bool) -> None:
    assert is_rounding(was, now) is close


@pytest.mark.parametrize(
    ("was", "now", "close"),
    [
        ("loss: 1.234567 at 3", "loss: 1.234568 at 3", True),
        ("[1e-05, -2.5E+3]", "[1.000001e-05, -2.5E+3]", True),
        ("loss: 1.234567 at 3", "loss: 1.234568 at 4", False),
        ("loss: 1.23", "loss: 1.24", False),
        ("loss: 1.5", "LOSS: 1.5", False),
        ("1.5", "1.5 1.5", False),
        ("1000001", "1000000", False),
    ],
)
def test_texts(was: str, now: str, close: bool) -> None:
    assert is_rounding_of_text(was, now) is close
