from __future__ import annotations

import json
from pathlib import Path

import pytest

from nnmigrate.findings import Applicability, Finding, Fix, Severity
from nnmigrate.links import docs_url
from nnmigrate.reports import Report
from nnmigrate.reports.concise import concise
from nnmigrate.reports.full import full
from nnmigrate.reports.json_report import json_report
from nnmigrate.reports.summary import summary
from nnmigrate.spans import Edit, Span

CODE = "import a\n\nx = 1\nwith m.trace(p):\n    h = bad.output\n    use(h)\n\ny = 2\n"


def finding(
    code: str = CODE,
    place: str = "bad.output",
    fix: Fix | None = None,
    severity: Severity = Severity.SILENT,
) -> Finding:
    span = Span(code.index(place), code.index(place) + len(place))
    return Finding("NNS101", "a-name", severity, span, "`h` is stale", "silently wrong", fix)


def report(*findings: Finding, code: str = CODE, path: str = "a.py") -> Report:
    return Report(path, code, findings)


def fix(applicability: Applicability = Applicability.SAFE) -> Fix:
    edits = (Edit(Span(0, 0), "é\n"), Edit(Span(10, 11), "z"))
    return Fix("Add a barrier", edits, applicability)


class TestFull:
    def test_it_shows_place_lines_consequence_and_fix(self) -> None:
        lines = list(full([report(finding(fix=fix()))]))

        assert lines == [
            "NNS101 a-name [silent] `h` is stale",
            " --> a.py:5:9",
            "  |",
            "3 | x = 1",
            "4 | with m.trace(p):",
            "5 |     h = bad.output",
            "  |         ^^^^^^^^^^",
            "6 |     use(h)",
            "  |",
            "  = on 0.5: silently wrong",
            "  = fix (safe): Add a barrier",
            "",
        ]

    @pytest.mark.parametrize(
        ("change", "remedy"),
        [
            (None, "no fix: this needs a person's decision"),
            (
                fix(Applicability.UNSAFE),
                "fix (unsafe, needs --unsafe-fixes): Add a barrier",
            ),
        ],
    )
    def test_it_says_how_far_the_fix_may_be_trusted(self, change: Fix | None, remedy: str) -> None:
        assert f"  = {remedy}" in list(full([report(finding(fix=change))]))

    def test_of_a_place_over_several_lines_the_first_is_underlined(self) -> None:
        place = "trace(p):\n    h = bad.output"

        lines = list(full([report(finding(place=place))]))

        assert lines[lines.index("4 | with m.trace(p):") + 1] == "  |        ^^^^^^^^^ ..."

    @pytest.mark.parametrize(
        ("code", "shown", "underlined"),
        [
            ("\tx = bad\n", "1 |     x = bad", "  |         ^^^"),
            ("日本 = bad\n", "1 | 日本 = bad", "  |        ^^^"),
            ("'\x1b' + bad\n", r"1 | '\x1b' + bad", "  |          ^^^"),
            ("\x0cbad\r\n", r"1 | \x0cbad", "  |     ^^^"),
            ("x\rbad\r", "2 | bad", "  | ^^^"),
        ],
    )
    def test_the_underline_stands_under_what_the_terminal_shows(
        self, code: str, shown: str, underlined: str
    ) -> None:
        lines = list(full([report(finding(code, "bad"), code=code)]))

        assert lines[lines.index(shown) + 1] == underlined

    def test_a_place_between_two_characters_is_shown(self) -> None:
        lines = list(full([report(finding("ab\n", ""), code="ab\n")]))

        assert lines[4] == "  | ^"

    def test_a_place_at_the_end_of_an_empty_document_is_shown(self) -> None:
        assert " --> a.py:1:1" in list(full([report(finding("", ""), code="")]))

    def test_of_a_very_long_line_the_part_around_the_place_is_shown(self) -> None:
        code = "x = " + "1, " * 5000 + "bad, " + "2, " * 5000 + "\n"

        lines = list(full([report(finding(code, "bad"), code=code)]))

        assert max(map(len, lines)) < 200
        shown = lines[3]
        assert shown.startswith("1 | ...")
        assert shown.endswith("...")
        assert lines[4].index("^^^") == shown.index("bad")

    def test_line_numbers_are_aligned(self) -> None:
        code = "a\n" * 8 + "bad\n" + "b\n" * 3

        lines = list(full([report(finding(code, "bad"), code=code)]))

        assert lines[1:3] == ["  --> a.py:9:1", "   |"]
        assert lines[3] == " 7 | a"
        assert lines[7] == "10 | b"

    def test_names_and_messages_cannot_act_on_the_terminal(self) -> None:
        one = Finding("NNS101", "n", Severity.NOTE, Span(0, 1), "\x1b]0;x\x07", "\x1b")

        assert not any("\x1b" in line for line in full([report(one, path="\x1b.py")]))

    def test_colour_only_adds_colour_and_links(self) -> None:
        import click

        one = report(finding(fix=fix()))
        colored = list(full([one], color=True))

        assert any("\x1b[" in line for line in colored)
        link = f"\x1b]8;;{docs_url('NNS101')}\x1b\\"
        assert colored[0].startswith(link)
        plain = [line.replace(link, "").replace("\x1b]8;;\x1b\\", "") for line in colored]
        assert [click.unstyle(line) for line in plain] == list(full([one]))


