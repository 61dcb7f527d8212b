"""Whatever takes too long is given up, by name, and nothing else suffers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nnmigrate.findings import Finding
from nnmigrate.outcomes import Settings
from nnmigrate.patience import GivenUp, bounded
from nnmigrate.program import Program
from nnmigrate.run import examine_paths
from nnmigrate.server import analysis
from nnmigrate.server.notebooks import Texts
from nnmigrate.server.settings import Wishes


def endless(program: Program) -> Iterator[Finding]:
    """A rule's check that comes to no end in some programs, and catches every `Exception`."""
    while "endless" in program.code:
        try:
            time.process_time()
        except Exception:
            continue
    yield from ()


@pytest.fixture
def tree(
    tmp_path: Path,
    use_rules: Callable[..., None],
    replacing: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    hanging = replacing("NNS902", "never")
    monkeypatch.setattr(hanging, "check", endless)
    use_rules(replacing("NNS901", "wrong", "right"), hanging)
    monkeypatch.chdir(tmp_path)
    for name, text in (("a", "wrong"), ("b", "wrong = endless"), ("c", "wrong")):
        Path(f"{name}.py").write_text(f"import nnsight\n{text} = 1\n")
    return tmp_path


@pytest.mark.parametrize("fix", [False, True])
def test_a_file_that_takes_too_long_is_named_and_stays(tree: Path, fix: bool) -> None:
    before = (tree / "b.py").read_bytes()
    outcomes = [*examine_paths(["."], Settings(fix=fix, write=fix, timeout=0.3))]

    problems = [str(one) for outcome in outcomes for one in outcome.problems]
    assert problems == ["b.py:1:1: given up after 0.3 seconds of work (see --timeout)"]
    assert (tree / "b.py").read_bytes() == before
    if fix:
        assert (
            (tree / "a.py").read_text()
            == (tree / "c.py").read_text()
            == ("import nnsight\nright = 1\n")
        )
    else:
        assert [len(outcome.report.findings) for outcome in outcomes] == [1, 0, 1]
    assert not [one for one in threading.enumerate() if one.name == "nnmigrate"]


def test_an_editor_is_told_and_waits_no_longer(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "_MOST_PATIENCE", 0.3)
    text = Texts(("import nnsight\nendless = 1\n",))
    found = analysis.analysed(text, tree / "b.py", Wishes())

    assert found.findings == ()
    assert found.stale
    assert [problem.rpartition(": ")[2] for problem in found.problems] == [
        "given up after 0.3 seconds of work (see --timeout)"
    ]
    assert analysis.fixed(text, tree / "b.py", Wishes()) == {}


def test_what_is_done_in_time_is_given_or_raised() -> None:
    def fail() -> None:
        raise KeyError("x")

    assert bounded(lambda: 3, 0.5) == 3
    with pytest.raises(KeyError):
        bounded(fail, 0.5)


def test_the_outermost_bound_holds() -> None:
    def inner() -> None:
        bounded(spin, 1000)

    with pytest.raises(GivenUp, match=r"after 0\.3 seconds"):
        bounded(inner, 0.3)


def test_nothing_is_given_up_where_nobody_wants_that() -> None:
    assert bounded(lambda: spin(0.5), 0) is None


def test_the_time_of_others_does_not_count() -> None:
    assert bounded(lambda: time.sleep(0.6), 0.3) is None


def spin(seconds: float = 60) -> None:
    begun = time.thread_time()
    while time.thread_time() - begun < seconds:
        pass
