"""The directory that a run finds itself in: the script, and what lies beside it.

The user's files are there as links, so that a script finds its data and its modules; what it
writes to one of them goes into a copy (see `nnmigrate.executor.inside.jail`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from .scripts import Script

# Beyond it a folder is no folder of an experiment: modules in it are still found, data is not.
_MOST = 5_000
_LEFT_OUT = frozenset({"__pycache__", "node_modules", "site-packages"})


def stage(script: Script, scratch: Path) -> Path:
    """Prepare a run.

    Args:
        script: What is to be run.
        scratch: An empty directory of its own.

    Returns:
        The script's copy, in a working directory below ``scratch``. A real file: 0.5 reads the
        source of a trace from it.
    """
    work = scratch / "work"
    work.mkdir()
    own = {script.name: script.source, **dict(script.modules)}
    for name, source in own.items():
        place = work / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(source)
    if script.folder is not None:
        _link(script.folder, work)
    return work / script.name


def _link(folder: Path, work: Path) -> None:
    found = list(_beside(folder))
    if len(found) > _MOST:
        return
    for path in found:
        place = work / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            place.symlink_to(path)


def _beside(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, without what is hidden or an environment."""
    count = 0
    for place, below, names in os.walk(folder):
        here = Path(place)
        below[:] = sorted(one for one in below if _is_content(here / one))
        for name in sorted(names):
            if not name.startswith("."):
                yield here / name
                count += 1
        if count > _MOST:
            return


def _is_content(folder: Path) -> bool:
    hidden = folder.name.startswith(".") or folder.name in _LEFT_OUT
    return not hidden and not (folder / "pyvenv.cfg").exists()
