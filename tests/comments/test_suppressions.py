from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnmigrate.comments.layout import Layout
from nnmigrate.comments.suppressions import Suppressions
from nnmigrate.engine import check, fix
from nnmigrate.findings import Finding, Severity
from nnmigrate.program import Options
from nnmigrate.rules import nns001_unused_suppression as nns001
from nnmigrate.selection import Selection
from nnmigrate.spans import Lines, Span


def covered(code: str, place: str = "bad", rule: str = "NNS101") -> bool:
    """Whether a finding at the first `place` of some code is silenced."""
    start = code.index(place)
    span = Span(start, start + len(place))
    finding = Finding(rule, "a-name", Severity.ERROR, span, "message", "consequence")
    return Suppressions(code, Lines(code)).cover(finding)


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "#NOQA",
        "# NoQa because",
        "# noqa: NNS101",
        "# noqa:nns101",
        "# noqa : E501,NNS101",
        "# noqa: E501 NNS101",
        "# noqa: NNS101 because",
        "# type: ignore # noqa: NNS101",
        "# why # noqa",
        "# nnmigrate: ignore",
        "# NNMIGRATE:IGNORE",
        "# nnmigrate: ignore[NNS101]",
        "# nnmigrate: ignore[NNS201, NNS101]",
        "# nnmigrate: ignore[NNS201,nns101] because",
        "# nnmigrate: ignore[a-name]",
        "# noqa: E501 # nnmigrate: ignore[NNS101]",
    ],
)
def test_these_comments_silence_the_rule(comment: str) -> None:
    assert covered(f"x = bad  {comment}\n")


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: E501",
        "# noqa: NNS1",
        "# noqa: NNS1011",
        "# noqa:",
        "# noqa: because",
        "# noqas",
        "# see noqa",
        "# nnmigrate: ignore[NNS201]",
        "# nnmigrate: ignore[]",
        "# nnmigrate: ignored",
        "# nnmigrate: NNS101",
    ],
)
def test_these_do_not(comment: str) -> None:
    assert not covered(f"x = bad  {comment}\n")


@pytest.mark.parametrize(
    "code",
    [
        "x = f(  # noqa\n    bad,\n)\n",
        "x = f(\n    bad,\n)  # noqa\n",
        "x = f(\n    bad,\n    # noqa\n    good,\n)\n",
        "x = bad + \\\n    good  # noqa\n",
        'x = bad, """\n"""  # noqa\n',
        "x = bad; y = good  # noqa\n",
        "if bad:  # noqa\n    good\n",
        "x = bad  # noqa",
        "\x0cx = bad  # noqa\r\n",
        "y = good\rx = bad  # noqa\r",
    ],
)
def test_a_comment_counts_for_its_whole_statement(code: str) -> None:
    assert covered(code)


@pytest.mark.parametrize(
    "code",
    [
        "# noqa\nx = bad\n",
        "x = bad\n# noqa\n",
        "y = good  # noqa\nx = bad\n",
        "if good:  # noqa\n    bad\n",
        "if bad:\n    good  # noqa\n",
        "x = bad, '# noqa'\n",
        'x = bad, """\n# noqa\n"""\n',
        "y = good  # noqa\r\rx = bad\r",
        "x = bad, f'# noqa {y}'\n",
    ],
)
def test_it_counts_for_no_other_statement_and_not_in_strings(code: str) -> None:
    assert not covered(code)


def test_where_python_cannot_split_the_code_into_tokens_each_line_speaks_for_itself() -> None:
    # An unterminated bracket stands for syntax that this Python does not know.
    code = "a = bad_1  # noqa\nb = (\nc = bad_2  # noqa\nd = bad_3\n"

    assert covered(code, "bad_1")
    assert covered(code, "bad_2")
    assert not covered(code, "bad_3")


TRACE = """{above}with lm.trace("x") as t:{header}
    good
    for i in range(2):
        bad
    # text
    bad
bad
"""


def covered_lines(code: str, rule: str = "NNS101") -> list[int]:
    """The lines whose `bad` is silenced; `with` stands for a trace."""
    suppressions = Suppressions(code, Lines(code), frozenset({code.index("with")}))
    found = []
    for match in re.finditer("bad|with", code):
        span = Span(*match.span())
        finding = Finding(rule, "a-name", Severity.ERROR, span, "message", "consequence")
        if suppressions.cover(finding):
            found.append(code.count("\n", 0, match.start()) + 1)
    return found


@pytest.mark.parametrize("comment", ["  # nnmigrate: ignore", "  # nnmigrate: ignore[NNS1]"])
def test_behind_the_header_of_a_trace_it_counts_for_the_whole_trace(comment: str) -> None:
    assert covered_lines(TRACE.format(above="", header=comment)) == [1, 4, 6]


