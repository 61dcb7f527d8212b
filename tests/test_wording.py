from __future__ import annotations

import pytest

from nnmigrate.wording import calls_right, calls_wrong, names_error, tells_error


@pytest.mark.parametrize(
    "text",
    [
        " WRONG: the list stays empty",
        " WRONG - will deadlock!",
        " BROKEN \u2014 both read it",
        " Bad!",
        " FAILS \u2014 no invoke is made of keywords",
        " wrong",
        " Error: out of order",
        " Don't do this:",
        "\u274c not like this",
        "### Wrong code",
        "**Incorrect:**",
        "1. Wrong way",
    ],
)
def test_what_calls_the_code_below_it_wrong(text: str) -> None:
    assert calls_wrong(text)
    assert not calls_right(text)


@pytest.mark.parametrize(
    "text",
    [
        " Bad prompts of the data set",
        " Error handling",
        " Don't forget the last layer",
        " broken_model is patched",
        " the wrong answer's logit",
        " incorrect answers",
        " Fails on 0.5 where the list is empty",
        "## Errors",
        "",
    ],
)
def test_words_that_mean_something_else(text: str) -> None:
    assert not calls_wrong(text)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (" CORRECT: in order", True),
        ("### Right code", True),
        (" WORKS \u2014 a tensor by position", True),
        (" works on both versions", False),
        (" FIXED \u2014 one invoke", True),
        ("\u2705 in order", True),
        (" Good", True),
        (" right after the first layer", False),
        (" Fix the seed", False),
        (" correct answers", False),
    ],
)
def test_what_calls_it_right(text: str, right: bool) -> None:
    assert calls_right(text) is right


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (" NameError!", True),
        (" OutOfOrderError \u2014 layer 2 is past", True),
        (" raises a ValueError", True),
        (" -> IndexError: no such item", True),
        (" this will raise", False),
        (" Deadlock! Layer 1 has run", True),
        (" Error or undefined", False),
        (" the error of the mean", False),
        (" no NameError here", False),
    ],
)
def test_what_names_the_error_of_a_line(text: str, told: bool) -> None:
    assert tells_error(text) is told


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("#### OutOfOrderError", True),
        ("## `ValueError`", True),
        ("## How a ValueError ends", False),
    ],
)
def test_a_heading_that_is_an_error(text: str, named: bool) -> None:
    assert names_error(text) is named
