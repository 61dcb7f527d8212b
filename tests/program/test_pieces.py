"""What says nothing of nnsight is not parsed; what is asked for is as it stands in the code."""

from __future__ import annotations

from typing import Any

import libcst as cst
import pytest

from nnmigrate.program import NotPython, build
from nnmigrate.program.pieces import forget, pieces_of, whole
from nnmigrate.program.positions import Positions

MANY = "    b\n" * 40  # lines enough for a piece
LONG = "    rows = [line.split(',') for line in open(path) if line.strip() and line[0] != '#']\n"
LOAD = f"def load(path, *, sep=','):\n    # Reads.\n{LONG}    return rows  # all\n"


def _functions(code: str) -> dict[str, tuple[Positions, Any]]:
    pieces = pieces_of(code)
    places = Positions(pieces, code)
    found = {}
    for statement in whole(pieces).body:
        inside = statement.body.body if isinstance(statement, cst.ClassDef) else (statement,)
        for one in inside:
            if isinstance(one, cst.FunctionDef):
                found[one.name.value] = (places, one)
    return found


@pytest.mark.parametrize(
    ("code", "left_out"),
    [
        (LOAD, 1),
        (f"x = 1\n\n@cache\n{LOAD}y = 'é'; z = 2\n{LOAD}", 2),
        (f"class A(B):\n    x = 'é'\n    def f(self):\n        '''Doc.'''\n    {LONG}", 1),
        (f"async def f():\n{LONG}", 1),
    ],
)
def test_a_body_that_says_nothing_of_nnsight_is_left_out(code: str, left_out: int) -> None:
    assert sum(len(piece.left_out) for piece in pieces_of(code)) == left_out
    for places, function in _functions(code).values():
        one = places.of(function).of(code)
        assert one.startswith(("def", "async def"))
        body = places.body(function)
        assert "_____" not in cst.Module([]).code_for_node(body)
        assert places.of(body).of(code) == one[one.index(places.of(body).of(code)) :]
        assert places.of(body.body[-1]).of(code) in one


@pytest.mark.parametrize(
    "code",
    [
        f"def load(path):\n{LONG}    return lm.trace(rows)\n",
        f"def load(path):\n{LONG}    return rows.output\n",
        f"class A:\n    def __init__(self, path):\n    {LONG}",
        f"def load(path): return {LONG.strip()[7:]}\n",
        "def load(path):\n    return path\n",
        f"def f():\n    @deco\n    def g():\n    {LONG}    return g\n",
        f"if x:\n    def load(path):\n    {LONG}",
    ],
)
def test_a_body_that_may_matter_is_parsed(code: str) -> None:
    assert not any(piece.left_out for piece in pieces_of(code))


@pytest.mark.parametrize(
    "code",
    [
        "x = 1; \\\n\ny = 2\n",
        "x = 1; y = 2\nz = 3",
        "# a\n\n\nx = '''\n1\n'''\n# b\n" * 30,
        f"x = 1\r\ndef f(a,\r\n      b):\r\n{LONG}\r\ny = 2\r\n".replace("\n", "\r\n", 1),
        "if a: b\nelse: c\nfor d in e: f; g\nwith h: i\n",
        "x = 1  # Python 2 next\nprint 'x'\n"[:24],
    ],
)
def test_pieces_are_the_whole_module(code: str) -> None:
    pieces = pieces_of(code)
    assert "".join(piece.text for piece in pieces) == code
    assert len("".join(piece.tree.module.code for piece in pieces)) == len(code)
    wanted = [type(one) for one in cst.parse_module(code).body]
    assert [type(one) for one in whole(pieces).body] == wanted


def test_equal_pieces_have_nodes_of_their_own() -> None:
    code = ("if a:\n" + MANY) * 3
    first, second, third = (piece.tree for piece in pieces_of(code))
    assert len({id(first), id(second), id(third)}) == 3


