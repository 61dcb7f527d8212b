"""`python -m benchmarks [--runs N] [--tree FOLDER] [--corpus FOLDER] [PART]...`, run in `tests/`.

Everything is timed in one run, in turns with what it is compared to. The other tools and a plain
installation of this repository go into environments in a temporary folder.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path

import click

from . import programs
from .measuring import Time, times, told

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
PEERS = ("ruff", "torchfix", "fixit")


@dataclass
class Bench:
    """Where things are: a temporary folder, with the tools in environments of their own."""

    folder: Path
    runs: int
    tree: Path | None
    corpus: Path | None

    def tool(self, name: str, *arguments: object) -> list[str]:
        """A command of one of the tools."""
        where = "peers" if name in PEERS else "ours"
        binary = self.folder / where / ("Scripts" if sys.platform == "win32" else "bin")
        return [str(binary / name), *map(str, arguments)]

    def ours(self, *arguments: object) -> list[str]:
        """A `check` of ours that knows nothing from before."""
        return self.tool("nnmigrate", "check", "--no-cache", *arguments)

    def put(self, name: str, code: str) -> Path:
        """A new file in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")
        return path

    def inside(self, *arguments: object) -> list[float]:
        """What `inside.py` says, run with the plain installation."""
        command = self.tool("python", HERE / "inside.py", *arguments)
        said = subprocess.run(command, capture_output=True, check=True, cwd=self.folder)
        found: list[float] = json.loads(said.stdout)
        return found

    def times(self, commands: dict[str, list[str]]) -> dict[str, Time]:
        """The commands' times."""
        return times(commands, self.runs, self.folder)

    def installed(self) -> None:
        """Makes the environments."""
        for name, wanted in (("ours", [str(REPOSITORY)]), ("peers", list(PEERS))):
            subprocess.run([sys.executable, "-m", "venv", self.folder / name], check=True)
            python = self.tool("python" if name == "ours" else PEERS[0])
            pip = [str(Path(python[0]).with_name("python")), "-m", "pip", "install", "-q"]
            subprocess.run([*pip, *wanted], check=True)

    def transformers(self) -> Path:
        """The source of transformers, or the tree that was given."""
        if self.tree is None:
            fetch = ["-m", "pip", "download", "-q", "--no-deps", "transformers"]
            subprocess.run(self.tool("python", *fetch), check=True, cwd=self.folder)
            (wheel,) = self.folder.glob("transformers-*.whl")
            self.tree = self.folder / "tree"
            subprocess.run(self.tool("python", "-m", "zipfile", "-e", wheel, self.tree), check=True)
        return self.tree


def tree(bench: Bench) -> Iterator[str]:
    """A tree without nnsight, beside Ruff."""
    where = bench.transformers()
    commands = {
        "nnmigrate check": bench.ours(where),
        "ruff check --no-cache --isolated": bench.tool(
            "ruff", "check", "-q", "--no-cache", "--isolated", where
        ),
    }
    yield told("A tree without nnsight", bench.times(commands))


def file(bench: Bench) -> Iterator[str]:
    """One file of 500 lines, beside other tools that are built on LibCST, and LibCST itself."""
    rules = '[tool.fixit]\nroot = true\nenable = ["fixit.rules:UseFstring"]\n'
    bench.put("pyproject.toml", rules + 'disable = ["fixit.rules"]\n')
    for name, write in (("in a row", programs.of_fixtures), ("functions", programs.in_functions)):
        path = bench.put(f"{write.__name__}.py", write(500))
        commands = {
            "nnmigrate check": bench.ours(path),
            "torchfix": bench.tool("torchfix", "--select", "ALL", path),
            "fixit lint, one rule": bench.tool("fixit", "lint", path),
            "python -c 'import libcst'": bench.tool("python", "-c", "import libcst"),
            "nnmigrate check, one line": bench.ours(bench.put("one.py", "import nnsight\n")),
        }
        yield told(f"A file of 500 lines: fixtures, {name}", bench.times(commands))


def parsing(bench: Bench) -> Iterator[str]:
    """The whole check in units of LibCST's parse."""
    found = sorted((bench.corpus or programs.FIXTURES).rglob("*.py"))
    parsed, checked = bench.inside("parse", *found)
    yield f"{len(found)} files: check {checked:.2f} s, LibCST's parse {parsed:.2f} s"
    yield f"  {checked / parsed:6.2f} x  check / parse"


def growth(bench: Bench) -> Iterator[str]:
    """Whether twice as much takes twice as long."""
    rows: list[tuple[str, str, Callable[[int], str], Sequence[int]]] = [
        ("lines", "check", programs.of_fixtures, (1000, 10_000)),
        ("traces", "check", programs.traces, (25, 50, 100, 200)),
        ("findings", "check", programs.removed, (50, 100, 200, 400)),
        ("fixes", "fix", programs.removed, (50, 100, 200, 400)),
        *(
            (write.__name__, kind, write, (25, 200))
            for write in programs.GROWING
            for kind in ("check", "fix")
        ),
    ]
    for name, kind, write, counts in rows:
        paths = [bench.put(f"{write.__name__}{count}.py", write(count)) for count in counts]
        found = bench.inside("grow", kind, *paths)
        yield f"Growth with {name}: `{kind}`, and the time for one in units of the first"
        for count, seconds in zip(counts, found, strict=True):
            each = seconds / count / (found[0] / counts[0])
            yield f"  {seconds:8.3f} s cpu {each:6.2f} x  {count}"
        exponent = log(found[-1] / found[0]) / log(counts[-1] / counts[0])
        yield f"  {exponent:6.2f} is the exponent: 1 where it grows as the code does"


def again(bench: Bench) -> Iterator[str]:
    """A second run beside the start alone."""
    path = bench.put("again.py", programs.of_fixtures(500))
    known = bench.tool("nnmigrate", "check", "--cache-dir", bench.folder / "cache", path)
    commands = {
        "nnmigrate --version": bench.tool("nnmigrate", "--version"),
        "nnmigrate check, no nnsight": bench.ours(bench.put("none.py", "x = 1\n")),
        "nnmigrate check, a second time": known,
        "nnmigrate check, anew": bench.ours(path),
    }
    yield told("A second run", bench.times(commands))


def jobs(bench: Bench) -> Iterator[str]:
    """One process beside all processors."""
    for number, code in enumerate(programs.before() * 4):
        bench.put(f"many/f{number}.py", code)
    commands = {
        "nnmigrate check --jobs 1": bench.ours("--jobs", 1, "many"),
        "nnmigrate check": bench.ours("many"),
    }
    yield told("Many files", bench.times(commands))


PARTS = {one.__name__: one for one in (tree, file, parsing, growth, again, jobs)}
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path, resolve_path=True)


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
@click.option("--runs", default=5, show_default=True, help="How often each command is timed.")
@click.option("--tree", type=_FOLDER, help="A tree without nnsight. [default: transformers]")
@click.option("--corpus", type=_FOLDER, help="Code of nnsight. [default: the fixtures]")
def main(parts: tuple[str, ...], runs: int, tree: Path | None, corpus: Path | None) -> None:
    """Time everything, or the PARTs that are named."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder).resolve(), runs, tree, corpus)
        bench.installed()
        for name in parts or PARTS:
            for row in PARTS[name](bench):
                click.echo(row)


if __name__ == "__main__":
    main()
