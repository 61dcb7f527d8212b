"""A change to a file as a unified diff that `git apply` takes."""

from __future__ import annotations

import difflib
import os
import re
from itertools import islice

from nnmigrate.patterns import pattern

_TO_QUOTE = pattern(rb'[\x00-\x1f"\\\x7f-\xff]')


def diff(path: str, old: bytes, new: bytes) -> bytes:
    """The diff between two states of one file; empty where they are equal.

    Args:
        path: the file, relative to the current directory or absolute.
        old: its bytes before.
        new: its bytes after.
    """
    changes = difflib.diff_bytes(difflib.unified_diff, _lines(old), _lines(new), lineterm=b"\n")
    # The first two lines name the files; git wants its own way of writing names there.
    hunks = b"".join(_ended(line) for line in islice(changes, 2, None))
    if not hunks:
        return b""
    name = os.fsencode(os.path.relpath(path).replace(os.sep, "/"))
    return b"--- %s\n+++ %s\n%s" % (_quoted(b"a/" + name), _quoted(b"b/" + name), hunks)


def _lines(raw: bytes) -> list[bytes]:
    # Only line feeds end lines for git, so that carriage returns come through as they are.
    return [line for line in re.split(rb"(?<=\n)", raw) if line]


def _ended(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"


def _quoted(name: bytes) -> bytes:
    """A name as git writes it in a diff: in C's notation if need be, or ended by a tab."""
    if _TO_QUOTE.search(name):
        return b'"%s"' % _TO_QUOTE.sub(lambda match: b"\\%03o" % match[0][0], name)
    return name + b"\t" if b" " in name else name
