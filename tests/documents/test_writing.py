from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from nnmigrate.documents import DocumentProblem, create, write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    return path


def test_new_bytes_replace_the_old_ones_and_nothing_else_is_left(file: Path) -> None:
    assert write(file, b"new\r\n", was=b"old")

    assert file.read_bytes() == b"new\r\n"
    assert os.listdir(file.parent) == ["a.py"]


def test_the_same_bytes_are_not_written(file: Path) -> None:
    before = file.stat()

    assert not write(file, b"old", was=b"old")
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_whoever_has_the_file_open_keeps_the_old_one(file: Path) -> None:
    with file.open("rb") as reader:
        write(file, b"new", was=b"old")

        assert reader.read() == b"old"


@pytest.mark.parametrize("mode", [0o755, 0o600, 0o664, 0o4750])
def test_the_mode_stays(file: Path, mode: int) -> None:
    file.chmod(mode)

    write(file, b"new", was=b"old")

    assert stat.S_IMODE(file.stat().st_mode) == mode


def test_the_owner_is_asked_for_and_a_refusal_is_no_problem(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []

    def refuse(_: str, user: int, group: int) -> None:
        asked.append((user, group))
        raise PermissionError

    monkeypatch.setattr(os, "chown", refuse)
    write(file, b"new", was=b"old")

    assert asked == [(file.stat().st_uid, file.stat().st_gid)]
    assert file.read_bytes() == b"new"


def test_links_stay_and_what_they_lead_to_changes(file: Path) -> None:
    folder = file.parent / "folder"
    folder.mkdir()
    (folder / "b.py").symlink_to("../a.py")
    (folder / "c.py").symlink_to("b.py")

    write(folder / "c.py", b"new", was=b"old")

    assert file.read_bytes() == b"new"
    assert os.readlink(folder / "c.py") == "b.py"
    assert sorted(os.listdir(folder)) == ["b.py", "c.py"]


def test_a_file_that_changed_meanwhile_is_left_alone(file: Path) -> None:
    with pytest.raises(DocumentProblem, match="changed meanwhile"):
        write(file, b"new", was=b"older")

    assert file.read_bytes() == b"old"
    assert os.listdir(file.parent) == ["a.py"]


def test_a_file_that_vanished_is_not_made_again(file: Path) -> None:
    file.unlink()

    with pytest.raises(DocumentProblem, match="cannot write: No such file"):
        write(file, b"new", was=b"old")
    assert os.listdir(file.parent) == []


def test_a_read_only_file_is_not_replaced(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Replacing needs no right to the file, only to its directory; yet it is not what was meant.
    monkeypatch.setattr(os, "access", lambda path, mode: False)

    with pytest.raises(DocumentProblem, match="the file is read-only"):
        write(file, b"new", was=b"old")
    assert file.read_bytes() == b"old"


def _raising(error: BaseException) -> Any:
    def raise_it(*_: object, **__: object) -> None:
        raise error

    return raise_it


FAILURES = {
    "read-only directory": ("tempfile.mkstemp", OSError(13, "Permission denied")),
    "full disk": ("os.fsync", OSError(28, "No space left on device")),
    "mode refused": ("os.chmod", OSError(1, "Operation not permitted")),
    "replace refused": ("os.replace", OSError(18, "Invalid cross-device link")),
}


@pytest.mark.parametrize(("function", "error"), FAILURES.values(), ids=FAILURES)
def test_a_failure_leaves_what_was_there(
    file: Path, monkeypatch: pytest.MonkeyPatch, function: str, error: OSError
) -> None:
    monkeypatch.setattr(function, _raising(error))

    with pytest.raises(DocumentProblem, match=f"cannot write: {error.strerror}"):
        write(file, b"new", was=b"old")
    assert file.read_bytes() == b"old"
    assert os.listdir(file.parent) == ["a.py"]


def test_an_interrupt_goes_through_and_leaves_what_was_there(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.fsync", _raising(KeyboardInterrupt()))

    with pytest.raises(KeyboardInterrupt):
        write(file, b"new", was=b"old")
    assert os.listdir(file.parent) == ["a.py"]


def test_the_longest_possible_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 252 + ".py")
    path.write_bytes(b"old")

    assert write(path, b"new", was=b"old")


def test_a_new_file_is_made_whole_with_an_ordinary_mode(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.touch()
    create(tmp_path / "new.json", b"{}\n")
    assert (tmp_path / "new.json").read_bytes() == b"{}\n"
    assert (tmp_path / "new.json").stat().st_mode == other.stat().st_mode
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.json", "other"]


def test_what_is_there_or_cannot_be_made_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "there.json"
    path.write_bytes(b"1")
    with pytest.raises(DocumentProblem, match="not written"):
        create(path, b"2")
    with pytest.raises(DocumentProblem, match="cannot write"):
        create(tmp_path / "no" / "folder.json", b"2")
    assert path.read_bytes() == b"1"
    assert [one.name for one in tmp_path.iterdir()] == ["there.json"]
