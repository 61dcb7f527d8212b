"""Where the functions of a file are called: within which of torch's modes, as the text has it.

What calls a function that traces may have nothing to do with nnsight itself, so that it is no part
of the program: the lines and their indentation tell enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from nnmigrate.classes import dataclass
from nnmigrate.patterns import pattern
from nnmigrate.program import Program
from nnmigrate.program.memory import remembered
from nnmigrate.program.model import STRING_OR_COMMENT

_OFF = pattern(r"(?P<text>[\w.]*\b(?P<name>no_grad|inference_mode))\b")
_ENTERS = pattern(r"\s*with\s")
_DECORATES = pattern(r"\s*@")
_DEFINES = pattern(r"\s*(?:async\s+)?def\s+(\w+)")

# Callers of callers are followed this far.
_DEPTH = 4


@dataclass(frozen=True)
class Caller:
    """A mode in which a function is called.

    Args:
        name: `no_grad` or `inference_mode`.
        text: the call that enters it.
        always: whether every call in the file is made in such a mode.
    """

    name: str
    text: str
    always: bool


def mode_of_calls(program: Program, function: str) -> Caller | None:
    """A mode without gradients in which the file calls a function; None where it does not."""
    if "no_grad" not in program.code and "inference_mode" not in program.code:
        return None
    return _of_function(program, function, _DEPTH)


def _of_function(program: Program, function: str, depth: int) -> Caller | None:
    regions, found = _regions(program), []
    for line, caller in _calls(program, function):
        mode = regions.get(line)
        if mode is None and caller and caller != function and depth:
            mode = _of_function(program, caller, depth - 1)
        found.append(mode)
    modes = [mode for mode in found if mode is not None]
    if not modes:
        return None
    always = len(modes) == len(found) and all(mode.always for mode in modes)
    return Caller(modes[0].name, modes[0].text, always)


@remembered
def _lines(program: Program) -> tuple[str, ...]:
    """The lines of a file, without strings and comments."""
    blank = STRING_OR_COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), program.code)
    return tuple(blank.split("\n"))


@remembered
def _regions(program: Program) -> Mapping[int, Caller]:
    """The lines that stand in a mode without gradients; the innermost counts."""
    found: dict[int, Caller] = {}
    lines = _lines(program)
    for number, line in enumerate(lines):
        off = _OFF.search(line)
        if off is None or not (_ENTERS.match(line) or _DECORATES.match(line)):
            continue
        mode = Caller(off["name"], f"{off['text']}()", True)
        found |= dict.fromkeys(_below(lines, number), mode)
    return found


def _below(lines: tuple[str, ...], number: int) -> Iterator[int]:
    """The numbers of the lines below a header that are further in; a decorator's is its function's.

    A header that goes over lines ends with a bracket that is not.
    """
    depth, below = _indent(lines[number]), number + 1
    if _DECORATES.match(lines[number]):
        while below < len(lines) and not _DEFINES.match(lines[below]):
            below += 1
        below += 1
    for each in range(below, len(lines)):
        line = lines[each]
        if line.strip() and _indent(line) <= depth and line.lstrip()[0] not in ")]}":
            return
        yield each


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


@remembered
def _calls(program: Program, function: str) -> tuple[tuple[int, str], ...]:
    """The lines in which a function is called, with the functions that they stand in."""
    found: list[tuple[int, str]] = []
    called = re.compile(rf"(?<!\w){re.escape(function)}\s*\(")
    around: list[tuple[int, str]] = []
    for number, line in enumerate(_lines(program)):
        if not line.strip():
            continue
        while around and _indent(line) <= around[-1][0]:
            around.pop()
        defined = _DEFINES.match(line)
        if defined is not None:
            around.append((_indent(line), defined[1]))
        elif called.search(line):
            found.append((number, around[-1][1] if around else ""))
    return tuple(found)
