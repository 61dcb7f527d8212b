"""The suite of benchmarks runs; what it prints is for people."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from . import inside, programs
from .measuring import Time, times, told


def test_times_are_taken_in_turns(tmp_path: Path) -> None:
    log = "open('log', 'a').write"
    commands = {name: [sys.executable, "-c", f"{log}({name!r})"] for name in ("a", "b")}
    found = times(commands, 2, tmp_path)
    assert (tmp_path / "log").read_text() == "ababab"
    assert min(found["a"].wall, found["b"].wall) > 0


def test_a_command_that_fails_is_not_timed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="exits with 3"):
        times({"a": [sys.executable, "-c", "raise SystemExit(3)"]}, 1, tmp_path)


def test_ratios_are_to_the_first() -> None:
    said = told("Title", {"one": Time(1, 2), "other": Time(3, 3)})
    assert "3.00   1.50 x  other" in said


@pytest.mark.parametrize("write", [programs.of_fixtures, programs.in_functions])
def test_programs_are_as_long_as_is_asked(write: object) -> None:
    code = write(500)  # type: ignore[operator]
    assert 500 <= code.count("\n") < 700
    ast.parse(code)


@pytest.mark.parametrize("write", [programs.traces, programs.invokes, programs.removed])
def test_programs_have_something_to_find(write: object) -> None:
    from nnmigrate.engine import check

    few, many = (len(check(write(count)).findings) for count in (2, 4))  # type: ignore[operator]
    assert many > few > 0


def test_parts_are_timed() -> None:
    parsed, checked = inside.parse([programs.traces(1), "def ("])
    assert parsed > 0
    assert checked > 0
    assert len(inside.grow("fix", [programs.removed(1), programs.removed(2)])) == 2
