"""What a run is shut into, tried from within: the jail alone, without the nnsight of its runs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import nnmigrate.executor

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's refusals are Linux's")

INSIDE = Path(nnmigrate.executor.__file__).parent / "inside"
ENTER = """
import sys
sys.path.insert(0, {inside!r})
import ctypes, os, socket, jail
os.chdir({work!r})
jail.install({work!r}, 1 << 30)
libc = ctypes.CDLL(None, use_errno=True)
victim, parent = {victim!r}, {parent}
{code}
"""


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file of the user's; the run has a link to it, as to all files beside the program."""
    file = tmp_path / "outside" / "notes.txt"
    (tmp_path / "work").mkdir()
    file.parent.mkdir()
    file.write_text("mine")
    os.utime(file, (1000, 1000))
    file.chmod(0o640)
    (tmp_path / "work" / "link").symlink_to(file)
    return file


def attempt(victim: Path, code: str) -> str:
    """What code says that is run in a jail; the last line of its error where it fails."""
    work = str(victim.parent.parent / "work")
    text = ENTER.format(
        inside=str(INSIDE), work=work, victim=str(victim), parent=os.getpid(), code=code
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60)
    return (done.stdout + done.stderr).strip().rpartition("\n")[2]


@pytest.mark.parametrize(
    "code",
    [
        "os.chmod(victim, 0)",
        "os.chmod('link', 0)",
        "os.chmod(os.open(victim, os.O_RDONLY), 0)",
        "os.fchmod(os.open(victim, os.O_RDONLY), 0)",
        "os.chmod('notes.txt', 0, dir_fd=os.open(os.path.dirname(victim), os.O_RDONLY))",
        "os.chown(victim, os.getuid(), os.getgid())",
        "os.chown('link', os.getuid(), os.getgid())",
        "os.lchown(victim, os.getuid(), os.getgid())",
        "os.utime(victim)",
        "os.utime('link')",
        "os.utime(os.open(victim, os.O_RDONLY))",
        "os.utime('notes.txt', dir_fd=os.open(os.path.dirname(victim), os.O_RDONLY))",
        "os.setxattr(victim, 'user.x', b'1')",
        "os.truncate(victim, 0)",
        "os.truncate('link', 0)",
        "import shutil; shutil.copystat('/etc/passwd', victim)",
    ],
)
def test_what_is_said_of_the_users_files_stays(victim: Path, code: str) -> None:
    before = victim.stat()
    attempt(victim, code)

    after = victim.stat()
    assert victim.read_text() == "mine"
    assert (after.st_mode, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_mode,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )


def test_a_runs_own_files_are_its_own(victim: Path) -> None:
    code = (
        "import shutil; shutil.copy2('link', 'copy'); os.chmod('link', 0o600); os.utime('link');"
        "os.chown('copy', os.getuid(), os.getgid());"
        "print(open('link').read(), open('copy').read())"
    )
    assert attempt(victim, code) == "mine mine"


