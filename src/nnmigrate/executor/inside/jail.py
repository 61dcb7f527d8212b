"""What a run cannot do, whatever its script tries: write elsewhere, reach the network, grow.

On Linux the kernel itself refuses, for the run and every process that it starts: Landlock keeps
writing inside of one directory (since Linux 5.13), a seccomp filter refuses all sockets but those
of this machine. Neither needs a privilege. Where they are missing, for what they do not know
(modes, owners and times of files, sockets that have a path), and for the clearer message anywhere,
Python's audit events (PEP 578) refuse what Python code asks for.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import shutil
import struct
import sys
from collections.abc import Callable
from typing import Any

_NO_NEW_PRIVILEGES = 38
_SECCOMP, _FILTER = 22, 2
# Numbers of these calls are the same on all architectures.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_WRITE_FILE, _REFER, _TRUNCATE = 1 << 1, 1 << 13, 1 << 14
# Processes outside can neither be signalled nor be reached by sockets without a path.
_SCOPES = (1 << 0) | (1 << 1)
# Removing and making of every kind: bits 4 to 12 of linux/landlock.h.
_WRITING = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))
# For each machine: its number in audit, and its calls `socket` and `prlimit64`.
_CALLS = {"x86_64": (0xC000003E, 41, 302), "aarch64": (0xC00000B7, 198, 261)}
_IO_URING_SETUP = 425
_X32 = 0x40000000  # From here on x86_64 has all of its calls a second time.
_UNIX = 1
_DENY = 0x00050000 | 13  # SECCOMP_RET_ERRNO with EACCES
_ALLOW = 0x7FFF0000
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Audit events about files, and which of their arguments are paths that are written to.
_CHANGES = {
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.rmdir": (0,),
    "os.mkdir": (0,),
    "os.link": (1,),
    "os.symlink": (1,),
}
# Those that follow a link, and which argument is the directory that the path is relative to.
_CHANGES_TARGETS = {
    "os.truncate": None,
    "os.chmod": 2,
    "os.chown": 3,
    "os.utime": 3,
    "os.setxattr": None,
    "os.removexattr": None,
}
_SENDS = frozenset(("socket.connect", "socket.sendto", "socket.sendmsg"))


class WriteRefused(PermissionError):
    """The script would have changed a file outside of its working directory."""


def install(directory: str, memory: int) -> None:
    """Shut this process in, for good.

    Args:
        directory: The only one below which files may be changed.
        memory: Bytes that the process may take beside what it has.
    """
    _limit_memory(memory)
    root = os.path.realpath(directory)
    sys.addaudithook(_auditing(root))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        _keep_writing_below(libc, root)
        _refuse_calls(libc)


def _limit_memory(memory: int) -> None:
    """Limit what the process may allocate; of what it only maps, torch has any amount."""
    with contextlib.suppress(OSError, ValueError):
        with open("/proc/self/status", encoding="ascii") as status:
            lines = dict(line.split(":", 1) for line in status if ":" in line)
        taken = int(lines["VmData"].split()[0]) * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (taken + memory, taken + memory))


def _auditing(root: str) -> Callable[[str, tuple[Any, ...]], None]:
    below = os.path.join(root, "")
    allowed = (below, "/dev/shm/", "/dev/null")

    def refuse(name: str, place: str) -> None:
        if not place.startswith(allowed):
            raise WriteRefused(f"{name!r} is outside of the working directory of the run")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, (str, bytes)) and isinstance(flags, int) and flags & _WRITES:
                name = os.fsdecode(path)
                _make_own(name, below, flags)
                refuse(name, os.path.realpath(name))
        elif event in _CHANGES_TARGETS:
            at = _CHANGES_TARGETS[event]
            target = _target(arguments[0], -1 if at is None else arguments[at])
            if target is not None:
                _make_own(target, below, 0)
                refuse(target, os.path.realpath(target))
        elif event in _SENDS:
            address = arguments[1]
            if isinstance(address, (str, bytes)) and address[:1] not in ("", b"", "\0", b"\0"):
                refuse(os.fsdecode(address), os.path.realpath(os.fsdecode(address)))
        elif event in _CHANGES:
            for index in _CHANGES[event]:
                if isinstance(arguments[index], (str, bytes)):
                    name = os.fsdecode(arguments[index])
                    refuse(name, _place(name))

    return hook


def _target(path: Any, directory: int) -> str | None:
    """The path of what is changed; None for a file of which only the number is known."""
    if isinstance(path, int):
        opened = f"/proc/self/fd/{path}"
        return os.path.realpath(opened) if os.path.lexists(opened) else None
    name = os.fsdecode(path)
    return name if directory == -1 else os.path.join(f"/proc/self/fd/{directory}", name)


def _place(name: str) -> str:
    """Where a file or a link itself stands."""
    return os.path.join(os.path.realpath(os.path.dirname(name) or "."), os.path.basename(name))


def _make_own(name: str, below: str, flags: int) -> None:
    """Put a copy in the place of a link to a user's file that is about to be written to."""
    target = os.path.realpath(name)
    if os.path.islink(name) and _place(name).startswith(below) and not target.startswith(below):
        os.unlink(name)
        if not flags & os.O_TRUNC and os.path.isfile(target):
            shutil.copyfile(target, name)


def _keep_writing_below(libc: Any, root: str) -> None:
    version = libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return
    access = _WRITING | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    fields = (access, 0, _SCOPES) if version >= 6 else (access,)
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return
    for path, allowed in (
        (root, access),
        ("/dev/shm", access & ~_REFER),
        ("/dev/null", access & (_WRITE_FILE | _TRUNCATE)),
    ):
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(path, os.O_RDONLY)
            rule = ctypes.create_string_buffer(struct.pack("=Qi", allowed, handle))
            libc.syscall(_ADD_RULE, ruleset, 1, rule, 0)
            os.close(handle)
    libc.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _refuse_calls(libc: Any) -> None:
    """Refuse sockets of other families than Unix's, limits of other processes, and detours.

    Detours are the ring that could make a socket, and calls as another architecture numbers them.
    """
    if platform.machine() not in _CALLS:
        return
    machine, socket, limits = _CALLS[platform.machine()]
    load, equal, least, give = 0x20, 0x15, 0x35, 0x06
    program = [
        (load, 0, 0, 4),  # the architecture of the call
        (equal, 0, 9, machine),
        (load, 0, 0, 0),  # its number
        (least, 7, 0, _X32),
        (equal, 6, 0, _IO_URING_SETUP),
        (equal, 3, 0, limits),
        (equal, 0, 5, socket),
        (load, 0, 0, 16),  # its first argument: the family
        (equal, 3, 2, _UNIX),
        (load, 0, 0, 16),  # its first argument: the process, 0 for the one that calls
        (equal, 1, 0, 0),
        (give, 0, 0, _DENY),
        (give, 0, 0, _ALLOW),
    ]
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    instructions = ctypes.create_string_buffer(code)
    header = struct.pack("@HP", len(program), ctypes.addressof(instructions))
    libc.prctl(_SECCOMP, _FILTER, ctypes.create_string_buffer(header), 0, 0)
