"""Whole numbers as they stand in code."""

from __future__ import annotations

import libcst as cst

# No index and no count of turns goes beyond it. `len(range(...))` must fit into 32 bits, and Python
# (since 3.10.7) does not print numbers of more than 4,300 digits.
_MOST = 2**30


def within(number: int | None) -> int | None:
    """A number, unless it is too large to be an index or a count: then None."""
    return None if number is None or abs(number) > _MOST else number


def whole_number(node: cst.Integer) -> int | None:
    """The number that a literal stands for; None if it is too large to be an index or a count."""
    text = node.value
    # Most numbers are plain; Python's own parser would cost thirty times as much.
    plain = (
        len(text) < 10 and text.isdecimal() and text.isascii() and (text[0] != "0" or text == "0")
    )
    return int(text) if plain else within(node.evaluated_value)
