"""Where nnmigrate keeps what can be made again."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path | None:
    """Where the user's programs keep what can be made again; None where that is nowhere."""
    own = os.environ.get("NNMIGRATE_CACHE")  # where `verify` keeps its environments, too
    if own:
        return Path(own).expanduser().absolute()
    try:
        if sys.platform == "win32":
            local = os.environ.get("LOCALAPPDATA")
            return (Path(local) if local else Path.home() / "AppData" / "Local") / "nnmigrate"
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "nnmigrate"
        shared = os.environ.get("XDG_CACHE_HOME", "")
        # A relative one is to be passed over (https://specifications.freedesktop.org/basedir-spec).
        return (Path(shared) if os.path.isabs(shared) else Path.home() / ".cache") / "nnmigrate"
    except RuntimeError:  # nobody's home
        return None
