"""What came of each case on each release, as it is kept in `recorded.json`, and the table of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from packaging.version import Version

from nnmigrate.catalogue import entries

FILE = Path(__file__).with_name("recorded.json")
PAGE = Path(__file__).parents[2] / "src" / "nnmigrate" / "pages" / "releases.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
PROVED = ("same", "close")

Recorded = dict[str, dict[str, dict[str, str]]]
"""For each release and each rule: what came of each case; `same`, `close`, or why not."""


def read() -> Recorded:
    """What is recorded."""
    recorded: Recorded = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return recorded


def write(recorded: Recorded) -> None:
    """Keeps what came out, and puts the table of it into its page."""
    text = json.dumps(recorded, indent=1, sort_keys=True, ensure_ascii=False)
    FILE.write_text(text + "\n", encoding="utf-8", newline="\n")
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_table(page, recorded), encoding="utf-8", newline="\n")


def merged(
    old: Mapping[str, Mapping[str, str]], new: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """What is recorded of a release, after some of its cases were run anew."""
    codes = sorted({*old, *new})
    return {code: {**old.get(code, {}), **new.get(code, {})} for code in codes}


def with_table(page: str, recorded: Recorded) -> str:
    """A page with the table of what is recorded between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table(recorded)}\n{not_proved(recorded)}\n{END}{after}"


def table(recorded: Recorded) -> str:
    """A row for each rule that has something recorded, a column for each release."""
    releases = sorted(recorded, key=Version)
    head = f"| rule | {' | '.join(releases)} |\n| --- |{' --- |' * len(releases)}\n"
    rows = []
    for page in entries():
        found = [recorded[release].get(page.rule.code, {}) for release in releases]
        if any(found):
            cells = " | ".join(map(_cell, found))
            rows.append(f"| {page.rule.code} {page.rule.name} | {cells} |\n")
    return head + "".join(rows)


def not_proved(recorded: Recorded) -> str:
    """A line for each case that is not proved on a release, with what came of it."""
    lines: dict[tuple[Version, str], str] = {}
    for release, rules in recorded.items():
        for came in rules.values():
            for case, outcome in came.items():
                if outcome not in PROVED:
                    said = outcome.replace("|", r"\|").replace("<", r"\<")
                    lines[Version(release), case] = f"- {release}, `{case}`: {said}\n"
    return "".join(lines[key] for key in sorted(lines))


def _cell(came: Mapping[str, str]) -> str:
    proved = sum(one in PROVED for one in came.values())
    if not came:
        return ""
    return "proved" if proved == len(came) else f"{proved} of {len(came)}"


def drifts(recorded: Recorded, release: str, new: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """A line for each case that is no longer what it was on the newest older release."""
    older = [one for one in sorted(recorded, key=Version) if Version(one) < Version(release)]
    for code, came in new.items():
        for case, outcome in came.items():
            was = _last(recorded, older, code, case)
            if was in PROVED and outcome not in PROVED:
                yield f"{code} drifts: {case}: {outcome}"
            elif was is not None and was not in PROVED and outcome in PROVED:
                yield f"{code} is proved again: {case}"


def _last(recorded: Recorded, older: Sequence[str], code: str, case: str) -> str | None:
    for release in reversed(older):
        if case in recorded[release].get(code, {}):
            return recorded[release][code][case]
    return None
