from __future__ import annotations

import click

from nnmigrate.findings import Applicability, Severity
from nnmigrate.reports.statistics import statistics, statistics_lines, statistics_objects

from .builders import CODE, finding, replacement

SAFE = replacement(CODE, "bad", "good")
UNSAFE = replacement(CODE, "bad", "good", Applicability.UNSAFE)
FOUND = [
    finding(rule="NNS501", severity=Severity.WARNING),
    *[finding(fix=SAFE) for _ in range(9)],
    finding(severity=Severity.NOTE),
    finding(rule="NNS201", severity=Severity.ERROR, fix=UNSAFE),
]


def test_rules_stand_by_count_and_then_by_code() -> None:
    assert list(statistics_lines(statistics(FOUND))) == [
        "10  NNS101  unsynchronized-reference  [9 safe fix, 1 -]  9 silent, 1 note",
        " 1  NNS201  unsynchronized-reference  [unsafe]           error",
        " 1  NNS501  unsynchronized-reference  [-]                warning",
    ]


def test_objects_say_the_same() -> None:
    assert statistics_objects(statistics(FOUND))[0] == {
        "code": "NNS101",
        "name": "unsynchronized-reference",
        "count": 10,
        "severities": {"silent": 9, "note": 1},
        "fixes": {"safe": 9, "none": 1},
    }


def test_nothing_is_nothing() -> None:
    assert list(statistics_lines(statistics([]))) == []
    assert statistics_objects(statistics([])) == []


def test_the_order_of_the_findings_does_not_matter() -> None:
    assert statistics(reversed(FOUND)) == statistics(FOUND)


def test_colour_only_adds_colour() -> None:
    colored = list(statistics_lines(statistics(FOUND), color=True))

    assert colored[0] != click.unstyle(colored[0])
    assert [*map(click.unstyle, colored)] == list(statistics_lines(statistics(FOUND)))
