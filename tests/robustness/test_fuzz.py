"""Whatever the input is: findings or a problem, never an internal error, and never lost code.

`NNMIGRATE_FUZZ=50 pytest tests/robustness/test_fuzz.py` looks longer, at other inputs each time.
"""

from __future__ import annotations

import json
import textwrap
import warnings

import hypothesmith
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnmigrate.outcomes import Outcome, Settings
from nnmigrate.run import examine
from nnmigrate.understanding import compiles

from .conftest import often
from .mutants import PROGRAMS, mutants

WAYS = st.builds(
    Settings,
    fix=st.booleans(),
    unsafe=st.booleans(),
    assume_remote=st.booleans(),
    annotate=st.booleans(),
    target=st.sampled_from([None, (0, 5), (0, 6), (0, 8, 1)]),
    timeout=st.just(30.0),
)


def looked_at(name: str, raw: bytes, settings: Settings) -> Outcome:
    """The outcome for a document, after what holds for every outcome was asserted."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        outcome = examine(name, raw, settings)
    # About the user's code; of a library's own nobody needs to hear either.
    assert warned == []
    said = [str(problem) for problem in outcome.problems]
    assert not [one for one in said if "internal error" in one or "given up" in one]
    assert all(one.startswith(f"{name}:") for one in said)
    if outcome.problems:
        assert outcome.after == outcome.before == raw
        assert outcome.report.findings == ()
    assert settings.fix or outcome.after == raw
    return outcome


def looked_at_twice(code: str, settings: Settings) -> None:
    """What is fixed is Python if it was, and fixed."""
    raw = code.encode("utf-8", "surrogatepass")
    outcome = looked_at("a.py", raw, settings)
    if outcome.after != raw:
        after = outcome.after.decode()
        assert compiles(after) or not compiles(code)
        assert looked_at("a.py", outcome.after, settings).after == outcome.after


@given(mutants(), WAYS)
@often(50)
def test_damaged_programs(code: str, settings: Settings) -> None:
    looked_at_twice(code, settings)


@given(st.sampled_from(PROGRAMS), st.data(), WAYS)
@often(15)
def test_damaged_bytes(code: str, data: st.DataObject, settings: Settings) -> None:
    raw = bytearray(code.encode())
    for at in data.draw(st.lists(st.integers(0, len(raw) - 1), min_size=1, max_size=4)):
        raw[at] = data.draw(st.integers(0, 255))
    looked_at("a.py", bytes(raw), settings)


AROUND = {
    "behind": "import nnsight\n{code}",
    "in a trace": "from nnsight import LanguageModel\nm = LanguageModel('x')\n"
    "with m.trace('a') as t:\n    h = m.a.output\n{body}\n    m.a.output = h\n",
    "in an invoke": "from nnsight import LanguageModel\nm = LanguageModel('x')\n"
    "with m.trace() as t:\n    with t.invoke('a'):\n        h = m.a.output\n"
    "    with t.invoke('b'):\n        m.a.output = h\n{deeper}\n",
    "in a function": "import nnsight\ndef f(model, x):\n    with model.trace(x) as tracer:\n"
    "        y = model.a.output.save()\n{body}\n    return y\n",
}


@given(hypothesmith.from_grammar(), st.sampled_from(sorted(AROUND)), WAYS)
@often(30)
def test_any_grammatical_code(code: str, around: str, settings: Settings) -> None:
    body = textwrap.indent(code, "    ")
    whole = AROUND[around].format(code=code, body=body, deeper=textwrap.indent(body, "    "))
    looked_at_twice(whole, settings)


EXPRESSION = """\
from nnsight import LanguageModel
m = LanguageModel('x')
with m.trace({code}) as t:
    x = {code}
    m.a[{code}].output[0][:] = {code}
    y = m.b.output.save() + ({code})
print(y.value)
"""


@given(hypothesmith.from_grammar("eval_input"), WAYS)
@often(12)
def test_any_expression_as_a_value(code: str, settings: Settings) -> None:
    looked_at_twice(EXPRESSION.format(code=f"({code.strip()})"), settings)


@given(st.lists(mutants(), min_size=1, max_size=3), WAYS)
@often(12)
def test_damaged_cells_and_blocks(codes: list[str], settings: Settings) -> None:
    cells = [{"cell_type": "code", "metadata": {}, "source": code} for code in codes]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    looked_at("a.ipynb", json.dumps(notebook).encode(), settings)
    text = "".join(f"# A\n\n```python\n{code}\n```\n\n" for code in codes)
    looked_at("a.md", text.encode("utf-8", "surrogatepass"), settings)


KEYS = st.sampled_from("cells cell_type source metadata language_info name nnsight code".split())
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.integers(0, 200), WAYS)
@often(40)
def test_notebooks_of_odd_parts(notebook: dict[str, object], cut: int, settings: Settings) -> None:
    text = json.dumps({"nnsight": 1, **notebook})
    looked_at("a.ipynb", text.encode(), settings)
    looked_at("a.ipynb", text[: max(len(text) - cut, 0)].encode() + b"nnsight", settings)


@pytest.mark.parametrize("code", PROGRAMS[:: len(PROGRAMS) // 5])
def test_a_program_cut_off_anywhere(code: str) -> None:
    step = max(len(code) // 12, 1)
    for end in range(len(code) % step, len(code), step):
        looked_at_twice(code[:end], Settings(fix=True, unsafe=True))
