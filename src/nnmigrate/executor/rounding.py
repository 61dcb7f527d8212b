"""Whether two numbers, tensors or texts differ by no more than rounding does.

The bounds are those that ``torch.testing.assert_close`` has by default for each dtype, except that
float32 has a wider one: values of float32 come here as Python numbers and printed text as well.
"""

from __future__ import annotations

import math
import re
import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?=e))(?:e[-+]?\d+)?|[-+]?\b(?:nan|inf)\b")


@dataclass(frozen=True)
class _Bound:
    relative: float
    absolute: float

    def holds(self, one: float, other: float) -> bool:
        if math.isnan(one) or math.isnan(other):
            return math.isnan(one) and math.isnan(other)
        return math.isclose(one, other, rel_tol=self.relative, abs_tol=self.absolute)


_SINGLE = _Bound(1e-5, 1e-5)
_BOUNDS = {
    "float16": _Bound(1e-3, 1e-5),
    "bfloat16": _Bound(1.6e-2, 1e-5),
    "float32": _SINGLE,
    "float64": _Bound(1e-7, 1e-7),
    "complex64": _SINGLE,
    "complex128": _Bound(1e-7, 1e-7),
}


def largest_difference(dtype: str, one: bytes, other: bytes) -> float | None:
    """Say by how much two tensors differ at most, if that can be rounding.

    Args:
        dtype: Of both, as ``"float32"`` or ``"numpy.float32"``.
        one: The bytes of the one.
        other: Those of the other.

    Returns:
        The largest difference of two elements; None if it is no rounding.
    """
    name = dtype.removeprefix("numpy.")
    bound = _BOUNDS.get(name)
    if bound is None or len(one) != len(other):
        return None
    largest = 0.0
    for was, now in zip(_elements(name, one), _elements(name, other), strict=True):
        if was != now:
            if not bound.holds(was, now):
                return None
            largest = max(largest, 0.0 if math.isnan(was) else abs(was - now))
    return largest


def _elements(dtype: str, data: bytes) -> Sequence[float]:
    if dtype == "float16":
        return struct.unpack(f"={len(data) // 2}e", data)
    if dtype == "bfloat16":
        data = _as_float32(data)
    return array("d" if dtype in ("float64", "complex128") else "f", data)


def _as_float32(data: bytes) -> bytes:
    """Widen numbers of bfloat16, which are the upper halves of float32's."""
    upper = 2 if sys.byteorder == "little" else 0
    wide = bytearray(2 * len(data))
    wide[upper::4], wide[upper + 1 :: 4] = data[0::2], data[1::2]
    return bytes(wide)


def is_rounding(was: str, now: str) -> bool:
    """Whether two numbers, written out, are as close as those of float32 that only rounding parts.

    Raises:
        ValueError: One is no number.
    """
    one, other = complex(was), complex(now)
    pairs = ((one.real, other.real), (one.imag, other.imag))
    return all(_SINGLE.holds(*pair) for pair in pairs)


def is_rounding_of_text(was: str, now: str) -> bool:
    """Whether two texts are the same but for numbers that only rounding parts."""
    if _NUMBER.sub("#", was) != _NUMBER.sub("#", now):
        return False
    return all(map(is_rounding, _numbers(was), _numbers(now)))


def _numbers(text: str) -> Iterator[str]:
    return (match[0] for match in _NUMBER.finditer(text))
