"""The project that a file belongs to."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from nnmigrate.classes import dataclass
from nnmigrate.project.requirement import Requirement

_FILES = ("pyproject.toml", "setup.cfg", "setup.py")
_PATTERNS = ("requirements*.txt", "environment*.yml", "environment*.yaml")


@dataclass(frozen=True)
class Project:
    """What a project declares.

    Args:
        requirements: all that its files ask for, in the order of the files.
        declares: whether it has such files at all.
    """

    requirements: tuple[Requirement, ...] = ()
    declares: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The normalized names of the packages that it asks for."""
        return frozenset(one.name for one in self.requirements)

    def of(self, name: str) -> tuple[Requirement, ...]:
        """The requirements of one package."""
        return tuple(one for one in self.requirements if one.name == name)

    @property
    def old_pins(self) -> tuple[Requirement, ...]:
        """The requirements that allow no nnsight from 0.5 on."""
        return tuple(one for one in self.of("nnsight") if one.is_old)

    @property
    def target(self) -> tuple[int, ...] | None:
        """The oldest nnsight that all its requirements allow, if that is 0.5 or later."""
        floors = [one.floor for one in self.of("nnsight")]
        known = [floor for floor in floors if floor is not None]
        return max(known) if known and len(known) == len(floors) else None


NO_PROJECT = Project()


@lru_cache(maxsize=1024)
def project_of(folder: Path) -> Project:
    """The project around a directory: the nearest one upwards that declares anything.

    The search ends where a repository begins (`.git`), or a `pyproject.toml` stands.

    Args:
        folder: the directory.
    """
    files = [folder / name for name in _FILES if (folder / name).is_file()]
    for pattern in _PATTERNS:
        files += sorted(folder.glob(pattern))
    if files:
        from nnmigrate.project.declared import requirements_in

        found = dict.fromkeys(one for path in files for one in requirements_in(path))
        return Project(tuple(found), declares=True)
    if folder.parent == folder or (folder / ".git").exists():
        return NO_PROJECT
    return project_of(folder.parent)