@pytest.fixture
def listening(victim: Path) -> Iterator[list[socket.socket]]:
    """Sockets of other programs of the user's, such as those of ssh-agent, dbus or docker."""
    found = [
        socket.socket(socket.AF_UNIX, kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
    ]
    found.append(socket.socket(socket.AF_UNIX))
    for one, name in zip(found, ("s", "d", f"\0{victim}"), strict=True):
        one.bind(name if name[0] == "\0" else f"{victim.parent}/{name}")
        one.settimeout(0)
        if one.type == socket.SOCK_STREAM:
            one.listen()
    (victim.parent.parent / "work" / "linked").symlink_to(victim.parent / "s")
    yield found
    for one in found:
        one.close()


@pytest.mark.parametrize(
    "code",
    [
        "socket.socket(socket.AF_UNIX).connect(os.path.dirname(victim) + '/s')",
        "socket.socket(socket.AF_UNIX).connect_ex(os.fsencode(os.path.dirname(victim)) + b'/s')",
        "socket.socket(socket.AF_UNIX).connect('linked')",
        "os.chdir(os.path.dirname(victim)); socket.socket(socket.AF_UNIX).connect('s')",
        "socket.socket(socket.AF_UNIX, 2).sendto(b'x', os.path.dirname(victim) + '/d')",
        "socket.socket(socket.AF_UNIX, 2).sendmsg([b'x'], [], 0, os.path.dirname(victim) + '/d')",
    ],
)
def test_sockets_of_other_programs_are_not_reached(
    victim: Path, listening: list[socket.socket], code: str
) -> None:
    assert "WriteRefused" in attempt(victim, code)
    _nobody_came(listening)


def test_nor_those_without_a_path(victim: Path, listening: list[socket.socket]) -> None:
    if not _landlock() >= 6:
        pytest.skip("this kernel cannot refuse them")
    said = attempt(victim, "socket.socket(socket.AF_UNIX).connect('\\0' + victim)")
    assert "PermissionError" in said
    _nobody_came(listening)


def test_a_runs_own_sockets_are_reached(victim: Path) -> None:
    code = (
        "for name in ('own', '\\0own of a run'):\n"
        "    one, two = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)\n"
        "    one.bind(name); one.listen(); two.connect(name)\n"
        "import multiprocessing\n"
        "from multiprocessing.managers import SyncManager\n"
        # By a short path: a socket's may have 107 bytes, and where the run is may be deeper.
        "context = multiprocessing.get_context('fork')\n"
        "with SyncManager('shared', ctx=context) as manager: print(list(manager.list([1, 2])))"
    )
    assert attempt(victim, code) == "[1, 2]"


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"])
def test_no_socket_leads_off_the_machine(victim: Path, family: str) -> None:
    number = int(getattr(socket, family, 40))
    assert attempt(victim, f"print(libc.socket({number}, 2, 0), ctypes.get_errno())") == "-1 13"


# push rbx; eax = 359 (socket of i386); ebx = 2; ecx = 1; edx = 0; int 0x80; pop rbx; ret
DETOUR = "53b867010000bb02000000b90100000031d2cd805bc3"


@pytest.mark.skipif(
    os.uname().machine != "x86_64", reason="only there are two ways to number calls"
)
@pytest.mark.parametrize(
    "code",
    [
        f"import mmap; page = mmap.mmap(-1, 4096, prot=7); page.write(bytes.fromhex('{DETOUR}'));"
        "at = ctypes.addressof(ctypes.c_char.from_buffer(page));"
        "print(ctypes.CFUNCTYPE(ctypes.c_int)(at)())",
        "print(libc.syscall(0x40000000 + 41, 2, 1, 0))",
    ],
    ids=["i386", "x32"],
)
def test_nor_by_the_numbers_of_another_architecture(victim: Path, code: str) -> None:
    number = attempt(victim, code)
    # Crashing is no socket either: a kernel need not know the other architecture.
    assert not number.isdigit(), "it was given a socket"


@pytest.mark.parametrize(
    "code",
    [
        "import resource; resource.prlimit(parent, resource.RLIMIT_NOFILE, (5, 5))",
        "os.kill(parent, 0)",
        "open(f'/proc/{parent}/mem', 'rb').read(1)",
        "assert libc.ptrace(16, parent, 0, 0) == 0",
    ],
)
def test_what_runs_it_is_out_of_reach(victim: Path, code: str) -> None:
    assert "Error" in attempt(victim, code)


def test_it_limits_itself(victim: Path) -> None:
    code = "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); print('done')"
    assert attempt(victim, code) == "done"


def _nobody_came(listening: list[socket.socket]) -> None:
    for one in listening:
        take = one.accept if one.type == socket.SOCK_STREAM else partial(one.recv, 1)
        with pytest.raises(BlockingIOError):
            take()


def _landlock() -> int:
    import ctypes

    return int(ctypes.CDLL(None).syscall(444, None, 0, 1))
