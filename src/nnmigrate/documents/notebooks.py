"""The program that a notebook's code cells are, one after the other.

Lines that only IPython understands are put into Python: those that only set something up or print
become `pass`, those whose result is used become the call that IPython makes of them.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from dataclasses import dataclass
from typing import Any

from nnmigrate.documents.problem import DocumentProblem

# Of these cell magics the body is Python that runs in the notebook's own names.
_TRANSPARENT = frozenset({"time", "capture", "prun", "debug"})
_MAGIC = re.compile(r"(\s*)(?:%(?!%)\s*(?P<name>\w+)\s*(?P<rest>.*)|!.*|.*\?\??\s*|\?.*)$")
_RESULT = re.compile(r"(\s*[\w.\[\]]+\s*=\s*)(?P<mark>[%!])(?P<rest>.*)$")


@dataclass(frozen=True)
class Notebook:
    """A notebook as one program.

    Args:
        code: the program.
        starts: for each code cell, the line of the program at which it begins.
    """

    code: str
    starts: tuple[int, ...]


def program_of(raw: bytes, name: str) -> Notebook:
    """Joins the code cells of a notebook.

    Args:
        raw: the bytes of the `.ipynb` file (nbformat 4).
        name: what to call it in messages.

    Raises:
        DocumentProblem: it is no notebook.
    """
    lines: list[str] = []
    starts = []
    for source in _code_cells(raw, name):
        starts.append(len(lines) + 1)
        lines += _as_python(source)
    return Notebook("".join(f"{line}\n" for line in lines), tuple(starts))


def _code_cells(raw: bytes, name: str) -> list[str]:
    try:
        cells: list[dict[str, Any]] = json.loads(raw)["cells"]
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
        return [source if isinstance(source, str) else "".join(source) for source in sources]
    except json.JSONDecodeError as error:
        message = f"cannot read: not a notebook ({error.msg})"
        raise DocumentProblem(name, message, error.lineno, error.colno) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DocumentProblem(name, "cannot read: not a notebook (nbformat 4)") from error


def _as_python(source: str) -> list[str]:
    lines = source.splitlines() or [""]
    magic = re.match(r"%%\s*(\w*)", lines[0])
    if magic is not None:
        if magic[1] not in _TRANSPARENT:
            return [f"# {line}" for line in lines]
        lines[0] = "pass"
    # Only what Python itself stumbles over is looked at: a line that begins with `%` may also be
    # the middle of an expression, or of a text.
    for _ in range(len(lines)):
        wrong = _first_error(lines)
        if wrong is None or wrong >= len(lines):
            break
        changed = _without_magic(lines[wrong])
        if changed == lines[wrong]:
            break
        lines[wrong] = changed
    return lines


def _first_error(lines: list[str]) -> int | None:
    """The index of the line where Python stops understanding a cell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse("\n".join(lines))
        except SyntaxError as error:
            return (error.lineno or 1) - 1
        except ValueError:
            return None
    return None


def _without_magic(line: str) -> str:
    used = _RESULT.match(line)
    if used is not None:
        run = "run_line_magic" if used["mark"] == "%" else "getoutput"
        return f"{used[1]}get_ipython().{run}({used['rest'].strip()!r})"
    magic = _MAGIC.match(line)
    if magic is None:
        return line
    return magic[1] + (magic["rest"] if magic["name"] == "time" and magic["rest"] else "pass")
