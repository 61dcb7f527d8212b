"""How findings are shown: one file per format, each a function from reports to lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from nnmigrate.reports.concise import concise
from nnmigrate.reports.diff import diff
from nnmigrate.reports.full import full
from nnmigrate.reports.github import github
from nnmigrate.reports.gitlab import gitlab
from nnmigrate.reports.grouped import grouped
from nnmigrate.reports.json_report import json_report
from nnmigrate.reports.junit import junit
from nnmigrate.reports.report import Report
from nnmigrate.reports.sarif import sarif
from nnmigrate.reports.statistics import statistics, statistics_lines, statistics_objects
from nnmigrate.reports.summary import summary
from nnmigrate.reports.text import escaped

FORMATS: dict[str, Callable[[Iterable[Report], bool], Iterator[str]]] = {
    "full": full,
    "concise": concise,
    "grouped": grouped,
    "json": json_report,
    "sarif": sarif,
    "github": github,
    "gitlab": gitlab,
    "junit": junit,
}
"""By the name that `--output-format` takes; the flag says whether to colour."""

DOCUMENTS = frozenset({"json", "sarif", "gitlab", "junit"})
"""Those of the formats that are one document, beside which nothing else may stand."""

__all__ = [
    "DOCUMENTS",
    "FORMATS",
    "Report",
    "concise",
    "diff",
    "escaped",
    "full",
    "github",
    "gitlab",
    "grouped",
    "json_report",
    "junit",
    "sarif",
    "statistics",
    "statistics_lines",
    "statistics_objects",
    "summary",
]
