"""Takes a file's bytes, if it is a file that can hold a program."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from nnmigrate.documents.kinds import NOTEBOOKS
from nnmigrate.documents.problem import DocumentProblem, system_problem

SIZE_LIMIT = 10_000_000
"""In bytes. Nobody writes a program that long; data that ends in `.py` would cost minutes."""


def read(path: Path) -> bytes:
    """The bytes of a regular file, or of the file that a link leads to.

    Raises:
        DocumentProblem: it is no regular file, it cannot be read, or it exceeds `SIZE_LIMIT`.
    """
    try:
        # Asked before opening: opening a FIFO waits for a writer, opening a device may act on it.
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            kind = _kind(found.st_mode)
            raise DocumentProblem(str(path), f"cannot read: it is {kind}, not a file")
        raw = _all(path, found.st_size, _limit(path.name) + 1)
    except OSError as error:
        raise system_problem(str(path), error, "read") from error
    except ValueError as error:  # a null character in the name
        raise DocumentProblem(str(path), f"cannot read: {error}") from error
    refuse_too_long(raw, str(path))
    return raw


def _all(path: Path, size: int, most: int) -> bytes:
    """The bytes of a file of about that size, no more than `most`."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        # One more than there are: the second part is empty then, and says that this was all.
        parts = [os.read(handle, min(size + 1, most))]
        left = most - len(parts[0])
        while parts[-1] and left > 0:
            parts.append(os.read(handle, min(left, 65_536)))
            left -= len(parts[-1])
    finally:
        os.close(handle)
    return b"".join(parts)


def refuse_too_long(raw: bytes, name: str) -> None:
    """Does nothing with bytes that are within the limit of their kind of document.

    Raises:
        DocumentProblem: there are more.
    """
    most = _limit(name)
    if len(raw) > most:
        raise DocumentProblem(name, f"not looked at: longer than the limit of {most:,} bytes")


def _limit(name: str) -> int:
    # A notebook's pictures are in it.
    return 10 * SIZE_LIMIT if name.lower().endswith(NOTEBOOKS) else SIZE_LIMIT


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a directory"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a device"
