"""Decides from a file's bytes whether it can concern nnsight, before anything is parsed.

It may say yes to files that do not (that costs a parse), never no to one that does.
"""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.patterns import pattern

# Models and tracers also arrive as parameters from modules that import nnsight, so a file may
# hold traces and never name the library. A trace is then a `with` on one of these methods.
_METHODS = (b"trace", b"generate", b"session", b"invoke", b"scan", b"edit")
CALLS = tuple(b"." + method for method in _METHODS)
"""What a trace may be a `with` on, in bytes."""
_CALL = pattern(rb"\.[ \t]*(?:" + b"|".join(_METHODS) + rb")\s*\(")
# Where a statement can begin; the word itself is common in comments.
_WITH = pattern(rb"(?:\A|[\r\n:;])[ \t\f]*(?:async[ \t]+)?with\b")
_HEADER = 2000
"""How many bytes before the call its `with` is looked for; without a limit, one long line would
cost the square of its length."""


def mentions_nnsight(raw: bytes) -> bool:
    """Whether the bytes name nnsight, or hold the shape of a trace."""
    if b"\0" in raw:
        # Python takes no such file, but UTF-16 is worth a word to whoever wrote it.
        raw = raw.replace(b"\0", b"")
    if b"nnsight" in raw:
        return True
    if b"with" not in raw or not any(call in raw for call in CALLS):
        return False
    return any(_in_header(raw[max(at - _HEADER, 0) : at]) for at in _starts(raw))


def _starts(raw: bytes) -> Iterator[int]:
    return (match.start() for match in _CALL.finditer(raw))


def _in_header(before: bytes) -> bool:
    """Whether a `with` stands on the call's line, or further up in a header broken over lines."""
    if b"with" not in before:
        return False
    line = before[max(before.rfind(b"\n"), before.rfind(b"\r")) + 1 :]
    header = before[before.rfind(b":") + 1 :]
    return any(_WITH.search(part) for part in (line, header))
