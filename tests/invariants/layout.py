"""Lays a program out in lines, as evenly or as oddly as people do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .choosing import Chooser


@dataclass(frozen=True)
class Block:
    """A line that opens a block, and the lines in it."""

    header: str
    body: Sequence[Line]


Line: TypeAlias = "str | Block"

_COMMENTS = (
    "  # what the model said",
    "  # noqa",
    "  # nnmigrate: ignore",
    "  # noqa: NNS101",
    "  # type: ignore",
    "  # ä 日本 🙂",
    "   ",
)
_BETWEEN = ("", "", "# with model.trace() as tracer:", "# %%", "\x0c", "    ", "# 😀")


@dataclass(frozen=True)
class _Style:
    unit: str
    odd: int  # percent of the lines


def laid_out(lines: Sequence[Line], chooser: Chooser) -> str:
    """The text of a module."""
    style = _Style(chooser.one(("    ", "    ", "    ", "  ", "\t")), chooser.one((0, 0, 10, 30)))
    rows = list(_rows(lines, 0, style, chooser))
    ends = chooser.one(("\n", "\n", "\n", "\r\n"))
    last = chooser.one((ends, ends, ends, "", ends * 2))
    # A backslash at the end would take the next line along.
    return ends.join(rows).rstrip("\\") + last


def _rows(lines: Sequence[Line], depth: int, style: _Style, chooser: Chooser) -> Iterator[str]:
    margin = style.unit * depth
    for line in lines:
        odd = style.odd and chooser.number(0, 99) >= 100 - style.odd
        if odd:
            yield from _spaced(margin, chooser)
        if isinstance(line, str):
            ends = _COMMENTS if line.endswith(":") else (";", *_COMMENTS)
            yield margin + line + (chooser.one(("", *ends)) if odd else "")
        elif odd and _is_short(line) and chooser.number(0, 1):
            yield f"{margin}{line.header} {'; '.join(map(str, line.body))}"
        else:
            yield margin + line.header + (chooser.one(("", *_COMMENTS)) if odd else "")
            yield from _rows(line.body or ("pass",), depth + 1, style, chooser)


def _spaced(margin: str, chooser: Chooser) -> Iterator[str]:
    between = chooser.one(_BETWEEN)
    yield margin + between if between.startswith("#") else between


def _is_short(block: Block) -> bool:
    """Whether a block may stand on the line of its header."""
    return 0 < len(block.body) < 3 and all(
        isinstance(line, str) and not line.startswith(("@", "def")) for line in block.body
    )
