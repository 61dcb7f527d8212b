from __future__ import annotations

import pytest

from nnmigrate.findings import Finding, Severity
from nnmigrate.spans import Lines, Span
from nnmigrate.suppressions import Suppressions


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
