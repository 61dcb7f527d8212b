from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nnmigrate.baseline import Baseline, Examined
from nnmigrate.findings import Applicability, Severity
from nnmigrate.server.actions import Shown
from nnmigrate.server.analysis import Analysis, analysed, fixed
from nnmigrate.server.notebooks import Texts
from nnmigrate.server.opened import Opened, Text, Unit
from nnmigrate.server.settings import Wishes
from nnmigrate.spans import Edit, Span, apply_edits

Use = Callable[..., None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "program.py"


def looked_at(code: str, path: Path, before: Analysis | None = None) -> Analysis:
    return analysed(Texts((code,)), path, Wishes(), before)


def titles(code: str, path: Path, wishes: Wishes | None = None) -> list[str]:
    unit = Unit("file:///x.py", (Text("file:///x.py", 1, "python", code),))
    analysis = analysed(unit.program, path, Wishes())
    shown = Shown(Opened(), unit, analysis, wishes or Wishes())
    return [one.title for one in shown.quick_fixes(analysis.findings)]


class TestAnalysis:
    def test_without_nnsight_nothing_is_parsed(self, use_rules: Use, path: Path) -> None:
        use_rules()

        assert looked_at("def broken(:", path) == Analysis(Texts(("def broken(:",)))

    def test_what_the_project_excludes_or_accepts_is_not_shown(
        self, use_rules: Use, replacing: Any, path: Path
    ) -> None:
        use_rules(replacing("NNS101", "bad"))
        code = "import nnsight\nbad\n"
        shown = looked_at(code, path).findings
        baseline = Baseline(path.parent / "base.json", Counter())
        baseline.renewed([Examined(str(path), code, shown, lambda _: True)]).write()
        table = "[tool.nnmigrate]\nexclude = ['vendored/']\nbaseline = 'base.json'\n"
        (path.parent / "pyproject.toml").write_text(table)

        assert len(shown) == 1
        assert looked_at(code, path).findings == ()
        assert len(looked_at(f"{code}bad\n", path).findings) == 1
        assert looked_at(f"{code}bad\n", path.parent / "vendored" / "a.py").findings == ()

    def test_an_error_of_ours_is_no_end(self, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
        def fails(*_: object) -> None:
            raise ZeroDivisionError("by us")

        monkeypatch.setattr("nnmigrate.engine.check", fails)

        (failure,) = looked_at("import nnsight\n", path).failures
        assert failure.startswith("internal error, please report it: raised ZeroDivisionError")

    @pytest.mark.parametrize("code", ["nnsight\0", "nnsight\ud800", "x = 'nnsight' +" + "(" * 999])
    def test_whatever_cannot_be_parsed_is_said(self, path: Path, code: str) -> None:
        analysis = looked_at(code, path)

        assert len(analysis.syntax) == 1
        assert analysis.failures == ()

    def test_findings_outside_of_a_change_keep_their_places(
        self, use_rules: Use, replacing: Any, path: Path
    ) -> None:
        use_rules(replacing("NNS101", "old|mid|end", "new"))
        before = looked_at("nnsight; old\nmid\nend\n", path)
        now = looked_at("nnsight; old\nmi(\nend\n", path, before)
        again = looked_at("nnsight; old\nmi(((\nend\n", path, now)

        assert [one.span for one in now.findings] == [Span(9, 12), Span(17, 20)]
        assert [one.span for one in again.findings] == [Span(9, 12), Span(19, 22)]
        assert all(one.fix is None for one in again.findings)


class TestQuickFixes:
    def test_a_fix_that_gives_no_python_is_not_offered(
        self, use_rules: Use, replacing: Any, path: Path
    ) -> None:
        use_rules(replacing("NNS101", "old", "new"), replacing("NNS102", "odd", "(("))

        assert titles("nnsight; old; odd\n", path) == [
            "Write `new` (NNS101)",
            "Ignore NNS101 for this statement",
            "Ignore NNS102 for this statement",
        ]

    def test_an_unsafe_fix_is_marked_and_offered_where_it_is_wanted(
        self, use_rules: Use, replacing: Any, path: Path
    ) -> None:
        unsafe = Applicability.UNSAFE
        use_rules(replacing("NNS101", "old", "new", Severity.ERROR, unsafe))

        marked = "Write `new` (NNS101) (unsafe: its page says when it holds)"
        assert titles("nnsight; old\n", path)[:-1] == [marked]
        assert titles("nnsight; old\n", path, Wishes(unsafe_fixes=False))[:-1] == []


class TestFixed:
    def test_all_rounds_are_one_change(self, use_rules: Use, replacing: Any, path: Path) -> None:
        use_rules(replacing("NNS101", "aa", "b"), replacing("NNS102", "bb", "c"))
        code = "nnsight\naab\n\nx\naab\n"

        edits = fixed(Texts((code,)), path, Wishes())[0]
        assert apply_edits(code, edits) == "nnsight\nc\n\nx\nc\n"
        assert len(edits) == 2

    def test_unsafe_fixes_are_left(self, use_rules: Use, replacing: Any, path: Path) -> None:
        unsafe = Applicability.UNSAFE
        use_rules(replacing("NNS101", "old", "new", Severity.ERROR, unsafe))

        assert fixed(Texts(("nnsight; old\n",)), path, Wishes()) == {}

    def test_what_is_no_python_is_left(self, path: Path) -> None:
        assert fixed(Texts(("nnsight(\n",)), path, Wishes()) == {}


class TestNotebooks:
    CELLS = Texts(("%time\nnnsight\nold", "%%bash\nold", "  old\n", ""), is_notebook=True)

    def test_edits_reach_the_cell_that_they_are_for(
        self, use_rules: Use, replacing: Any, path: Path
    ) -> None:
        use_rules(replacing("NNS101", "old", "new"))

        edits = fixed(self.CELLS, path, Wishes())
        assert edits == {0: [Edit(Span(14, 17), "new")], 2: [Edit(Span(2, 5), "new")]}

    def test_places_are_those_in_the_cells(
        self, use_rules: Use, replacing: Any, path: Path
    ) -> None:
        use_rules(replacing("NNS101", "old", "new"))
        analysis = analysed(self.CELLS, path, Wishes())

        placed = [self.CELLS.placed(one.span) for one in analysis.findings]
        assert placed == [(0, Span(14, 17)), (2, Span(2, 5))]

    def test_what_is_rigid_is_not_edited(self) -> None:
        at = self.CELLS.code.index("# %%", 1)

        assert self.CELLS.edited([Edit(Span(at, at + 1), "")]) is None
        assert self.CELLS.edited([Edit(Span(at, at), "x\n")]) is not None
