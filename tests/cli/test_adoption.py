"""`--baseline`, `--write-baseline`, `--add-ignores` and `--annotate`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .runner import put, run

pytestmark = pytest.mark.usefixtures("rules")

Use = Callable[..., None]


class TestBaseline:
    def test_what_is_accepted_is_neither_shown_nor_counted(self) -> None:
        put("a.py", "hard", "mild")
        put("src/b.py", "hard")
        written = run("check", "--write-baseline", "base.json")
        assert (written.exit_code, written.stdout) == (0, "")
        assert "base.json accepts 3 findings." in written.stderr
        result = run("check", "--strict", "--baseline", "base.json")
        assert result.exit_code == 0
        assert "hard" not in result.stdout

    def test_one_more_is_shown(self) -> None:
        put("a.py", "hard")
        run("check", "--write-baseline", "base.json")
        put("a.py", "x = 1", "hard", "y = 2", "hard")
        result = run("check", "--baseline", "base.json", "--output-format", "concise")
        assert result.exit_code == 1
        assert result.stdout.startswith("a.py:5:1: NNS201")
        assert "Found 1 finding" in result.stdout

    def test_fix_still_fixes_what_is_accepted(self) -> None:
        path = put("a.py", "old", "hard")
        run("check", "--write-baseline", "base.json")
        result = run("fix", "--baseline", "base.json")
        assert result.exit_code == 0
        assert path.read_text() == "import nnsight\nnew\nhard\n"
        assert "NNS201" not in result.stdout
        assert "base.json: 1 entry is no longer needed" in result.stderr

    def test_what_is_no_longer_needed_is_said(self) -> None:
        put("a.py", "hard", "hard")
        put("b.py", "hard")
        run("check", "--write-baseline", "base.json")
        put("a.py")
        assert "2 entries are no longer needed" in run("check", "--baseline", "base.json").stderr
        # Also of a file that no longer speaks of nnsight, and of one that is gone.
        Path("a.py").write_text("x = 1\n")
        Path("b.py").unlink()
        assert "3 entries are no longer needed" in run("check", "--baseline", "base.json").stderr
        # Not of files and rules that this run did not look at.
        put("a.py", "hard", "hard")
        put("b.py")
        assert "no longer" not in run("check", "--baseline", "base.json", "a.py").stderr
        other = run("check", "--baseline", "base.json", "--select", "NNS1")
        assert "no longer" not in other.stderr

    def test_a_file_that_cannot_be_read_keeps_its_entries(self) -> None:
        put("a.py", "hard")
        put("b.py", "hard")
        run("check", "--write-baseline", "base.json")
        put("b.py", "(")
        result = run("check", "--write-baseline", "base.json")
        assert result.exit_code == 2
        assert "b.py:2:1" in result.stderr
        paths = [one["path"] for one in json.loads(Path("base.json").read_text())["findings"]]
        assert paths == ["a.py", "b.py"]

    def test_a_broken_one_is_said_with_its_line_and_nothing_is_done(self) -> None:
        path = put("a.py", "old")
        Path("base.json").write_text("{\n,\n")
        for command in (("check", "--write-baseline"), ("check", "--baseline")):
            result = run(*command, "base.json")
            assert result.exit_code == 2
            assert "base.json:2:1: cannot read: not a baseline" in result.stderr
        assert run("fix", "--baseline", "base.json").exit_code == 2
        assert run("fix", "--baseline", "none.json").exit_code == 2
        assert path.read_text() == "import nnsight\nold\n"

    def test_pins_are_accepted_as_well(self, use_rules: Use, replacing: Any) -> None:
        use_rules(replacing("NNS101", "old"), replacing("NNS721", "never-this"))
        put("a.py", "old")
        Path("requirements.txt").write_text("nnsight==0.4.11\n")
        assert "requirements.txt" in run("check").stdout
        run("check", "--write-baseline", "base.json")
        result = run("check", "--baseline", "base.json")
        assert result.exit_code == 0
        assert "requirements.txt" not in result.stdout


class TestAddIgnores:
    def test_it_writes_a_comment_behind_each_statement_and_then_nothing_is_found(self) -> None:
        path = put("a.py", "hard, risky", "x = 1", "mild  # text")
        result = run("check", "--add-ignores")
        assert result.exit_code == 0
        assert "a.py: 2 comments changed" in result.stderr
        assert path.read_text() == (
            "import nnsight\nhard, risky  # nnmigrate: ignore[NNS102, NNS201]\nx = 1\n"
            "mild  # text  # nnmigrate: ignore[NNS202]\n"
        )
        before = path.read_bytes()
        again = run("check", "--add-ignores")
        assert (again.exit_code, path.read_bytes()) == (0, before)
        assert "changed" not in again.stderr

    def test_what_is_accepted_already_gets_none(self) -> None:
        path = put("a.py", "hard")
        run("check", "--write-baseline", "base.json")
        run("check", "--add-ignores", "--baseline", "base.json")
        assert path.read_text() == "import nnsight\nhard\n"

    def test_encodings_and_line_ends_stay(self) -> None:
        raw = "# coding: latin-1\r\nimport nnsight\r\n'é', hard".encode("latin-1")
        Path("a.py").write_bytes(raw)
        run("check", "--add-ignores")
        assert Path("a.py").read_bytes() == raw + b"  # nnmigrate: ignore[NNS201]"

    def test_standard_input_has_no_file_for_it(self) -> None:
        assert run("check", "--add-ignores", "-", stdin=b"").exit_code == 2
        assert run("check", "--write-baseline", "base.json", "-", stdin=b"").exit_code == 2
        both = run("check", "--add-ignores", "--write-baseline", "base.json")
        assert both.exit_code == 2
        assert not Path("base.json").exists()


class TestAnnotate:
    def test_it_leaves_what_a_person_must_decide_in_the_code(self) -> None:
        path = put("a.py", "old", "if x:", "    hard", "risky", "mild")
        result = run("fix", "--annotate")
        assert result.exit_code == 1
        assert path.read_text() == (
            "import nnsight\nnew\nif x:\n    # nnmigrate NNS201: `hard` is wrong\n    hard\n"
            "# nnmigrate NNS102: `risky` is wrong [unsafe fix: Write `brave`]\nrisky\nmild\n"
        )
        assert "a.py: 2 comments changed" in result.stderr

    def test_findings_are_shown_where_they_stand_now(self) -> None:
        put("a.py", "hard", "y, risky")
        result = run("fix", "--annotate", "--output-format", "json")
        found = json.loads(result.stdout)
        assert [one["location"] for one in found] == [
            {"row": 3, "column": 1},
            {"row": 5, "column": 4},
        ]
        assert found[1]["fix"]["edits"][0]["location"] == {"row": 5, "column": 4}

    def test_it_is_taken_away_when_it_is_resolved(self) -> None:
        path = put("a.py", "hard", "risky")
        run("fix", "--annotate")
        before = path.read_bytes()
        assert "changed" not in run("fix", "--annotate").stderr
        assert path.read_bytes() == before
        path.write_text(path.read_text().replace("\nhard\n", "\neasy\n"))
        run("fix", "--annotate", "--unsafe-fixes")
        assert path.read_text() == "import nnsight\neasy\nbrave\n"

    def test_without_it_comments_are_left_alone(self) -> None:
        path = put("a.py", "# nnmigrate NNS201: `hard` is wrong", "easy", "old")
        run("fix")
        assert path.read_text() == (
            "import nnsight\n# nnmigrate NNS201: `hard` is wrong\neasy\nnew\n"
        )

    def test_rules_that_are_not_selected_keep_theirs(self) -> None:
        path = put("a.py", "hard")
        run("fix", "--annotate")
        before = path.read_bytes()
        run("fix", "--annotate", "--select", "NNS1")
        assert path.read_bytes() == before

    def test_it_is_in_the_diff_and_in_standard_output(self) -> None:
        path = put("a.py", "hard")
        result = run("fix", "--annotate", "--diff")
        assert "+# nnmigrate NNS201: `hard` is wrong\n" in result.stdout
        assert result.exit_code == 1
        assert path.read_text() == "import nnsight\nhard\n"
        piped = run("fix", "--annotate", "-", stdin=b"import nnsight\nhard\n")
        assert piped.stdout == "import nnsight\n# nnmigrate NNS201: `hard` is wrong\nhard\n"

    def test_what_is_accepted_is_not_asked_about(self) -> None:
        path = put("a.py", "hard")
        run("check", "--write-baseline", "base.json")
        run("fix", "--annotate", "--baseline", "base.json")
        assert path.read_text() == "import nnsight\nhard\n"
