"""The JSON schema of the table, held against what the code takes."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnmigrate.configuration import read
from nnmigrate.settings_keys import KEYS, problem_of, schema

SHIPPED = files("nnmigrate").joinpath("nnmigrate.schema.json")

GOOD: dict[str, list[Any]] = {
    "assume-remote": [True, False],
    "baseline": ["base.json", "../base.json"],
    "exclude": [[], ["vendored/", "*.py"]],
    "extend-exclude": [["!kept.py"]],
    "ignore": [["NNS201", "nns1", "ALL", "NNS"]],
    "output-format": ["full", "json"],
    "per-file-ignores": [{}, {"tests/**": ["NNS2"], "a.py": []}],
    "select": [[], ["NNS1"]],
    "source-version": ["0.4", "0.4.11", "0.5"],
    "strict": [True],
    "target-version": ["0.5", "0.5.13", "0.10", "1.0", "12.3.4"],
    "timeout": [0, 0.5, 600],
    "transparent-magics": [[], ["mine", "my.timer"]],
    "unsafe-fixes": [False],
}
BAD: dict[str, list[Any]] = {
    "assume-remote": ["yes", 1, None],
    "baseline": ["", 1, ["base.json"]],
    "exclude": ["vendored/", [1], [""]],
    "extend-exclude": [{}],
    "ignore": ["NNS1", ["E501"], ["NNS1234"], ["NNS1,NNS2"]],
    "output-format": [1, ""],
    "per-file-ignores": [["NNS1"], {"a.py": "NNS1"}, {"a.py": ["x"]}],
    "select": [{"a": 1}, ["nonsense"]],
    "source-version": [0.4, "four", "0", "0.4.1.2"],
    "strict": [0],
    "target-version": [0.5, "0.4", "0.4.11", "latest", "0.5.x"],
    "timeout": [-1, "60", True, [60]],
    "transparent-magics": ["mine", ["%%mine"], [""]],
    "unsafe-fixes": ["true"],
    "unknown": [1],
}


def valid(table: dict[str, Any]) -> bool:
    return jsonschema.Draft7Validator(json.loads(SHIPPED.read_text("utf-8"))).is_valid(table)


def test_what_is_shipped_is_what_the_code_says() -> None:
    # python -c "import json; from nnmigrate.settings_keys import schema as s;
    #            print(json.dumps(s(), indent=2))" > src/nnmigrate/nnmigrate.schema.json
    assert json.loads(SHIPPED.read_text("utf-8")) == schema()
    jsonschema.Draft7Validator.check_schema(schema())


def test_every_key_is_tried() -> None:
    assert set(GOOD) == set(KEYS)
    assert set(BAD) == {*KEYS, "unknown"}


@pytest.mark.parametrize("key", GOOD)
def test_what_is_right_is_right_for_both(key: str) -> None:
    for value in GOOD[key]:
        assert valid({key: value})
        assert problem_of(key, value) is None


@pytest.mark.parametrize("key", BAD)
def test_what_is_wrong_is_wrong_for_both(key: str) -> None:
    for value in BAD[key]:
        assert not valid({key: value}), value
        assert problem_of(key, value) is not None, value


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("NS10.5a/*", max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab*"), inner, max_size=2),
    max_leaves=4,
)


@given(st.sampled_from([key for key in KEYS if key != "output-format"]), VALUES)
def test_they_agree_about_any_value(key: str, value: Any) -> None:
    assert valid({key: value}) == (problem_of(key, value) is None)


def test_our_own_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text('[tool.nnmigrate]\nselect = ["NNS1"]\nstrict = true\n')
    found = read(path)
    assert found is not None
    assert valid(dict(found.values))
