"""Users' text as a terminal can show it."""

from __future__ import annotations

import unicodedata

import click

from nnmigrate.findings import Severity
from nnmigrate.links import docs_url
from nnmigrate.patterns import pattern

# Controls of the terminal (C0, C1), what turns the direction of writing around, what breaks lines,
# and halves of surrogate pairs, in which Python keeps bytes of file names that are no UTF-8.
_UNSHOWABLE = pattern(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)

_COLOURS = {
    Severity.SILENT: "magenta",
    Severity.ERROR: "red",
    Severity.WARNING: "yellow",
    Severity.NOTE: "cyan",
}


def escaped(text: str) -> str:
    """The text with whatever would act on a terminal written as Python writes it in strings."""
    return _UNSHOWABLE.sub(lambda match: ascii(match[0])[1:-1], text)


def showable(text: str) -> str:
    """The text with what no encoding has (bytes of file names that are no UTF-8) written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def width(text: str) -> int:
    """The columns that escaped text takes in a terminal; East Asian characters take two."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def painted(text: str, color: bool, fg: str | None = None, bold: bool = False) -> str:
    """The text in a colour, if there are to be colours."""
    return click.style(text, fg=fg, bold=bold) if color else text


def code_word(code: str, color: bool) -> str:
    """A rule's code; in a terminal a link to its page, for those that know such links (OSC 8)."""
    word = painted(code, color, bold=True)
    return f"\x1b]8;;{docs_url(code)}\x1b\\{word}\x1b]8;;\x1b\\" if color else word


def severity_word(severity: Severity, color: bool) -> str:
    """`silent`, `error`, `warning` or `note`, in its colour."""
    return painted(severity.value, color, fg=_COLOURS[severity], bold=True)
