from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from nnmigrate.documents import SIZE_LIMIT, DocumentProblem, read


def test_a_link_is_read_through(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"x\r\n")
    (tmp_path / "b.py").symlink_to("a.py")

    assert read(tmp_path / "b.py") == b"x\r\n"


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DocumentProblem, match="a directory, not a file"):
        read(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.py")

    with pytest.raises(DocumentProblem, match="a pipe, not a file"):
        read(tmp_path / "a.py")


def test_a_socket_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("a.py")

        with pytest.raises(DocumentProblem, match="a socket, not a file"):
            read(Path("a.py"))


def test_a_device_is_not_opened() -> None:
    with pytest.raises(DocumentProblem, match="a device, not a file"):
        read(Path("/dev/null"))


@pytest.mark.parametrize("name", ["missing.py", "a.py/b.py", "x" * 300 + ".py", "a\0.py"])
def test_what_is_not_there_is_a_problem(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.py").write_bytes(b"")

    with pytest.raises(DocumentProblem, match="cannot read: "):
        read(tmp_path / name)


def test_links_in_a_circle_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.py").symlink_to("b.py")
    (tmp_path / "b.py").symlink_to("a.py")

    with pytest.raises(DocumentProblem, match="cannot read: Too many levels"):
        read(tmp_path / "a.py")


def test_a_forbidden_file_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_bytes(b"")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    # The superuser may read everything, so that modes would show nothing.
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(DocumentProblem, match=r"a\.py:1:1: cannot read: Permission denied"):
        read(tmp_path / "a.py")


def test_the_limit_itself_is_allowed_and_one_byte_more_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"#" * SIZE_LIMIT)
    assert len(read(path)) == SIZE_LIMIT

    path.write_bytes(b"#" * (SIZE_LIMIT + 1))
    with pytest.raises(DocumentProblem, match="longer than the limit of 10,000,000 bytes"):
        read(path)
