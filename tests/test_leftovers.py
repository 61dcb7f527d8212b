"""Imports that fixes leave without a use."""

from __future__ import annotations

import pytest

from nnmigrate.leftovers import unused_imports
from nnmigrate.spans import apply_edits

GONE = {
    "the line": ("import a\nimport b\n", "import b\n"),
    "the line and the blank one behind it": ("import a\n\nimport b\n", "import b\n"),
    "the first of three": ("from m import a, c, d\n", "from m import c, d\n"),
    "the last of three": ("from m import c, d, a\n", "from m import c, d\n"),
    "one over lines": ("from m import (\n    c,\n    a,\n)\n", "from m import (\n    c,\n)\n"),
    "behind another alphabet": ("from m import é, a, c\n", "from m import é, c\n"),
    "another name": ("import x.y as a\nimport b\n", "import b\n"),
    "the top of a way": ("import a.b\nimport b\n", "import b\n"),
}
REST = "print(b, c, d, é)\n"


@pytest.mark.parametrize(("before", "after"), GONE.values(), ids=GONE)
def test_gone(before: str, after: str) -> None:
    used, left = before + "a.f()\n" + REST, before + REST
    assert apply_edits(left, unused_imports(used, left)) == after + REST


STAYS = {
    "never used": ("import a\nx = 1\n", "import a\nx = 2\n"),
    "still used": ("import a\na.f(a)\n", "import a\nf(a)\n"),
    "in a string": ("import a\n__all__ = ['a']\na.f()\n", "import a\n__all__ = ['a']\n"),
    "tried": (
        "try:\n    import a\nexcept ImportError:\n    b = 1\na.f()\n",
        "try:\n    import a\nexcept ImportError:\n    b = 1\n",
    ),
    "marked": ("import a  # noqa: F401\na.f()\n", "import a  # noqa: F401\n"),
    "exported": ("from m import a as a\na.f()\n", "from m import a as a\n"),
    "alone in a function": ("def f():\n    import a\na.f()\n", "def f():\n    import a\n"),
    "beside another statement": ("import a; x = 1\na.f()\n", "import a; x = 1\n"),
    "no Python": ("import a\na.f(\n", "import a\n"),
}


@pytest.mark.parametrize(("before", "after"), STAYS.values(), ids=STAYS)
def test_stays(before: str, after: str) -> None:
    assert unused_imports(before, after) == []


def test_a_docstring_does_not_use_what_it_speaks_of() -> None:
    before = '"""Written for nnsight 0.4."""\nimport nnsight\nimport os\n\nxs = nnsight.list()\n'
    after = before.replace("nnsight.list()", "list()")
    edits = unused_imports(before, after)
    assert [after[edit.span.start : edit.span.end] for edit in edits] == ["import nnsight\n"]
    quoted = after + 'name = "nnsight"\n'
    assert unused_imports(before, quoted) == []
    beside = before.replace("nnsight.list()", 'list()\n\ndef f():\n    "text"; nnsight.save(1)')
    assert unused_imports(before, beside) == []
