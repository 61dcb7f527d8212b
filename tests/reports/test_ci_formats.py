"""What CI systems read: GitHub's commands, GitLab's list, JUnit's XML."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema

from nnmigrate.documents import DocumentProblem
from nnmigrate.findings import Finding, Severity
from nnmigrate.reports import Report
from nnmigrate.reports.github import github
from nnmigrate.reports.gitlab import gitlab
from nnmigrate.reports.junit import junit

from .builders import CASES, CODE, NASTY, NOTEBOOK, finding

each_case = pytest.mark.parametrize("report", CASES.values(), ids=CASES)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = tmp_path / "project"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def commands(*reports: Report) -> list[tuple[str, dict[str, str], str]]:
    """What GitHub's runner makes of the lines: command, properties, message."""
    read = []
    for line in github(reports):
        assert line.splitlines() == [line]
        match = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
        assert match is not None
        pairs = (one.split("=", 1) for one in match[2].split(","))
        properties = {name: _decoded(value, "%\r\n:,") for name, value in pairs}
        read.append((match[1], properties, _decoded(match[3], "%\r\n")))
    return read


def _decoded(text: str, characters: str) -> str:
    for character in characters[1:]:
        text = text.replace(f"%{ord(character):02X}", character)
    return text.replace("%25", "%")


class TestGithub:
    def test_a_command(self) -> None:
        assert list(github([Report("d/a.py", CODE, (finding(),))])) == [
            "::error file=d/a.py,line=5,endLine=5,col=9,endColumn=19,"
            "title=NNS101 unsynchronized-reference::"
            "d/a.py:5:9: `h` is stale. On 0.5: silently wrong"
        ]

    @each_case
    def test_each_finding_and_problem_is_one_command(self, report: Report) -> None:
        expected = len(report.findings) + len(report.problems) + len(report.notes)

        assert len(commands(report)) == expected

    @pytest.mark.parametrize(
        ("severity", "command"),
        [
            (Severity.SILENT, "error"),
            (Severity.ERROR, "error"),
            (Severity.WARNING, "warning"),
            (Severity.NOTE, "notice"),
        ],
    )
    def test_severities(self, severity: Severity, command: str) -> None:
        ((found, _, _),) = commands(Report("a.py", CODE, (finding(severity=severity),)))

        assert found == command

    @pytest.mark.parametrize("name", ["a:b,c=d;e%20.py", "a\nb\r.py", "a%0A.py", "é 日.py"])
    def test_the_name_of_the_file_comes_through(self, name: str) -> None:
        ((_, properties, _),) = commands(Report(name, CODE, (finding(),)))

        assert properties["file"] == name

    def test_a_message_comes_through_in_one_line(self) -> None:
        ((_, properties, words),) = commands(
            Report("a.py", CODE, (finding(message="100%: a,b\n::error::x%0A"),))
        )

        assert r": 100%: a,b\n::error::x%0A. On 0.5: silently wrong" in words
        assert properties["title"] == "NNS101 unsynchronized-reference"

    def test_nothing_acts_on_the_log(self) -> None:
        assert not any("\x1b" in line or "\u202e" in line for line in github([CASES["controls"]]))

    def test_over_several_lines_there_are_no_columns(self) -> None:
        ((_, properties, _),) = commands(CASES["several lines"])

        assert (properties["line"], properties["endLine"]) == ("4", "5")
        assert "col" not in properties

    def test_in_a_notebook_lines_are_those_of_the_json(self) -> None:
        first, second = commands(NOTEBOOK)

        assert (first[1]["line"], second[1]["line"]) == ("11", "30")
        assert "col" not in first[1]
        assert first[2].startswith("a.ipynb:cell 1:2:5: cell 1, line 2: `h` is stale")

    def test_files_are_named_from_the_checkout(
        self, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GITHUB_WORKSPACE", str(here.parent))
        ((_, properties, _),) = commands(Report("a.py", CODE, (finding(),)))

        assert properties["file"] == "project/a.py"

    def test_standard_input_is_no_file(self) -> None:
        assert all("file" not in one for _, one, _ in commands(CASES["standard input"]))

    def test_a_problem(self) -> None:
        assert list(github([CASES["unreadable"]])) == [
            "::error file=a.py,line=3,col=4,title=nnmigrate::a.py:3:4: cannot read: no"
        ]
        assert commands(CASES["a note"])[0][0] == "notice"


# https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
GITLAB_SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {
                            "begin": {"type": "integer", "minimum": 1},
                            "end": {"type": "integer", "minimum": 1},
                        },
                    },
                },
            },
        },
    },
}


def issues(*reports: Report) -> list[dict[str, Any]]:
    """The list, which is as GitLab wants it."""
    (text,) = gitlab(reports)
    found = json.loads(text)
    json.dumps(found, ensure_ascii=False).encode()  # halves of surrogate pairs would not pass
    jsonschema.validate(found, GITLAB_SCHEMA)
    assert len({one["fingerprint"] for one in found}) == len(found)
    return list(found)


