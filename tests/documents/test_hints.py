"""What is not suspected is fitted by no pattern of git's."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nnmigrate.documents.hints import Hints
from nnmigrate.documents.ignores import spec_of

ALPHABET = "ab.*?[]!^-/\\ #"
lines = st.lists(st.text(ALPHABET, max_size=8), max_size=4)
paths = st.lists(st.text("ab.[]- #*\\!", min_size=1, max_size=4), min_size=1, max_size=4).map(
    "/".join
)


@given(lines, paths, st.booleans())
@example(["a/**/b"], "a/b", False)
@example(["**"], "a", False)
@example(["a\\ "], "a ", False)
@example(["a  "], "a", True)
@example(["[ab"], "[ab", False)
@example(["[]a]b"], "ab", False)
@example(["!a*"], "ab", False)
@example(["*/b*/"], "a/bb", True)
@example(["\\#a"], "#a", False)
@example(["[[-?]", "a"], "a", False)
def test_what_is_not_suspected_is_not_ignored(patterns: list[str], path: str, folder: bool) -> None:
    spec, asked = spec_of(patterns), f"{path}/" if folder else path
    if not Hints.of(patterns).may_fit(asked):
        assert spec.check_file(asked).include is None


@pytest.mark.parametrize("path", ["src/model.py", "docs/index.md", "tests/"])
def test_what_no_pattern_of_a_usual_file_fits_is_not_suspected(path: str) -> None:
    usual = ["# Python", "*.py[cod]", "__pycache__/", "/build/", "docs/_build/", "!keep.txt", ""]
    usual += ["*.egg-info", ".venv*/", "**/data/**", "out/*.log", "\\#*#", "*~"]
    assert not Hints.of(usual).may_fit(path)


@pytest.mark.parametrize("path", ["a.pyc", "b/build/", "docs/_build/x.py", "x/data/y", "a~", "#a#"])
def test_what_one_fits_is(path: str) -> None:
    usual = ["*.py[cod]", "/build/", "docs/_build/", "**/data/**", "\\#*#", "*~"]
    assert Hints.of(usual).may_fit(path)
