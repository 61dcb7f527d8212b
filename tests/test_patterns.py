"""Patterns that are compiled late do what compiled ones do."""

from __future__ import annotations

import re
from unittest.mock import patch

from nnmigrate.patterns import pattern

WORD = r"(?P<word>\w+)"


def test_it_has_the_methods_of_a_compiled_one() -> None:
    late, compiled = pattern(WORD, re.ASCII), re.compile(WORD, re.ASCII)
    for _ in range(2):
        assert late.findall("one, tw\u00f6") == compiled.findall("one, tw\u00f6") == ["one", "tw"]
        assert late.sub("x", "a b") == "x x"
        match = late.match("abc", 1)
        assert match is not None
        assert match["word"] == "bc"
        assert (late.pattern, late.flags) == (compiled.pattern, compiled.flags)


def test_it_is_compiled_when_it_is_used_and_once_for_each_method() -> None:
    with patch("nnmigrate.patterns.re.compile", side_effect=re.compile) as compiling:
        late = pattern(WORD)
        assert compiling.call_count == 0
        assert late.fullmatch("a")
        assert late.fullmatch("b")
        assert compiling.call_count == 1


def test_it_takes_bytes() -> None:
    assert pattern(rb"a+").split(b"1aa2") == [b"1", b"2"]
