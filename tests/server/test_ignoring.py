from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nnmigrate.engine import check
from nnmigrate.findings import Finding, Severity
from nnmigrate.server.ignoring import ignoring
from nnmigrate.spans import Span, apply_edits

Ignored = Callable[[str], "str | None"]


@pytest.fixture
def ignored(use_rules: Callable[..., None], replacing: Any) -> Ignored:
    """Gives code after the comment was added; that it silences is seen to here."""
    use_rules(replacing("NNS101", "bad"), replacing("NNS201", "bad"))

    def ignored(code: str) -> str | None:
        at = code.index("bad")
        finding = Finding("NNS101", "made-up", Severity.ERROR, Span(at, at + 3), "", "")
        edit = ignoring(code, finding)
        if edit is None:
            return None
        after = apply_edits(code, [edit])
        assert "NNS101" not in [one.code for one in check(after).findings]
        return after

    return ignored


COMMENT = "  # nnmigrate: ignore[NNS101]"


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("bad()\nx\n", f"bad(){COMMENT}\nx\n"),
        ("bad()", f"bad(){COMMENT}"),
        ("bad()   \r\nx\r\n", f"bad(){COMMENT}   \r\nx\r\n"),
        ("bad()  # why\n", f"bad()  # why{COMMENT}\n"),
        ("f(\n    bad,\n    2,\n)\n", f"f(\n    bad,{COMMENT}\n    2,\n)\n"),
        ("with bad() as t:\n    pass\n", f"with bad() as t:{COMMENT}\n    pass\n"),
        ("x = bad + \\\n    1\ny\n", f"x = bad + \\\n    1{COMMENT}\ny\n"),
        ('bad("""\n# text\n""")\ny\n', f'bad("""\n# text\n"""){COMMENT}\ny\n'),
        ('bad(f"""\n{x}\n{y}""")\n', f'bad(f"""\n{{x}}\n{{y}}"""){COMMENT}\n'),
    ],
)
def test_the_comment_stands_where_it_silences_and_is_one(
    ignored: Ignored, code: str, after: str
) -> None:
    assert ignored(code) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# nnmigrate: ignore[NNS201]", "# nnmigrate: ignore[NNS201, NNS101]"),
        ("# nnmigrate:ignore[ ]", "# nnmigrate:ignore[ NNS101]"),
    ],
)
def test_a_comment_that_is_there_gets_one_code_more(
    ignored: Ignored, before: str, after: str
) -> None:
    assert ignored(f"bad()  {before}\n") == f"bad()  {after}\n"


def test_where_there_is_no_place_for_a_comment_none_is_written(ignored: Ignored) -> None:
    assert ignored("x = (\n  bad\n") is None
