"""`[tool.nnmigrate]` in a project's `pyproject.toml`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nnmigrate import configuration
from nnmigrate.configured import Configured
from nnmigrate.outcomes import Settings
from nnmigrate.program import Dialect

from .runner import put, run

Use = Callable[..., None]

REMOTE = """from nnsight import LanguageModel

lm = LanguageModel("gpt2")
kept = {}
with lm.trace("a"):
    kept["x"] = lm.lm_head.output.save()
print(kept)
"""


def configure(text: str) -> None:
    Path("pyproject.toml").write_text(text, encoding="utf-8")


def test_every_trace_counts_as_remote() -> None:
    put("a.py", REMOTE)
    assert run("check").exit_code == 0
    configure("[tool.nnmigrate]\nassume-remote = true\n")
    assert run("check").exit_code == 1
    assert run("check", "--no-assume-remote").exit_code == 0
    assert run("fix").exit_code == 0
    assert 'kept["x"] = _kept' in Path("a.py").read_text()


def test_it_counts_for_the_directories_below(monkeypatch: pytest.MonkeyPatch) -> None:
    configure("[tool.nnmigrate]\nassume-remote = true\n")
    put("src/a.py", REMOTE)
    Path("src/pyproject.toml").write_text("[project]\n")
    monkeypatch.chdir("src")
    assert run("check").exit_code == 1


@pytest.mark.usefixtures("rules")
def test_the_other_options(use_rules: Use, replacing: Any) -> None:
    rule = replacing("NNS101", "old")
    seen = []
    rule.check = lambda program: seen.append(program.options) or iter(())
    use_rules(rule)
    put("a.py")
    configure('[tool.nnmigrate]\ntarget-version = "0.5.13"\n')
    assert run("check").exit_code == 0
    assert run("check", "--target-version", "0.6").exit_code == 0
    configure('[tool.nnmigrate]\nignore = ["NNS1"]\n')
    assert run("check").exit_code == 0
    assert [one.target for one in seen] == [(0, 5, 13), (0, 6)]


WRONG = {
    "an unknown key": (
        "[tool.nnmigrate]\n\nremote = true\n",
        ":3:1: tool.nnmigrate has no 'remote'",
    ),
    "a wrong kind": (
        '[tool.nnmigrate]\nassume-remote = "yes"\n',
        ":2:1: tool.nnmigrate.assume-remote",
    ),
    "no list": ('[tool.nnmigrate]\nselect = "NNS1"\n', ":2:1: tool.nnmigrate.select"),
    "no table": ("tool.nnmigrate = 1\n", ":1:1: tool.nnmigrate is no table"),
    "no TOML": ("[tool.nnmigrate]\nselect = [\n\n", "pyproject.toml:1:1: "),
    "an unknown rule": ('[tool.nnmigrate]\nselect = ["NNS9"]\n', "NNS9"),
    "an old version": ('[tool.nnmigrate]\ntarget-version = "0.4"\n', "0.4 is older than 0.5"),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_and_nothing_is_done(text: str, said: str) -> None:
    before = put("a.py", REMOTE).read_text()
    configure(text)
    result = run("fix")
    assert result.exit_code == 2
    assert said in result.stderr
    assert Path("a.py").read_text() == before


def test_what_is_not_this_tools_is_not_read() -> None:
    put("a.py", REMOTE)
    configure("[tool.ruff\n")
    assert run("check").exit_code == 0
    Path("pyproject.toml").write_bytes(b"# \xff\n")
    assert run("check").exit_code == 0


HARD = ("hard",)
CONCISE = ("--output-format", "concise")


def found(*arguments: str) -> list[str]:
    """The files and codes that `check` prints."""
    rows = run("check", *CONCISE, *arguments).stdout.splitlines()
    return [f"{row.split(':')[0]} {row.split(' ')[1]}" for row in rows if "[" in row]


@pytest.mark.usefixtures("rules")
class TestNearest:
    """Each file has the settings of the nearest configuration above it."""

    def test_the_nearest_wins_and_does_not_add_to_the_outer_one(self) -> None:
        for name in ("a.py", "one/b.py", "one/deep/c.py", "two/d.py"):
            put(name, "hard", "risky")
        configure('[tool.nnmigrate]\nignore = ["NNS201"]\n')
        Path("one/pyproject.toml").write_text('[tool.nnmigrate]\nignore = ["NNS102"]\n')
        Path("two/pyproject.toml").write_text("[project]\nname = 'nnmigrate-user'\n")
        assert found() == [
            "a.py NNS102",
            "one/b.py NNS201",
            "one/deep/c.py NNS201",
            "two/d.py NNS102",
        ]

    def test_it_is_that_of_the_file_wherever_the_command_runs(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put("one/a.py", *HARD)
        Path("one/pyproject.toml").write_text('[tool.nnmigrate]\nignore = ["NNS201"]\n')
        Path("elsewhere").mkdir()
        configure('[tool.nnmigrate]\nselect = ["NNS1"]\n')
        monkeypatch.chdir("elsewhere")
        assert found("../one") == []
        Path("../one/pyproject.toml").unlink()
        put("../one/a.py", "risky", "hard")
        assert found("../one/a.py") == ["../one/a.py NNS102"]

    def test_standard_input_has_that_of_its_name(self) -> None:
        Path("one").mkdir()
        Path("one/pyproject.toml").write_text('[tool.nnmigrate]\nignore = ["NNS201"]\n')
        code = b"import nnsight\nhard\n"
        assert run("check", "-", stdin=code).exit_code == 1
        assert run("check", "-", "--stdin-filename", "one/a.py", stdin=code).exit_code == 0

    def test_what_is_wrong_with_one_stops_its_own_files_alone(self) -> None:
        for name in ("a.py", "one/b.py", "one/c.py", "two/d.py"):
            put(name, "old")
        Path("one/pyproject.toml").write_text("[tool.nnmigrate]\nremote = 1\n")
        Path("two/pyproject.toml").write_text("[tool.nnmigrate]\nstrict = 1\n")
        result = run("fix")
        assert result.exit_code == 2
        assert result.stderr.count("one/pyproject.toml:2:1: tool.nnmigrate has no 'remote'") == 1
        assert "two/pyproject.toml:2:1: tool.nnmigrate.strict is to be true or" in result.stderr
        assert "new" in Path("a.py").read_text()
        for name in ("one/b.py", "one/c.py", "two/d.py"):
            assert "old" in Path(name).read_text()

    def test_a_file_of_its_own_goes_before_pyproject(self) -> None:
        put("a.py", "hard", "risky")
        configure('[tool.nnmigrate]\nignore = ["NNS201"]\n')
        Path("nnmigrate.toml").write_text('ignore = ["NNS102"]\n')
        assert found() == ["a.py NNS201"]
        Path(".nnmigrate.toml").write_text('ignore = ["NNS"]\n')
        assert found() == []
        Path(".nnmigrate.toml").write_text("\n\nother = 1\n")
        assert ".nnmigrate.toml:3:1: .nnmigrate.toml has no 'other'" in run("check").stderr

    def test_each_configuration_is_read_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for number in range(5):
            put(f"one/deep/{number}.py", *HARD)
        configure("[tool.nnmigrate]\nstrict = true\n")
        seen = []
        read = configuration.read
        monkeypatch.setattr(configuration, "read", lambda path: seen.append(path) or read(path))
        run("check")
        assert len(seen) == 2  # once for the run itself, once for its files


@pytest.mark.usefixtures("rules")
class TestKeys:
    def test_the_command_line_goes_before_what_is_selected(self) -> None:
        put("a.py", "hard", "risky", "old")
        configure('[tool.nnmigrate]\nselect = ["NNS2"]\nignore = ["NNS101"]\n')
        assert found() == ["a.py NNS201"]
        assert found("--select", "NNS1") == ["a.py NNS102", "a.py NNS101"]
        assert found("--ignore", "NNS201") == []
        configure('[tool.nnmigrate]\nignore = ["NNS101"]\n')
        assert found("--ignore", "NNS201") == ["a.py NNS102", "a.py NNS101"]

    def test_files_are_let_off_by_their_names_whatever_is_selected(self) -> None:
        for name in ("a.py", "tests/b.py", "lib/tests/c.py", "lib/d.py"):
            put(name, "hard", "risky")
        configure(
            "[tool.nnmigrate.per-file-ignores]\n"
            '"/tests/" = ["NNS2"]\n"lib/**" = ["NNS102"]\n"d.py" = ["NNS201"]\n'
        )
        assert found() == [
            "a.py NNS201",
            "a.py NNS102",
            "lib/tests/c.py NNS201",
            "tests/b.py NNS102",
        ]
        assert found("--select", "NNS201") == ["a.py NNS201", "lib/tests/c.py NNS201"]

    def test_what_is_excluded_is_not_looked_for_but_taken_where_it_is_named(self) -> None:
        for name in ("a.py", "vendored/b.py", "old/c.py", "build/d.py"):
            put(name, *HARD)
        # What lies in an excluded directory has no say in it.
        Path("vendored/pyproject.toml").write_text("[tool.nnmigrate]\nstrict = true\n")
        configure('[tool.nnmigrate]\nextend-exclude = ["vendored/", "c.py"]\n')
        assert found() == ["a.py NNS201"]
        assert found("vendored") == ["vendored/b.py NNS201"]
        assert found("old/c.py") == ["old/c.py NNS201"]
        named = ("a.py", "vendored/b.py", "old/c.py", "build/d.py")
        assert found(*named, "--force-exclude") == ["a.py NNS201", "build/d.py NNS201"]
        configure('[tool.nnmigrate]\nexclude = ["old"]\n')
        assert found() == ["a.py NNS201", "build/d.py NNS201", "vendored/b.py NNS201"]

    def test_unsafe_fixes(self) -> None:
        path = put("a.py", "risky")
        configure("[tool.nnmigrate]\nunsafe-fixes = true\n")
        run("fix", "--no-unsafe-fixes")
        assert "risky" in path.read_text()
        run("fix")
        assert "brave" in path.read_text()

    def test_how_a_run_is_reported(self) -> None:
        put("a.py", "mild")
        configure('[tool.nnmigrate]\nstrict = true\noutput-format = "concise"\n')
        result = run("check")
        assert result.exit_code == 1
        assert result.stdout.startswith("a.py:2:1: NNS202")
        configure('[tool.nnmigrate]\noutput-format = "colourful"\n')
        result = run("check")
        assert result.exit_code == 2
        assert "pyproject.toml:2:1: tool.nnmigrate.output-format is to be one of" in result.stderr

    def test_the_baseline_lies_beside_the_configuration(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put("src/a.py", *HARD)
        assert run("check", "--write-baseline", "base.json").exit_code == 0
        configure('[tool.nnmigrate]\nbaseline = "base.json"\n')
        monkeypatch.chdir("src")
        assert found() == []
        put("a.py", "hard", "hard")
        assert run("check", "--write-baseline", "../base.json").exit_code == 0
        assert found() == []
        Path("../base.json").unlink()
        assert "base.json:1:1: cannot read" in run("check").stderr

    def test_the_source_version_and_the_magics(self, use_rules: Use, replacing: Any) -> None:
        rule = replacing("NNS101", "old")
        seen = []
        rule.check = lambda program: seen.append(program.dialect) or iter(())
        use_rules(rule)
        put("a.py")
        configure('[tool.nnmigrate]\nsource-version = "0.4"\ntransparent-magics = ["mine"]\n')
        run("check")
        run("check", "--source-version", "0.5.3")
        assert seen == [Dialect.OLD, Dialect.NEW]
        assert Configured().of(Path("a.py"), Settings()).transparent_magics == ("mine",)
        assert run("check", "--source-version", "old").exit_code == 2


PLACES = {
    "a key among others": ('[tool.nnmigrate]\nextend-exclude = ["x"]\nexclude = "x"\n', 3),
    "a key of the same name elsewhere": (
        "[tool.ruff]\nselect = 1\n[tool.nnmigrate]\nselect = 1\n",
        4,
    ),
    "a table": ("[tool.nnmigrate]\n\n[tool.nnmigrate.per-file-ignores]\nx = 1\n", 3),
    "a code in a list": ('[tool.nnmigrate]\nselect = [\n  "NNS101",\n  "NNS9",\n]\n', 4),
    "a code for a file": ('[tool.nnmigrate.per-file-ignores]\na = ["NNS1"]\nb = ["NNS9"]\n', 3),
}


@pytest.mark.parametrize(("text", "line"), PLACES.values(), ids=PLACES)
@pytest.mark.usefixtures("rules")
def test_what_is_wrong_is_said_with_its_line(text: str, line: int) -> None:
    put("a.py", *HARD)
    configure(text)
    result = run("check")
    assert result.exit_code == 2
    assert f"pyproject.toml:{line}:1: " in result.stderr
