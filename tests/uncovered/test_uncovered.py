"""What no test takes: how it is named, and that a run tells it where no reason stands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .__main__ import NAMED, ROOT, complaints, missing
from .gaps import Gap, gaps

WAYS = """\
def way(a, b):
    for each in a:
        if each == b:
            b += 1
        elif each > b:
            break
    else:
        return "all"
    try:
        a[b] = 0
    except IndexError:
        if b:
            a = []
        return a
    return b
"""


def measured(folder: Path, source: str) -> dict[str, list[Gap]]:
    """The gaps that coverage finds in `source`, run as a program."""
    (folder / "ways.py").write_text(source)
    for arguments in (["run", "--branch", "ways.py"], ["json", "-q", "-o", "report.json"]):
        command = [sys.executable, "-m", "coverage", *arguments]
        subprocess.run(command, check=True, cwd=folder)
    return missing(json.loads((folder / "report.json").read_text()), folder)


def names(folder: Path, calls: str, source: str = WAYS) -> list[str]:
    return [gap.name for gap in measured(folder, f"{source}{calls}\n")["ways.py"]]


def test_a_branch_is_named_by_where_it_begins_and_ends(tmp_path: Path) -> None:
    assert names(tmp_path, "way([1], 1); way([2, 1], 1); way([], 1); way({5: 1}, 1)") == [
        "way: `elif each > b:` -> `for each in a:`",
        "way: `except IndexError:`",
    ]


def test_what_lies_behind_a_gap_is_not_told_again(tmp_path: Path) -> None:
    assert names(tmp_path, "way([], 1)") == [
        "way: `for each in a:` -> `if each == b:`",
        "way: `try:`",
    ]


def test_a_function_that_nobody_calls_is_one_gap(tmp_path: Path) -> None:
    assert names(tmp_path, "") == ["way: `for each in a:`"]


def test_the_end_of_a_function_is_a_way_too(tmp_path: Path) -> None:
    source = "class C:\n    def f(self, a):\n        if a:\n            a += 1\n"

    assert names(tmp_path, "C().f(1)", source) == ["C.f: `if a:` -> the end"]


def test_all_taken_is_no_gap(tmp_path: Path) -> None:
    assert names(tmp_path, "f(0)", "def f(a):\n    return a\n") == []


def test_the_same_code_at_two_places_of_a_function_has_two_names() -> None:
    source = "def f(a):\n    if a > 1:\n        return a\n    if a:\n        return a\n"

    assert [gap.name for gap in gaps(source, [3, 5], [(2, 3), (4, 5)])] == [
        "f: `if a > 1:` -> `return a`",
        "f: `if a:` -> `return a` (2)",
    ]


def test_names_do_not_change_with_lines_comments_and_layout() -> None:
    one = "def f(a):\n    if a:  # why\n        return a\n"
    other = "X = 1\n\n\ndef f(a):\n    if (\n        a\n    ):\n        return a\n"

    (before,) = gaps(one, [3], [(2, 3)])
    (after,) = gaps(other, [8], [(5, 8)])

    assert (before.name, before.line, after.line) == (after.name, 2, 5)


def test_long_code_is_cut_short() -> None:
    (gap,) = gaps(f"def f():\n    return '{'x' * 300}'\n", [2], [])

    assert len(gap.name) < 120


def test_cases_and_decorated_functions_have_names(tmp_path: Path) -> None:
    source = """\
def f(a):
    match a:
        case 1:
            return 1
        case _:
            @callable
            @callable
            def g():
                return a
    return g
"""
    assert names(tmp_path, "f(1); f(2)", source) == ["f.g: `return a`"]
    assert names(tmp_path, "f(1)", source) == ["f: `case 1:` -> `case _:`", "f: `return g`"]
    assert names(tmp_path, "", source) == ["f: `match a:`"]


def test_a_report_on_another_state_of_a_file_is_refused() -> None:
    with pytest.raises(KeyError):
        gaps("def f(a):\n    return a\n", [7], [])


FOUND = {"a.py": [Gap("f: `if a:` -> the end", 3), Gap("g: `return`", 7)]}


def test_what_is_named_is_passed_over_and_the_rest_told() -> None:
    assert list(complaints(FOUND, {"a.py": {"g: `return`": "why"}})) == [
        "a.py:3: no test goes here: f: `if a:` -> the end"
    ]


def test_what_is_named_and_taken_or_gone_is_told() -> None:
    named = {
        "a.py": {"f: `if a:` -> the end": "", "g: `return`": "", "h: `x`": ""},
        "b.py": {"i: `y`": ""},
    }

    assert list(complaints(FOUND, named)) == [
        "a.py: named, but a test goes there, or it is gone: h: `x`",
        "b.py: named, but a test goes there, or it is gone: i: `y`",
    ]


def test_a_report_is_held_against_what_is_named(tmp_path: Path) -> None:
    file = "src/nnmigrate/program/literals.py"
    line = next(
        number
        for number, text in enumerate((ROOT / file).read_text().splitlines(), 1)
        if text.startswith("    return ")
    )
    told = {"files": {file: {"missing_lines": [line], "missing_branches": []}}}
    (tmp_path / "report.json").write_text(json.dumps(told))
    command = [sys.executable, "-m", "uncovered", str(tmp_path / "report.json"), str(ROOT / file)]

    done = subprocess.run(command, cwd=ROOT / "tests", capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith(f"{file}:{line}: no test goes here: ")


def test_a_report_on_other_code_is_told(tmp_path: Path) -> None:
    file = "src/nnmigrate/program/literals.py"
    told = {"files": {file: {"missing_lines": [9999], "missing_branches": []}}}
    (tmp_path / "report.json").write_text(json.dumps(told))
    command = [sys.executable, "-m", "uncovered", str(tmp_path / "report.json")]

    done = subprocess.run(command, cwd=ROOT / "tests", capture_output=True, text=True)

    assert done.returncode == 2
    assert "is of other code (line 9999): measure again" in done.stderr


def test_every_reason_says_something_of_a_file_that_is_there() -> None:
    named = json.loads(NAMED.read_text(encoding="utf-8"))

    assert [file for file in named if not (ROOT / file).is_file()] == []
    assert all(reason for reasons in named.values() for reason in reasons.values())
