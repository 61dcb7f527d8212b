"""Replaces a file whole or not at all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from nnmigrate.documents.problem import DocumentProblem, system_problem


def write(path: Path, new: bytes, *, was: bytes) -> bool:
    """Puts `new` into a file that held `was`; says whether there was anything to write.

    The new bytes go to a temporary file beside it, which then takes its place: whoever looks sees
    the old file or the new one. Mode and owner stay, and so does a link: what it leads to changes.

    Raises:
        DocumentProblem: it cannot be written, or no longer holds `was`. The file is as it was then.
    """
    if new == was:
        return False
    try:
        # Resolved first: replacing a link would turn it into a file.
        target = Path(os.path.realpath(path, strict=True))
        if not os.access(target, os.W_OK):
            raise DocumentProblem(str(path), "cannot write: the file is read-only")
        _replace(target, new, was, str(path))
    except OSError as error:
        raise system_problem(str(path), error, "write") from error
    return True


def put(path: Path, new: bytes) -> None:
    """Puts `new` into a file that may not be there yet, such as a report.

    It is written whole or not at all, but for what is no file (`/dev/stdout`, a pipe), which is
    written to.

    Raises:
        DocumentProblem: it cannot be written. A file that was there is as it was then.
    """
    try:
        target = Path(os.path.realpath(path))
        if path.exists() and not path.is_file():
            path.write_bytes(new)
            return
        if target.exists() and not os.access(target, os.W_OK):
            raise DocumentProblem(str(path), "cannot write: the file is read-only")
        mode = target.stat().st_mode if target.exists() else 0o666 & ~_umask()
        handle, temporary = temporary_in(target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(new)
            os.chmod(temporary, stat.S_IMODE(mode))
            os.replace(temporary, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise system_problem(str(path), error, "write") from error


def temporary_in(folder: Path) -> tuple[int, str]:
    """An open new file that only the user can read: its handle and its path."""
    # Imported where something is written: with what it imports it takes as long as reading a tree.
    import tempfile

    return tempfile.mkstemp(prefix=".nnmigrate-", dir=folder)


def _umask() -> int:
    """The permissions that new files do not get; there is no other way to ask for it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _replace(target: Path, new: bytes, was: bytes, name: str) -> None:
    # A short name of its own: the target's, with anything added, might exceed what a name may be.
    handle, temporary = temporary_in(target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(new)
            file.flush()
            os.fsync(file.fileno())
        _take_mode_and_owner(temporary, target.stat())
        # As late as possible: an editor may have saved since the file was read.
        if target.read_bytes() != was:
            raise DocumentProblem(name, "not written: it was changed meanwhile; run again")
        os.replace(temporary, target)
    except BaseException:  # an interrupt must not leave the temporary file behind either
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _take_mode_and_owner(temporary: str, old: os.stat_result) -> None:
    if hasattr(os, "chown"):
        # Only the superuser gives files away. The mode comes second, since chown clears bits of it.
        with suppress(PermissionError):
            os.chown(temporary, old.st_uid, old.st_gid)
    os.chmod(temporary, stat.S_IMODE(old.st_mode))
