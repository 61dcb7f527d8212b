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
from packaging.version import InvalidVersion

from nnmigrate.project.requirement import of_poetry, parsed

HERE = Path("requirements.txt")
numbers = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda x: ".".join(map(str, x)))
signs = st.sampled_from(["==", "!=", "<=", ">=", "<", ">", "~=", "===", "="])
names = st.sampled_from(["nnsight", "NN.sight", "a", "a_b--c", "-a", "a-", "torch cpu", "é", "a.b"])
extras = st.sampled_from(["", "", "[x]", " [ x , y_z ]", "[]", "[,]", "[x,]", "[a-b]", "[_a]"])
blanks = st.sampled_from(["", " ", "\t"])
odd = st.sampled_from(["0.4.*", "0.4rc1", "0.4.post2", "1.0+cu118", "1.0=py39", "x", "1.*.2"])
clauses = st.tuples(blanks, signs, blanks, st.one_of(numbers, odd)).map("".join)
specifiers = st.lists(clauses, max_size=3).map(",".join)
urls = st.sampled_from(["@ https://a.b/c", " @ git+https://a.b/c.git#egg=d", "@", "@ a b", "@./a"])
markers = st.sampled_from(
    [
        *(
            "",
            "",
            '; python_version < "3.9"',
            ";extra=='x'",
            " ; os_name in 'nt'",
            "; 'a' == extra",
        ),
        *(
            '; python_version<"3" and sys_platform == "linux"',
            "; python == '3'",
            ";",
            "; extra ==x",
        ),
    ]
)
lines = st.tuples(names, extras, st.one_of(specifiers, urls), markers).map("".join)


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
        assert found.allows(version) == _contains(expected.specifier, version)


def _contains(specifier: SpecifierSet, version: str) -> bool:
    try:
        return specifier.contains(version)
    except InvalidVersion:  # `===x`
        return False


@pytest.mark.parametrize(
    "line",
    [
        *(
            "pip:",
            "-r other.txt",
            "--index x",
            "./here",
            "../here",
            "git+https://a.b/c",
            "https://a",
        ),
        *("blas==1.0=mkl", "C:\\here", "here/there", ".", "conda-forge::numpy"),
    ],
)
def test_what_is_no_requirement_is_none_for_packaging_too(line: str) -> None:
    with pytest.raises(InvalidRequirement):
        Parsed(line)
    assert parsed(line, HERE, 0) is None


@pytest.mark.parametrize(
    ("said", "specifier"),
    [
        *((">= 0.4, < 0.5", ">=0.4,<0.5"), ("^0.4", ">=0.4,<0.5"), ("~ 0.4.1", ">=0.4.1,<0.5")),
        *(("0.4.11", "==0.4.11"), ("*", ""), ("0.4.*", "==0.4.*"), ("~=0.4.1", "~=0.4.1")),
        ({"version": ">= 0.4"}, ">=0.4"),
    ],
)
def test_poetry_may_have_blanks_and_operators_of_its_own(said: object, specifier: str) -> None:
    found = of_poetry("nnsight", said, HERE, 0)
    assert found is not None
    assert found.specifier == specifier
    assert found.allows("0.4.11")


@pytest.mark.parametrize("said", ["latest", ">=x", {"git": "https://a.b/c", "version": "?"}, 4])
def test_what_poetry_does_not_take_is_none(said: object) -> None:
    assert of_poetry("nnsight", said, HERE, 0) is None


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        *(("nnsight[x] >= 0.4, <0.5", False), ("numpy", False), ("nnsight~=0.4", True)),
        *(("nnsight @ git+https://a.b/c.git", False), ("pip:", False), ("-e .", False)),
        ('nnsight>=0.4; python_version >= "3.9"', False),
    ],
)
def test_packaging_is_imported_only_where_it_is_needed(line: str, needed: bool) -> None:
    code = (
        "import sys; from pathlib import Path; from nnmigrate.project.requirement import parsed\n"
        f"found = parsed({line!r}, Path(), 0); found and found.is_old\n"
        "print('packaging' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(needed)
