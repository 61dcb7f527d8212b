from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from .runner import run

CODE = """\
from nnsight import LanguageModel

lm = LanguageModel("openai-community/gpt2")

with lm.trace() as tracer:
    with tracer.invoke("a"):
        clean = lm.transformer.h[1].output
    with tracer.invoke("b"):
        lm.transformer.h[1].output = clean
        out = lm.lm_head.output.save()

with lm.trace("c"):
    last = lm.lm_head.output.save()
"""


@pytest.fixture
def path() -> Path:
    path = Path("a.py")
    path.write_text(CODE)
    return path


@pytest.mark.usefixtures("path")
class TestShow:
    @pytest.mark.parametrize("line", [5, 7, 10])
    def test_any_line_of_a_trace_leads_to_it(self, line: int) -> None:
        result = run("show", f"a.py:{line}")

        assert result.exit_code == 0
        assert result.stdout.startswith("before the fix ─ lm.trace()  a.py:5\n")
        assert result.stdout.count("before the fix") == 1

    def test_without_a_line_those_traces_are_drawn_that_have_findings(self) -> None:
        result = run("show", "a.py")

        assert result.exit_code == 0
        assert result.stdout.count("before the fix") == 1
        assert "NameError: name 'clean' is not defined" in result.stdout
        assert "fix: Add a barrier" in result.stdout

    def test_a_trace_without_findings_is_drawn_where_its_line_is_named(self) -> None:
        result = run("show", "a.py:13")

        assert result.exit_code == 0
        assert result.stdout.startswith("as it stands ─ lm.trace(")
        assert "✓ nothing is missed" in result.stdout
        assert "after the fix" not in result.stdout

    def test_that_there_is_nothing_to_draw_is_said(self, path: Path) -> None:
        path.write_text(CODE.split("\n\nwith")[0] + "\n\nwith lm.trace('c'):\n    x = 1\n")

        result = run("show", "a.py")

        assert result.exit_code == 0
        assert result.stdout == ""
        assert result.stderr.startswith("a.py: nothing is found in its trace")

    @pytest.mark.parametrize("line", [1, 11, 999])
    def test_a_line_without_a_trace_is_2_and_the_lines_of_the_traces_are_told(
        self, line: int
    ) -> None:
        result = run("show", f"a.py:{line}")

        assert result.exit_code == 2
        message = f"a.py:{line}:1: no trace stands here: traces stand at lines 5-10, 12-13\n"
        assert result.stderr == message

    def test_the_file_stays_as_it_is(self, path: Path) -> None:
        run("show", "a.py:7", "--unsafe-fixes")

        assert path.read_text() == CODE

    def test_the_line_of_a_session_shows_its_traces(self, path: Path) -> None:
        path.write_text(
            CODE.split("\n\nwith")[0] + "\n\nwith lm.session() as session:\n"
            "    with lm.trace('a'):\n        x = lm.lm_head.output\n"
            "    with lm.trace('b'):\n        y = lm.lm_head.output.save()\n"
        )

        assert run("show", "a.py:5").stdout.count("as it stands") == 2

    def test_rules_that_are_ignored_neither_find_nor_fix(self) -> None:
        result = run("show", "a.py:7", "--ignore", "NNS101")

        assert "NameError" in result.stdout  # what happens does not depend on the rules
        assert "NNS101" not in result.stdout
        assert "after the fix" not in result.stdout

    def test_a_project_that_runs_remotely_is_believed(self, path: Path) -> None:
        code = CODE.replace(
            "lm.lm_head.output.save()\n\n", 'lm.lm_head.output.save()\n        seen["x"] = out\n\n'
        )
        path.write_text(code.replace("with lm.trace() ", "seen = {}\nwith lm.trace() "))
        Path("pyproject.toml").write_text("[tool.nnmigrate]\nassume-remote = true\n")

        assert "silently the change is lost" in run("show", "a.py:8").stdout


