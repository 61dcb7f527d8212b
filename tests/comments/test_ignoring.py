"""`check --add-ignores`, as a function from code and findings to edits."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnmigrate.comments.ignoring import ignoring
from nnmigrate.comments.suppressions import Suppressions
from nnmigrate.engine import check
from nnmigrate.findings import Finding, Severity
from nnmigrate.spans import Lines, Span, apply_edits


def found(code: str, rule: str = "NNS101", pattern: str = "bad") -> list[Finding]:
    """A finding wherever the pattern stands."""
    places = (at for at in range(len(code)) if code.startswith(pattern, at))
    return [
        Finding(rule, "a-name", Severity.ERROR, Span(at, at + len(pattern)), "message", "")
        for at in places
    ]


def ignored(code: str, *findings: Finding) -> str:
    return apply_edits(code, ignoring(code, findings or found(code)))


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("x = bad\n", "x = bad  # nnmigrate: ignore[NNS101]\n"),
        ("x = bad", "x = bad  # nnmigrate: ignore[NNS101]"),
        ("x = bad\r\ny = 1\r\n", "x = bad  # nnmigrate: ignore[NNS101]\r\ny = 1\r\n"),
        ("x = bad   \n", "x = bad  # nnmigrate: ignore[NNS101]   \n"),
        ("x = bad  # text\n", "x = bad  # text  # nnmigrate: ignore[NNS101]\n"),
        ("x = (bad,  # text\n  1)\n", "x = (bad,  # text\n  1)  # nnmigrate: ignore[NNS101]\n"),
        ("x = bad + \\\n    1\n", "x = bad + \\\n    1  # nnmigrate: ignore[NNS101]\n"),
        ('x = bad, """\n#"""\n', 'x = bad, """\n#"""  # nnmigrate: ignore[NNS101]\n'),
        ("if bad:\n    y = 1\n", "if bad:  # nnmigrate: ignore[NNS101]\n    y = 1\n"),
        ("x = bad; y = bad\n", "x = bad; y = bad  # nnmigrate: ignore[NNS101]\n"),
        (
            "x = bad  # nnmigrate: ignore[NNS102] by hand\n",
            "x = bad  # nnmigrate: ignore[NNS102, NNS101] by hand\n",
        ),
        ("x = bad  # nnmigrate: ignore[]\n", "x = bad  # nnmigrate: ignore[NNS101]\n"),
        (
            "# nnmigrate: ignore[NNS102]\nx = bad\n",
            "# nnmigrate: ignore[NNS102, NNS101]\nx = bad\n",
        ),
        ("\x0cx = bad\r", "\x0cx = bad  # nnmigrate: ignore[NNS101]\r"),
    ],
)
def test_the_comment_stands_where_it_is_read(code: str, after: str) -> None:
    assert ignored(code) == after
    suppressions = Suppressions(after, Lines(after))
    assert all(map(suppressions.cover, found(after)))


def test_several_codes_are_named_once_and_sorted() -> None:
    code = "x = bad, bad, odd\n"
    findings = [*found(code, "NNS201"), *found(code, "NNS102", "odd")]
    assert ignored(code, *findings) == ("x = bad, bad, odd  # nnmigrate: ignore[NNS102, NNS201]\n")


def test_what_is_found_of_comments_is_not_accepted() -> None:
    code = "x = bad  # nnmigrate: ignore[NNS101]\n"
    assert ignored(code, *found(code, "NNS001", "# nnmigrate")) == code


def test_what_no_edit_may_touch_is_left_out() -> None:
    code = "%bad\nx = bad\n"
    edits = ignoring(code.replace("%", "_"), found(code), rigid=(Span(0, 4),))
    assert apply_edits(code, edits) == "%bad\nx = bad  # nnmigrate: ignore[NNS101]\n"


LINES = ("bad", "f(bad,\n  1)", "if bad:\n    bad", '"""\nbad\n"""', "x = 1  # bad", "a = \\\n bad")


@given(st.lists(st.sampled_from(LINES), max_size=6), st.sampled_from(["\n", "\r\n", "\r"]))
def test_afterwards_nothing_is_found_and_once_is_enough(rows: list[str], end: str) -> None:
    code = "".join(f"{row}\n" for row in rows).replace("\n", end)
    in_code = [one for one in found(code) if "# bad" not in code[one.span.start - 2 : one.span.end]]

    after = apply_edits(code, ignoring(code, in_code))

    left = [one for one in found(after) if not Suppressions(after, Lines(after)).cover(one)]
    assert all(after[one.span.start - 2 : one.span.end] == "# bad" for one in left)
    assert ast.dump(ast.parse(after)) == ast.dump(ast.parse(code))
    assert after.replace("  # nnmigrate: ignore[NNS101]", "") == code


def test_the_engine_finds_nothing_afterwards(
    use_rules: Callable[..., None], replacing: Any
) -> None:
    use_rules(replacing("NNS101", "bad"), replacing("NNS102", "odd"))
    code = "x = bad, odd\nif odd:\n    y = bad\n"
    assert check(ignored(code, *check(code).findings)).findings == ()
