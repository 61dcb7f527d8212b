"""The steps of a trace's body, and which bindings of a name are the last ones."""

from __future__ import annotations

import pytest

from nnmigrate.program import Bind, Read, build
from nnmigrate.program.bodies import Placed, placed, reaching, roots

HEAD = 'from nnsight import LanguageModel\nlm = LanguageModel("openai-community/gpt2")\n'


def body_of(code: str) -> tuple[Placed, ...]:
    program = build(HEAD + code)
    return placed(program, next(roots(program)))


def lines(code: str, name: str) -> list[int]:
    """The lines (of `code`) of the last bindings of a name."""
    program = build(HEAD + code)
    found = reaching(placed(program, next(roots(program))), name)
    before = len(HEAD)
    return [program.code.count("\n", before, place.step.span.start) + 1 for place in found]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("    x = 1\n    x = 2\n", [3]),
        ("    x = 1\n    if lm:\n        x = 2\n", [2, 4]),
        ("    if lm:\n        x = 1\n    else:\n        x = 2\n", [3, 5]),
        ("    if lm:\n        x = 1\n    x = 2\n", [4]),
        ("    x = 1\n    for i in range(2):\n        x = 2\n        x = 3\n", [2, 5]),
        ("    for x in range(2):\n        pass\n", [2]),
        ("    x = 1\n    with open('f'):\n        x = 2\n", [4]),
        ("    x = 1\n    try:\n        x = 2\n    except ValueError:\n        x = 3\n", [2, 4, 6]),
    ],
)
def test_last_bindings(body: str, expected: list[int]) -> None:
    assert lines('with lm.trace("a"):\n' + body, "x") == expected


def test_what_happens_once() -> None:
    body = body_of(
        "with lm.trace() as tracer:\n"
        '    with tracer.invoke("a"):\n'
        "        a = 1\n"
        '        with open("f"):\n'
        "            b = 1\n"
        "        for i in range(2):\n"
        "            c = 1\n"
        "        if lm:\n"
        "            d = 1\n"
        "        with tracer.iter[:2]:\n"
        "            e = 1\n"
    )
    once = {p.step.name: p.straight for p in body if isinstance(p.step, Bind)}
    assert once == {"a": True, "b": True, "i": False, "c": False, "d": False, "e": False}


def test_what_stands_in_an_invoke() -> None:
    body = body_of(
        'with lm.trace() as tracer:\n    a = 1\n    with tracer.invoke("a"):\n        b = 1\n'
    )
    inside = {p.step.name: p.invoke is not None for p in body if isinstance(p.step, Bind)}
    assert inside == {"a": False, "b": True}


def test_a_comprehension_keeps_its_variables() -> None:
    body = body_of('with lm.trace("a"):\n    xs = [y + z for y in range(2)]\n')
    names = {p.step.name for p in body if isinstance(p.step, (Bind, Read))}
    assert names == {"xs", "range", "z"}


def test_a_called_function_keeps_its_names() -> None:
    body = body_of(
        "def keep(h, store):\n    inner = h.sum().save()\n    store.append(inner)\n"
        'with lm.trace("a"):\n    xs = []\n    keep(lm.lm_head.output, xs)\n'
    )
    assert {p.step.name for p in body if isinstance(p.step, Bind)} == {"xs"}


def test_a_session_is_one_body() -> None:
    program = build(
        HEAD + 'with lm.session() as s:\n    with lm.trace("a"):\n        x = 1\n'
        'with lm.trace("b"):\n    y = 1\n'
    )
    assert [trace.kind for trace in roots(program)] == ["session", "trace"]
