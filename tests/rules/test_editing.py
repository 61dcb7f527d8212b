"""The small tools that fixes are made with."""

from __future__ import annotations

import pytest

from nnmigrate.program import build
from nnmigrate.program.names import is_in_place
from nnmigrate.rules.common.editing import binds_tightly, first_after_prologue


@pytest.mark.parametrize(
    "text", ["h", "h.x", "h[0]", "f(h)", "[h]", "{h}", "(a + b)", "[x for x in h]"]
)
def test_a_save_behind_one_thing_means_all_of_it(text: str) -> None:
    assert binds_tightly(text)


@pytest.mark.parametrize(
    "text", ["a + b", "-h", "not h", "a if b else c", "lambda: h", "a == b", "(a"]
)
def test_a_save_behind_several_things_would_mean_the_last(text: str) -> None:
    assert not binds_tightly(text)


PROLOGUES = {
    "nothing": "x = 1\n",
    "a docstring": '"""What it is."""\nx = 1\n',
    "the future": "from __future__ import annotations\nx = 1\n",
    "both": '"""What it is."""\n\nfrom __future__ import division\nx = 1\n',
    "a line of IPython's": "get_ipython().run_line_magic('matplotlib', 'inline')\nx = 1\n",
}


@pytest.mark.parametrize("code", PROLOGUES.values(), ids=PROLOGUES)
def test_an_import_goes_behind_what_has_to_come_first(code: str) -> None:
    program = build(code + "import nnsight\n")
    first = first_after_prologue(program.scopes[0])
    assert program.text(first.span) == "x = 1"


@pytest.mark.parametrize("code", ["import os\n", "from future import annotations\n", "print(1)\n"])
def test_an_import_goes_before_anything_else(code: str) -> None:
    program = build(f'"""What it is."""\n{code}import nnsight\n')
    first = first_after_prologue(program.scopes[0])
    assert program.text(first.span) == code.strip()


def test_a_module_that_ends_with_its_prologue_has_the_import_before_its_last_statement() -> None:
    program = build('"""What it is."""\nfrom __future__ import annotations\n')
    first = first_after_prologue(program.scopes[0])
    assert program.text(first.span).startswith("from __future__")


@pytest.mark.parametrize(
    ("method", "changes"),
    [
        ("add_", True),
        ("masked_fill_", True),
        ("add", False),
        ("__repr__", False),
        ("__", False),
        ("requires_grad_", False),
    ],
)
def test_torchs_names_say_whether_a_tensor_is_changed(method: str, changes: bool) -> None:
    assert is_in_place(method) is changes
