"""What the guide shows is what the tool does; that it is true is in `test_guide_runs`."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.findings import Severity

from .guide import Example, blocks, examples

EXAMPLES = examples()
REPLACED = [example for example in EXAMPLES if example.after]
RIGHT = [example for example in EXAMPLES if example.on_both]
# Where a person must decide, and what the tool says of it.
ASKED = {"NNS105": Severity.NOTE}


def _line(example: Example) -> str:
    return f"line-{example.line}"


def test_every_program_of_the_page_is_an_example() -> None:
    programs = [code for example in EXAMPLES for code in (example.before, example.after) if code]

    assert len(programs) == blocks()
    assert len(EXAMPLES) > 15


@pytest.mark.parametrize("example", REPLACED, ids=_line)
def test_what_is_under_on_0_5_is_what_fix_makes_of_it(example: Example) -> None:
    assert example.claim
    assert fix(example.before, unsafe=True).code == example.after
    assert (fix(example.before).code != example.after) is example.unsafe
    assert fix(example.after, unsafe=True).code == example.after


@pytest.mark.parametrize("example", RIGHT, ids=_line)
def test_what_is_right_on_both_is_left_alone(example: Example) -> None:
    assert not example.after
    assert check(example.before).findings == ()


def test_what_goes_wrong_and_is_not_replaced_is_asked() -> None:
    left = [example for example in EXAMPLES if example.claim and not example.after]

    found = {f.code: f.severity for one in left for f in check(one.before).findings}
    assert left
    assert ASKED.items() <= found.items()
