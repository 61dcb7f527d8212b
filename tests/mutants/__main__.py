"""`python -m mutants --data FILE PATH...` puts faults into files and shows those nobody notices.

Run in `tests/`. Which tests concern a line is read from coverage data that know the tests:

    .ci/coverage --cov-context=test
    cd tests && python -m mutants --data ../.coverage ../rules/nns101*.py

Survivors that somebody has looked at stand in `looked_at.json`, with the reason why no test can or
need notice them; a run shows the others, and the reasons of which the fault is no more.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import TextIO

import click
import pytest
from coverage import CoverageData

from .mutations import Mutation, mutations
from .warm import Verdict, run_tests, try_out

ROOT = Path(__file__).parent.parent.parent
LOOKED_AT = Path(__file__).parent / "looked_at.json"
Concerned = Mapping[int, Sequence[str]]
"""The tests that run a line, the likeliest to notice first."""


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--data", required=True, type=click.Path(exists=True), help="Coverage by test.")
@click.option("--seconds", default=20, help="CPU time of the tests for each mutation.")
@click.option("--most", default=400, help="Tests for each mutation, the likeliest first.")
@click.option("--only", default="", help="Mutations whose name has this in it.")
@click.option("--sample", type=click.IntRange(1), help="So many mutations of each file.")
@click.option("--output", type=click.Path(path_type=Path), help="Append the survivors here.")
@click.option("--among", type=click.File(), help="Only what an earlier output names.")
def main(
    paths: tuple[Path, ...],
    data: str,
    seconds: int,
    most: int,
    only: str,
    sample: int | None,
    output: Path | None,
    among: TextIO | None,
) -> None:
    """Put faults into PATHS, one at a time, and show those that no test notices."""
    known: dict[str, dict[str, str]] = json.loads(LOOKED_AT.read_text())
    tests = _Tests(data, most)
    earlier = among.read() if among else None
    wanted = {
        path.resolve(): sampled(
            [
                each
                for each in mutations(path.read_text())
                if only in each.name and (earlier is None or f" {each.name}  (" in earlier)
            ],
            sample,
        )
        for path in paths
    }
    names = sorted({test for path in wanted for test in tests.of(path)})
    runner = _Runner(wanted, tests, seconds, known, output)
    files = sorted({name.partition("::")[0] for name in names})
    arguments = ["-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT), "-s"]
    pytest.main([*arguments, *(str(ROOT / file) for file in files)], plugins=[runner])


def sampled(wanted: Sequence[Mutation], number: int | None) -> Sequence[Mutation]:
    """So many of some mutations, by chance, but the same ones on each run.

    A mutation's name alone says when it is its turn: what is added to a file or taken from it
    changes nothing for the others.
    """
    turns = sorted(wanted, key=lambda each: sha256(each.name.encode()).digest())
    chosen = {each.name for each in turns[:number]}
    return [each for each in wanted if each.name in chosen]


@dataclass(frozen=True)
class Tried:
    """A mutation, what became of it, and how many tests could have noticed."""

    mutation: Mutation
    verdict: Verdict
    tests: int


class _Tests:
    """Which tests run a line, by the contexts of coverage data."""

    def __init__(self, data: str, most: int) -> None:
        self.data = CoverageData(data)
        self.data.read()
        self.most = most
        self.files = {Path(file).resolve(): file for file in self.data.measured_files()}
        sizes: Counter[str] = Counter()
        for file in self.files.values():
            for contexts in self.data.contexts_by_lineno(file).values():
                sizes.update(contexts)
        self.sizes = sizes

    def of(self, path: Path) -> set[str]:
        """All tests that run a line of a file."""
        return {each for tests in self.by_line(path).values() for each in tests}

    def by_line(self, path: Path) -> Concerned:
        """The tests of each line; what was run while modules were imported is no test."""
        if path not in self.files:
            return {}
        found = self.data.contexts_by_lineno(self.files[path]).items()
        lines = Counter(context for _, contexts in found for context in set(contexts))
        return {line: self._sorted(contexts, lines) for line, contexts in found}

    def _sorted(self, contexts: Sequence[str], lines: Mapping[str, int]) -> list[str]:
        """By turns those that run most lines of the file, and those that run little else."""
        ours = sorted(each for each in contexts if each.endswith("|run"))
        much = sorted(ours, key=lambda each: (-lines[each], self.sizes[each]))
        alone = sorted(ours, key=lambda each: -lines[each] / self.sizes[each])
        ranked = dict.fromkeys(chain.from_iterable(zip(much, alone, strict=True)))
        return [each.partition("|")[0] for each in ranked][: self.most]


class _Runner:
    """Stands in for pytest's loop over the tests."""

    def __init__(
        self,
        wanted: Mapping[Path, Sequence[Mutation]],
        tests: _Tests,
        seconds: int,
        known: Mapping[str, Mapping[str, str]],
        output: Path | None,
    ) -> None:
        self.wanted = wanted
        self.tests = tests
        self.seconds = seconds
        self.known = known
        self.output = output

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try all mutations instead of running the tests."""
        items = {item.nodeid: item for item in session.items}
        together: Counter[str] = Counter()
        for path, wanted in self.wanted.items():
            name = path.relative_to(ROOT).as_posix()
            tally: Counter[str] = Counter()
            for tried in self._tried(path, wanted, items):
                looked_at = tried.mutation.name in self.known.get(name, {})
                survived = tried.verdict in (Verdict.SURVIVED, Verdict.UNTESTED)
                tally["looked at" if survived and looked_at else tried.verdict.name] += 1
                if survived and not looked_at:
                    self._say(f"{name}:{tried.mutation.place} {tried.mutation.name}", tried)
            gone = self.known.get(name, {}).keys() - {
                each.name for each in mutations(path.read_text())
            }
            for each in sorted(gone):
                self._write(f"{name}: no longer there: {each}")
            self._write(f"== {name}: {_counted(tally)}")
            together += tally
        self._write(f"== together: {_counted(together)}")
        return True

    def _tried(
        self, path: Path, wanted: Sequence[Mutation], items: Mapping[str, pytest.Item]
    ) -> Iterator[Tried]:
        by_line = self.tests.by_line(path)
        killers: dict[str, list[str]] = defaultdict(list)
        for mutation in wanted:
            names = [name for name in by_line.get(mutation.place, ()) if name in items]
            known = killers[mutation.function]
            names = list(dict.fromkeys([*(each for each in known if each in names), *names]))
            verdict, number = self._verdict(path, mutation, [items[name] for name in names])
            if verdict is Verdict.KILLED and names[number] not in known:
                known.insert(0, names[number])
            yield Tried(mutation, verdict, len(names))

    def _verdict(
        self, path: Path, mutation: Mutation, items: Sequence[pytest.Item]
    ) -> tuple[Verdict, int]:
        if not items:
            return Verdict.UNTESTED, 0
        notice = partial(run_tests, items, self.seconds)
        return try_out(path, mutation, notice, 2 * self.seconds)

    def _say(self, text: str, tried: Tried) -> None:
        untested = " [no test comes here]" if tried.verdict is Verdict.UNTESTED else ""
        self._write(f"{text}  ({tried.tests} tests){untested}")

    def _write(self, line: str) -> None:
        click.echo(line)
        if self.output:
            with self.output.open("a", encoding="utf-8") as file:
                file.write(line + "\n")


def _counted(tally: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {what.lower()}" for what, count in sorted(tally.items()))


if __name__ == "__main__":
    main()
