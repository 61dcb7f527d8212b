"""`--output-format`, `--output-file` and `--statistics`."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from nnmigrate.reports import DOCUMENTS, FORMATS

from .runner import put, run

pytestmark = pytest.mark.usefixtures("rules")


def lines_of_statistics(*arguments: str) -> list[list[str]]:
    return [line.split("  ") for line in run(*arguments, "--statistics").stdout.splitlines()]


@pytest.mark.parametrize("style", FORMATS)
def test_every_format_takes_findings_and_what_cannot_be_read(style: str) -> None:
    put("a.py", "old", "risky", "hard", "mild")
    put("b.py", "(")
    put("c.py", "fine")

    result = run("check", "--output-format", style)

    assert result.exit_code == 2
    assert "NNS101" in result.stdout
    assert result.stderr.startswith("b.py:2:")
    assert ("Found 4 findings" in result.stdout) is (style not in DOCUMENTS)


@pytest.mark.parametrize("style", FORMATS)
def test_every_format_takes_nothing(style: str) -> None:
    result = run("check", "--output-format", style)

    assert result.exit_code == 0
    assert result.stderr == ""


def test_documents_stand_alone() -> None:
    put("a.py", "old")
    json.loads(run("check", "--output-format", "sarif").stdout)
    json.loads(run("check", "--output-format", "gitlab").stdout)
    ElementTree.fromstring(run("check", "--output-format", "junit").stdout)
    fixed = run("fix", "--output-format", "sarif")
    json.loads(fixed.stdout)
    assert "a.py: fixed 1 finding" in fixed.stderr


def test_what_cannot_be_read_is_in_the_document() -> None:
    put("b.py", "(")

    (report,) = json.loads(run("check", "--output-format", "sarif").stdout)["runs"]

    assert report["invocations"][0]["executionSuccessful"] is False
    assert "::error file=b.py,line=2," in run("check", "--output-format", "github").stdout


@pytest.mark.parametrize("style", sorted(DOCUMENTS))
def test_a_diff_and_a_document_cannot_both_have_standard_output(style: str) -> None:
    result = run("fix", "--diff", "--output-format", style)

    assert result.exit_code == 2
    assert f"--diff and --output-format {style}" in result.stderr


def test_nothing_heavy_is_imported_to_report_nothing() -> None:
    put("a.py", "fine").write_text("x = 1\n")
    program = (
        "import sys\nfrom nnmigrate.cli import cli\n"
        "cli.main(['check', '--output-format', 'sarif', '.'], standalone_mode=False)\n"
        "sys.exit('libcst' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


class TestOutputFile:
    @pytest.mark.parametrize("style", FORMATS)
    def test_the_findings_go_there_and_the_terminal_is_told_how_many(self, style: str) -> None:
        put("a.py", "old # é")
        expected = run("check", "--output-format", style).stdout
        summary = "Found 1 finding (1 error) in 1 file; 1 fixable with `nnmigrate fix`\n"

        result = run("check", "--output-format", style, "--output-file", "out.txt")

        assert result.exit_code == 1
        assert result.stdout == summary
        assert Path("out.txt").read_text("utf-8") == expected.replace(summary, "")

    def test_what_was_there_is_replaced_whole(self) -> None:
        put("a.py", "old")
        Path("out.txt").write_text("x" * 10_000)
        os.chmod("out.txt", 0o640)

        run("check", "--output-format", "concise", "--output-file", "out.txt")

        assert Path("out.txt").read_text().startswith("a.py:2:1: NNS101")
        assert stat.S_IMODE(os.stat("out.txt").st_mode) == 0o640
        assert sorted(os.listdir()) == ["a.py", "out.txt"]

    @pytest.mark.parametrize("name", ["no/folder/out.txt", "a.py/out.txt"])
    def test_a_file_that_cannot_be_written_is_2(self, name: str) -> None:
        put("a.py", "old")

        result = run("check", "--output-file", name)

        assert result.exit_code == 2
        assert name in result.stderr
        assert "cannot write" in result.stderr

    def test_a_directory_is_refused(self) -> None:
        Path("d").mkdir()

        assert run("check", "--output-file", "d").exit_code == 2

    def test_a_device_stays_one(self) -> None:
        put("a.py", "old")

        assert run("check", "--output-file", os.devnull).exit_code == 1
        assert not Path(os.devnull).is_file()

    def test_statistics_go_there_too(self) -> None:
        put("a.py", "old")

        run("check", "--statistics", "--output-file", "out.txt")

        assert Path("out.txt").read_text() == "1  NNS101  made-up-101  [safe fix]  error\n"


class TestStatistics:
    def test_they_take_the_place_of_the_findings(self) -> None:
        put("a.py", "hard", "risky", "old", "old")
        put("b.py", "old", "mild")

        result = run("check", "--statistics")

        assert result.exit_code == 1
        assert result.stdout.splitlines() == [
            "3  NNS101  made-up-101  [safe fix]  error",
            "1  NNS102  made-up-102  [unsafe]    silent",
            "1  NNS201  made-up-201  [-]         error",
            "1  NNS202  made-up-202  [-]         note",
            "Found 6 findings (1 silent, 4 error, 1 note) in 2 files; "
            "3 fixable with `nnmigrate fix`, 1 more with --unsafe-fixes",
        ]

    def test_fix_counts_what_was_fixed_and_what_is_left(self) -> None:
        put("a.py", "hard", "old", "old")

        result = run("fix", "--statistics")

        assert result.exit_code == 1
        assert result.stdout.splitlines() == [
            "Fixed:",
            "2  NNS101  made-up-101  [safe fix]  error",
            "Left:",
            "1  NNS201  made-up-201  [-]  error",
            "Left 1 finding (1 error) in 1 file",
        ]
        assert "new\nnew" in Path("a.py").read_text()

    def test_as_json(self) -> None:
        put("a.py", "hard", "old", "old")
        one = {"code": "NNS101", "name": "made-up-101", "count": 2}
        other = {"code": "NNS201", "name": "made-up-201", "count": 1}

        checked = run("check", "--statistics", "--output-format", "json")
        fixed = run("fix", "--statistics", "--output-format", "json")

        first, second = json.loads(checked.stdout)
        assert first == {**one, "severities": {"error": 2}, "fixes": {"safe": 2}}
        assert second == {**other, "severities": {"error": 1}, "fixes": {"none": 1}}
        assert json.loads(fixed.stdout) == {"fixed": [first], "left": [second]}

    @pytest.mark.parametrize("style", ["sarif", "github", "gitlab", "junit"])
    def test_other_formats_have_no_place_for_them(self, style: str) -> None:
        before = put("a.py", "old").read_text()

        for command in ("check", "fix"):
            result = run(command, "--statistics", "--output-format", style)

            assert result.exit_code == 2
            assert "--statistics" in result.stderr
        assert Path("a.py").read_text() == before
