"""`nnmigrate report`: the page on a migration."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .runner import put, run

FIXTURES = Path(__file__).parents[2] / "fixtures"


def contents() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}


@pytest.mark.usefixtures("rules")
class TestReport:
    def test_it_says_what_fix_would_do_and_does_nothing(self) -> None:
        put("d/a.py", "old", "risky", "hard")
        put("b.py", "fine")
        before = contents()

        result = run("report", ".")

        assert result.exit_code == 0
        assert contents() == before
        page = result.stdout
        assert "looked at 2 files, of which 2 concern nnsight" in page
        assert "| 2 | `old` is wrong. On 0.5: it raises." in page
        assert " | Write `new` | safe |" in page
        assert "-old\n+new\n" in page
        assert "- [ ] **silent** [`d/a.py:3`](<d/a.py#L3>): `risky` is wrong." in page
        assert "- [ ] **error** [`d/a.py:4`](<d/a.py#L4>): `hard` is wrong." in page
        assert "**Nothing was run.**" in page

    def test_unsafe_fixes_are_taken_on_request(self) -> None:
        put("a.py", "risky")

        page = run("report", "--unsafe-fixes", "a.py").stdout

        assert " | Write `brave` | **unsafe** |" in page
        assert "nnmigrate fix --unsafe-fixes a.py" in page

    def test_rules_are_selected_and_the_command_says_so(self) -> None:
        put("a.py", "old", "hard")

        arguments = ("--select", "NNS1,NNS2", "--ignore", "NNS2", "--target-version", "0.5.13")
        page = run("report", *arguments, "--assume-remote", "a.py").stdout

        assert "NNS201" not in page
        assert "Target: **nnsight 0.5.13**" in page
        assert (
            "nnmigrate fix --select NNS1,NNS2 --ignore NNS2 --target-version 0.5.13 "
            "--assume-remote a.py" in page
        )

    def test_what_the_project_configures_is_not_said_again(self) -> None:
        put("a.py", "old")
        Path("pyproject.toml").write_text(
            '[tool.nnmigrate]\nignore = ["NNS2"]\ntarget-version = "0.6"\n'
        )

        page = run("report").stdout

        assert "Target: **nnsight 0.6**" in page
        assert page.rstrip().endswith("nnmigrate report .\nnnmigrate fix .\n```")

    def test_the_version_that_the_project_pins_is_named(self) -> None:
        put("a.py", "old")
        Path("requirements.txt").write_text("nnsight>=0.5.13\n")

        assert "Target: **nnsight 0.5.13 (pinned by the project)**" in run("report").stdout

    def test_it_goes_into_a_file_of_its_own(self) -> None:
        put("a.py", "old # é")

        result = run("report", "a.py", "--output", "page.md")

        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
        assert Path("page.md").read_text("utf-8") == run("report", "a.py").stdout

    def test_a_file_that_cannot_be_written_is_2(self) -> None:
        result = run("report", "--output", "no/page.md")

        assert result.exit_code == 2
        assert "no/page.md:1:1: cannot write" in result.stderr

    def test_what_cannot_be_read_is_2_and_the_rest_is_there(self) -> None:
        put("a.py", "old")
        put("b.py", "(")

        result = run("report")

        assert result.exit_code == 2
        assert result.stderr.startswith("b.py:2:")
        assert "- `b.py`, line 2: cannot parse" in result.stdout
        assert " | Write `new` | safe |" in result.stdout

    def test_standard_input_is_no_file(self) -> None:
        result = run("report", "-")

        assert result.exit_code == 2
        assert "standard input" in result.stderr

    def test_it_is_the_same_each_time_and_names_no_place_of_the_machine(self, here: Path) -> None:
        put("a.py", "old", "hard")

        page = run("report", str(here)).stdout

        assert page == run("report", str(here)).stdout
        assert str(here) not in page

    def test_a_page_too_long_for_a_description_is_told(self) -> None:
        put("a.py", *["hard"] * 400)

        result = run("report")

        assert result.exit_code == 0
        assert re.search(r"has [\d,]+ characters", result.stderr)


def test_results_that_change_are_those_of_the_program_as_it_was() -> None:
    code = (FIXTURES / "ignored_by_0_4" / "before.py").read_text()
    Path("a.py").write_text(code)

    page = run("report").stdout

    changing = page.partition("## Results will change")[2].partition("\n## ")[0]
    assert "- **`a.py`, line 12 of the old file**: nnsight 0.4 silently ignored" in changing
    assert page.count("NNS105 ignored-intervention") == 1


def test_pins_are_left_to_a_person() -> None:
    code = (FIXTURES / "patching_late_barrier" / "before.py").read_text()
    Path("a.py").write_text(code)
    Path("requirements.txt").write_text("torch\nnnsight<0.5\n")

    page = run("report").stdout

    assert "- [ ] **warning** [`requirements.txt:2`](<requirements.txt#L2>)" in page


def test_nothing_of_the_users_is_run(use_rules: Callable[..., None], replacing: Any) -> None:
    use_rules(replacing("NNS101", "old", "new"))
    put("a.py", "open('ran', 'w')", "old")

    run("report")

    assert not Path("ran").exists()


def test_traces_that_are_changed_are_drawn() -> None:
    Path("a.py").write_bytes((FIXTURES / "patching_over_layers" / "before.py").read_bytes())
    Path("b.py").write_text("from nnsight import LanguageModel\nlm = LanguageModel('a')\n")

    page = run("report", ".").stdout

    assert re.search(r"<summary>Picture: .*, line \d+, before and after</summary>", page)
    assert "before the fix ─ " in page
    assert "after the fix ─ " in page
