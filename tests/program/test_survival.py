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


def test_a_name_may_grow_thousands_of_times() -> None:
    """Neither many additions nor many conditions around them are too much."""
    many = "".join("    x += 1\n" for _ in range(1500))
    perhaps = "".join(f"    if c[{n}]:\n        x += 1\n" for n in range(60))
    for first, lost in (("lm.output.save()", []), ("lm.output", ["x"])):
        for rest in (many, perhaps):
            code = f"""from nnsight import LanguageModel
lm = LanguageModel("m")
with lm.trace("a"):
    x = {first}
{rest}print(x)
"""
            program = build(code, Options())
            names = [each.name for each in lost_names(program, program.traces[0])]
            assert names == lost
