"""The rules of a SARIF document, with their pages as help."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nnmigrate.findings import Finding, Severity

LEVELS = {
    Severity.SILENT: "error",
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "note",
}
"""What SARIF calls the severities."""

_PROBLEMS = {"error": "error", "warning": "warning", "note": "recommendation"}
"""What GitHub's code scanning calls SARIF's levels where it sorts rules."""

_GROUPS = {
    "1": "invokes",
    "2": "results",
    "3": "control-flow",
    "4": "names-and-arguments",
    "5": "gradients",
    "6": "iteration",
    "7": "surroundings",
}


def described(found: Mapping[str, Finding]) -> list[dict[str, Any]]:
    """The rules that found something.

    Args:
        found: a finding of each, by its code: the gravest, since a rule has no severity of its own.
    """
    if not found:
        return []
    # All rules are imported there; a run that finds nothing does not need one of them.
    from nnmigrate.catalogue import entries

    known = {one.rule.code: one for one in entries()}
    return [_rule(finding, known.get(code)) for code, finding in found.items()]


def _rule(finding: Finding, entry: Any) -> dict[str, Any]:
    from nnmigrate.links import docs_url

    level = LEVELS[finding.severity]
    rule = {
        "id": finding.code,
        # An identifier, as SARIF wants it; the name that the command line knows is a property.
        "name": "".join(word.capitalize() for word in finding.name.split("-")),
        "shortDescription": {"text": _plain(entry.summary if entry else finding.name)},
        "helpUri": docs_url(finding.code),
        "defaultConfiguration": {"level": level},
        "properties": {
            "name": finding.name,
            "tags": ["nnsight", _GROUPS.get(finding.code[3:4], "other")],
            "problem.severity": _PROBLEMS[level],
        },
    }
    if entry is not None:
        rule["fullDescription"] = {"text": _plain(_what_it_does(entry))}
        rule["help"] = {"text": entry.page, "markdown": entry.page}
    return rule


def _what_it_does(entry: Any) -> str:
    try:
        return str(entry.section("What it does"))
    except LookupError:
        return str(entry.summary)


def _plain(text: str) -> str:
    """Markdown of a few sentences as one line of plain text."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(text.split()))
