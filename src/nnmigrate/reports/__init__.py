"""How findings are shown: one file per format, each a function from reports to lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import cast

from nnmigrate.reports.report import Report
from nnmigrate.reports.text import escaped

Format = Callable[[Iterable[Report], bool], Iterator[str]]


def _in(module: str) -> Format:
    """The format in a module of this package that has its name; a run imports its own alone."""

    def lines(reports: Iterable[Report], color: bool) -> Iterator[str]:
        written = cast(Format, getattr(import_module(f"{__name__}.{module}"), module))
        return written(reports, color)

    return lines


FORMATS: dict[str, Format] = {
    "full": _in("full"),
    "concise": _in("concise"),
    "grouped": _in("grouped"),
    "json": _in("json_report"),
    "sarif": _in("sarif"),
    "github": _in("github"),
    "gitlab": _in("gitlab"),
    "junit": _in("junit"),
}
"""By the name that `--output-format` takes; the flag says whether to colour."""

DOCUMENTS = frozenset({"json", "sarif", "gitlab", "junit"})
"""Those of the formats that are one document, beside which nothing else may stand."""

__all__ = ["DOCUMENTS", "FORMATS", "Format", "Report", "escaped"]