def test_above_the_header_as_well() -> None:
    code = TRACE.format(above="# nnmigrate: ignore[NNS101]\n# for a reason\n", header="")
    assert covered_lines(code) == [3, 6, 8]


@pytest.mark.parametrize("comment", ["  # noqa", "  # noqa: NNS101"])
def test_what_other_tools_read_counts_for_the_line_alone(comment: str) -> None:
    assert covered_lines(TRACE.format(above="", header=comment)) == [1]


def test_with_statements_that_are_no_traces_are_lines() -> None:
    code = "with open(bad):  # nnmigrate: ignore\n    bad\n"
    assert covered(code)
    assert not covered(code, "bad\n")


@pytest.mark.parametrize(
    "code",
    [
        "# nnmigrate: ignore\nx = bad\n",
        "if x:\n    # nnmigrate: ignore[NNS101]\n    # text\n    x = f(\n        bad)\n",
        "x = 1\n\n# nnmigrate: ignore-file\n\nx = bad\n",
        "x = bad\n# nnmigrate: ignore-file[NNS101]\n",
        "if x:\n    # nnmigrate: ignore-file [NNS1, NNS2]\n    bad\n",
        "# flake8: noqa: NNS101\nx = bad\n",
        "# flake8: noqa : E501,nns101\nx = bad\n",
        "x = bad  # nnmigrate: ignore[NNS1]\n",
        "x = bad  # nnmigrate: ignore[all]\n",
    ],
)
def test_these_comments_count(code: str) -> None:
    assert covered(code)


@pytest.mark.parametrize(
    "code",
    [
        "# nnmigrate: ignore\n\nx = bad\n",
        "# nnmigrate: ignore-file[NNS2]\nx = bad\n",
        "y = 1  # nnmigrate: ignore-file\nx = bad\n",
        "'# nnmigrate: ignore-file'\nx = bad\n",
        "'''\n# nnmigrate: ignore-file\n'''\nx = bad\n",
        "# nnmigrate: ignore-files\nx = bad\n",
        # Written for checkers of style: nobody has looked at what a migration would need.
        "# flake8: noqa\nx = bad\n",
        "# ruff: noqa\nx = bad\n",
        "x = bad  # nnmigrate: ignore[NNS1011]\n",
        "x = bad  # nnmigrate: ignore[NN]\n",
    ],
)
def test_these_do_not_count(code: str) -> None:
    assert not covered(code)


