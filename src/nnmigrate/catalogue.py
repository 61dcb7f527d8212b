"""The rules as a person looks them up."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass

from nnmigrate.findings import Rule
from nnmigrate.rules import rules
from nnmigrate.selection import UnknownRule


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


def as_table() -> str:
    """A line for each rule: code, name, best fix, first sentence."""
    rows = [(one.rule.code, one.rule.name, one.fix, one.summary) for one in entries()]
    rows.insert(0, ("code", "name", "fix", "what it finds"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
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
