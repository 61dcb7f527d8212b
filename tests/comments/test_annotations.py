"""The comments of `fix --annotate`, as a function from code and findings to edits."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnmigrate.comments.annotations import annotating, undecided
from nnmigrate.engine import check, fix
from nnmigrate.findings import Applicability, Finding, Fix, Severity
from nnmigrate.spans import Edit, Span, apply_edits

FIXTURES = Path(__file__).parents[2] / "fixtures"
NOTE = "# nnmigrate NNS101: which `bad` is meant?"


def found(code: str, pattern: str = "bad", rule: str = "NNS101", **changes: Any) -> list[Finding]:
    """A finding wherever the pattern stands outside of comments of this kind."""
    findings = []
    for at in range(len(code)):
        row = code[code.rfind("\n", 0, at) + 1 : at].lstrip()
        if code.startswith(pattern, at) and not row.startswith("# nnmigrate"):
            span = Span(at, at + len(pattern))
            about = {"message": f"which `{pattern}` is meant?", "consequence": "", **changes}
            findings.append(Finding(rule, "a-name", Severity.ERROR, span, **about))
    return findings


def annotated(code: str, findings: list[Finding] | None = None, **how: Any) -> str:
    edits = annotating(code, found(code) if findings is None else findings, **how)
    return apply_edits(code, edits)


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("x = bad\n", f"{NOTE}\nx = bad\n"),
        ("x = bad", f"{NOTE}\nx = bad"),
        ("y = 1\r\nx = bad\r\n", f"y = 1\r\n{NOTE}\r\nx = bad\r\n"),
        ("y = 1\rx = bad\r", f"y = 1\r{NOTE}\rx = bad\r"),
        ("if y:\n\tx = bad\n", f"if y:\n\t{NOTE}\n\tx = bad\n"),
        ("if bad: y = 1\n", f"{NOTE}\nif bad: y = 1\n"),
        ("x = f(\n    bad,\n)\n", f"{NOTE}\nx = f(\n    bad,\n)\n"),
        ("x = 1 + \\\n    bad\n", f"{NOTE}\nx = 1 + \\\n    bad\n"),
        ('x = f"""\n{bad}\n"""\n', f'{NOTE}\nx = f"""\n{{bad}}\n"""\n'),
        ("@a\n@b\ndef f(x=bad):\n    y\n", f"{NOTE}\n@a\n@b\ndef f(x=bad):\n    y\n"),
        (
            "class A:\n    @bad\n    def f(x): y\n",
            f"class A:\n    {NOTE}\n    @bad\n    def f(x): y\n",
        ),
        ("if x:\n    y\nelif bad:\n    z\n", f"if x:\n    y\n{NOTE}\nelif bad:\n    z\n"),
        ("# text\nx = bad\n", f"# text\n{NOTE}\nx = bad\n"),
        ("\x0cx = bad\n", f"{NOTE}\n\x0cx = bad\n"),
        # Behind a lone backslash the comment would be in the way.
        ("\\\nx = bad\n", "\\\nx = bad\n"),
    ],
)
def test_the_comment_stands_above_the_statement(code: str, after: str) -> None:
    assert annotated(code) == after
    assert annotated(after) == after
    assert annotated(after, []) == code


def test_several_findings_of_a_statement_have_one_comment() -> None:
    code = "x = bad, odd, bad\n"
    findings = [*found(code), *found(code, "odd", "NNS203")]
    row = annotated(code, findings).splitlines()[0]
    assert row == "# nnmigrate NNS101, NNS203: which `bad` is meant? | which `odd` is meant?"


def test_a_long_comment_goes_on_in_lines_that_are_known_again() -> None:
    code = "if y:\n    x = bad\n"
    findings = found(code, message="which of the two is meant " * 9)
    after = annotated(code, findings)
    rows = after.splitlines()[1:-1]
    assert len(rows) == 4
    assert rows[0].startswith("    # nnmigrate NNS101: which")
    assert all(row.startswith("    # nnmigrate ... ") for row in rows[1:])
    assert max(map(len, rows)) <= 100
    again = found(after, message="which of the two is meant " * 9)
    assert annotated(after, again) == after
    assert annotated(after, []) == code


def test_it_says_what_an_unsafe_fix_would_do() -> None:
    code = "x = bad\n"
    change = Fix("Add a barrier", (Edit(Span(0, 0), ""),), Applicability.UNSAFE)
    assert "[unsafe fix: Add a barrier]" in annotated(code, found(code, fix=change))


def test_it_changes_with_what_there_is_to_say() -> None:
    before = annotated("y = 1\nx = bad\n")
    after = annotated(before, found(before, message="another question"))
    assert after == "y = 1\n# nnmigrate NNS101: another question\nx = bad\n"


def test_it_follows_a_statement_that_was_moved() -> None:
    assert annotated(f"{NOTE}\ny = 1\nx = bad\n") == f"y = 1\n{NOTE}\nx = bad\n"
    assert annotated(f"{NOTE}\n\nx = bad\n") == f"\n{NOTE}\nx = bad\n"


def test_twice_the_same_comment_becomes_one() -> None:
    assert annotated(f"{NOTE}\n{NOTE}\nx = bad\n") == f"{NOTE}\nx = bad\n"


def test_what_a_rule_that_did_not_look_once_found_stays() -> None:
    code = f"# nnmigrate NNS203: what about this?\nx = 1\n{NOTE}\ny = 1\n"
    left = annotated(code, [], judged=lambda rule: rule != "NNS203")
    assert left == "# nnmigrate NNS203: what about this?\nx = 1\ny = 1\n"
    assert annotated(f"{NOTE}\nx = bad\n", judged=lambda rule: False) == f"{NOTE}\nx = bad\n"


@pytest.mark.parametrize(
    "code",
    [
        f'x = """\n{NOTE}\n"""\n',
        f"x = (\n    {NOTE}\n    1)\n",
        "# nnmigrate is used here\nx = 1\n",
        "# nnmigrate: ignore[NNS101]\nx = 1\n",
        f"x = 1  {NOTE}\n",
        f"#{NOTE}\n",
    ],
)
def test_what_is_no_comment_of_this_kind_is_left_alone(code: str) -> None:
    assert annotated(code, []) == code


def test_line_numbers_are_left_out_since_comments_move_lines() -> None:
    code = "x = bad\n"
    for where in ("(line 11)", "(3 lines above)", "(a line below)", "(cell 2, line 1)"):
        message = f"it comes from `y` {where}, which is later"
        assert "it comes from `y`, which is later" in annotated(code, found(code, message=message))
    after = annotated(code, found(code, message="it comes from `y` (line 11), which is later"))
    assert "it comes from `y`, which is later" in after


def test_what_it_says_is_neither_a_cookie_nor_a_suppression_nor_a_second_line() -> None:
    code = "x = bad\n"
    message = "see `f(encoding=latin,\n  # nnmigrate: ignore\u2028y)`"
    after = annotated(code, found(code, message=message))
    assert after.count("\n") == 2
    assert "coding=" not in after
    assert "# nnmigrate: ignore" not in after
    compile(after.encode(), "x", "exec")


def test_what_no_edit_may_touch_is_left_out() -> None:
    code = "x = bad\ny = bad\n"
    assert annotated(code, rigid=(Span(0, 8),)) == f"x = bad\n{NOTE}\ny = bad\n"
    inside = annotated(f"x = 1\n{NOTE}\ny = 1\n", [], rigid=(Span(6, 20),))
    assert NOTE in inside


def test_notes_ask_for_nothing() -> None:
    mild = [Finding("NNS1", "n", Severity.NOTE, Span(0, 1), "m", "")]
    assert undecided([*mild, *found("bad")]) == found("bad")


ROWS = (
    "bad",
    "f(bad,\n  1)",
    "if bad:\n    bad",
    f'"""\n{NOTE}\nbad\n"""',
    NOTE,
    "",
    "@bad\nclass A: x",
)


@given(st.lists(st.sampled_from(ROWS), max_size=6))
def test_once_is_enough_and_nothing_else_changes(rows: list[str]) -> None:
    code = "".join(f"{row}\n" for row in rows)

    after = annotated(code)

    assert annotated(after) == after
    assert ast.dump(ast.parse(after)) == ast.dump(ast.parse(code))
    assert annotated(after, []) == annotated(code, [])


@pytest.mark.parametrize(
    "folder", sorted(FIXTURES.glob("*/before.py")), ids=lambda p: p.parent.name
)
def test_the_comments_disturb_no_rule_and_no_fix(folder: Path) -> None:
    code = folder.read_text(encoding="utf-8")
    with_comments = annotated(code, list(check(code).findings))

    plain, beside = fix(code, unsafe=True), fix(with_comments, unsafe=True)

    assert [one.code for one in beside.remaining] == [one.code for one in plain.remaining]
    assert annotated(beside.code, []) == plain.code
