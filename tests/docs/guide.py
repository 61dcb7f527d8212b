"""Reads the examples of the guide, and what it says of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from nnmigrate.guides import guide

_LABEL = re.compile(
    r"^\*\*(?P<label>On 0\.4|On 0\.5|On both|0\.4 prints|0\.5 prints):\*\*\n\n"
    r"```(?:python|text)\n(?P<block>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_CLAIM = re.compile(
    r"^As it stands, 0\.5 (?P<claim>raises `(?P<error>\w+)`|runs and gives something else|hangs)",
    re.MULTILINE,
)


@dataclass
class Example:
    """A program of the guide, and what is said of it.

    Args:
        line: where it stands in the page.
        before: the program as 0.4 had it.
        claim: what it does on 0.5 as it stands; none for what is right on both.
        error: the exception that it raises there.
        after: the program for 0.5; none where a person must decide.
        unsafe: whether the text between them says that it takes `--unsafe-fixes`.
        printed: what each version prints, where the page shows it.
    """

    line: int
    before: str
    claim: str = ""
    error: str = ""
    after: str = ""
    unsafe: bool = False
    printed: dict[str, str] = field(default_factory=dict)

    @property
    def on_both(self) -> bool:
        return not self.claim


def examples() -> list[Example]:
    return list(_examples(guide("migrating").text))


def blocks() -> int:
    """How many blocks of Python the page has."""
    return guide("migrating").text.count("\n```python\n")


def _examples(text: str) -> Iterator[Example]:
    marks = sorted([*_LABEL.finditer(text), *_CLAIM.finditer(text)], key=re.Match.start)
    current: Example | None = None
    for mark in marks:
        label = mark.groupdict().get("label")
        if label in ("On 0.4", "On both"):
            if current is not None:
                yield current
            current = Example(text.count("\n", 0, mark.start()) + 1, mark["block"])
            continue
        assert current is not None, f"{mark[0]!r} speaks of no program"
        if label is None:
            current.claim, current.error = mark["claim"], mark["error"] or ""
            current.unsafe = "unsafe" in text[mark.start() : text.index("\n**On 0.", mark.start())]
        elif label == "On 0.5":
            current.after = mark["block"]
        else:
            current.printed[label.split()[0]] = mark["block"]
    if current is not None:
        yield current
