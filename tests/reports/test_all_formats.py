from __future__ import annotations

import pytest

from nnmigrate.reports import DOCUMENTS, FORMATS, Report

from .builders import CASES


@pytest.mark.parametrize("style", FORMATS)
@pytest.mark.parametrize("report", CASES.values(), ids=CASES)
def test_every_format_takes_everything(style: str, report: Report) -> None:
    text = "\n".join(FORMATS[style]([report], False))

    text.encode()  # bytes of names that are no UTF-8 are written out
    assert "\x1b" not in text
    if style not in DOCUMENTS:
        assert text.count("NNS101") >= len(report.findings)


@pytest.mark.parametrize("style", FORMATS)
def test_every_format_takes_no_document(style: str) -> None:
    lines = list(FORMATS[style]([], False))

    assert bool(lines) is (style in DOCUMENTS)


@pytest.mark.parametrize("style", sorted(DOCUMENTS))
def test_documents_are_never_coloured(style: str) -> None:
    report = [CASES["unicode"]]

    assert list(FORMATS[style](report, True)) == list(FORMATS[style](report, False))
