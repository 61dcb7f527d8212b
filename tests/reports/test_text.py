from __future__ import annotations

import pytest

from nnmigrate.reports.text import escaped, width


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本 😀", "plain é 日本 😀"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\nb\r\tc\0", r"a\nb\r\tc\x00"),
        ("\x9b2J", r"\x9b2J"),
        ("\u202eevil\u2066", r"\u202eevil\u2066"),
        ("\u2028", r"\u2028"),
        ("\udcff.py", r"\udcff.py"),
    ],
)
def test_what_would_act_on_a_terminal_is_written_out(text: str, shown: str) -> None:
    assert escaped(text) == shown


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("é", 1), ("日本", 4), ("e\u0301", 1)])
def test_the_width_is_that_of_a_terminal(text: str, columns: int) -> None:
    assert width(text) == columns
