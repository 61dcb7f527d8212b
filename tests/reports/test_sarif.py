from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlparse

import jsonschema
import pytest

from nnmigrate.documents import DocumentProblem, Origin
from nnmigrate.findings import Applicability, Finding, Fix, Severity
from nnmigrate.reports import Report
from nnmigrate.reports.sarif import sarif
from nnmigrate.spans import Edit, Span, apply_edits

from .builders import BLOCK, BLOCK_CODE, CASES, CODE, NOTEBOOK, finding, replacement

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-2.1.0.json").read_text())
VALIDATOR = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def run_of(*reports: Report) -> dict[str, Any]:
    """The one run of the document, which is valid."""
    (text,) = sarif(reports)
    text.encode()
    log = json.loads(text)
    assert [error.message for error in VALIDATOR.iter_errors(log)] == []
    (run,) = log["runs"]
    return dict(run)


def result_of(report: Report) -> dict[str, Any]:
    (result,) = run_of(report)["results"]
    return dict(result)


def location_of(report: Report) -> dict[str, Any]:
    (location,) = result_of(report)["locations"]
    return dict(location["physicalLocation"])


def changed(text: str, run: dict[str, Any], result: dict[str, Any]) -> str:
    """What a reader of the document makes of a file when it carries out the fix."""
    assert run["columnKind"] == "unicodeCodePoints"
    ends = "|".join(map(re.escape, run["newlineSequences"]))
    starts = [0, *(end.end() for end in re.finditer(ends, text))]

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + column - 1

    (fix,) = result["fixes"]
    (change,) = fix["artifactChanges"]
    edits = []
    for one in change["replacements"]:
        region = one["deletedRegion"]
        start = offset(region["startLine"], region["startColumn"])
        end = offset(region["endLine"], region["endColumn"])
        edits.append(Edit(Span(start, end), one["insertedContent"]["text"]))
    return apply_edits(text, edits)


@pytest.mark.parametrize("report", CASES.values(), ids=CASES)
def test_it_is_valid(report: Report) -> None:
    run_of(report)
    run_of(*CASES.values())


def test_of_nothing_it_is_whole() -> None:
    run = run_of()

    assert run["results"] == []
    assert run["tool"]["driver"]["rules"] == []
    assert run["invocations"][0]["executionSuccessful"] is True


def test_a_result_names_its_rule_its_level_and_its_place() -> None:
    run = run_of(Report("d/a.py", CODE, (finding(),)))

    (result,) = run["results"]
    assert result["ruleId"] == "NNS101"
    assert result["level"] == "error"
    assert result["message"]["text"] == "`h` is stale. On 0.5: silently wrong"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "d/a.py", "uriBaseId": "SRCROOT"}
    assert place["region"] == {
        "startLine": 5,
        "startColumn": 9,
        "endLine": 5,
        "endColumn": 19,
        "snippet": {"text": "bad.output"},
    }


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        (Severity.SILENT, "error"),
        (Severity.ERROR, "error"),
        (Severity.WARNING, "warning"),
        (Severity.NOTE, "note"),
    ],
)
def test_levels(severity: Severity, level: str) -> None:
    run = run_of(Report("a.py", CODE, (finding(severity=severity),)))

    assert run["results"][0]["level"] == level
    assert run["tool"]["driver"]["rules"][0]["defaultConfiguration"]["level"] == level


class TestRules:
    def test_they_come_with_their_pages(self) -> None:
        (rule,) = run_of(Report("a.py", CODE, (finding(),)))["tool"]["driver"]["rules"]

        assert rule["id"] == "NNS101"
        assert rule["name"] == "UnsynchronizedReference"
        assert rule["properties"]["name"] == "unsynchronized-reference"
        assert rule["properties"]["tags"] == ["nnsight", "invokes"]
        assert rule["helpUri"].endswith("/rules/NNS101.html")
        assert rule["help"]["markdown"].startswith("# NNS101 unsynchronized-reference\n")
        assert "## Why is this bad?" in rule["help"]["markdown"]
        assert rule["help"]["text"]
        assert rule["shortDescription"]["text"].count("\n") == 0
        assert len(rule["fullDescription"]["text"]) > len("Finds")

    def test_each_stands_once_in_order_and_results_point_to_it(self) -> None:
        found = [finding(rule=rule) for rule in ("NNS501", "NNS101", "NNS501")]
        reports = Report("a.py", CODE, tuple(found)), Report("b.py", CODE, (finding(),))

        run = run_of(*reports)

        rules = run["tool"]["driver"]["rules"]
        assert [rule["id"] for rule in rules] == ["NNS101", "NNS501"]
        assert [one["ruleIndex"] for one in run["results"]] == [1, 0, 1, 0]

    def test_the_gravest_finding_gives_the_level(self) -> None:
        found = (finding(severity=Severity.NOTE), finding(severity=Severity.WARNING))

        (rule,) = run_of(Report("a.py", CODE, found))["tool"]["driver"]["rules"]

        assert rule["defaultConfiguration"]["level"] == "warning"

    def test_one_that_the_catalogue_has_not_is_named_all_the_same(self) -> None:
        (rule,) = run_of(Report("a.py", CODE, (finding(rule="NNS999"),)))["tool"]["driver"]["rules"]

        assert rule["id"] == "NNS999"
        assert "help" not in rule


