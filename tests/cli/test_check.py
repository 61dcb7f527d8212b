from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .runner import put, run

Use = Callable[..., None]
CODE = "import nnsight\nold\n"


@pytest.mark.usefixtures("rules")
class TestCheck:
    def test_nothing_found_is_0(self) -> None:
        put("a.py", "fine")
        Path("b.py").write_text("old, but of no concern")

        result = run("check")

        assert result.exit_code == 0
        assert result.stdout == "Found nothing in 2 files, of which 1 concerns nnsight.\n"

    def test_findings_are_1_and_shown(self) -> None:
        put("d/a.py", "old")

        result = run("check", "d")

        assert result.exit_code == 1
        assert " --> d/a.py:2:1" in result.stdout
        assert result.stdout.endswith(
            "Found 1 finding (1 error) in 1 file; 1 fixable with `nnmigrate fix`\n"
        )
        assert result.stderr == ""

    def test_notes_are_shown_and_count_only_if_strict(self) -> None:
        put("a.py", "mild")

        assert run("check").exit_code == 0
        assert "NNS202" in run("check").stdout
        assert run("check", "--strict").exit_code == 1

    def test_what_cannot_be_parsed_is_2_with_its_place_and_the_rest_is_checked(self) -> None:
        put("a.py", "x = 1", "def f(:")
        put("b.py", "old")

        result = run("check", "--output-format", "concise")

        assert result.exit_code == 2
        assert result.stderr.startswith("a.py:3:7: cannot parse: invalid syntax")
        assert result.stdout.startswith("b.py:2:1: NNS101 [error]")

    def test_every_bad_file_is_named_and_none_stops_the_run(self, here: Path) -> None:
        bad = {
            "1.py": b"import nnsight\n\0\n",
            "2.py": b"import nnsight\n'\xe9'\n",
            "3.py": b"# coding: klingon\nimport nnsight\n",
            "4.py": b"import nnsight\nprint 'python 2'\n",
            "5.py": b"import nnsight\nx = " + b"-" * 9999 + b"1\n",
            "6.py": b"import nnsight\n" + b"#" * 10_000_000,
            "7.py": "import nnsight\n".encode("utf-16"),
        }
        for name, raw in bad.items():
            Path(name).write_bytes(raw)
        os.symlink("8.py", "8.py")
        put("9.py", "old")

        result = run("check", "--output-format=concise")

        assert result.exit_code == 2
        named = {line.partition(":")[0] for line in result.stderr.splitlines()}
        assert named == {*bad, "8.py"}
        assert result.stdout.startswith("9.py:2:1: NNS101")

    @pytest.mark.parametrize("raw", [b"x = (\n", b"x = '\0'\n", b"x = '\xff'\n"])
    def test_a_named_file_must_be_python_whatever_it_is_about(self, raw: bytes) -> None:
        Path("other.py").write_bytes(raw)

        named, found = run("check", "other.py"), run("check", ".")

        assert (named.exit_code, found.exit_code) == (2, 0)
        assert named.stderr.startswith("other.py:1:")

    def test_a_missing_path_is_2(self) -> None:
        result = run("check", "nowhere.py")

        assert result.exit_code == 2
        assert result.stderr == "nowhere.py:1:1: cannot read: No such file or directory\n"

    def test_json_stands_alone_on_standard_output(self) -> None:
        put("a.py", "old")
        put("b.py", "(")

        result = run("check", "--output-format", "json")

        assert [one["code"] for one in json.loads(result.stdout)] == ["NNS101"]
        assert "b.py:" in result.stderr
        assert result.exit_code == 2

    def test_no_findings_are_an_empty_json_list(self) -> None:
        assert run("check", "--output-format", "json").stdout == "[]\n"

    @pytest.mark.parametrize(
        ("arguments", "found"),
        [
            (("--select", "NNS1"), ["NNS101"]),
            (("--select", "NNS2,NNS101"), ["NNS101", "NNS201"]),
            (("--select", "NNS101", "--select", "NNS201"), ["NNS101", "NNS201"]),
            (("--ignore", "NNS1"), ["NNS201"]),
            (("--select", "ALL", "--ignore", "nns101,NNS201"), []),
        ],
    )
    def test_rules_can_be_selected(self, arguments: tuple[str, ...], found: list[str]) -> None:
        put("a.py", "old", "hard")

        result = run("check", "--output-format", "json", *arguments)

        assert [one["code"] for one in json.loads(result.stdout)] == found

    def test_comments_suppress(self) -> None:
        put("a.py", "old  # noqa: NNS101", "hard  # nnmigrate: ignore[NNS201]")

        assert run("check").exit_code == 0

    def test_standard_input_can_be_checked_under_a_name(self) -> None:
        result = run("check", "-", "--output-format", "concise", stdin=CODE.encode())
        assert result.stdout.startswith("-:2:1: NNS101")

        arguments = ("--stdin-filename", "x/y.py", "--output-format", "concise")
        assert run("check", "-", *arguments, stdin=CODE.encode()).stdout.startswith("x/y.py:2:1:")

    @pytest.mark.parametrize("raw", [b"\xff\xfe\0nnsight", b"nnsight = (", b"\x80nnsight\n"])
    def test_garbage_on_standard_input_is_2(self, raw: bytes) -> None:
        result = run("check", "-", stdin=raw)

        assert result.exit_code == 2
        assert result.stderr.startswith("-:1:")

    def test_names_that_are_not_utf_8_are_shown_escaped(self) -> None:
        put(os.fsdecode(b"\xff\x1b.py"), "old")

        assert run("check", "--output-format=concise").stdout.startswith(r"\udcff\x1b.py:2:1: ")

    def test_a_rule_that_fails_is_2_and_named(self, use_rules: Use, replacing: Any) -> None:
        broken = replacing("NNS103", "x")
        broken.check = lambda program: 1 / 0
        use_rules(broken, replacing("NNS101", "old"))
        put("a.py", "old")

        result = run("check", "--output-format=concise")

        assert result.exit_code == 2
        assert result.stdout.startswith("a.py:2:1: NNS101")
        assert "a.py:1:1: internal error in NNS103, please report it: raised " in result.stderr

    def test_a_failure_of_ours_is_2_and_the_rest_is_checked(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from nnmigrate import engine

        check = engine.check

        def fail(code: str, *rest: Any) -> Any:
            if "fatal" in code:
                raise AssertionError("no")
            return check(code, *rest)

        monkeypatch.setattr(engine, "check", fail)
        put("a.py", "fatal")
        put("b.py", "old")

        result = run("check", "--output-format=concise")

        assert result.exit_code == 2
        assert (
            "a.py:1:1: internal error, please report it: raised AssertionError: no (line "
            in result.stderr
        )
        assert result.stdout.startswith("b.py:2:1:")
