"""What looks plain is understood without `packaging`, and as `packaging` understands it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Parsed
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from nnmigrate.project.requirement import parsed

HERE = Path("requirements.txt")
numbers = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda x: ".".join(map(str, x)))
signs = st.sampled_from(["==", "!=", "<=", ">=", "<", ">", "~=", "===", "="])
names = st.sampled_from(["nnsight", "NN.sight", "a", "a_b--c", "-a", "a-", "torch cpu", "é", "a.b"])
extras = st.sampled_from(["", "", "[x]", " [ x , y_z ]", "[]", "[,]", "[x,]", "[a-b]", "[_a]"])
blanks = st.sampled_from(["", " ", "\t"])
clauses = st.tuples(blanks, signs, blanks, st.one_of(numbers, st.just("0.4.*"))).map("".join)
lines = st.tuples(names, extras, st.lists(clauses, max_size=3).map(",".join)).map("".join)


@given(lines, st.lists(numbers, min_size=1, max_size=3))
def test_it_is_what_packaging_says(line: str, versions: list[str]) -> None:
    try:
        expected = Parsed(line)
    except InvalidRequirement:
        assert parsed(line, HERE, 0) is None
        return
    found = parsed(line, HERE, 0)
    assert found is not None
    assert found.name == canonicalize_name(expected.name)
    assert SpecifierSet(found.specifier) == expected.specifier
    for version in versions:
        assert found.allows(version) == expected.specifier.contains(version)


@pytest.mark.parametrize(
    ("line", "needed"),
    [("nnsight[x] >= 0.4, <0.5", False), ("numpy", False), ("nnsight~=0.4", True)],
)
def test_packaging_is_imported_only_where_it_is_needed(line: str, needed: bool) -> None:
    code = (
        "import sys; from pathlib import Path; from nnmigrate.project.requirement import parsed\n"
        f"parsed({line!r}, Path(), 0).is_old; print('packaging' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(needed)
