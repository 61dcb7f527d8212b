from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnmigrate.server.positions import Encoding, Position, Positions

UTF_8, UTF_16, UTF_32 = Encoding.UTF_8, Encoding.UTF_16, Encoding.UTF_32


@pytest.mark.parametrize(("encoding", "column"), [(UTF_8, 9), (UTF_16, 4), (UTF_32, 3)])
def test_columns_are_counted_in_code_units(encoding: Encoding, column: int) -> None:
    positions = Positions("a\n\u20ac🙂é;x\n", encoding)

    assert positions.at(2 + 3) == Position(1, column)
    assert positions.offset(Position(1, column)) == 2 + 3


@given(st.text(alphabet="aé€🙂\ud83d\r\n\f\u2028"), st.sampled_from(Encoding))
def test_every_character_is_found_again(text: str, encoding: Encoding) -> None:
    positions = Positions(text, encoding)

    for offset in range(len(text) + 1):
        if text[max(offset - 1, 0) : offset + 1] != "\r\n":
            assert positions.offset(positions.at(offset)) == offset


def test_lines_end_at_line_ends_and_at_nothing_else() -> None:
    text = "a\r\nb\rc\nd\fe\u2028f"

    found = [Positions(text, UTF_16).at(text.index(letter)) for letter in "abcdef"]
    lines = [(0, 0), (1, 0), (2, 0), (3, 0), (3, 2), (3, 4)]
    assert found == [Position(*one) for one in lines]


def test_inside_of_a_line_end_is_before_it() -> None:
    assert Positions("ab\r\nc", UTF_16).at(3) == Position(0, 2)


def test_what_lies_behind_an_end_means_the_end() -> None:
    positions = Positions("ab\ncd", UTF_16)

    assert positions.offset(Position(0, 99)) == 2
    assert positions.offset(Position(7, 1)) == 5


def test_the_middle_of_a_surrogate_pair_is_before_the_character() -> None:
    assert Positions("🙂x", UTF_16).offset(Position(0, 1)) == 0
