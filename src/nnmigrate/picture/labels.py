"""Short names: of modules, as they stand on the axis, and of statements, on one line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from nnmigrate.patterns import pattern
from nnmigrate.program import Program, Statement
from nnmigrate.schedule.values import Index, Path, Point, Provider
from nnmigrate.spans import Lines, Span

_SYMBOLIC = pattern(r"loop\d+\.")
_TURN = pattern(r"loop\d+\.(\d+)\.")
_TURNED = pattern(r"@?loop\d+\.\d+\.")
_SUBSCRIPT = pattern(r"\[([^\[\]]*)\]")
_BLANKS = pattern(r"\s+")

Rows = Callable[[int], str]
"""Gives the line of a character of some code, as a person counts it."""

LONGEST = 42
"""Characters of a module's name that are shown; more of them are cut out of its middle."""


def module_labels(texts: Mapping[Provider, str]) -> Mapping[Provider, str]:
    """A short name for each of some modules' values, which tells it from the others.

    What all of them have in common at the beginning (`transformer`, `model`) is left out where the
    rest still names a module: `h[3].mlp.output`.

    Args:
        texts: the modules' values, with the code that reaches them.
    """
    paths = {each: _named(each.path, text) for each, text in texts.items()}
    labels = {each: _label(_without_root(path), each) for each, path in paths.items()}
    if len(set(labels.values())) < len(labels):
        labels = {each: _label(path, each) for each, path in paths.items()}
    return {each: _cut(label) for each, label in labels.items()}


def _named(path: Path, text: str) -> Path:
    """A path whose unknown indexes are named as they stand in the code."""
    written = _SUBSCRIPT.findall(text)
    if len(written) != sum(isinstance(part, Index) for part in path):
        return path
    names = iter(written)
    return tuple(_as_written(p, next(names)) if isinstance(p, Index) else p for p in path)


def _as_written(index: Index, text: str) -> Index:
    """An index under the name that it has in the code, and the turn that it is of."""
    if index.value is not None:
        return index
    return Index(f"{' '.join(text.split())} {' '.join(_TURNED.findall(index.key))}", None)


def _without_root(path: Path) -> Path:
    """A path without the modules around the list of layers, where it leads into one."""
    first = next((i for i, part in enumerate(path) if isinstance(part, Index)), 0)
    if first > 1:
        return path[first - 1 :]
    return path[1:] if len(path) > 1 and not first else path


def _label(path: Path, provider: Provider) -> str:
    text, turn = "", ""
    for part in path:
        if isinstance(part, Index):
            text += f"[{_index(part)}]"
            turn = turn or _turn(part)
        else:
            text += f".{part}" if text else part
    point = "input" if provider.point is Point.INPUT else "output"
    return f"{text or 'model'}.{point}" + turn


def _index(index: Index) -> str:
    if index.value is not None:
        return str(index.value)
    words = index.key.split("#")[0].split()
    text = " ".join(word for word in words if "@" not in word and not _SYMBOLIC.match(word))
    return text or "…"


def _turn(index: Index) -> str:
    turn = _TURN.search(index.key)
    return f" · turn {int(turn[1]) + 1}" if turn is not None and index.value is None else ""


def _cut(label: str) -> str:
    if len(label) <= LONGEST:
        return label
    head, tail = LONGEST // 3, LONGEST - LONGEST // 3 - 1
    return f"{label[:head]}…{label[-tail:]}"


def rows_of(code: str) -> Rows:
    """The lines of code that stands in a file of its own."""
    lines = Lines(code)
    return lambda offset: str(lines.place(offset)[0])


def layer_of(provider: Provider) -> tuple[Path, int | None]:
    """The list of layers that a provider is in, and the number of its layer."""
    for place, part in enumerate(provider.path):
        if isinstance(part, Index):
            return provider.path[:place], part.value
    return provider.path, None


def adjacent(one: Provider, other: Provider) -> bool:
    """Whether nothing worth a gap lies between two providers: the same or the next layer."""
    (path, number), (next_path, next_number) = layer_of(one), layer_of(other)
    if path != next_path:
        return False
    if number is None or next_number is None:
        return number == next_number
    return 0 <= next_number - number <= 1


def one_line(program: Program, span: Span) -> str:
    """Code on one line."""
    return _BLANKS.sub(" ", program.text(span)).strip()


def source_of(program: Program, statement: Statement) -> str:
    """A statement on one line; of a compound one its header."""
    end = statement.span.end
    if statement.blocks:
        end = statement.blocks[0].span.start
    text = program.text(Span(statement.span.start, end))
    if statement.blocks:
        text = text.rstrip()
        # A comment between the header and its suite is no part of it.
        text = re.sub(r":\s*#[^\n]*$", ":", text)
    return _BLANKS.sub(" ", text).strip()


def arguments_of(program: Program, call: Span) -> str:
    """What stands between the brackets of a call, on one line."""
    text = one_line(program, call)
    start = text.find("(")
    return text[start + 1 :].removesuffix(")").strip().removesuffix(",") if start >= 0 else ""