class TestUnused:
    """NNS001, over made-up rules: `bad` is NNS101, `odd` is NNS102."""

    @pytest.fixture(autouse=True)
    def _rules(self, use_rules: Callable[..., None], replacing: Any) -> None:
        use_rules(nns001, replacing("NNS101", "bad", "good"), replacing("NNS102", "odd"))

    @staticmethod
    def messages(code: str, *select: str) -> list[str]:
        selection = Selection(select or ("ALL",))
        checked = check(code, Options(asked=frozenset(select)), selection)
        return [one.message for one in checked.findings if one.code == "NNS001"]

    @pytest.mark.parametrize(
        "code",
        [
            "x = bad  # nnmigrate: ignore[NNS101]\n",
            "x = bad  # nnmigrate: ignore\n",
            "x = bad  # nnmigrate: ignore[NNS1]\n",
            "x = bad  # nnmigrate: ignore[made-up-101]\n",
            "# nnmigrate: ignore-file[NNS101]\nx = bad\n",
            "x = bad  # noqa: NNS101\n",
            "x = 1  # noqa\n",
            "x = 1  # noqa: E501\n",
            "x = '# nnmigrate: ignore[NNS101]'\n",
            "x = 1  # nnmigrate: ignore[NNS001]\n",
            "# nnmigrate: ignore-file[NNS001]\nx = 1  # nnmigrate: ignore[NNS101]\n",
        ],
    )
    def test_what_is_of_use_or_not_ours_is_no_finding(self, code: str) -> None:
        assert self.messages(code) == []

    @pytest.mark.parametrize(
        ("code", "message", "fixed"),
        [
            (
                "x = 1  # nnmigrate: ignore[NNS101]\n",
                "`# nnmigrate: ignore[NNS101]` silences nothing",
                "x = 1\n",
            ),
            ("x = 1  # nnmigrate: ignore\n", "`# nnmigrate: ignore` silences nothing", "x = 1\n"),
            (
                "x = odd  # nnmigrate: ignore[NNS101, NNS102]\n",
                "`NNS101` in `# nnmigrate: ignore[NNS101, NNS102]` silences nothing",
                "x = odd  # nnmigrate: ignore[NNS102]\n",
            ),
            (
                "x = 1  # noqa: E501, NNS101\n",
                "`NNS101` in `# noqa: E501, NNS101` silences nothing",
                "x = 1  # noqa: E501\n",
            ),
            ("x = 1  # noqa: NNS101\n", "`# noqa: NNS101` silences nothing", "x = 1\n"),
            (
                "x = 1  # type: ignore # noqa: NNS101\n",
                "`# noqa: NNS101` silences nothing",
                "x = 1  # type: ignore\n",
            ),
            (
                "x = 1  # nnmigrate: ignore[NNS101] # type: ignore\n",
                "`# nnmigrate: ignore[NNS101]` silences nothing",
                "x = 1  # type: ignore\n",
            ),
            (
                "x = 1  # nnmigrate: ignore[NNS101]: by mistake\n",
                "`# nnmigrate: ignore[NNS101]` silences nothing",
                "x = 1  # by mistake\n",
            ),
            (
                "y = 2\r\n# nnmigrate: ignore-file[NNS101]\r\nx = 1\r\n",
                "`# nnmigrate: ignore-file[NNS101]` silences nothing",
                "y = 2\r\nx = 1\r\n",
            ),
            (
                "x = (  # nnmigrate: ignore\n    1)\n",
                "`# nnmigrate: ignore` silences nothing",
                "x = (\n    1)\n",
            ),
        ],
    )
    def test_what_silences_nothing_is_found_and_taken_away(
        self, code: str, message: str, fixed: str
    ) -> None:
        assert self.messages(code) == [message]
        assert fix(code).code == fixed

    def test_where_a_comment_counts_for_nothing_it_says_where_it_belongs(self) -> None:
        (lost,) = self.messages("x = bad\n# nnmigrate: ignore\n\ny = 1\n")
        assert "behind a statement, or on the line above it" in lost
        (behind,) = self.messages("x = bad  # nnmigrate: ignore-file\n")
        assert "a line for itself" in behind

    def test_codes_that_no_rule_has_are_said_and_left_to_the_person(self) -> None:
        code = "x = 1  # nnmigrate: ignore[NNS999, nonsense]\ny = 1  # noqa: NNS998, E501\n"
        first, second = self.messages(code)
        assert first.startswith("no rule has the code or the name `NNS999`, `NONSENSE`")
        assert second.startswith("no rule has the code or the name `NNS998`")
        assert fix(code).code == code

    def test_of_rules_that_did_not_run_nothing_is_said(self) -> None:
        code = "x = 1  # nnmigrate: ignore[NNS101]\ny = 1  # nnmigrate: ignore\n"
        assert self.messages(code, "NNS0", "NNS102") == []
        assert len(self.messages(code, "NNS001", "NNS101")) == 1

    def test_of_rules_that_failed_nothing_is_said(
        self, use_rules: Callable[..., None], replacing: Any
    ) -> None:
        broken = replacing("NNS101", "bad")
        broken.check = lambda program: 1 / 0
        use_rules(nns001, broken)
        assert self.messages("x = 1  # nnmigrate: ignore[NNS101]\n") == []

    def test_it_is_a_note_unless_it_is_asked_for(self) -> None:
        code = "x = 1  # nnmigrate: ignore\n"
        (note,) = check(code).findings
        (asked,) = check(code, Options(asked=frozenset({"NNS001"}))).findings
        assert (note.severity, asked.severity) == (Severity.NOTE, Severity.WARNING)

    def test_it_waits_for_all_other_fixes(
        self, use_rules: Callable[..., None], replacing: Any
    ) -> None:
        # What the first rule's fix makes is what the comment silences.
        use_rules(nns001, replacing("NNS101", "bad", "odd"), replacing("NNS102", "odd"))
        code = "x = (bad,  # nnmigrate: ignore[NNS102]\n)\n"
        assert fix(code).code == code.replace("bad", "odd")


@given(st.text("abx=1()[]:#'\"\\\n\r\f\t ", max_size=60), st.sampled_from(["", ": NNS101"]))
def test_whatever_the_code_is_the_layout_has_every_offset_where_it_says(
    code: str, tail: str
) -> None:
    code = f"{code}# noqa{tail}\n"
    layout = Layout(Lines(code))
    for laid in layout.statements:
        assert laid.first <= laid.last <= laid.block
        assert layout.lines.place(laid.span.start)[0] == laid.first
        for comment in (*laid.comments, *laid.above):
            assert comment.span.of(code).startswith("#")
            assert "\n" not in comment.span.of(code)
    place = layout.index(0)
    assert place is None or layout.statements[place].first == 1