class TestFixes:
    @pytest.mark.parametrize(
        "case", ["unicode", "crlf", "lone carriage returns", "no end of line", "controls"]
    )
    def test_a_reader_that_carries_them_out_does_what_fix_does(self, case: str) -> None:
        report = CASES[case]
        run = run_of(report)
        (found,) = report.findings
        assert found.fix is not None

        new = changed(report.code, run, run["results"][0])

        assert new == apply_edits(report.code, found.fix.edits)

    def test_they_say_how_far_they_may_be_trusted(self) -> None:
        for how in Applicability:
            fix = replacement(CODE, "bad", "good", how)

            (told,) = result_of(Report("a.py", CODE, (finding(fix=fix),)))["fixes"]

            assert told["properties"]["applicability"] == how.value
            assert told["description"]["text"].startswith(f"Write it anew ({how.value}")

    def test_insertions_delete_nothing(self) -> None:
        fix = Fix("Add", (Edit(Span(0, 0), "é\n"), Edit(Span(10, 11), "z")))
        run = run_of(Report("a.py", CODE, (finding(fix=fix),)))

        assert changed(CODE, run, run["results"][0]) == apply_edits(CODE, fix.edits)

    def test_in_an_indented_block_columns_are_those_of_the_file(self) -> None:
        text = "".join(f"{line}\n" for line in ("", "", "", "", "", "   ~~~", "   x = 1"))
        text += "   y = bad\n"
        run = run_of(BLOCK)

        assert changed(text, run, run["results"][0]) == text.replace("bad", "good")
        region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
        assert region == {"startLine": 8, "startColumn": 8, "endLine": 8, "endColumn": 11}

    def test_new_lines_in_an_indented_block_are_not_told(self) -> None:
        """What would have to stand before them, blanks or a prompt, is not known."""
        fix = replacement(BLOCK_CODE, "bad", "good\nmore")
        report = Report("a.md", BLOCK_CODE, (finding(BLOCK_CODE, "bad", fix),), BLOCK.origins)

        assert "fixes" not in result_of(report)

    def test_what_reaches_over_two_blocks_is_not_told(self) -> None:
        """What stands between them would go as well."""
        fix = replacement(BLOCK_CODE, "1\ny", "2; y")
        origins = (Origin(2, 2), Origin(9, 9))
        report = Report("a.md", BLOCK_CODE, (finding(BLOCK_CODE, "bad", fix),), origins)

        assert "fixes" not in result_of(report)


class TestNotebooks:
    def test_places_are_lines_of_the_json_and_the_message_names_the_cell(self) -> None:
        run = run_of(NOTEBOOK)

        first, second = run["results"]
        regions = [one["locations"][0]["physicalLocation"]["region"] for one in run["results"]]
        assert regions == [{"startLine": 11, "endLine": 11}, {"startLine": 30, "endLine": 30}]
        assert first["message"]["text"].startswith("cell 1, line 2: ")
        assert first["locations"][0]["logicalLocations"] == [{"name": "cell 1"}]
        assert second["message"]["text"].startswith("cell 3, line 1: ")

    def test_json_is_not_edited(self) -> None:
        assert not any("fixes" in one for one in run_of(NOTEBOOK)["results"])

    def test_a_place_that_ends_with_its_line_does_not_reach_the_next_cell(self) -> None:
        code = NOTEBOOK.code
        report = Report("a.ipynb", code, (finding(code, "y = bad\n"),), NOTEBOOK.origins)

        assert location_of(report)["region"] == {"startLine": 11, "endLine": 11}


