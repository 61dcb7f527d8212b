"""The names that a trace loses."""

from __future__ import annotations

import pytest

from nnmigrate.program import Options, build
from nnmigrate.program.survival import lost_names

HEAD = "from nnsight import LanguageModel\nlm = LanguageModel('openai-community/gpt2')\n"


@pytest.mark.parametrize(
    ("body", "lost"),
    [
        ("x = lm.lm_head.output.save()", []),
        ("x = lm.lm_head.output\n    x.save()", []),
        ("x = [lm.lm_head.output.save()]", ["x"]),
        ("x = list().save()", []),
        ("x = 3", ["x"]),
        ("y = 3", []),
        ("x = lm.lm_head.output.save()\n    x = 3", ["x"]),
        ("try:\n        y = 3\n    except ValueError as x:\n        pass", []),
    ],
)
def test_what_is_not_saved_at_the_end_is_lost(body: str, lost: list[str]) -> None:
    program = build(f"{HEAD}with lm.trace('a'):\n    {body}\nprint(x)\n", Options())
    assert [one.name for one in lost_names(program, program.traces[0])] == lost
