"""The findings as a plugin of flake8, for whoever runs flake8 already.

flake8 imports its plugins each time that it starts: this one imports nothing of its own until a
file concerns nnsight. Notes are left out, since whatever flake8 prints makes it fail.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from nnmigrate import __version__

if TYPE_CHECKING:
    from nnmigrate.outcomes import Settings

_Report = tuple[int, int, str, type]


class Plugin:
    """What flake8 makes of a file that it looks at.

    Args:
        tree: the file as flake8 has parsed it; that it is asked for tells flake8 to run this once
            for each file.
        filename: its path, or `stdin`.
        lines: its text.
    """

    name = "nnmigrate"
    version = __version__

    def __init__(self, tree: object, filename: str, lines: Sequence[str]) -> None:
        self._filename = filename
        self._raw = "".join(lines).encode("utf-8", "surrogatepass")

    def run(self) -> Iterator[_Report]:
        """Gives line, column and text of each finding."""
        from nnmigrate.documents import mentions_nnsight

        if not mentions_nnsight(self._raw):
            return
        try:
            yield from self._findings(_settings(self._filename))
        except ValueError as error:  # of the project's configuration
            yield 1, 0, f"NNS000 {error}", Plugin

    def _findings(self, settings: Settings) -> Iterator[_Report]:
        from nnmigrate.findings import Severity
        from nnmigrate.run import examine

        outcome = examine(self._filename, self._raw, settings)
        for problem in outcome.problems:
            yield problem.line or 1, (problem.column or 1) - 1, f"NNS000 {problem.message}", Plugin
        for finding in outcome.report.findings:
            if finding.severity is not Severity.NOTE:
                place = outcome.report.place(finding.span.start)
                text = f"{finding.code} [{finding.severity.value}] {finding.message}"
                yield place.row, place.column - 1, text, Plugin


def _settings(filename: str) -> Settings:
    """What the project around a file says.

    Raises:
        ValueError: it cannot be understood.
    """
    from pathlib import Path

    from nnmigrate.configured import Configured
    from nnmigrate.documents import DocumentProblem
    from nnmigrate.outcomes import Settings

    try:
        return Configured().of(Path(filename), Settings())
    except DocumentProblem as problem:
        raise ValueError(str(problem)) from problem