class TestAddresses:
    def test_relative_ones_lead_from_the_root_to_the_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        for name in ("a.py", "d/é #?%41.py", "a:b.py", str(tmp_path / "x" / "a.py")):
            run = run_of(Report(name, CODE, (finding(),)))

            place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
            base = run["originalUriBaseIds"]["SRCROOT"]["uri"]
            assert not urlparse(place["uri"]).scheme
            assert base.endswith("/")
            whole = urlparse(urljoin(base, place["uri"]))
            assert Path(unquote(whole.path)) == tmp_path / name
            assert (whole.query, whole.fragment) == ("", "")

    @pytest.mark.parametrize("name", ["../a.py", "../../x/a.py", "d/../../a.py"])
    def test_what_lies_outside_is_absolute(
        self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here = tmp_path / "one" / "two"
        here.mkdir(parents=True)
        monkeypatch.chdir(here)

        place = location_of(Report(name, CODE, (finding(),)))["artifactLocation"]

        assert "uriBaseId" not in place
        assert ".." not in place["uri"]
        assert Path(unquote(urlparse(place["uri"]).path)) == (here / name).resolve()

    def test_a_directory_that_begins_with_dots_is_inside(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        place = location_of(Report("..data/a.py", CODE, (finding(),)))["artifactLocation"]

        assert place == {"uri": "..data/a.py", "uriBaseId": "SRCROOT"}

    def test_bytes_of_a_name_are_kept(self) -> None:
        place = location_of(CASES["bytes in the name"])["artifactLocation"]

        assert place["uri"] == "%FF.py"

    @pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
    def test_the_root_is_the_checkout(
        self, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "sub").mkdir()
        monkeypatch.chdir(tmp_path / "sub")
        monkeypatch.setenv(variable, str(tmp_path))
        run = run_of(Report("a.py", CODE, (finding(),)))

        place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
        assert place["uri"] == "sub/a.py"
        assert run["originalUriBaseIds"]["SRCROOT"]["uri"] == f"{tmp_path.as_uri()}/"


class TestFingerprints:
    def of(self, code: str, found: Iterable[Finding], path: str = "a.py") -> list[str]:
        results = run_of(Report(path, code, tuple(found)))["results"]
        return [one["partialFingerprints"]["nnmigrateFinding/v1"] for one in results]

    def test_they_stay_when_lines_move_and_are_indented(self) -> None:
        moved = "# new\n\nif True:\n" + CODE.replace("    h = bad", "        h = bad")

        assert self.of(moved, [finding(moved)]) == self.of(CODE, [finding()])

    def test_equal_findings_have_their_own(self) -> None:
        code = "f(bad)\nf(bad)\n"
        first, second = finding(code, "bad"), finding(code, "bad")
        second = Finding(**{**vars(second), "span": Span(9, 12)})

        one, other = self.of(code, [first, second])

        assert one != other
        assert self.of("\n" + code[:7], [finding("\n" + code, "bad")]) == [one]

    def test_rule_file_and_code_tell_them_apart(self) -> None:
        other = CODE.replace("bad", "worse")
        found = {
            *self.of(CODE, [finding(), finding(rule="NNS102")]),
            *self.of(CODE, [finding()], "b.py"),
            *self.of(other, [finding(other, "worse.output")]),
        }

        assert len(found) == 4


def test_what_could_not_be_read_is_a_notification() -> None:
    problem = DocumentProblem("d/a.py", "cannot parse: no", 3, 4)

    run = run_of(Report("d/a.py", "", (), (), (problem,)), Report("b.py", CODE, (finding(),)))

    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (told,) = invocation["toolExecutionNotifications"]
    assert told["level"] == "error"
    assert told["message"]["text"] == "cannot parse: no"
    assert told["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "d/a.py", "uriBaseId": "SRCROOT"},
        "region": {"startLine": 3, "startColumn": 4},
    }
    assert len(run["results"]) == 1


def test_what_was_passed_over_is_a_notification_that_spoils_nothing() -> None:
    (invocation,) = run_of(CASES["a note"])["invocations"]

    assert invocation["executionSuccessful"] is True
    assert invocation["toolExecutionNotifications"][0]["level"] == "note"


def test_code_in_a_message_is_no_link() -> None:
    one = finding(message="`rows[0](x)` is [not](y) a link[1]")

    text = result_of(Report("a.py", CODE, (one,)))["message"]["text"]

    assert text.startswith(r"`rows\[0\](x)` is \[not\](y) a link[1].")
