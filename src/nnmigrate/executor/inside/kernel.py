"""What a notebook's kernel gives to its cells."""

from __future__ import annotations

from typing import Any


class Shell:
    """What ``get_ipython()`` gives: magics do nothing here, and no command is run."""

    def system(self, command: str) -> None:
        """Stand for ``!command``."""

    def getoutput(self, command: str) -> list[str]:
        """Stand for ``lines = !command``."""
        return []

    def run_line_magic(self, name: str, line: str) -> None:
        """Stand for ``%name line``."""

    def run_cell_magic(self, name: str, line: str, cell: Any) -> None:
        """Stand for ``%%name line``; the cell itself follows as code."""
