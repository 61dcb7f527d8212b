"""What is demanded of every rule, from its page: the examples in it are run."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nnmigrate.engine import Fixed, check, fix
from nnmigrate.findings import Finding, RuleModule
from nnmigrate.program import Options
from nnmigrate.project import Project
from nnmigrate.project.declared import of_pyproject
from nnmigrate.rules import codes, rules

HEADINGS = (
    "What it does",
    "Why is this bad?",
    "Example",
    "Left alone",
    "Fix safety",
    "References",
)
_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROJECT = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Page:
    """A rule's docstring, taken apart."""

    module: RuleModule

    @property
    def text(self) -> str:
        return inspect.cleandoc(self.module.__doc__ or "")

    def section(self, heading: str) -> str:
        found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", self.text, re.M | re.S)
        assert found is not None, f"no heading {heading!r}"
        return found[1]

    def pairs(self) -> list[tuple[str, str | None]]:
        """The examples, each with what is to be used instead, if the rule can write that."""
        before, instead, after = self.section("Example").partition("Use instead:\n")
        examples, replacements = _BLOCK.findall(before), _BLOCK.findall(after)
        assert examples, "no example"
        if not instead:
            return [(example, None) for example in examples]
        return list(zip(examples, replacements, strict=True))

    def left_alone(self) -> list[str]:
        return _BLOCK.findall(self.section("Left alone"))

    @property
    def options(self) -> Options:
        """What the example's `pyproject.toml` says, where the page shows one."""
        shown = _PROJECT.search(self.section("Example"))
        if shown is None:
            return Options()
        declared = tuple(of_pyproject(Path("pyproject.toml"), shown[1]))
        return Options(project=Project(declared, declares=True))

    def own(self, findings: tuple[Finding, ...]) -> list[Finding]:
        return [finding for finding in findings if finding.code == self.module.RULE.code]


def _fixed(page: Page, example: str) -> Fixed:
    """The example after the safe fixes of all rules, or after all fixes if it needs them."""
    safe = fix(example, page.options)
    return fix(example, page.options, unsafe=True) if page.own(safe.remaining) else safe


def _pages() -> Iterator[Page]:
    return map(Page, rules())


def _named(cases: list[tuple[Page, str]]) -> Iterator[str]:
    return (f"{page.module.RULE.code}-{number}" for number, (page, *_) in enumerate(cases))


PAGES = list(_pages())
EXAMPLES = [(page, example) for page in PAGES for example, _ in page.pairs()]
FIXABLE = [(page, one, two) for page in PAGES for one, two in page.pairs() if two is not None]
LEFT_ALONE = [(page, code) for page in PAGES for code in page.left_alone()]

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.module.RULE.code)


def test_codes_and_names_are_unique() -> None:
    assert len({page.module.RULE.code for page in PAGES}) == len(PAGES)
    assert len({page.module.RULE.name for page in PAGES}) == len(PAGES)


def test_the_codes_of_the_files_are_those_of_the_rules() -> None:
    assert codes() == tuple(page.module.RULE.code for page in PAGES)


@each_page
def test_the_file_is_named_after_the_rule(page: Page) -> None:
    rule = page.module.RULE
    name = page.module.__name__.rpartition(".")[2]

    assert name == f"{rule.code.lower()}_{rule.name.replace('-', '_')}"


@each_page
def test_the_page_is_complete(page: Page) -> None:
    first = page.text.split("\n\n")[0]
    assert "\n" not in first
    assert first.endswith(".")
    assert re.findall(r"^## (.*)$", page.text, re.M) == list(HEADINGS)
    assert all(page.section(heading).strip() for heading in HEADINGS)
    assert page.left_alone(), "nothing is shown that is left alone"


@pytest.mark.parametrize(("page", "example"), EXAMPLES, ids=_named(EXAMPLES))
def test_the_example_is_found(page: Page, example: str) -> None:
    checked = check(example, page.options)

    assert page.own(checked.findings)
    assert checked.failures == ()


@pytest.mark.parametrize(("page", "example"), EXAMPLES, ids=_named(EXAMPLES))
def test_fixes_are_as_applicable_as_the_rule_declares(page: Page, example: str) -> None:
    found = page.own(check(example, page.options).findings)
    fixes = [finding.fix for finding in found if finding.fix]
    declared = page.module.RULE.fixable

    assert declared is not None or not fixes
    ranks = {None: 0, "unsafe": 1, "safe": 2}
    assert all(
        ranks[one.applicability.value] <= ranks[declared and declared.value] for one in fixes
    )


@each_page
def test_a_fixable_rule_shows_a_fix_as_good_as_it_declares(page: Page) -> None:
    declared = page.module.RULE.fixable
    examples = [example for example, instead in page.pairs() if instead is not None]
    found = [finding for one in examples for finding in page.own(check(one, page.options).findings)]

    assert declared is None or declared in {one.fix.applicability for one in found if one.fix}


@pytest.mark.parametrize(("page", "example", "instead"), FIXABLE, ids=_named(FIXABLE))
def test_fixing_the_example_gives_what_the_page_says(
    page: Page, example: str, instead: str
) -> None:
    fixed = _fixed(page, example)

    assert fixed.code == instead
    assert fixed.failures == ()


@pytest.mark.parametrize(("page", "example", "instead"), FIXABLE, ids=_named(FIXABLE))
def test_what_is_used_instead_is_clean_and_stays(page: Page, example: str, instead: str) -> None:
    again = fix(instead, page.options, unsafe=True)

    assert page.own(check(instead, page.options).findings) == []
    assert (again.code, again.applied) == (instead, ())


@pytest.mark.parametrize(("page", "code"), LEFT_ALONE, ids=_named(LEFT_ALONE))
def test_the_rest_is_left_alone(page: Page, code: str) -> None:
    checked = check(code, page.options)

    assert page.own(checked.findings) == []
    assert checked.failures == ()
