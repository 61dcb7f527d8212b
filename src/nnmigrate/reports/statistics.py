"""How often each rule found something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from nnmigrate.classes import dataclass
from nnmigrate.findings import Applicability, Finding, Severity
from nnmigrate.reports.text import painted, severity_word

_MARKS = {Applicability.SAFE: "safe fix", Applicability.UNSAFE: "unsafe", None: "-"}


@dataclass(frozen=True)
class Statistic:
    """What one rule found.

    Args:
        code: the rule's code.
        name: the rule's name.
        severities: how many findings there are of each severity, gravest first.
        fixes: how many have a safe fix, an unsafe one, or None.
    """

    code: str
    name: str
    severities: dict[Severity, int]
    fixes: dict[Applicability | None, int]

    @property
    def count(self) -> int:
        """How many findings there are."""
        return sum(self.severities.values())


def statistics(findings: Iterable[Finding]) -> list[Statistic]:
    """A statistic for each rule, the one that found most first, then in the order of the codes."""
    by_rule: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault((finding.code, finding.name), []).append(finding)
    found = [_statistic(*rule, of_rule) for rule, of_rule in by_rule.items()]
    return sorted(found, key=lambda one: (-one.count, one.code))


def _statistic(code: str, name: str, findings: list[Finding]) -> Statistic:
    severities = Counter(finding.severity for finding in findings)
    fixes = Counter(finding.fix.applicability if finding.fix else None for finding in findings)
    return Statistic(
        code,
        name,
        {one: severities[one] for one in Severity if severities[one]},
        {one: fixes[one] for one in _MARKS if fixes[one]},
    )


def statistics_lines(found: list[Statistic], color: bool = False) -> Iterator[str]:
    """A line for each rule, such as ` 12  NNS101  a-name  [safe fix]  error`."""
    counts = [str(one.count) for one in found]
    names = [one.name for one in found]
    marks = [f"[{_shares({_MARKS[kind]: n for kind, n in one.fixes.items()})}]" for one in found]
    widest = [max(map(len, column), default=0) for column in (counts, names, marks)]
    for count, one, name, mark in zip(counts, found, names, marks, strict=True):
        words = _shares({severity_word(kind, color): n for kind, n in one.severities.items()})
        row = f"{count:>{widest[0]}}  {painted(one.code, color, bold=True)}  {name:<{widest[1]}}"
        yield f"{row}  {mark:<{widest[2]}}  {words}"


def _shares(counts: dict[str, int]) -> str:
    """`error`, or `2 silent, 1 note` where there are several."""
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {word}" for word, count in counts.items())


def statistics_objects(found: list[Statistic]) -> list[dict[str, Any]]:
    """The same for JSON."""
    return [
        {
            "code": one.code,
            "name": one.name,
            "count": one.count,
            "severities": {kind.value: count for kind, count in one.severities.items()},
            "fixes": {kind.value if kind else "none": n for kind, n in one.fixes.items()},
        }
        for one in found
    ]
