"""How grave a change is where nothing tells for which nnsight the code was written."""

from __future__ import annotations

from nnmigrate.findings import Severity
from nnmigrate.program import Dialect, Program


def if_old(program: Program, severity: Severity) -> Severity:
    """A severity that holds for code for 0.4; else a note, for 0.5 may be what was meant."""
    return severity if program.dialect is Dialect.OLD else Severity.NOTE
