"""What made a script end: the exception, and the line of the script it comes from."""

from __future__ import annotations

import re
from types import TracebackType
from typing import Any

_LONGEST = 2000


def describe_failure(error: BaseException, script: str) -> dict[str, Any]:
    """Describe an exception that left the script.

    nnsight 0.5 raises a subclass made for the occasion whose message is a whole traceback
    (`intervention/tracing/util.py`, 0.5.15): its base is the true type, its ``original`` the true
    exception, and the text holds the script's line.

    Args:
        error: The exception.
        script: The path under which the script was compiled.
    """
    original = getattr(error, "original", None)
    cause = original if isinstance(original, BaseException) else error
    return {
        "type": _true_type(error),
        "message": str(cause).strip()[:_LONGEST],
        "line": _line(error, script),
    }


def _line(error: BaseException, script: str) -> int | None:
    source = getattr(error, "source", None)
    if isinstance(source, str):
        return _line_of_source(source, script)
    return _line_in_text(str(error), script) or line_of(error.__traceback__, script)


def _line_of_source(source: str, script: str) -> int | None:
    """Find a line by its text: what a server says counts from where the traced code begins."""
    with open(script, encoding="utf-8", errors="replace") as handle:
        numbers = [n for n, line in enumerate(handle, 1) if line.strip() == source.strip()]
    return numbers[0] if len(numbers) == 1 else None


def _true_type(error: BaseException) -> str:
    kind = type(error)
    return (kind.__mro__[1] if kind.__name__ == "NNsightException" else kind).__name__


def _line_in_text(text: str, script: str) -> int | None:
    found = re.findall(rf'File "{re.escape(script)}", line (\d+)', text)
    return int(found[-1]) if found else None


def line_of(traceback: TracebackType | None, script: str) -> int | None:
    """Give the innermost line of a file in a traceback.

    Args:
        traceback: Where an exception came from.
        script: The path under which the file was compiled.
    """
    line = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == script:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
