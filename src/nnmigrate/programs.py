"""Programs and their rewrites, as what can be run.

A program is a file with the modules beside it that it imports; both are rewritten in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from operator import or_
from pathlib import Path

from nnmigrate.beside import modules_beside
from nnmigrate.classes import dataclass
from nnmigrate.documents import Origin, document_of, is_host, read
from nnmigrate.executor import Hints, Script
from nnmigrate.outcomes import Outcome, Settings
from nnmigrate.run import examine


@dataclass(frozen=True)
class Rewrite:
    """A program as the fixes leave it.

    Args:
        outcome: what was changed, and what is to be said of it.
        script: what runs.
        unsafe: whether unsafe fixes were allowed.
    """

    outcome: Outcome
    script: Script
    unsafe: bool


@dataclass(frozen=True)
class Program:
    """A program and its rewrites.

    Args:
        path: its file.
        script: what runs on 0.4.
        rewrites: what assumes nothing comes first. Where the first one cannot be run, it is alone.
    """

    path: str
    script: Script
    rewrites: tuple[Rewrite, ...]

    @property
    def concerned(self) -> bool:
        """Whether there is anything to prove: it, or a module of its own, is about nnsight."""
        first = self.rewrites[0]
        changed = first.script.modules != self.script.modules
        return (first.outcome.relevant or changed) and not first.outcome.problems

    @property
    def hints(self) -> Hints:
        """What its models and those of its rewrites must cover: they need the same ones."""
        scripts = [self.script, *(one.script for one in self.rewrites)]
        return reduce(or_, (script.hints for script in scripts))


def script_of(path: Path, raw: bytes | None = None) -> Script:
    """A file as a script, with the modules beside it that it imports.

    Args:
        path: a Python file or a notebook.
        raw: its bytes, if they were read.

    Raises:
        DocumentProblem: it cannot be read.
    """
    raw = read(path) if raw is None else raw
    folder = path.resolve().parent
    source, origins = _source(path, raw)
    name = path.name if not is_host(path.name) else f"{path.stem}.py"
    modules = tuple(modules_beside(source, folder).items())
    return Script(source, name, folder, modules, origins)


def _source(path: Path, raw: bytes) -> tuple[bytes, tuple[Origin, ...]]:
    """The program that a document holds, and where its lines stand there."""
    if not is_host(path.name):
        return raw, ()
    document = document_of(raw, str(path))
    return document.code.encode(), document.origins


def program_at(
    path: Path,
    settings: Settings,
    raw: bytes | None = None,
    rewritten: Callable[[Path], bool] = lambda _: True,
) -> Program:
    """Rewrites a program in memory, and the modules beside it that it imports.

    Args:
        path: a Python file or a notebook; its folder is where its imports look first.
        settings: how to rewrite; `unsafe` asks for the rewrite with unsafe fixes as well.
        raw: the file's bytes, if they were read.
        rewritten: which of the modules are; the others stay as they are.

    Raises:
        DocumentProblem: it cannot be read.
    """
    raw = read(path) if raw is None else raw
    script = script_of(path, raw)
    first = _rewrite(path, raw, script, replace(settings, unsafe=False), rewritten)
    found = [first]
    if settings.unsafe and not first.outcome.problems:
        other = _rewrite(path, raw, script, settings, rewritten)
        if other.script != first.script:
            found.append(other)
    return Program(str(path), script, tuple(found))


def _rewrite(
    path: Path, raw: bytes, script: Script, settings: Settings, rewritten: Callable[[Path], bool]
) -> Rewrite:
    fixing = replace(settings, fix=True, write=False)
    outcome = examine(str(path), raw, fixing)

    def module(name: str, source: bytes) -> bytes:
        place = path.parent / name
        if not rewritten(place):
            return source
        return examine(str(place), source, fixing, named=False).after

    modules = tuple((name, module(name, source)) for name, source in script.modules)
    source, origins = _source(path, outcome.after)
    script = replace(script, source=source, modules=modules, origins=origins)
    return Rewrite(outcome, script, settings.unsafe)
