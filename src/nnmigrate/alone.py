"""Keeps `python -m nnmigrate` from importing what lies in the working directory.

With `-m` Python looks there first: a repository that is checked could have a `click.py` or a
`pathlib.py`, and would have it run. Imported before anything else; what it imports itself, Python
has before it looks anywhere.
"""

from __future__ import annotations

import os
import sys
from itertools import pairwise


def _is_started() -> bool:
    """Whether this is `python -m nnmigrate`, and not a program that imports it."""
    # While Python looks for a package's `__main__`, this is what the program is called.
    if sys.argv[:1] != ["-m"]:
        return False
    for word, after in pairwise([*sys.orig_argv[1:], ""]):
        flags, found, name = word.partition("m")
        if found and flags[:1] == "-" and flags[1:2] not in ("-", "W", "X"):
            return (name or after) == "nnmigrate"
    return False


_is_safe = sys.flags.isolated or getattr(sys.flags, "safe_path", False)
if _is_started() and not _is_safe and sys.path[:1] in ([""], [os.getcwd()]):
    del sys.path[0]
