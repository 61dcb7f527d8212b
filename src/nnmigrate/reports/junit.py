"""The findings as failed tests, in the XML that JUnit's tools and CI systems read.

Each file is a suite. What would not make `check` fail does not fail here either: a note is a test
that was skipped.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from nnmigrate.findings import Finding, Severity
from nnmigrate.patterns import pattern
from nnmigrate.reports.locating import named, told
from nnmigrate.reports.report import Report
from nnmigrate.reports.text import escaped

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# What XML 1.0 has no way of writing, not even as a reference.
_NO_XML = pattern("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def junit(reports: Iterable[Report], color: bool = False) -> Iterator[str]:
    """One XML document. It is never coloured: the parameter makes it a format like the others."""
    del color
    from xml.etree import ElementTree

    top = ElementTree.Element("testsuites", name="nnmigrate")
    for report in reports:
        top.append(_suite(report))
    for name in ("tests", "failures", "errors"):
        top.set(name, str(sum(int(suite.attrib[name]) for suite in top)))
    ElementTree.indent(top)
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield ElementTree.tostring(top, encoding="unicode")


def _suite(report: Report) -> Element:
    from xml.etree.ElementTree import Element

    path = named(report.path)
    cases = [*_of_problems(report, path), *(_of(one, report, path) for one in report.findings)]
    cases = cases or [_case("nothing to migrate", path)]
    suite = Element("testsuite", name=_text(path), tests=str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(tag) is not None for case in cases)))
    suite.extend(cases)
    return suite


def _of(finding: Finding, report: Report, path: str) -> Element:
    from xml.etree.ElementTree import SubElement

    place = report.place(finding.span.start)
    case = _case(f"{finding.code} {finding.name} ({place.said}, column {place.column})", path)
    tag = "skipped" if finding.severity is Severity.NOTE else "failure"
    verdict = SubElement(case, tag, type=finding.severity.value, message=_text(finding.message))
    verdict.text = _text(f"{report.path}:{place}: {told(report, finding)}")
    return case


def _of_problems(report: Report, path: str) -> Iterator[Element]:
    from xml.etree.ElementTree import SubElement

    kinds = (("error", "cannot be dealt with", report.problems), ("skipped", "note", report.notes))
    for tag, name, problems in kinds:
        for problem in problems:
            case = _case(f"{name} (line {problem.line}, column {problem.column})", path)
            SubElement(case, tag, type=tag, message=_text(problem.message)).text = _text(
                str(problem)
            )
            yield case


def _case(name: str, path: str) -> Element:
    from xml.etree.ElementTree import Element

    # Whoever reads it takes what follows a dot for the class, and what precedes it for a package.
    return Element("testcase", name=name, classname=_text(os.path.splitext(path)[0]))


def _text(text: str) -> str:
    rows = (one if one in "\r\n" else escaped(one) for one in re.split(r"([\r\n])", text))
    return _NO_XML.sub(lambda match: ascii(match[0])[1:-1], "".join(rows))
