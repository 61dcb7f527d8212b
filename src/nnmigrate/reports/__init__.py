"""How findings are shown: one file per format, each a function from reports to lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from nnmigrate.reports.concise import concise
from nnmigrate.reports.diff import diff
from nnmigrate.reports.full import full
from nnmigrate.reports.json_report import json_report
from nnmigrate.reports.report import Report
from nnmigrate.reports.summary import summary
from nnmigrate.reports.text import escaped

FORMATS: dict[str, Callable[[Iterable[Report], bool], Iterator[str]]] = {
    "full": full,
    "concise": concise,
    "json": json_report,
}
"""By the name that `--output-format` takes; the flag says whether to colour."""

__all__ = ["FORMATS", "Report", "concise", "diff", "escaped", "full", "json_report", "summary"]
