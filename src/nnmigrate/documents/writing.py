"""Replaces a file whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
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


def create(path: Path, new: bytes) -> None:
    """Makes a file with these bytes, whole or not at all.

    Raises:
        DocumentProblem: it cannot be made, or is there already.
    """
    temporary = path.with_name(f".nnmigrate-{secrets.token_hex(8)}")
    try:
        try:
            # Not by `mkstemp`: a new file is to have the mode that every new file has.
            with temporary.open("xb") as file:
                file.write(new)
            if path.exists():
                raise DocumentProblem(str(path), "not written: it was made meanwhile; run again")
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise system_problem(str(path), error, "write") from error


def _replace(target: Path, new: bytes, was: bytes, name: str) -> None:
    # A short name of its own: the target's, with anything added, might exceed what a name may be.
    handle, temporary = tempfile.mkstemp(prefix=".nnmigrate-", dir=target.parent)
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
