from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from nnmigrate.documents import DocumentProblem, PythonDocument

KEPT = {
    "empty": b"",
    "only a mark": codecs.BOM_UTF8,
    "mark": codecs.BOM_UTF8 + b"x = 1\n",
    "mark and cookie": codecs.BOM_UTF8 + b"# coding: utf-8\nx = 1\n",
    "latin-1": b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
    "cookie on line 2": b"#!/usr/bin/env python\n# vim: set fileencoding=cp1252 :\nx = '\x80'\n",
    "shift-jis": "# coding: shift_jis\nx = '日本'\n".encode("shift_jis"),
    "crlf": b"x = 1\r\ny = 2\r\n",
    "mixed ends": b"x = 1\r\ny = 2\nz = 3\r",
    "cr only": b"# coding: latin-1\rx = '\xe9'\r",
    "tabs and form feeds": b"\x0cif x:\n\ty = 1\x0c\n",
    "no final newline": "x = 'é'".encode(),
    "other separators": "x = '\x85\u2028'\n".encode(),
}


@pytest.mark.parametrize("raw", KEPT.values(), ids=KEPT)
def test_every_byte_comes_back(raw: bytes) -> None:
    document = PythonDocument.from_bytes(raw)

    assert document.with_code(document.code) == raw


def test_the_mark_is_not_part_of_the_code_and_stays_in_front_of_other_code() -> None:
    document = PythonDocument.from_bytes(codecs.BOM_UTF8 + b"x = 1\n")

    assert document.code == "x = 1\n"
    assert document.with_code("y\n") == codecs.BOM_UTF8 + b"y\n"


def test_the_cookie_decides_how_the_code_is_read_and_written() -> None:
    document = PythonDocument.from_bytes(b"# coding: latin-1\nx = '\xe9'\n")

    assert document.code.endswith("'é'\n")
    assert document.with_code("# coding: latin-1\ny = 'é'\n").endswith(b"'\xe9'\n")


def test_a_cookie_behind_a_lone_carriage_return_counts() -> None:
    document = PythonDocument.from_bytes(b"#!python\r# coding: latin-1\rx = '\xe9'\r")

    assert document.encoding == "iso-8859-1"


def test_a_lone_carriage_return_ends_the_comment_that_a_cookie_must_be_in() -> None:
    document = PythonDocument.from_bytes(b"# a\rx = 1\ry = 'coding: latin-1'\r")

    assert document.encoding == "utf-8"


REFUSED = {
    "null": (b"x = 1\ny = '\0'\n", 2, 6, "null bytes"),
    "utf-16": ("x = 1\n".encode("utf-16"), 1, 4, "UTF-16"),
    "wrong utf-8": (b"y = '\xe9'\n", 1, 6, "invalid or missing encoding"),
    "wrong utf-8 behind cr": (b"x = 1\ry = '\xe9'\n", 2, 6, "0xe9 is not utf-8"),
    "wrong utf-8 far down": (b"\n" * 9 + b"y = '\xe9'\n", 10, 6, "0xe9 is not utf-8"),
    "unknown cookie": (b"# coding: klingon\n", 1, 1, "unknown encoding: klingon"),
    "mark against cookie": (codecs.BOM_UTF8 + b"# coding: latin-1\n", 1, 1, "encoding problem"),
    "cookie that is wrong": (b"# coding: ascii\nx = '\xe9'\n", 2, 6, "0xe9 is not"),
    "not a text encoding": (b"# coding: rot13\n", 1, 1, "no encoding for Python code"),
    "not like ascii": (b"# coding: utf-7\n", 1, 1, "no encoding for Python code"),
    "not the same again": (b"# coding: cp932\nx = '\xfa\x54'\n", 1, 1, "not come out the same"),
}


@pytest.mark.parametrize(("raw", "line", "column", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_with_its_place(
    raw: bytes, line: int, column: int, message: str
) -> None:
    with pytest.raises(DocumentProblem, match=message) as caught:
        PythonDocument.from_bytes(raw, Path("a.py"))

    assert (caught.value.path, caught.value.line, caught.value.column) == ("a.py", line, column)


def test_code_that_the_encoding_lacks_is_refused() -> None:
    document = PythonDocument.from_bytes(b"# coding: latin-1\n", Path("a.py"))

    with pytest.raises(DocumentProblem, match=r"cannot write '\\u20ac'.*iso-8859-1"):
        document.with_code("x = '€'\n")


def test_a_problem_reads_as_compilers_write_theirs() -> None:
    assert str(DocumentProblem("a.py", "no", 3, 4)) == "a.py:3:4: no"