@pytest.mark.usefixtures("path")
class TestOutput:
    def test_svg_goes_to_standard_output(self) -> None:
        result = run("show", "a.py:7", "--format", "svg")

        assert result.exit_code == 0
        assert ElementTree.fromstring(result.stdout).tag.endswith("svg")

    def test_a_page_goes_into_a_file(self) -> None:
        result = run("show", "a.py", "--format", "html", "--output", "a.html")

        assert result.exit_code == 0
        assert result.stdout == ""
        assert Path("a.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")

    def test_text_in_a_file_has_no_colours_and_all_its_characters(self) -> None:
        run("show", "a.py", "--output", "a.txt")

        told = Path("a.txt").read_bytes().decode("utf-8")
        assert "├╌╌✗┤" in told
        assert "\x1b" not in told

    def test_the_file_itself_is_not_overwritten(self, path: Path) -> None:
        result = run("show", "a.py", "--format", "html", "--output", "./a.py")

        assert result.exit_code == 2
        assert path.read_text() == CODE

    def test_a_file_that_cannot_be_written_is_2_and_nothing_is_left_behind(self) -> None:
        result = run("show", "a.py", "--output", "missing/a.txt")

        assert result.exit_code == 2
        assert result.stderr == "missing/a.txt:1:1: cannot write: No such file or directory\n"
        assert [each.name for each in Path().iterdir()] == ["a.py"]

    def test_a_terminal_without_the_characters_gets_others(self) -> None:
        command = [sys.executable, "-m", "nnmigrate", "show", "a.py"]
        environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}

        result = subprocess.run(command, capture_output=True, env=environment, check=True)

        told = result.stdout.decode("ascii")
        assert "|--!|      clean < invoke 1, line 7 (not made yet)" in told
        assert "\\u" not in told


class TestReading:
    def test_a_file_that_is_not_there_is_2(self) -> None:
        result = run("show", "b.py:3")

        assert result.exit_code == 2
        assert result.stderr == "b.py:1:1: cannot read: No such file or directory\n"

    def test_what_is_no_python_is_2(self) -> None:
        Path("a.py").write_text("with lm.trace(:\n    pass\n")

        result = run("show", "a.py:1")

        assert result.exit_code == 2
        assert result.stderr.startswith("a.py:1:")
        assert "cannot parse" in result.stderr

    def test_a_file_without_traces_is_told(self) -> None:
        Path("a.py").write_text("x = 1\n")

        assert run("show", "a.py").stderr == "a.py: no trace to draw\n"
        result = run("show", "a.py:1")
        assert result.exit_code == 2
        assert result.stderr == "a.py:1:1: no trace stands here: the file has none\n"

    def test_a_file_whose_name_ends_like_a_line_is_that_file(self) -> None:
        Path("a.py:3").write_text(CODE)

        assert "a.py:3:5" in run("show", "a.py:3").stdout

    def test_a_notebook_is_the_program_of_its_cells(self) -> None:
        first, *rest = CODE.split("\n\n")
        cells = [
            {"cell_type": "code", "metadata": {}, "outputs": [], "source": source}
            for source in (first, "\n\n".join(rest))
        ]
        notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        Path("a.ipynb").write_text(json.dumps(notebook))

        told = run("show", "a.ipynb:2:5").stdout

        assert told == run("show", "a.ipynb").stdout
        assert told.startswith("before the fix ─ lm.trace()  a.ipynb:2:3\n")
        assert "[1] line 2:7 · NNS101 · fails" in told
        assert "2:10 lm.transformer.h[1].output = clean" in told  # barriers stand before it now

    def test_a_line_of_a_notebook_without_a_trace_is_told_with_its_cell(self) -> None:
        cell = {"cell_type": "code", "metadata": {}, "outputs": [], "source": CODE}
        notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        Path("a.ipynb").write_text(json.dumps(notebook))

        result = run("show", "a.ipynb:1:3")

        assert result.exit_code == 2
        assert "traces stand at lines 1:5-1:10, 1:12-1:13" in result.stderr

    def test_code_in_a_text_is_found_by_the_lines_of_the_text(self) -> None:
        Path("a.md").write_text(f"# Patching\n\n```python\n{CODE}```\n")

        told = run("show", "a.md:10").stdout

        assert told.startswith("before the fix ─ lm.trace()  a.md:8\n")