class TestConcise:
    def test_one_line_for_each_finding(self) -> None:
        one = report(finding(), finding(place="x", severity=Severity.ERROR))

        assert list(concise([one])) == [
            "a.py:5:9: NNS101 [silent] `h` is stale",
            "a.py:3:1: NNS101 [error] `h` is stale",
        ]

    def test_it_stays_one_line_whatever_the_message(self) -> None:
        one = Finding("NNS101", "n", Severity.NOTE, Span(0, 1), "a\nb", "")

        assert list(concise([report(one, path="a\n.py")])) == [
            r"a\n.py:1:1: NNS101 [note] a\nb",
        ]


class TestJson:
    def test_it_has_the_shape_of_ruff_and_two_keys_more(self) -> None:
        (text,) = json_report([report(finding(fix=fix()))])

        assert json.loads(text) == [
            {
                "cell": None,
                "code": "NNS101",
                "end_location": {"column": 19, "row": 5},
                "filename": str(Path.cwd() / "a.py"),
                "fix": {
                    "applicability": "safe",
                    "edits": [
                        {
                            "content": "é\n",
                            "end_location": {"column": 1, "row": 1},
                            "location": {"column": 1, "row": 1},
                        },
                        {
                            "content": "z",
                            "end_location": {"column": 2, "row": 3},
                            "location": {"column": 1, "row": 3},
                        },
                    ],
                    "message": "Add a barrier",
                },
                "location": {"column": 9, "row": 5},
                "message": "`h` is stale",
                "name": "a-name",
                "severity": "silent",
                "url": docs_url("NNS101"),
            }
        ]

    def test_no_fix_is_null_and_standard_input_is_a_dash(self) -> None:
        (text,) = json_report([report(finding(), path="-")])

        (one,) = json.loads(text)
        assert (one["fix"], one["filename"]) == (None, "-")

    def test_nothing_is_an_empty_list(self) -> None:
        assert list(json_report([report()])) == ["[]"]

    def test_it_is_never_coloured(self) -> None:
        one = [report(finding())]

        assert list(json_report(one, color=True)) == list(json_report(one))


class TestSummary:
    def test_it_counts_kinds_files_and_fixes(self) -> None:
        reports = [
            report(
                finding(fix=fix()),
                finding(fix=fix(Applicability.UNSAFE)),
                finding(severity=Severity.ERROR),
            ),
            report(path="b.py"),
            report(finding(severity=Severity.NOTE), path="c.py"),
        ]

        assert summary(reports) == (
            "Found 4 findings (2 silent, 1 error, 1 note) in 2 files; "
            "1 fixable with `nnmigrate fix`, 1 more with --unsafe-fixes"
        )

    @pytest.mark.parametrize(
        ("change", "end"),
        [
            (None, ""),
            (fix(), "; 1 fixable with `nnmigrate fix`"),
            (
                fix(Applicability.UNSAFE),
                "; 1 fixable with `nnmigrate fix --unsafe-fixes`",
            ),
        ],
    )
    def test_one_is_singular(self, change: Fix | None, end: str) -> None:
        one = report(finding(fix=change))

        assert summary([one], "Left") == f"Left 1 finding (1 silent) in 1 file{end}"
