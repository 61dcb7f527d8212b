from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from nnmigrate.documents import Discovered, discover


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory that is the current one."""
    (tmp_path / "tree").mkdir()
    monkeypatch.chdir(tmp_path / "tree")
    return tmp_path / "tree"


def make(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def ignore(text: str, file: str = ".gitignore") -> None:
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_bytes(text.encode())


def found(paths: Iterable[str] = (".",)) -> list[str]:
    discovered = discover(paths)
    assert not discovered.problems
    return [str(path) for path in discovered.files]


def problems(paths: Iterable[str] = (".",)) -> list[str]:
    return [str(problem) for problem in discover(paths).problems]


@pytest.mark.usefixtures("tree")
class TestPaths:
    def test_directories_give_their_python_files_sorted(self) -> None:
        make("b.py", "a/d.py", "a/c.py", "a/c/e.py", "note.txt", "a/f.pyi", "a/g.PY", "h.ipynb")

        assert found() == ["b.py", "h.ipynb", "a/c.py", "a/d.py", "a/c/e.py"]

    def test_named_files_come_as_they_are_written_and_may_be_stubs(self) -> None:
        make("a/b.py", "c.pyi")

        assert found(["a/../c.pyi", "a/b.py"]) == ["a/../c.pyi", "a/b.py"]

    def test_a_file_comes_once_by_whatever_paths_it_is_reached(self) -> None:
        make("a/b.py")
        os.symlink("a/b.py", "z.py")
        os.symlink("a", "link")

        assert found(["a/b.py", "a", ".", "link", "./a/../a/b.py", "z.py"]) == ["a/b.py"]

    def test_a_missing_path_is_a_problem_and_the_others_are_found(self) -> None:
        make("a.py")

        discovered = discover(["missing.py", "missing", "a.py"])

        assert [path.name for path in discovered.files] == ["a.py"]
        assert [str(problem) for problem in discovered.problems] == [
            "missing.py:1:1: cannot read: No such file or directory",
            "missing:1:1: cannot read: No such file or directory",
        ]

    def test_a_named_file_of_another_kind_is_a_problem(self) -> None:
        make("a.txt", "b")

        assert all(
            "its name ends in none of .py .ipynb" in problem for problem in problems(["a.txt", "b"])
        )
        assert len(problems(["a.txt", "b"])) == 2

    def test_names_that_cannot_be_are_problems(self) -> None:
        assert len(problems(["a\0.py", "x" * 300 + ".py"])) == 2

    def test_a_name_that_is_not_utf_8_is_found(self) -> None:
        name = os.fsdecode(b"\xff.py")
        make(name)

        assert found() == [name]

    def test_environments_caches_and_builds_are_entered_only_where_they_are_named(self) -> None:
        make(".venv/a.py", "node_modules/b.py", "build/c.py", "mine/pyvenv.cfg", "mine/d.py")

        assert found() == []
        assert found(["build", "mine"]) == ["build/c.py", "mine/d.py"]


@pytest.mark.usefixtures("tree")
class TestLinksAndFailures:
    def test_links_to_directories_are_followed_only_where_they_are_named(self) -> None:
        make("a/b.py")
        os.symlink("..", "a/up")
        os.symlink("a", "link")

        assert found() == ["a/b.py"]
        assert found(["link"]) == ["link/b.py"]

    def test_links_to_files_are_followed(self, tmp_path: Path) -> None:
        (tmp_path / "out.py").touch()
        os.symlink("../out.py", "in.py")

        assert found() == ["in.py"]

    def test_links_to_nowhere_and_pipes_are_passed_over_in_directories(self) -> None:
        os.symlink("user@host:123", ".#a.py")
        os.mkfifo("b.py")

        assert found() == []

    def test_links_in_a_circle_are_problems(self) -> None:
        os.symlink("b.py", "a.py")
        os.symlink("a.py", "b.py")
        os.symlink("loop", "loop")

        assert problems() == [
            "a.py:1:1: cannot read: Too many levels of symbolic links",
            "b.py:1:1: cannot read: Too many levels of symbolic links",
        ]
        assert problems(["loop"]) == ["loop:1:1: cannot read: Too many levels of symbolic links"]

    def test_an_unreadable_directory_is_a_problem_and_the_rest_is_found(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make("a/b.py", "c/d.py")
        scandir = os.scandir

        def refuse(path: Path) -> object:
            if path.name == "a":
                raise PermissionError(13, "Permission denied")
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refuse)
        discovered = discover(["."])

        assert [str(path) for path in discovered.files] == ["c/d.py"]
        assert [str(one) for one in discovered.problems] == [
            "a:1:1: cannot read: Permission denied"
        ]

    def test_directories_nested_deeper_than_calls_may_be_are_walked(
        self, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(1100):
            os.mkdir("d")
            os.chdir("d")
        monkeypatch.chdir(tree)

        discovered = discover(["."])

        # pytest's own clearing up calls itself once a level.
        subprocess.run(["rm", "-r", "d"], check=True)
        assert discovered == Discovered((), ())


@pytest.mark.usefixtures("tree")
class TestIgnoredByGit:
    def test_patterns_hold_for_files_and_directories(self) -> None:
        ignore("*_old.py\n/top.py\nout/\n# x.py\n\n!keep_old.py\n")
        make("a_old.py", "keep_old.py", "top.py", "d/top.py", "out/b.py", "d/out/c.py", "x.py")

        assert found() == ["keep_old.py", "x.py", "d/top.py"]

    def test_a_directory_pattern_leaves_files_of_that_name(self) -> None:
        ignore("a.py/\n")
        make("a.py")

        assert found() == ["a.py"]

    def test_nested_files_hold_below_and_win(self) -> None:
        ignore("*.py\n")
        ignore("!b.py\n/c.py\n", "d/.gitignore")
        make("a.py", "d/b.py", "d/c.py", "d/e/b.py")

        assert found() == ["d/b.py", "d/e/b.py"]

    def test_what_lies_in_an_ignored_directory_cannot_be_taken_back(self) -> None:
        ignore("d/\n!d/a.py\n")
        make("d/a.py")

        assert found() == []

    def test_the_repository_around_a_named_directory_counts(self) -> None:
        os.mkdir(".git")
        ignore("secret.py\n/d/only.py\n/only.py\n")
        make("d/secret.py", "d/only.py", "d/e/only.py")

        assert found(["d"]) == ["d/e/only.py"]

    def test_what_lies_above_the_repository_does_not_count(self) -> None:
        ignore("*.py\n")
        os.makedirs("repository/.git")
        make("repository/d/a.py")

        assert found(["repository/d"]) == ["repository/d/a.py"]

    def test_the_exclude_file_counts_and_yields_to_gitignore(self) -> None:
        ignore("a.py\nb.py\n", ".git/info/exclude")
        ignore("!b.py\n")
        make("a.py", "b.py", "d/a.py", "d/b.py")

        assert found() == ["b.py", "d/b.py"]
        assert found(["d"]) == ["d/b.py"]

    def test_a_worktree_uses_the_exclude_file_of_its_repository(self) -> None:
        ignore("a.py\n", "main/.git/info/exclude")
        ignore("../..\n", "main/.git/worktrees/w/commondir")
        ignore("gitdir: ../main/.git/worktrees/w\n", "w/.git")
        make("w/a.py", "w/b.py")

        assert found(["w"]) == ["w/b.py"]

    def test_a_repository_inside_another_has_its_own_patterns(self) -> None:
        ignore("a.py\n")
        os.makedirs("inner/.git")
        make("a.py", "inner/a.py")

        assert found() == ["inner/a.py"]

    def test_what_is_named_is_looked_at_even_if_ignored(self) -> None:
        os.mkdir(".git")
        ignore("d/\na.py\n")
        make("d/b.py", "a.py")

        assert found(["d", "a.py"]) == ["d/b.py", "a.py"]

    def test_lines_that_are_no_patterns_do_no_harm(self) -> None:
        Path(".gitignore").write_bytes(b"\xef\xbb\xbfa.py\r\n!\n[\n/\n\xff.py\n")
        make("a.py", "b.py", os.fsdecode(b"\xff.py"))

        assert found() == ["b.py"]
