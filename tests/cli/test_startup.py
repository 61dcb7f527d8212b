"""What is imported for what there is to do: nothing that takes long for nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = "libcst packaging pathspec yaml tomllib tomli concurrent multiprocessing json subprocess"
HEAVY += " hashlib tempfile ast difflib logging socket asyncio nnmigrate.engine nnmigrate.program"
HEAVY += " nnmigrate.schedule nnmigrate.baseline nnmigrate.executor nnmigrate.server"
HEAVY += " nnmigrate.commands.verify nnmigrate.commands.report nnmigrate.picture"


def imported(*arguments: str, expected: int = 0) -> set[str]:
    """The modules that a run of the command line imports beyond those of click."""
    code = (
        "import atexit, click, sys\n"
        "from click import core\n"
        "before = set(sys.modules)\n"
        "@atexit.register\n"
        "def say():\n"
        "    print('\\n'.join(set(sys.modules) - before), file=sys.__stderr__)\n"
        "from nnmigrate.cli import main\n"
        "main()\n"
    )
    environment = {key: value for key, value in os.environ.items() if "COV" not in key}
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment
    )
    assert ran.returncode == expected, ran.stderr
    return set(ran.stderr.split())


def of_rules(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith("nnmigrate.rules.")}


@pytest.fixture
def tree(here: Path) -> Path:
    (here / ".git").mkdir()
    (here / ".gitignore").write_text("*.log\n/build/\n!keep\n")
    (here / "pyproject.toml").write_text("[project]\nname = 'mine'\ndependencies = ['torch>=2']\n")
    for folder in ("one", "two"):
        (here / folder).mkdir()
        (here / folder / "code.py").write_text("import torch\nwith torch.no_grad():\n    pass\n")
        (here / folder / "text.md").write_text("Some text with a [link](there).\n")
    return here


def test_a_tree_without_nnsight_is_decided_by_its_bytes(tree: Path) -> None:
    modules = imported("check")
    assert not modules & set(HEAVY.split())
    assert not of_rules(modules)


def test_nor_does_fix_import_more(tree: Path) -> None:
    modules = imported("fix")
    assert not modules & (set(HEAVY.split()) - {"nnmigrate.commands.verify"})
    assert not of_rules(modules)


def test_what_is_ignored_by_git_is_worth_pathspec(tree: Path) -> None:
    (tree / "build").mkdir()
    (tree / "out.log.md").write_text("")
    (tree / ".gitignore").write_text("*.log.md\n")
    assert "pathspec" in imported("check")


def test_a_file_of_nnsight_needs_libcst_but_not_all_of_the_rest(tree: Path) -> None:
    Path("old.py").write_text("import nnsight\n")
    modules = imported("check")
    assert "libcst" in modules
    assert not modules & {"packaging", "pathspec", "yaml", "libcst.matchers", "libcst.codemod"}
    assert not modules & {"nnmigrate.baseline", "nnmigrate.picture", "nnmigrate.executor"}


def test_only_the_asked_format_is_imported(tree: Path) -> None:
    modules = imported("check", "--output-format", "concise")
    assert "nnmigrate.reports.concise" in modules
    assert not modules & {"nnmigrate.reports.sarif", "nnmigrate.reports.full"}


def test_the_bytes_of_files_that_do_not_matter_are_not_kept(tree: Path) -> None:
    code = (
        "import json, tracemalloc\n"
        "from nnmigrate.outcomes import Settings\n"
        "from nnmigrate.run import examine_paths\n"
        "tracemalloc.start()\n"
        "kept = list(examine_paths(['.'], Settings()))\n"
        "print(json.dumps([len(kept), tracemalloc.get_traced_memory()]))\n"
    )
    for number in range(30):
        (tree / f"data{number}.py").write_bytes(b"# nothing\n" * 50_000)
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    count, (left, most) = json.loads(said.stdout)
    assert count == 34
    assert left < 1_000_000  # of 15 MB
    assert most < 3_000_000
