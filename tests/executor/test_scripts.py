from __future__ import annotations

import textwrap

import pytest

from nnmigrate.executor.scripts import (
    Hints,
    Script,
    hints_of,
    leftovers_of,
    uses_remote,
    without_barriers,
)


def source(text: str) -> bytes:
    return textwrap.dedent(text).encode()


def test_hints_are_the_literals():
    hints = hints_of(source('x = [1958, -3, True, 2.5]\nprompt = f"The {x} Tower" "!"\n'))
    assert hints.integers == {1958, 3}
    assert hints.texts == {"The ", " Tower!"}


def test_hints_of_two_scripts_cover_both():
    both = Hints(frozenset({1}), frozenset({"a"})) | Hints(frozenset({2}), frozenset({"b"}), 2)
    assert both == Hints(frozenset({1, 2}), frozenset({"a", "b"}), 2)


def test_hints_of_what_does_not_parse_are_empty():
    assert hints_of(b"def (") == Hints()


def test_an_encoding_cookie_is_read():
    text = "# -*- coding: latin-1 -*-\nword = 'caf\xe9'\n"
    assert hints_of(text.encode("latin-1")).texts == {"café"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lm.trace(p, remote=True)", True),
        ("lm.trace(p, remote=REMOTE)", True),
        ("lm.session(remote = 1)", True),
        ("lm.trace(p, remote=False)", False),
        ("lm.trace(p)", False),
        ("remote = True", False),
        ("not python (", False),
    ],
)
def test_uses_remote(text: str, expected: bool):
    assert uses_remote(text.encode()) is expected


def test_leftovers_are_the_names_bound_in_traces_only():
    assert leftovers_of(
        source("""
            both = 1
            for layer in range(3):
                with lm.trace() as tracer:
                    with tracer.invoke(p) as invoker:
                        import math as m
                        for i, (j, k) in enumerate(pairs):
                            h = lm.layers[i].output.save()
                        both = 2
                        listed = [c for c in h]
                        def helper():
                            local = 1
            with open(path) as handle:
                text = handle.read()
        """)
    ) == {"invoker", "m", "i", "j", "k", "h", "listed", "helper"}


def test_leftovers_inside_functions_are_not_global():
    assert not leftovers_of(
        source("""
            def run():
                with lm.trace(p):
                    h = lm.output.save()
                return h
        """)
    )


def test_modules_count_for_token_ids_and_texts_but_not_for_widths():
    script = Script(b"x = 64\nid = 12\n", modules=(("m.py", b"y, ids = 768, 30000\ns = 'word'\n"),))
    assert script.hints.integers == {64, 12, 30000}
    assert script.hints.texts == {"word"}


def test_barriers_are_taken_out_line_by_line():
    before = b"""with lm.trace() as t:
    barrier = t.barrier(2); n = 1
    with t.invoke('a'):
        h = lm.h.output
        barrier()
    with t.invoke('b'): barrier(); x = barrier
    barrier(2, n)
other()
"""
    after = b"""with lm.trace() as t:
    pass; n = 1
    with t.invoke('a'):
        h = lm.h.output
        pass
    with t.invoke('b'): pass; x = barrier
    pass
other()
"""
    assert without_barriers(before) == after
    assert without_barriers(b"def (") == b"def ("
    assert without_barriers(b"barrier()\n") == b"barrier()\n"
