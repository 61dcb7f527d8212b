"""What IPython understands and Python does not, put into Python line by line.

IPython turns such lines into calls before Python sees them; the same calls stand for them here
(IPython, `core/inputtransformer2.py`). Only what Python itself stumbles over is looked at: a line
that begins with `%` may also be the middle of an expression, or of a text.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Collection, Iterator, Sequence

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern

TRANSPARENT = frozenset({"capture", "debug", "prun", "time", "timeit"})
"""Cell magics whose cell is Python that runs with the notebook's own names."""

_CELL_MAGIC = pattern(r"%%\s*(?P<name>[\w.]*)\s*(?P<rest>.*)$")
_LINE = pattern(
    r"(?P<indent>\s*)(?:(?P<mark>!!|!|%(?!%))\s*(?P<text>.*)|.*\?\??\s*|\?.*)$", re.DOTALL
)
_RESULT = pattern(r"(?P<target>\s*[\w.,\[\] '\"]+=\s*)(?P<mark>[%!])(?P<text>.*)$", re.DOTALL)
_MAYBE = pattern(r"\s*[%!?]|.*\?\s*$|.*=\s*[%!]")


@dataclass(frozen=True)
class Shown:
    """A line as Python is to read it.

    Args:
        code: the Python.
        shift: how many characters later something stands in the line than in the code.
        own: whether the line is Python as it stands.
        heads: whether it is the magic of the whole cell, which can be taken off it.
    """

    code: str
    shift: int = 0
    own: bool = True
    heads: bool = False


def cell_magic(line: str) -> str | None:
    """The name of the magic that a cell begins with, if this is its first line."""
    found = _CELL_MAGIC.match(line)
    return found["name"] if found else None


def shown(lines: Sequence[str], transparent: Collection[str] = TRANSPARENT) -> list[Shown] | None:
    """The lines of a cell as Python; None for a cell that is another language's.

    Args:
        lines: without line ends.
        transparent: the cell magics whose cells are read as Python.
    """
    found = [Shown(line) for line in lines]
    # Magics may follow one another: `%%capture` above `%%time`.
    for number, line in enumerate(lines):
        magic = _CELL_MAGIC.match(line)
        if magic is None:
            if line.strip():
                break
            continue
        if magic["name"] not in transparent:
            return None
        rest = magic["rest"].strip()
        code = f"get_ipython().run_cell_magic({magic['name']!r}, {rest!r}, ...)"
        found[number] = Shown(code, own=False, heads=True)
    for number in _magic_lines(found):
        _put(found, number)
    return found


def _magic_lines(found: list[Shown]) -> Iterator[int]:
    """The lines over which Python stumbles and that may be magics, one after the other."""
    for _ in range(len(found)):
        wrong = _first_error([one.code for one in found])
        if wrong is None:
            return
        maybe = [
            number
            for number, one in enumerate(found)
            if one.own and _MAYBE.match(one.code) and number <= wrong
        ]
        line = found[maybe[-1]].code if maybe else ""
        if not (_RESULT.match(line) or _LINE.match(line)) or not line:
            return
        yield maybe[-1]


def _first_error(rows: Sequence[str]) -> int | None:
    """The index of the line where Python stops understanding; None if it understands all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the user's literals: not our business
        try:
            ast.parse("\n".join(rows))
        except SyntaxError as error:
            return min((error.lineno or 1) - 1, max(len(rows) - 1, 0))
        except (ValueError, RecursionError, MemoryError):
            return None
    return None


def _put(found: list[Shown], number: int) -> None:
    """Puts a magic's line into Python, and with it those that continue it."""
    last = number
    while last + 1 < len(found) and found[last].code.endswith("\\"):
        last += 1
    first, *more = (one.code.removesuffix("\\").rstrip() for one in found[number : last + 1])
    found[number] = _without_magic(" ".join([first, *map(str.strip, more)]))
    found[number + 1 : last + 1] = [Shown("", own=False)] * (last - number)


def _without_magic(line: str) -> Shown:
    used = _RESULT.match(line)
    if used is not None:
        mark, text = "!!" if used["mark"] == "!" else "%", used["text"].strip()
        return _shown(line, used["target"] + _call(mark, text), text)
    magic = _LINE.match(line)
    assert magic is not None  # only such lines are put
    indent, text = magic["indent"], (magic["text"] or "").strip()
    if magic["mark"] is None:
        return Shown(f"{indent}pass", own=False)
    name, _, rest = text.partition(" ")
    if magic["mark"] == "%" and name == "time" and rest.strip():
        return _shown(line, indent + rest.strip(), rest.strip())
    return _shown(line, indent + _call(magic["mark"], text), rest.strip() or text)


def _shown(line: str, code: str, text: str) -> Shown:
    """A line's Python; a text that stands unchanged in both keeps its columns."""
    same = bool(text) and text in code and text in line
    return Shown(code, line.find(text) - code.find(text) if same else 0, own=False)


def _call(mark: str, text: str) -> str:
    """The call that IPython makes of a magic."""
    if mark == "!":
        return f"get_ipython().system({text!r})"
    if mark == "!!":
        return f"get_ipython().getoutput({text!r})"
    name, _, rest = text.partition(" ")
    return f"get_ipython().run_line_magic({name!r}, {rest.strip()!r})"
