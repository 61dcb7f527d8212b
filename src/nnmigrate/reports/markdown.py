"""Users' text in Markdown, as GitHub and GitLab render it.

What a user wrote is shown as it is and means nothing: no markup, no link, no HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from nnmigrate.patterns import pattern
from nnmigrate.reports.text import escaped

# What CommonMark and GitHub take for more than itself inside a line. Addresses and mentions are
# found by their marks (`://`, `www.`, `@`).
_MARKUP = pattern(r"[\\`*\[\]<>#!|~$&@]|(?<![^\W_])_|_(?![^\W_])|(?<=http):|(?<=https):|(?<=www)\.")
_CODE = pattern(r"(`[^`]+`)")


def inline(text: str) -> str:
    """A message: what stands in backticks as code, everything else as plain text."""
    parts = _CODE.split(text)
    return "".join(code(part[1:-1]) if _CODE.fullmatch(part) else plain(part) for part in parts)


def plain(text: str) -> str:
    """Text without any meaning of its own."""
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", escaped(text))


def code(text: str) -> str:
    """A code span, in a table as well."""
    text = escaped(text)
    # A bar would end the cell of a table, and backslashes before it count within code.
    if "|" in text or not text.strip():
        return f"<code>{plain(text)}</code>"
    fence = "`" * (_longest_run(text) + 1)
    edge = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{edge}{text}{edge}{fence}"


def fenced(text: str, language: str) -> list[str]:
    """Lines of a block in which nothing is markup.

    Args:
        text: the lines; what would act on a terminal is written out.
        language: how it is to be coloured.
    """
    lines = [_visible(line) for line in text.split("\n")]
    fence = "`" * max(3, _longest_run(text) + 1)
    return [f"{fence}{language}", *lines, fence]


def _visible(line: str) -> str:
    return "\t".join(map(escaped, line.removesuffix("\r").split("\t")))


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def collapsed(title: str, lines: Iterable[str]) -> list[str]:
    """Lines that are shown when their title is clicked.

    Args:
        title: HTML.
        lines: Markdown.
    """
    return ["<details>", f"<summary>{title}</summary>", "", *lines, "", "</details>", ""]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table of cells that are Markdown already, with an empty line after it."""
    lines = [header, ["---"] * len(header), *rows]
    return [*(f"| {' | '.join(cells)} |" for cells in lines), ""]
