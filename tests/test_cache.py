"""What is kept from earlier runs: never wrong, never in the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnmigrate
from nnmigrate import cache as caching
from nnmigrate.cache import Cache, cache_in, key_of
from nnmigrate.findings import Applicability, Finding, Fix, Severity
from nnmigrate.folders import cache_folder
from nnmigrate.outcomes import Settings
from nnmigrate.program import Options
from nnmigrate.project import Project, Requirement
from nnmigrate.selection import Selection
from nnmigrate.spans import Edit, Span

KEY = "ab" + "0" * 62
CODE = "x" * 100
texts = st.text(max_size=8)
spans = st.tuples(st.integers(0, 100), st.integers(0, 100)).map(lambda two: Span(*sorted(two)))
edits = st.lists(st.builds(Edit, spans, texts), max_size=3).map(tuple)
fixes = st.builds(Fix, texts, edits, st.sampled_from(Applicability), st.none() | spans)
findings = st.builds(
    Finding, texts, texts, st.sampled_from(Severity), spans, texts, texts, st.none() | fixes
)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    found = cache_in(tmp_path)
    assert found is not None
    return found


FOUND = (Finding("NNS101", "name", Severity.ERROR, Span(1, 2), "m", "c", Fix("f", ())),)


@given(st.lists(findings, max_size=3).map(tuple))
def test_what_is_kept_comes_back_as_it_was(found: tuple[Finding, ...]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        one = Cache(Path(folder))
        one.put(KEY, found)
        assert one.get(KEY, CODE) == found


def only_file(cache: Cache) -> Path:
    (found,) = (path for path in cache.folder.rglob("*") if path.is_file())
    return found


@given(st.data())
def test_an_entry_that_is_not_what_was_written_is_none(data: st.DataObject) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(Path(folder))
        cache.put(KEY, FOUND)
        path = only_file(cache)
        raw = path.read_bytes()
        at = data.draw(st.integers(0, len(raw) - 1))
        other = data.draw(st.sampled_from([b"", bytes([raw[at] ^ 1]), b"\xff", b"\n", b"["]))
        path.write_bytes(raw[:at] + other + raw[at + 1 :])
        assert path.read_bytes() == raw or cache.get(KEY, CODE) is None
        path.write_bytes(raw[:at])
        assert cache.get(KEY, CODE) is None


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{}", b"0", b"[1]", b"[[]]", b"[" * 99_999),
        b'[["a","b","error",[0,101],"m","c",null]]',
        b'[["a","b","error",[0,1],"m",{},null]]',
    ],
)
def test_nor_is_one_with_a_right_digest_that_holds_no_findings(cache: Cache, body: bytes) -> None:
    import hashlib

    cache.put(KEY, FOUND)
    digest = hashlib.sha256(body).hexdigest().encode()
    only_file(cache).write_bytes(digest + b"\n" + body)
    assert cache.get(KEY, CODE) is None


def test_a_folder_that_others_may_write_to_is_not_used(tmp_path: Path) -> None:
    own = tmp_path / caching._FOLDER
    own.mkdir()
    own.chmod(0o777)
    assert cache_in(tmp_path) is None


def test_nor_is_a_link_to_another_place(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / caching._FOLDER).symlink_to("elsewhere")
    assert cache_in(tmp_path) is None


def test_nor_one_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    assert cache_in(tmp_path) is None


def test_a_file_in_the_way_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert cache_in(tmp_path / "file") is None


def test_only_the_user_can_read_it(cache: Cache) -> None:
    cache.put(KEY, FOUND)
    path = only_file(cache)
    assert [one.stat().st_mode & 0o077 for one in (cache.folder, path.parent, path)] == [0, 0, 0]


@pytest.mark.parametrize("call", ["open", "replace"])
def test_a_full_disk_is_nobodys_trouble(
    cache: Cache, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, call, refuse)
        cache.put(KEY, FOUND)
    assert cache.get(KEY, CODE) is None
    assert not [path for path in cache.folder.rglob("*") if path.is_file()]


def test_the_oldest_entries_go(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching, "_MOST", 8)
    for number in range(10):
        key = f"{number}{number}" + "0" * 62
        cache.put(key, ())
        os.utime(cache._path(key), (1000 + number, 1000 + number))
    left = cache._path("aa" + "0" * 62).with_name("x.1.tmp")
    left.parent.mkdir()
    left.touch()
    os.utime(left, (1000, 1000))
    cache.tidy()
    kept = {path.parent.name for path in cache.folder.rglob("0*") if path.is_file()}
    assert kept == {"44", "55", "66", "77", "88", "99"} or kept == {"55", "66", "77", "88", "99"}
    assert not left.exists()


def test_what_is_used_stays(cache: Cache) -> None:
    cache.put(KEY, FOUND)
    path = only_file(cache)
    os.utime(path, (1000, 1000))
    assert cache.get(KEY, CODE) == FOUND
    assert path.stat().st_mtime > 1000


BASE: dict[str, Any] = {
    "code": "import nnsight\n",
    "rigid": (Span(1, 2),),
    "settings": Settings(target=(0, 5)),
    "project": Project((Requirement("nnsight", "<0.5", Path("/a"), 3, "nnsight<0.5"),), True),
    "kind": "code",
}


def others() -> list[dict[str, Any]]:
    settings, pin = BASE["settings"], BASE["project"].requirements[0]
    return [
        {"code": "import nnsight"},
        {"code": "import nnsight\r\n"},
        {"rigid": ()},
        {"rigid": (Span(1, 3),)},
        {"kind": "text"},
        {"settings": replace(settings, target=(0, 6))},
        {"settings": replace(settings, target=None)},
        {"settings": replace(settings, source=(0, 4))},
        {"settings": replace(settings, assume_remote=True)},
        {"settings": replace(settings, selection=Selection(("NNS1",)))},
        {"settings": replace(settings, selection=Selection(ignore=("NNS1",)))},
        {"settings": replace(settings, selection=Selection(never=("NNS1",)))},
        {"project": Project()},
        {"project": Project((), True)},
        {"project": Project((replace(pin, specifier="<0.4"),), True)},
        {"project": Project((replace(pin, name="torch"),), True)},
        {"project": Project((replace(pin, path=Path("/b")),), True)},
        {"project": Project((replace(pin, start=4),), True)},
        {"project": Project((replace(pin, text="nnsight <0.5"),), True)},
    ]


@pytest.mark.parametrize("changed", others(), ids=lambda one: str(one)[:60])
def test_whatever_decides_what_is_found_is_in_the_key(changed: dict[str, Any]) -> None:
    assert key_of(**BASE) == key_of(**BASE)
    assert key_of(**{**BASE, **changed}) != key_of(**BASE)


def test_the_key_knows_all_that_is_said_of_code() -> None:
    """Who adds something that rules are told has to see that the key has it."""
    assert [one.name for one in fields(Options)] == [
        "target",
        "assume_remote",
        "source",
        "project",
        "asked",
        "again",
        "text",
        "guide",  # what `fix` found out of the code itself
    ]
    known = {one.name for one in fields(Settings)}
    assert known >= caching._WITHOUT_EFFECT


@pytest.fixture
def anew() -> Any:
    caching._rules.cache_clear()
    yield caching._rules.cache_clear
    caching._rules.cache_clear()


@pytest.mark.parametrize(
    ("where", "value"),
    [("nnmigrate.__version__", "9"), ("sys.version", "9"), ("sys.implementation.cache_tag", "9")],
)
def test_other_versions_ask_anew(
    anew: Any, where: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key_of(**BASE)
    if where == "sys.implementation.cache_tag":
        from types import SimpleNamespace

        monkeypatch.setattr(sys, "implementation", SimpleNamespace(cache_tag=value))
    else:
        monkeypatch.setattr(where, value)
    anew()
    assert key_of(**BASE) != before


@pytest.mark.parametrize("change", ["content", "time", "new", "nested"])
def test_other_rules_ask_anew(
    anew: Any, change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "common").mkdir()
    (tmp_path / "rule.py").write_text("1")
    (tmp_path / "common" / "shared.py").write_text("1")
    monkeypatch.setattr(nnmigrate, "__path__", [str(tmp_path)])
    anew()
    before = key_of(**BASE)
    if change == "content":
        (tmp_path / "rule.py").write_text("1 ")
    elif change == "time":
        os.utime(tmp_path / "rule.py", (1, 1))
    elif change == "new":
        (tmp_path / "other.py").write_text("")
    else:
        (tmp_path / "common" / "shared.py").write_text("11")
    anew()
    assert key_of(**BASE) != before


def test_another_libcst_asks_anew(
    anew: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "libcst").mkdir()
    (tmp_path / "libcst" / "__init__.py").write_text("")
    (tmp_path / "libcst" / "_version.py").write_text("1.9")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    anew()
    before = key_of(**BASE)
    (tmp_path / "libcst" / "_version.py").write_text("1.10")
    anew()
    assert key_of(**BASE) != before


def test_several_processes_may_use_it_at_once(cache: Cache) -> None:
    code = (
        "import sys; from pathlib import Path; from nnmigrate.cache import Cache\n"
        "cache = Cache(Path(sys.argv[1]))\n"
        "for turn in range(200):\n"
        f"    cache.put({KEY!r}, ()); assert cache.get({KEY!r}, '') == ()\n"
        "    cache.tidy()\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, cache.folder]) for _ in range(2)]
    assert [one.wait() for one in both] == [0, 0]
    assert json.loads(only_entry(cache).read_bytes().partition(b"\n")[2]) == []


def only_entry(cache: Cache) -> Path:
    (found,) = (path for path in cache.folder.rglob("0*") if path.is_file())
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="each system has a place of its own")
def test_it_is_in_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NNMIGRATE_CACHE", raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache_folder() == Path("/caches/nnmigrate")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # from a repository, perhaps
    assert cache_folder() == Path("/home/me/.cache/nnmigrate")
    monkeypatch.setenv("NNMIGRATE_CACHE", "/own")
    assert cache_folder() == Path("/own")
