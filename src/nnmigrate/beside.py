"""The modules that a program imports from the folder that it lies in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def modules_beside(source: bytes, folder: Path) -> dict[str, bytes]:
    """The modules beside a program that it imports, itself or through another one.

    Args:
        source: the program's bytes.
        folder: where it lies.

    Returns:
        The bytes of each, by its path from the folder. Of a package that is imported, every module
        is one: what it imports within itself is not followed.
    """
    found: dict[str, bytes] = {}
    waiting = list(_imported(source))
    while waiting:
        for path in _files(folder, waiting.pop()):
            name = str(path.relative_to(folder))
            if name not in found:
                try:
                    found[name] = path.read_bytes()
                except OSError:
                    continue
                waiting += _imported(found[name])
    return found


class Importers:
    """Which programs import which modules of their folder; each folder is read once."""

    def __init__(self) -> None:
        self._folders: dict[Path, dict[Path, set[str]]] = {}

    def of(self, module: Path) -> list[Path]:
        """The programs in a module's folder that import it."""
        here = module.resolve()
        folder = here.parent
        if folder not in self._folders:
            programs = sorted(folder.glob("*.py"))
            self._folders[folder] = {path: _names_beside(path) for path in programs}
        programs_of = self._folders[folder].items()
        return [path for path, names in programs_of if path != here and here.name in names]


def _names_beside(path: Path) -> set[str]:
    try:
        return set(modules_beside(path.read_bytes(), path.parent))
    except OSError:
        return set()


def _files(folder: Path, name: str) -> list[Path]:
    """The files of a module or of a package, by its name."""
    module = folder / f"{name}.py"
    if module.is_file():
        return [module]
    package = folder / name
    return sorted(package.rglob("*.py")) if (package / "__init__.py").is_file() else []


def _imported(source: bytes) -> Iterator[str]:
    """The first part of the name of every module that is imported."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