def test_what_is_parsed_is_kept() -> None:
    code = f"if a:\n{MANY}if c:\n{MANY}    d\n"
    before, after = pieces_of(code), pieces_of(code.replace("d", "e"))
    assert before[0].tree is after[0].tree
    assert before[1].tree is not after[1].tree


def test_few_lines_are_parsed_together() -> None:
    few = "x = 1\nif a:\n    b\n"
    code = f"{few}if c:\n{MANY}{few}"
    assert [piece.text for piece in pieces_of(code)] == [few, f"if c:\n{MANY}", few]


def test_a_helper_that_is_called_in_a_trace_is_followed_though_it_was_left_out() -> None:
    helper = f"def keep(store, value):\n{LONG}    store.append(value)\n\n\n"
    trace = "with lm.trace('x'):\n    keep(acts, lm.lm_head.output)\n"
    code = f"from nnsight import LanguageModel\n{helper}lm = LanguageModel('x')\nacts = []\n{trace}"
    assert any(piece.left_out for piece in pieces_of(code))
    program = build(code)
    steps = program.traces[0].body.statements[0].all_steps
    assert [type(step).__name__ for step in steps].count("Mutation") == 1


def test_what_libcst_does_not_take_is_told_where_it_stands() -> None:
    with pytest.raises(NotPython) as caught:
        build("x = 1\ny = (\n")
    assert caught.value.line >= 2


# Python takes both, LibCST does not take the one and loses the backslash of the other.
@pytest.mark.parametrize(
    ("row", "message"),
    [("    (a.b): int = 3\n", "parser error"), ("    # a\n\\\n    b = 1\n", "unchanged")],
)
def test_what_libcst_does_not_take_of_a_body_that_was_left_out_is_told(
    row: str, message: str
) -> None:
    code = f"x = 1\n\n\ndef load(path):\n    c = 1\n{row}{LONG}"
    ((places, function),) = _functions(code).values()
    with pytest.raises(NotPython, match=message) as caught:
        places.body(function)
    assert caught.value.line >= 4


def test_what_libcst_does_not_give_back_is_told() -> None:
    with pytest.raises(NotPython, match="unchanged"):
        build("# a\n\\\nimport nnsight\n")


def test_statements_that_share_a_line_with_what_goes_on_in_the_next_are_one_piece() -> None:
    code = "if a:\n    b\nc = 1; \\\nd = 2\nif e:\n    f\n"
    assert "".join(piece.text for piece in pieces_of(code)) == code
    assert len(whole(pieces_of(code)).body) == 3


def test_only_what_was_left_out_is_put_in_again() -> None:
    code = f"class A:\n    def f(self):\n        return 1\n    def load(self):\n    {LONG}"
    pieces = pieces_of(code)
    places = Positions(pieces, code)
    (made,) = whole(pieces).body
    assert isinstance(made, cst.ClassDef)
    short, long = made.body.body
    assert isinstance(short, cst.FunctionDef)
    assert isinstance(long, cst.FunctionDef)
    assert places.body(long) is not long.body
    assert places.of(places.body(long)).of(code) == LONG.strip()
    assert places.body(short) is short.body


def test_trees_that_were_let_go_of_keep_their_places() -> None:
    code = f"x = 1\n{LOAD}"
    pieces = pieces_of(code)
    places = Positions(pieces, code)
    forget()
    (function,) = (one for one in whole(pieces).body if isinstance(one, cst.FunctionDef))
    body = places.body(function)
    assert places.of(body.body[-1]).of(code) == "return rows"
    assert pieces_of(code)[0].tree is not pieces[0].tree


def test_what_is_kept_has_an_end() -> None:
    code = "x = 1\n" * 30
    before = pieces_of(code)[0].tree
    assert pieces_of(code)[0].tree is before
    pieces_of(f"y = '{'y' * 1_000_000}'\n")
    assert pieces_of(code)[0].tree is not before
