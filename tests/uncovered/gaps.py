"""What coverage found missing in one file, under names that outlive edits elsewhere in the file.

A gap is the place where a way begins that no test goes; what lies further along that way is not
told again.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

Arc = tuple[int, int]
"""The lines of a branch. It leaves the function where the second is not above 0."""
_MOST = 100
"""Characters of a statement that tell it from others."""


@dataclass(frozen=True)
class Gap:
    """A way that no test goes.

    Args:
        name: `function: source` or `function: source -> source`, as `tests/uncovered.json` has it.
        line: where it begins, for people.
    """

    name: str
    line: int


@dataclass(frozen=True)
class _Place:
    """A statement, an `except` or a `case`.

    Args:
        name: its function and its source.
        text: its source, of which there may be several in the function, then with a number.
        above: what has been run whenever this is: the one before it, else what it stands in.
    """

    name: str
    text: str
    above: int | None


def gaps(source: str, lines: Collection[int], branches: Collection[Arc]) -> list[Gap]:
    """All gaps of a file, from top to bottom.

    Args:
        source: the file's.
        lines: those that were not run, of a statement its first.
        branches: those that were not taken.

    Raises:
        KeyError: a line or branch begins where no statement does: the file is another.
    """
    found = _gaps(_Places(source).by_line, set(lines), set(branches))
    return sorted(found, key=lambda gap: (gap.line, gap.name))


def _gaps(places: Mapping[int, _Place], lines: set[int], branches: set[Arc]) -> Iterator[Gap]:
    entered = {
        target: start for start, target in sorted(branches, reverse=True) if start not in lines
    }
    found = {(start, target) for target, start in entered.items() if target in lines}
    found |= {arc for arc in branches if arc[0] not in lines and arc[1] not in lines}
    for start, target in found:
        there = places[target].text if target > 0 else "the end"
        yield Gap(f"{places[start].name} -> {there}", start)
    for line in lines:
        if line not in entered and places[line].above not in lines:
            yield Gap(places[line].name, line)


class _Places:
    """The statements of a file by their first line."""

    def __init__(self, source: str) -> None:
        self.source = source.splitlines()
        self.by_line: dict[int, _Place] = {}
        self.seen: Counter[str] = Counter()
        self._bodies(ast.parse(source), "", None)

    def _bodies(self, node: ast.AST, function: str, inside: int | None) -> None:
        for _, value in ast.iter_fields(node):
            above = inside
            for child in value if isinstance(value, list) else []:
                if isinstance(child, ast.stmt):
                    self._add(child, _line(child), function, above)
                    above = _line(child)
                elif isinstance(child, ast.ExceptHandler | ast.match_case):
                    self._add(child, _line(child), function, inside)

    def _add(self, node: ast.AST, line: int, function: str, above: int | None) -> None:
        text = self._text(node, line)
        self.seen[f"{function}: {text}"] += 1
        number = self.seen[f"{function}: {text}"]
        text += f" ({number})" if number > 1 else ""
        place = _Place(f"{function or 'the file'}: {text}", text, above)
        self.by_line.setdefault(line, place)
        for below in _lines(node)[1:]:
            self.by_line[below] = replace(place, above=line)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{function}.{node.name}" if function else node.name
            self._bodies(node, name, line)
        else:
            self._bodies(node, function, line)

    def _text(self, node: ast.AST, line: int) -> str:
        """A statement's code; of a compound statement that is its head."""
        text = ast.unparse(node).strip().partition("\n")[0]
        if self.source[line - 1].lstrip().startswith("elif "):
            text = f"el{text}"
        return f"`{text if len(text) <= _MOST else text[:_MOST] + '...'}`"


def _line(node: ast.AST) -> int:
    return _lines(node)[0]


def _lines(node: ast.AST) -> list[int]:
    """Where coverage says that a node begins; with decorators it begins at each of them as well."""
    if isinstance(node, ast.match_case):
        return [node.pattern.lineno]
    assert isinstance(node, ast.stmt | ast.ExceptHandler)
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return [each.lineno for each in (*decorators, node)]
