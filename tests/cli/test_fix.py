from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .runner import put, run

Use = Callable[..., None]
CODE = "import nnsight\nold\n"


@pytest.mark.usefixtures("rules")
class TestFix:
    def test_safe_fixes_are_applied_in_place_and_told(self) -> None:
        path = put("a.py", "old", "fine")

        result = run("fix")

        assert result.exit_code == 0
        assert path.read_text() == "import nnsight\nnew\nfine\n"
        assert result.stdout.startswith("a.py: fixed 1 finding\n  line 2: NNS101 Write `new`\n")

    def test_what_remains_is_told_with_the_reason_and_is_1(self) -> None:
        path = put("a.py", "old", "risky", "hard")

        result = run("fix")

        assert result.exit_code == 1
        assert path.read_text() == "import nnsight\nnew\nrisky\nhard\n"
        assert "fix (unsafe, needs --unsafe-fixes): Write `brave`" in result.stdout
        assert "no fix: " in result.stdout
        assert result.stdout.splitlines()[-1] == (
            "Left 2 findings (1 silent, 1 error) in 1 file; "
            "1 fixable with `nnmigrate fix --unsafe-fixes`"
        )

    def test_unsafe_fixes_are_applied_if_asked_for(self) -> None:
        path = put("a.py", "old", "risky")

        assert run("fix", "--unsafe-fixes").exit_code == 0
        assert path.read_text() == "import nnsight\nnew\nbrave\n"

    def test_notes_that_remain_are_0_unless_strict(self) -> None:
        put("a.py", "mild")

        assert run("fix").exit_code == 0
        assert run("fix", "--strict").exit_code == 1

    def test_bytes_that_no_fix_touches_stay(self) -> None:
        raw = b"\xef\xbb\xbfimport nnsight\r\n\x0c\told = '\xc3\xa9' \r\nif 1:\n\thard # noqa"
        raw = raw.replace(b"\told", b"old")
        Path("a.py").write_bytes(raw)

        assert run("fix").exit_code == 0
        assert Path("a.py").read_bytes() == raw.replace(b"old", b"new")

    def test_a_file_without_fixes_is_not_touched(self) -> None:
        path = put("a.py", "hard")
        before = path.stat()

        run("fix")

        assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    def test_json_is_what_remains_and_stands_alone(self) -> None:
        put("a.py", "old", "hard")

        result = run("fix", "--output-format", "json")

        assert [one["code"] for one in json.loads(result.stdout)] == ["NNS201"]
        assert "line 2: NNS101" in result.stderr

    def test_what_cannot_be_read_or_parsed_is_2_and_the_rest_is_fixed(self) -> None:
        broken = put("a.py", "old = (")
        fine = put("b.py", "old")

        result = run("fix", "missing.py", ".")

        assert result.exit_code == 2
        assert broken.read_text() == "import nnsight\nold = (\n"
        assert fine.read_text() == "import nnsight\nnew\n"
        assert len(result.stderr.splitlines()) == 2

    def test_what_cannot_be_written_is_2_and_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        path = put("a.py", "old")

        def refuse(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", refuse)
        result = run("fix")

        assert result.exit_code == 2
        assert result.stderr == "a.py:1:1: cannot write: No space left on device\n"
        assert "fixed" not in result.stdout
        assert path.read_text() == "import nnsight\nold\n"

    def test_a_character_that_the_encoding_lacks_is_2_and_the_file_stays(
        self, use_rules: Use, replacing: Any
    ) -> None:
        use_rules(replacing("NNS101", "old", "'€'"))
        raw = b"# coding: latin-1\nimport nnsight\nold\n"
        Path("a.py").write_bytes(raw)

        result = run("fix")

        assert result.exit_code == 2
        assert "cannot write '\\u20ac'" in result.stderr
        assert Path("a.py").read_bytes() == raw

    def test_standard_input_goes_to_standard_output_and_reports_to_standard_error(self) -> None:
        result = run("fix", "-", stdin=b"import nnsight\r\nold\r\nhard")

        assert result.exit_code == 1
        assert result.stdout_bytes == b"import nnsight\r\nnew\r\nhard"
        assert "line 2: NNS101" in result.stderr
        assert "NNS201" in result.stderr

    @pytest.mark.parametrize("raw", [b"old\n", b"", b"import nnsight\nold (", b"nnsight\0\xff"])
    def test_what_is_not_fixed_goes_through_unchanged(self, raw: bytes) -> None:
        assert run("fix", "-", stdin=raw).stdout_bytes == raw


@pytest.mark.usefixtures("rules")
class TestDiff:
    def test_it_writes_nothing_and_is_1(self) -> None:
        path = put("d/a.py", "old")
        put("b.py", "hard")

        result = run("fix", "--diff")

        assert result.exit_code == 1
        assert path.read_text() == "import nnsight\nold\n"
        assert result.stdout == (
            "--- a/d/a.py\n+++ b/d/a.py\n@@ -1,2 +1,2 @@\n import nnsight\n-old\n+new\n"
        )

    def test_git_makes_of_it_what_fix_makes(self) -> None:
        subprocess.run(["git", "init", "-q", "."], check=True)
        Path("a.py").write_bytes(b"import nnsight\r\nold\r\nx = '\xc3\xa9'")
        put("d/b c.py", "old", "x", "old")
        patch = run("fix", "--diff").stdout_bytes

        subprocess.run(["git", "apply", "-"], input=patch, check=True)

        assert Path("a.py").read_bytes() == b"import nnsight\r\nnew\r\nx = '\xc3\xa9'"
        assert Path("d/b c.py").read_text() == "import nnsight\nnew\nx\nnew\n"

    def test_no_change_is_0_and_prints_nothing(self) -> None:
        put("a.py", "hard")

        result = run("fix", "--diff")

        assert (result.exit_code, result.stdout) == (0, "")

    def test_a_problem_is_2_beside_the_diff(self) -> None:
        put("a.py", "old")
        put("b.py", "(")

        result = run("fix", "--diff")

        assert result.exit_code == 2
        assert result.stdout.startswith("--- a/a.py")

    def test_of_standard_input_too(self) -> None:
        result = run("fix", "--diff", "--stdin-filename", "a.py", "-", stdin=CODE.encode())

        assert result.exit_code == 1
        assert result.stdout.startswith("--- a/a.py\n+++ b/a.py\n")
