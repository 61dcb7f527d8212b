"""Where Python stands in texts: fenced blocks, directives, consoles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern

# What may stand before a fence: blanks, the marks of quotations, and of the item of a list.
_FENCE = pattern(
    r"(?P<before>[ \t]*(?:>[ \t]*)*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+)*)(?P<fence>`{3,}|~{3,})"
    r"(?P<info>.*)$"
)
_MARKS = pattern(r"[ \t]*(?:>[ \t]?)*[ \t]*")
_PYTHON = frozenset({"python", "py", "python3", "py3", "ipython", "ipython3", "pycon", "doctest"})
_DIRECTIVES = frozenset({"code-cell", "code-block", "code", "sourcecode", "testcode", "doctest"})
_DIRECTIVE = pattern(r"(?P<indent>[ \t]*)\.\. +(?P<name>[\w-]+)::[ \t]*(?P<argument>[\w-]*)")
_OPTION = pattern(r"[ \t]*:[\w-]+:")
_PROMPT = pattern(r"(?P<indent>[ \t]*)(?P<prompt>>>>|\.\.\.)(?P<blank> |$)")


@dataclass(frozen=True)
class Block:
    """A block of Python in a text.

    Args:
        start: the number of its first line, from 0.
        lines: its code, without what stands before it; nothing for a line of output.
        prefixes: what stands before each line; None for a console's output.
        indent: what stands before the block's lines.
        console: whether it is a console, with prompts.
    """

    start: int
    lines: tuple[str, ...]
    prefixes: tuple[str | None, ...]
    indent: str
    console: bool = False


def markdown_blocks(rows: Sequence[str]) -> Iterator[Block]:
    """The fenced blocks of a Markdown text that say that they are Python (CommonMark 4.5).

    Args:
        rows: the text's lines, without line ends.
    """
    number = 0
    while number < len(rows):
        opened = _FENCE.match(rows[number])
        number += 1
        if opened is None or (opened["fence"][0] == "`" and "`" in opened["info"]):
            continue
        start = number
        while number < len(rows) and not _closes(rows[number], opened["fence"]):
            number += 1
        if is_python(opened["info"]):
            skip = _options(rows, start, number)
            yield _block(rows[start + skip : number], start + skip)
        number += 1


def is_python(info: str) -> bool:
    """Whether the info string of a fence says Python.

    `python`, `{python}`, `{.python .numberLines}`, `{code-cell} ipython3`, `python title="x.py"`.
    """
    words = re.findall(r"[\w.+-]+", info.lower())
    if not words:
        return False
    first = words[0].removeprefix(".")
    if info.strip().startswith("{") and first in _DIRECTIVES:
        return len(words) > 1 and words[1] in _PYTHON
    return first in _PYTHON


def _closes(row: str, fence: str) -> bool:
    text = row[_MARKS.match(row).end() :].rstrip()  # type: ignore[union-attr]
    return len(text) >= len(fence) and set(text) == {fence[0]}


def _options(rows: Sequence[str], start: int, end: int) -> int:
    """How many lines at a block's start are options of a directive (MyST), not code."""
    count = 0
    if start < end and rows[start].strip() == "---":
        inner = [n for n in range(start + 1, end) if rows[n].strip() == "---"]
        return inner[0] - start + 1 if inner else 0
    while start + count < end and _OPTION.match(rows[start + count]):
        count += 1
    return count


def restructured_blocks(rows: Sequence[str]) -> Iterator[Block]:
    """The Python blocks of a reStructuredText: `.. code-block:: python`, and consoles.

    Args:
        rows: the text's lines, without line ends.
    """
    number = 0
    while number < len(rows):
        found = _DIRECTIVE.match(rows[number])
        if found is not None and found["name"] in _DIRECTIVES:
            number += 1
            start, number = _body(rows, number, len(found["indent"]))
            python = found["name"] in ("testcode", "doctest") or found["argument"] in _PYTHON
            if python:
                yield _block(rows[start:number], start)
        elif _starts_console(rows[number]):
            start = number
            while number < len(rows) and rows[number].strip():
                number += 1
            yield _block(rows[start:number], start)
        else:
            number += 1


def _body(rows: Sequence[str], number: int, indent: int) -> tuple[int, int]:
    """Where the content of a directive begins and ends: behind its options, while indented."""
    while number < len(rows) and _OPTION.match(rows[number]):
        number += 1
    while number < len(rows) and not rows[number].strip():
        number += 1
    start = end = number
    while number < len(rows):
        row = rows[number]
        if row.strip() and len(row) - len(row.lstrip()) <= indent:
            break
        number += 1
        end = number if row.strip() else end
    return start, end


def _starts_console(row: str) -> bool:
    found = _PROMPT.match(row)
    return found is not None and found["prompt"] == ">>>"


def _block(rows: Sequence[str], start: int) -> Block:
    """A block's code, freed of what stands before it."""
    indent = _common_prefix([row for row in rows if row.strip()])
    # Of an empty line the marks alone may be there.
    inner = [row[len(indent) :] if row.rstrip() != indent.rstrip() else "" for row in rows]
    if any(map(_starts_console, inner)):
        return _console(inner, start, indent)
    prefixes = tuple(row[: len(row) - len(text)] for row, text in zip(rows, inner, strict=True))
    return Block(start, tuple(inner), prefixes, indent)


def _common_prefix(rows: Sequence[str]) -> str:
    """The blanks and quotation marks that all lines begin with."""
    if not rows:
        return ""
    first = _MARKS.match(rows[0])
    prefix = first[0] if first else ""
    for row in rows:
        # A line of a quotation that is empty may lack the last blank.
        while not row.startswith(prefix) and row.rstrip() != prefix.rstrip():
            prefix = prefix[:-1]
    return prefix


def _console(inner: Sequence[str], start: int, indent: str) -> Block:
    lines, prefixes = [], list[str | None]()
    inside = False
    for row in inner:
        found = _PROMPT.match(row)
        inside = found is not None and (found["prompt"] == ">>>" or inside)
        if found is None or not inside:
            lines.append("")
            prefixes.append(None)
        else:
            lines.append(row[found.end() :])
            prefixes.append(indent + found[0])
    return Block(start, tuple(lines), tuple(prefixes), indent, console=True)
