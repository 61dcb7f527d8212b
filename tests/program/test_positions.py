"""Nodes are measured to stand where LibCST itself writes them."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import typing
from pathlib import Path

import libcst as cst
import pytest

from nnmigrate.program import positions
from nnmigrate.program.pieces import pieces_of
from nnmigrate.program.places import measured_in, written_by
from nnmigrate.program.positions import Positions

# Nobody asks where they stand.
PUNCTUATION = (cst.Comma, cst.Dot, cst.Semicolon, cst.Colon, cst.AssignEqual)

SYNTAX = '''
#!/usr/bin/env python

import a.b as c, d ; from . import (e as f, g,)
from ..h import *
from i import j  # why
x = (y) = ( 1 , *z , ) ; w : int = 2 ; v: str
x @= 1; x **= 2; x //= 3; x <<= 4; x >>= 5; x |= 1; x &= 1; x ^= 1; x %= 1; x -= 1; x *= 1; x /= 1
a if b else (c) if d else e
not - + ~ a ** b @ c // d % e << f >> g | h & i ^ j and k or l
a < b <= c == d != e > f >= g is h is not i in j not  in k
[*a, b, (c),] ; {*a, b} ; {a: b, **c, } ; () ; [] ; {} ; (a,)
[x for x in y if z if w for q in (r)] ; {x for x in y} ; {k : v for k, v in w} ; (x for x in y)
a[b, c:d:e, ::, :f, (g), *h] ; a [ b ] . c ( d , * e , f = g , ** h ) ; (a(
    # inside
    b,  # one

    c))
f"a{b!r:>{c}}d{e = }" "g" f'h'
... ; 1.5 ; 2j ; 0xff ; (lambda: 0) ; lambda a, /, b=1, *c, d, **e: (yield) ; lambda *, k: k
(a := b) ; print((yield from c))
assert a , b
raise E from F
del a, (b), c[0]
global g1, g2
if a : b
elif c :
\td ; e ;
else: pass

@ deco . rate (1)

# between
@two

class C ( B , metaclass = M ) :  # here
    """Doc"""
    # left

    async def m ( self , a : int = 1 , / , b : "x" = 2 , * , c , ** d ) -> None :
        async with a as b , c as (d) : await e
        async for f in g : break
        else : continue
        return
    # trailing
class D: pass
with (a as b,
      c): return (
    1)
while a : b
else :
    for i , j in k :
        nonlocal n
try : a
except E as e: b
except (F, G):
      c
      if deep:
        shallow
else : d
finally : e
try: a
except* G: b
match a :
    case { "k" : 1 , ** r } if b : c
    case [ 1 , * _ ] | C ( 1 , k = 2 ) as d : e
    case None : f
type A[T: int, *U, **V] = B
def generic[T](a: T) -> T: ...
class Generic [ T ] ( B ): ...
def indented():
    x = (1,
# left
  2, (
3))
if a: \\
    b
  # off

'''


def _assert_same(code: str) -> None:
    """Asserts that every node is measured to stand where it writes itself."""
    module = cst.parse_module(code)
    measured, written = measured_in(module, code), written_by(module, code)
    assert measured is not None
    nodes: dict[int, cst.CSTNode] = {}
    pending: list[cst.CSTNode] = [module]
    while pending:
        node = pending.pop()
        nodes[id(node)] = node
        pending += node.children
    wanted = {n: s for n, s in written.spans.items() if not isinstance(nodes[n], PUNCTUATION)}
    assert {n: s[:2] for n, s in measured.places.items() if n in wanted} == wanted
    assert measured.places.keys() <= written.spans.keys()


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_kind_of_syntax_is_measured(line_end: str) -> None:
    _assert_same(SYNTAX.replace("\n", line_end))


@pytest.mark.parametrize("line_end", ["", "\n", "\n\n", "  # end", "\n    # end"])
def test_every_kind_of_end_is_measured(line_end: str) -> None:
    _assert_same(f"if a:\n    b{line_end}")


@pytest.mark.parametrize("module", [argparse, ast, dataclasses, typing, positions])
def test_modules_are_measured(module: typing.Any) -> None:
    _assert_same(Path(module.__file__).read_text(encoding="utf-8"))


def _first(code: str) -> tuple[Positions, typing.Any]:
    """The places of some code, and its first statement."""
    pieces = pieces_of(code)
    return Positions(pieces, code), pieces[0].tree.module.body[0]


@pytest.mark.parametrize("name", ["bc", "(bc)"])
def test_a_tree_that_does_not_give_the_code_back_is_written_instead(name: str) -> None:
    # LibCST 1.9.0 forgets the blanks before the colon.
    code = f"try:\n    a\nexcept E :\n    {name}\n"
    places, statement = _first(code)
    expression = statement.handlers[0].body.body[0].body[0]
    assert places.of(expression.value).of(code) == "bc"
    assert places.whole(expression.value).of(code) == name


@pytest.mark.parametrize("code", ["x = 2\n", "x = 1\n\n", "x = 1", "x  =\n1\n"])
def test_a_tree_of_other_code_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="does not give this code back"):
        written_by(cst.parse_module("x = 1\n"), code)


def test_what_a_string_is_formatted_with_stands_where_its_parts_do() -> None:
    code = 'f"a{b!r:>{c}}d"\n'
    places, statement = _first(code)
    text, formatted, _ = statement.body[0].value.parts
    assert places.of(formatted).of(code) == "b"
    with pytest.raises(ValueError, match="FormattedStringText has no place of its own"):
        places.of(text)


def test_parentheses_of_its_own_belong_to_a_whole_expression() -> None:
    code = "f((  # left\n  (a)), (b)[c])\n"
    places, statement = _first(code)
    first, second = (argument.value for argument in statement.body[0].value.args)
    assert places.of(first).of(code) == "a"
    assert places.whole(first).of(code) == "(  # left\n  (a))"
    assert places.whole(second.value).of(code) == "(b)"
