"""What is demanded of every rule, from its page: the examples in it are run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from nnmigrate.catalogue import Entry, entries
from nnmigrate.engine import Fixed, check, fix
from nnmigrate.findings import Finding, RuleModule
from nnmigrate.outcomes import Settings
from nnmigrate.rules import codes, rules
from nnmigrate.run import examine

HEADINGS = (
    "What it does",
    "Why is this bad?",
    "Example",
    "Left alone",
    "Fix safety",
    "References",
)


def _own(page: Entry, findings: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in findings if finding.code == page.rule.code]


def _fixed(page: Entry, example: str) -> Fixed:
    """The example after the safe fixes of all rules, or after all fixes if it needs them."""
    safe = fix(example, page.options)
    return fix(example, page.options, unsafe=True) if _own(page, safe.remaining) else safe


def _named(cases: list[tuple[Entry, str]]) -> Iterator[str]:
    return (f"{page.rule.code}-{number}" for number, (page, *_) in enumerate(cases))


PAGES = entries()
EXAMPLES = [(page, example.before) for page in PAGES for example in page.examples]
FIXABLE = [
    (page, example.before, example.after)
    for page in PAGES
    for example in page.examples
    if example.after is not None
]
CELLS = [(page, cell.before, cell.after or "") for page in PAGES for cell in page.cells]
LEFT_ALONE = [(page, code) for page in PAGES for code in page.left_alone]

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.rule.code)


def test_codes_and_names_are_unique() -> None:
    assert len({page.rule.code for page in PAGES}) == len(PAGES)
    assert len({page.rule.name for page in PAGES}) == len(PAGES)


def test_the_codes_of_the_files_are_those_of_the_rules() -> None:
    assert codes() == tuple(page.rule.code for page in PAGES)


@pytest.mark.parametrize("module", rules(), ids=lambda module: module.RULE.code)
def test_the_file_is_named_after_the_rule(module: RuleModule) -> None:
    rule = module.RULE
    name = module.__name__.rpartition(".")[2]

    assert name == f"{rule.code.lower()}_{rule.name.replace('-', '_')}"


@each_page
def test_the_page_is_complete(page: Entry) -> None:
    first = page.explanation.split("\n\n")[0]
    assert "\n" not in first
    assert first.endswith(".")
    assert re.findall(r"^## (.*)$", page.explanation, re.M) == list(HEADINGS)
    assert all(page.section(heading).strip() for heading in HEADINGS)
    assert page.examples, "no example"
    assert page.left_alone, "nothing is shown that is left alone"


@pytest.mark.parametrize(("page", "example"), EXAMPLES, ids=_named(EXAMPLES))
def test_the_example_is_found(page: Entry, example: str) -> None:
    checked = check(example, page.options)

    assert _own(page, checked.findings)
    assert checked.failures == ()


@pytest.mark.parametrize(("page", "example"), EXAMPLES, ids=_named(EXAMPLES))
def test_fixes_are_as_applicable_as_the_rule_declares(page: Entry, example: str) -> None:
    found = _own(page, check(example, page.options).findings)
    fixes = [finding.fix for finding in found if finding.fix]
    declared = page.rule.fixable

    assert declared is not None or not fixes
    ranks = {None: 0, "unsafe": 1, "safe": 2}
    assert all(
        ranks[one.applicability.value] <= ranks[declared and declared.value] for one in fixes
    )


@each_page
def test_a_fixable_rule_shows_a_fix_as_good_as_it_declares(page: Entry) -> None:
    declared = page.rule.fixable
    examples = [example.before for example in page.examples if example.after is not None]
    found = [
        finding for one in examples for finding in _own(page, check(one, page.options).findings)
    ]
    for cell in page.cells:
        found += _own(page, examine("a.ipynb", _notebook(cell.before), Settings()).report.findings)

    assert declared is None or declared in {one.fix.applicability for one in found if one.fix}


def _notebook(cell: str) -> bytes:
    return json.dumps({"cells": [{"cell_type": "code", "source": cell}]}).encode()


@pytest.mark.parametrize(("page", "cell", "instead"), CELLS, ids=_named(CELLS))
def test_fixing_a_cell_gives_what_the_page_says(page: Entry, cell: str, instead: str) -> None:
    fixed = examine("a.ipynb", _notebook(cell), Settings(fix=True, unsafe=True))

    assert fixed.after == _notebook(instead)
    assert _own(page, fixed.applied)
    assert _own(page, fixed.report.findings) == []


@pytest.mark.parametrize(("page", "example", "instead"), FIXABLE, ids=_named(FIXABLE))
def test_fixing_the_example_gives_what_the_page_says(
    page: Entry, example: str, instead: str
) -> None:
    fixed = _fixed(page, example)

    assert fixed.code == instead
    assert fixed.failures == ()


@pytest.mark.parametrize(("page", "example", "instead"), FIXABLE, ids=_named(FIXABLE))
def test_what_is_used_instead_is_clean_and_stays(page: Entry, example: str, instead: str) -> None:
    again = fix(instead, page.options, unsafe=True)

    assert _own(page, check(instead, page.options).findings) == []
    assert (again.code, again.applied) == (instead, ())


@pytest.mark.parametrize(("page", "code"), LEFT_ALONE, ids=_named(LEFT_ALONE))
def test_the_rest_is_left_alone(page: Entry, code: str) -> None:
    checked = check(code, page.options)

    assert _own(page, checked.findings) == []
    assert checked.failures == ()
