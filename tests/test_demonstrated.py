"""What a text shows to be wrong, and where that ends."""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate.demonstrated import demonstrated
from nnmigrate.engine import check, fix
from nnmigrate.program import Dialect, Options, build
from nnmigrate.spans import Span

HEAD = """
from nnsight import LanguageModel
lm = LanguageModel("openai-community/gpt2")
"""
BODY = """
with lm.trace("a"):
    x = lm.transformer.h[1].output.save()
    y = lm.transformer.h[0].output.save()
"""


def wrong(code: str) -> list[str]:
    """The rows that are shown to be wrong."""
    code = textwrap.dedent(code)
    found, at, rows = demonstrated(code), 0, list[str]()
    for row in code.splitlines(keepends=True):
        rows += [row.strip()] if found.holds(Span(at, at)) else []
        at += len(row)
    return rows


SHOWN = {
    "a comment speaks of what stands below it": (
        """
        # %%
        a
        # WRONG: so
        b
        c
        """,
        ["b", "c"],
    ),
    "up to the one that is right": (
        """
        # WRONG
        a
        # CORRECT
        b
        """,
        ["a"],
    ),
    "up to the next block": (
        """
        # %%
        # WRONG
        a
        # %%
        b
        """,
        ["a"],
    ),
    "and to the next paragraph that has a comment": (
        """
        # WRONG
        a

        b

        # then something else
        c
        """,
        ["a", "b"],
    ),
    "a comment in between explains it": (
        """
        # WRONG
        # since the list is here
        a
        # and that there
        b
        """,
        ["a", "b"],
    ),
    "in a suite to the end of the suite": (
        """
        with t:
            # WRONG
            a
        b
        """,
        ["a"],
    ),
    "behind the head of a suite it speaks of the suite": (
        """
        with t:  # WRONG
            a
            b
        c
        """,
        ["with t:  # WRONG", "a", "b"],
    ),
    "behind a statement of that alone": (
        """
        a  # NameError!
        b
        c  # WRONG
        d
        """,
        ["a  # NameError!", "c  # WRONG"],
    ),
    "an error above a statement": (
        """
        # ValueError, for it has passed
        a
        b
        """,
        ["a"],
    ),
    "a title speaks of the whole block": (
        """
        # %% wrong
        a

        # why
        b
        # %%
        c
        """,
        ["a", "b"],
    ),
    "nothing is said": (
        """
        # %%
        # Bad prompts
        a  # the wrong one is 2
        """,
        [],
    ),
}


@pytest.mark.parametrize("name", SHOWN)
def test_shown(name: str) -> None:
    code, rows = SHOWN[name]
    assert wrong(code) == rows


def test_what_a_text_shows_to_be_wrong_is_neither_reported_nor_fixed() -> None:
    code = f"{HEAD}# %%\n# WRONG\n{BODY}# %%\n"
    options = Options(text=True)
    assert check(code, options).findings == ()
    assert fix(code, options, unsafe=True).code == code


def test_beside_it_everything_is() -> None:
    code = f"{HEAD}# %%\n# WRONG{BODY}# %%{BODY}"
    (one,) = check(code, Options(text=True)).findings
    assert one.span.start > code.index("# %%", code.index("WRONG"))


def test_in_a_program_the_word_says_nothing() -> None:
    assert [one.code for one in check(f"{HEAD}# WRONG{BODY}").findings] == ["NNS106"]


OLD = """
with lm.trace("a"):
    hs = [lm.transformer.h[0].output.save()].save()
{comment}
print(hs[0].value)
"""


@pytest.mark.parametrize(
    ("comment", "dialect"),
    [
        ("# Wrong (raises an error):", Dialect.NEW),
        ("# FAILS - as on 0.4", Dialect.NEW),
        ("# Correct:", Dialect.MIXED),
        ("", Dialect.MIXED),
    ],
)
def test_what_is_wrong_does_not_tell_the_version(comment: str, dialect: Dialect) -> None:
    code = HEAD + OLD.format(comment=comment)
    assert build(code, Options(text=True)).dialect is dialect
    assert build(code).dialect is Dialect.MIXED


def test_nor_does_it_count_against_a_guide() -> None:
    new = "with lm.trace('a') as t:\n    {}\n"
    code = HEAD + new.format("t.cache()") + new.format("lm.transformer.h[0].skip(t)")
    old = "".join(new.format("t.log(1)") for _ in range(2))
    assert build(f"{code}# WRONG\n{old}", Options(text=True)).guide
    assert not build(f"{code}\n{old}", Options(text=True)).guide
