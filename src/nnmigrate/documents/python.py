"""Python source files: bytes to code and back, without changing any byte that no edit touches."""

from __future__ import annotations

import codecs
import string
import tokenize
from collections.abc import Collection
from pathlib import Path

from nnmigrate.classes import dataclass
from nnmigrate.documents.places import Origin
from nnmigrate.documents.problem import DocumentProblem
from nnmigrate.patterns import pattern
from nnmigrate.spans import Span

_LINE_END = pattern(rb"\r\n|\r|\n")


@dataclass(frozen=True)
class PythonDocument:
    """A `.py` or `.pyi` file.

    Args:
        path: where it lies, or None for standard input.
        raw: its bytes.
        encoding: a codec's name; `utf-8-sig` where a byte order mark stands in front.
        code: the bytes decoded, without the mark, every line end as it is.
    """

    path: Path | None
    raw: bytes
    encoding: str
    code: str

    @classmethod
    def from_bytes(cls, raw: bytes, path: Path | None = None) -> PythonDocument:
        """Decodes as Python does (PEP 263): byte order mark, then cookie, then UTF-8.

        Raises:
            DocumentProblem: the bytes are not text in their encoding, hold null bytes, or would not
                come out the same when encoded again.
        """
        name = "-" if path is None else str(path)
        _refuse_null_bytes(raw, name)
        encoding = _encoding(raw, name)
        return cls(path, raw, encoding, _decode(raw, encoding, name))

    @classmethod
    def from_text(cls, raw: bytes, path: Path | None = None) -> PythonDocument:
        """Decodes a text that is no Python file: UTF-8, with or without a byte order mark.

        Raises:
            DocumentProblem: the bytes are not UTF-8, or hold null bytes.
        """
        name = "-" if path is None else str(path)
        _refuse_null_bytes(raw, name)
        encoding = "utf-8-sig" if raw.startswith(codecs.BOM_UTF8) else "utf-8"
        return cls(path, raw, encoding, _decode(raw, encoding, name))

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Nothing: its code is the file."""
        return ()

    @property
    def rigid(self) -> tuple[Span, ...]:
        """Nothing: all of it may be changed."""
        return ()

    @property
    def notes(self) -> tuple[DocumentProblem, ...]:
        """Nothing: all of it is code."""
        return ()

    @property
    def transparent(self) -> Collection[str]:
        """Nothing: magics are no Python."""
        return ()

    def with_code(self, new: str, rigid: tuple[Span, ...] = ()) -> bytes:
        """The file's bytes with `new` as its code, in the same encoding and with the same mark.

        Raises:
            DocumentProblem: the encoding has no such character.
        """
        try:
            return new.encode(self.encoding)
        except UnicodeEncodeError as error:
            character = new[error.start]
            message = f"cannot write {character!a}: the file's encoding is {self.encoding}"
            raise DocumentProblem("-" if self.path is None else str(self.path), message) from error


def _refuse_null_bytes(raw: bytes, name: str) -> None:
    at = raw.find(b"\0")
    if at >= 0:
        message = "cannot read: Python code cannot hold null bytes (is the file UTF-16, or binary?)"
        raise DocumentProblem(name, message, *_place(raw, at))


def _encoding(raw: bytes, name: str) -> str:
    # Lone carriage returns end lines for Python, but not for `detect_encoding`'s `readline`.
    first_lines = iter(_LINE_END.split(raw, maxsplit=2)[:2])
    try:
        encoding, _ = tokenize.detect_encoding(lambda: next(first_lines) + b"\n")
    except SyntaxError as error:
        message = str(error.msg).partition(" for ")[0]
        raise DocumentProblem(name, f"cannot read: {message}", *_undecodable(raw)) from error
    if not _extends_ascii(encoding):
        raise DocumentProblem(name, f"cannot read: {encoding} is no encoding for Python code")
    return encoding


def _undecodable(raw: bytes) -> tuple[int, int]:
    """Where UTF-8 goes wrong, or the first line, where the cookie is wrong."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return _place(raw, error.start)
    return 1, 1


def _extends_ascii(encoding: str) -> bool:
    """Whether ASCII means itself: cookies may also name rot13, UTF-7 or UTF-16."""
    try:
        return string.printable.encode(encoding).endswith(string.printable.encode())
    except (LookupError, ValueError):
        return False


def _decode(raw: bytes, encoding: str, name: str) -> str:
    try:
        code = raw.decode(encoding)
    except UnicodeDecodeError as error:
        message = f"cannot read: byte 0x{raw[error.start]:02x} is not {encoding}"
        raise DocumentProblem(name, message, *_place(raw, error.start)) from error
    if _encoded(code, encoding) != raw:
        message = f"cannot read: its {encoding} would not come out the same when written again"
        raise DocumentProblem(name, message)
    return code


def _encoded(code: str, encoding: str) -> bytes | None:
    try:
        return code.encode(encoding)
    except UnicodeEncodeError:
        return None


def _place(raw: bytes, at: int) -> tuple[int, int]:
    """The line and the column of a byte, where characters cannot be counted."""
    ends = [end.end() for end in _LINE_END.finditer(raw, 0, at)]
    return len(ends) + 1, at - (ends[-1] if ends else 0) + 1
