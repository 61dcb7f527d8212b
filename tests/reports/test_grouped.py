from __future__ import annotations

import click
import pytest

from nnmigrate.findings import Applicability, Finding, Severity
from nnmigrate.reports import Report
from nnmigrate.reports.grouped import grouped
from nnmigrate.spans import Span

from .builders import BLOCK, CASES, CODE, NOTEBOOK, finding, replacement

LONG = "x\n" * 99 + CODE


def test_files_have_headlines_and_places_stand_under_one_another() -> None:
    unsafe = replacement(LONG, "use", "u", Applicability.UNSAFE)
    found = (
        finding(LONG, "import a", severity=Severity.ERROR, rule="NNS501"),
        finding(LONG, fix=replacement(LONG, "bad", "good")),
        finding(LONG, "use(h)", unsafe, Severity.NOTE),
    )

    assert list(grouped([Report("d/a.py", LONG, found), Report("b.py", CODE, (finding(),))])) == [
        "d/a.py: 3 findings (1 silent, 1 error, 1 note)",
        "  100:1  NNS501 [error]   `h` is stale",
        "  104:9  NNS101 [silent]  `h` is stale [safe fix]",
        "  105:5  NNS101 [note]    `h` is stale [unsafe fix]",
        "",
        "b.py: 1 finding (1 silent)",
        "  5:9  NNS101 [silent]  `h` is stale",
        "",
    ]


def test_rows_and_columns_are_aligned_by_their_colon() -> None:
    found = (finding(LONG, "x"), finding(LONG, "bad"), finding(LONG, ".output"))

    _, *rows, _ = grouped([Report("a.py", LONG, found)])

    assert rows == [
        "    1:1   NNS101 [silent]  `h` is stale",
        "  104:9   NNS101 [silent]  `h` is stale",
        "  104:12  NNS101 [silent]  `h` is stale",
    ]


def test_cells_are_named() -> None:
    assert list(grouped([NOTEBOOK]))[1:3] == [
        "  cell 1:2:5  NNS101 [silent]  `h` is stale [safe fix]",
        "  cell 3:1:5  NNS101 [note]    `h` is stale",
    ]


def test_places_of_a_text_are_those_of_the_file() -> None:
    assert list(grouped([BLOCK]))[1].startswith("  8:8  ")


def test_files_without_findings_are_not_named() -> None:
    assert list(grouped([CASES["nothing"], CASES["unreadable"]])) == []


@pytest.mark.parametrize("report", CASES.values(), ids=CASES)
def test_each_finding_is_one_line_that_does_nothing_to_the_terminal(report: Report) -> None:
    lines = list(grouped([report]))

    assert len(lines) == (len(report.findings) + 2 if report.findings else 0)
    assert all(line.splitlines() in ([line], []) and "\x1b" not in line for line in lines)


def test_colour_only_adds_colour() -> None:
    one = Report("a.py", CODE, (finding(fix=replacement(CODE, "bad", "good")),))
    colored = list(grouped([one], color=True))

    assert any("\x1b[" in line for line in colored)
    assert [click.unstyle(line) for line in colored] == list(grouped([one]))


def test_a_place_in_an_empty_document() -> None:
    one = Finding("NNS101", "n", Severity.NOTE, Span(0, 0), "m", "")

    assert list(grouped([Report("a.py", "", (one,))]))[1] == "  1:1  NNS101 [note]    m"
