"""The rules, and the guides beside them, as a person looks them up."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Sequence
from pathlib import Path

from nnmigrate.classes import dataclass
from nnmigrate.findings import Rule
from nnmigrate.guides import UnknownGuide, guide, guides
from nnmigrate.patterns import pattern
from nnmigrate.program import Options
from nnmigrate.project import Project
from nnmigrate.project.declared import of_pyproject
from nnmigrate.rules import rules
from nnmigrate.selection import UnknownRule

_PROGRAM = pattern(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CELL = pattern(r"^```ipython\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROJECT = pattern(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A program that a rule finds something in.

    Args:
        before: the program.
        after: what is to be used instead; None where the rule cannot write that.
    """

    before: str
    after: str | None


@dataclass(frozen=True)
class Entry:
    """A rule and its page.

    Args:
        rule: what is true of all its findings.
        explanation: its module's docstring, from the first sentence to the references.
    """

    rule: Rule
    explanation: str

    @property
    def summary(self) -> str:
        """The page's first sentence."""
        return self.explanation.partition("\n\n")[0].replace("\n", " ")

    @property
    def page(self) -> str:
        """The page in Markdown under a title with code and name."""
        return f"# {self.rule.code} {self.rule.name}\n\n{self.explanation}"

    @property
    def fix(self) -> str:
        """`safe`, `unsafe` or `none`."""
        return self.rule.fixable.value if self.rule.fixable else "none"

    def section(self, heading: str) -> str:
        """What stands under a heading of the page.

        Raises:
            LookupError: the page has no such heading.
        """
        rows = rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)"
        found = re.search(rows, self.explanation, re.MULTILINE | re.DOTALL)
        if found is None:
            raise LookupError(f"{self.rule.code}: no heading {heading!r}")
        return found[1]

    @property
    def examples(self) -> list[Example]:
        """The page's examples, each with what is to be used instead."""
        return self._examples(_PROGRAM)

    @property
    def cells(self) -> list[Example]:
        """The page's examples of a notebook's cells, each with what is to be used instead."""
        return self._examples(_CELL)

    def _examples(self, pattern: re.Pattern[str]) -> list[Example]:
        before, _, after = self.section("Example").partition("Use instead:\n")
        programs = pattern.findall(before)
        others = pattern.findall(after) or [None] * len(programs)
        return [Example(*pair) for pair in zip(programs, others, strict=True)]

    @property
    def left_alone(self) -> list[str]:
        """The programs of the page in which the rule finds nothing."""
        return _PROGRAM.findall(self.section("Left alone"))

    @property
    def options(self) -> Options:
        """What the examples' `pyproject.toml` says, where the page shows one."""
        shown = _PROJECT.search(self.section("Example"))
        if shown is None:
            return Options()
        declared = tuple(of_pyproject(Path("pyproject.toml"), shown[1]))
        return Options(project=Project(declared, declares=True))


def entries() -> list[Entry]:
    """All rules, in the order of their codes."""
    return [Entry(module.RULE, inspect.cleandoc(module.__doc__ or "")) for module in rules()]


def entry(text: str) -> Entry:
    """The rule with this code or name, in upper or lower case.

    Raises:
        UnknownRule: there is none.
    """
    for one in entries():
        if text.lower() in (one.rule.code.lower(), one.rule.name.lower()):
            return one
    raise UnknownRule(f"no rule has the code or the name {text!r}; `nnmigrate rules` lists them")


class UnknownPage(LookupError):
    """Neither a rule nor a guide is meant by a name. The message lists what there is."""


def page_of(text: str) -> str:
    """The page of a rule or a guide in Markdown.

    Args:
        text: a rule's code or name, or a guide's name, in upper or lower case.

    Raises:
        UnknownPage: there is none.
    """
    try:
        return guide(text).text.rstrip("\n")
    except UnknownGuide:
        pass
    try:
        return entry(text).page
    except UnknownRule as error:
        message = f"neither a rule nor a guide is called {text!r}; there are\n\n{contents()}"
        raise UnknownPage(message) from error


def contents() -> str:
    """A line for each guide, then one for each rule."""
    rows = [("guide", "what it is about"), *((one.name, one.title) for one in guides())]
    return f"{_table(rows)}\n\n{as_table()}"


def as_table() -> str:
    """A line for each rule: code, name, best fix, first sentence."""
    rows = [(one.rule.code, one.rule.name, one.fix, one.summary) for one in entries()]
    return _table([("code", "name", "fix", "what it finds"), *rows])


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return "\n".join(_padded(row, widths) for row in rows)


def _padded(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
    return "  ".join([*cells, row[-1]])


def as_json() -> str:
    """A list of objects, one for each rule."""
    objects = [
        {
            "code": one.rule.code,
            "name": one.rule.name,
            "summary": one.summary,
            "since": one.rule.since,
            "until": one.rule.until,
            "fix": None if one.rule.fixable is None else one.fix,
            "explanation": one.explanation,
        }
        for one in entries()
    ]
    return json.dumps(objects, indent=2)