class TestGitlab:
    @each_case
    def test_it_is_valid(self, report: Report) -> None:
        expected = len(report.findings) + len(report.problems) + len(report.notes)

        assert len(issues(report)) == expected

    def test_all_at_once_have_fingerprints_of_their_own(self) -> None:
        twice = Report("twice.py", CODE, (finding(), finding()))
        problem = DocumentProblem("b.py", "internal error")
        both = Report("b.py", "", (), (), (problem, problem))

        issues(twice, both)

    def test_nothing_is_an_empty_list(self) -> None:
        assert issues(CASES["nothing"]) == []

    def test_an_issue(self) -> None:
        (issue,) = issues(Report("d/a.py", CODE, (finding(),)))

        assert issue["description"] == (
            "NNS101 unsynchronized-reference: `h` is stale. On 0.5: silently wrong"
        )
        assert issue["check_name"] == "NNS101"
        assert issue["location"] == {"path": "d/a.py", "lines": {"begin": 5, "end": 5}}

    def test_severities_stay_in_order(self) -> None:
        found = [
            issues(Report("a.py", CODE, (finding(severity=one),)))[0]["severity"]
            for one in Severity
        ]

        assert found == ["blocker", "critical", "minor", "info"]

    def test_a_fingerprint_stays_when_lines_move(self) -> None:
        moved = f"\n\n{CODE}"
        (before,) = issues(Report("a.py", CODE, (finding(),)))
        (after,) = issues(Report("a.py", moved, (finding(moved),)))

        assert before["fingerprint"] == after["fingerprint"]
        assert before["location"] != after["location"]

    def test_in_a_notebook_lines_are_those_of_the_json(self) -> None:
        first, second = issues(NOTEBOOK)

        assert first["location"]["lines"] == {"begin": 11, "end": 11}
        assert "cell 3, line 1: " in second["description"]

    def test_paths_start_from_the_checkout(
        self, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CI_PROJECT_DIR", str(here.parent))

        assert issues(Report("a.py", CODE, (finding(),)))[0]["location"]["path"] == "project/a.py"


XSD = xmlschema.XMLSchema10(Path(__file__).parent / "data" / "junit-10.xsd")


def suites(*reports: Report) -> list[ElementTree.Element]:
    """The suites of the document, which is valid and counts as it should."""
    text = "\n".join(junit(reports))
    raw = text.encode()
    XSD.validate(text.partition("\n")[2])
    top = ElementTree.fromstring(raw)
    tags = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    for suite in top:
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase")) > 0
        for name, tag in tags.items():
            assert int(suite.attrib[name]) == len(suite.findall(f"testcase/{tag}"))
    for name in ("tests", "failures", "errors"):
        assert int(top.attrib[name]) == sum(int(suite.attrib[name]) for suite in top)
    return list(top)


class TestJunit:
    @each_case
    def test_it_is_valid(self, report: Report) -> None:
        (suite,) = suites(report)

        wanting = [one for one in report.findings if one.severity is not Severity.NOTE]
        assert int(suite.attrib["failures"]) == len(wanting)
        assert int(suite.attrib["errors"]) == len(report.problems)

    def test_all_at_once_and_nothing(self) -> None:
        assert len(suites(*CASES.values())) == len(CASES)
        assert suites() == []

    def test_a_failure(self) -> None:
        (suite,) = suites(Report("d/a.b.py", CODE, (finding(severity=Severity.ERROR),)))

        (case,) = suite
        assert suite.attrib["name"] == "d/a.b.py"
        assert case.attrib == {
            "name": "NNS101 unsynchronized-reference (line 5, column 9)",
            "classname": "d/a.b",
        }
        (failure,) = case
        assert failure.attrib == {"type": "error", "message": "`h` is stale"}
        assert failure.text == "d/a.b.py:5:9: `h` is stale. On 0.5: silently wrong"

    def test_a_file_without_findings_passes(self) -> None:
        (suite,) = suites(CASES["nothing"])

        (case,) = suite
        assert list(case) == []

    def test_a_note_does_not_fail(self) -> None:
        (suite,) = suites(Report("a.py", CODE, (finding(severity=Severity.NOTE),)))

        assert suite.attrib["failures"] == "0"
        assert suite.attrib["skipped"] == "1"

    def test_what_could_not_be_read_is_an_error(self) -> None:
        (suite,) = suites(CASES["unreadable"])

        assert suite.attrib["errors"] == "1"
        (error,) = suite.iter("error")
        assert error.attrib["message"] == "cannot read: no"

    def test_text_is_escaped_and_what_xml_has_not_is_written_out(self) -> None:
        one = Finding("NNS101", "n", Severity.ERROR, finding().span, NASTY, "")
        (suite,) = suites(Report("<a>&\"'\x00.py", CODE, (one,)))

        assert suite.attrib["name"] == "<a>&\"'\\x00.py"
        (failure,) = suite.iter("failure")
        assert failure.attrib["message"].startswith("\\x1b]0;x\\x07\r\n::error::%0A,x ]]> <b>")

    def test_a_notebooks_case_names_the_cell(self) -> None:
        (suite,) = suites(NOTEBOOK)

        assert [case.attrib["name"] for case in suite] == [
            "NNS101 unsynchronized-reference (cell 1, line 2, column 5)",
            "NNS101 unsynchronized-reference (cell 3, line 1, column 5)",
        ]


def test_paths_have_slashes_on_every_system(monkeypatch: pytest.MonkeyPatch) -> None:
    path = os.path.join("d", "a.py")
    report = Report(path, CODE, (finding(),))

    assert issues(report)[0]["location"]["path"] == "d/a.py"
    assert commands(report)[0][1]["file"] == "d/a.py"
    assert suites(report)[0].attrib["name"] == "d/a.py"
