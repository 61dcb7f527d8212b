"""Real programs, damaged as people, editors and broken disks damage them."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import strategies as st

_FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
PROGRAMS = tuple(path.read_text(encoding="utf-8") for path in sorted(_FIXTURES.glob("*/before.py")))

_TOKEN = re.compile(r"\w+|[^\S\n]+|\n|[^\w\s]")
_PIECES = """
yield|await x|(yield)|lambda: 0|[x for x in y]|*a|**k|(x := 1)|not|async |return|break|continue
global x|del x|import nnsight|tracer|model|.save()|.value|.output[0]|with tracer.invoke(p):
with model.trace(p) as tracer:|try:|except:|else:|finally:|if x:|for i in range(3):|while True:
def f(x):|class C:|@d|:|,|=|+=|\\|#|'|"|\"\"\"|f'{x!r:>{y}}'|...|0|10**9|range(10**9)|pass|;
match x:|case [a, *b]:|type X = int|def g[T](x: T): pass|except* E:|print x|exec "x"|`x`|t'{x}'
\f|\r|\t|\u2028|\xe9|\x00|\ufeff|\N{GRINNING FACE}|\xa0|
""".strip().replace("\n", "|")
PIECES = tuple(_PIECES.split("|"))


@st.composite
def mutants(draw: st.DrawFn) -> str:
    """A program after a few changes."""
    code = draw(st.sampled_from(PROGRAMS))
    for change in draw(st.lists(st.sampled_from(_CHANGES), min_size=1, max_size=4)):
        code = change(draw, code)
    return code


def _at(draw: st.DrawFn, parts: list[str]) -> int:
    return draw(st.integers(0, max(len(parts) - 1, 0)))


def _tokens(draw: st.DrawFn, code: str) -> str:
    """One token gone, doubled, changed for another one or for something strange."""
    tokens = _TOKEN.findall(code) or [""]
    one, other = _at(draw, tokens), _at(draw, tokens)
    strange = draw(st.sampled_from(PIECES))
    how = draw(st.integers(0, 4))
    tokens[one : one + 1] = [
        [],
        [tokens[one]] * 2,
        [tokens[other]],
        [strange],
        [strange, tokens[one]],
    ][how]
    return "".join(tokens)


def _lines(draw: st.DrawFn, code: str) -> str:
    """Some lines gone, doubled, moved or indented otherwise."""
    lines = code.splitlines(keepends=True) or [""]
    start = _at(draw, lines)
    end = min(start + draw(st.integers(1, 6)), len(lines))
    block, rest = lines[start:end], [*lines[:start], *lines[end:]]
    there = _at(draw, rest)
    how = draw(st.integers(0, 3))
    if how == 0:
        return "".join(rest)
    if how == 1:
        return "".join((*rest[:there], *block, *rest[there:]))
    if how == 2:
        return "".join((*lines[:end], *block, *lines[end:]))
    by = draw(st.sampled_from([-4, -1, 1, 4]))
    moved = [" " * by + line if by > 0 else line.removeprefix(" " * -by) for line in block]
    return "".join((*lines[:start], *moved, *lines[end:]))


def _cut(draw: st.DrawFn, code: str) -> str:
    return code[: draw(st.integers(0, len(code)))]


def _join(draw: st.DrawFn, code: str) -> str:
    return code + draw(st.sampled_from(["", "\n", "\r\n"])) + draw(st.sampled_from(PROGRAMS))


def _rename(draw: st.DrawFn, code: str) -> str:
    """One name becomes another one that is there: a value gets the tracer's name, say."""
    names = sorted(set(re.findall(r"\b[a-z]\w*", code))) or ["x"]
    one, other = draw(st.sampled_from(names)), draw(st.sampled_from(names))
    return re.sub(rf"\b{one}\b", other, code)


def _ends(draw: st.DrawFn, code: str) -> str:
    return code.replace("\n", draw(st.sampled_from(["\r\n", "\r", "\n\f", "\n\n"])))


_CHANGES = (_tokens, _tokens, _lines, _lines, _cut, _join, _rename, _ends)
