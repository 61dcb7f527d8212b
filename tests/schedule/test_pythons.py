"""Whose names nnsight 0.5 shares while a comprehension asks for a module, on this very Python.

What `since_3_12` says was derived from nnsight's source and PEP 709; the frames are looked at here,
in code that is compiled as nnsight 0.5.15 compiles the body of a trace (intervention/backends/
base.py), on whatever Python the tests run on.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from types import FrameType

import pytest

from nnmigrate.program import build
from nnmigrate.program.outside import outer_names
from nnmigrate.program.unroll import unroll
from nnmigrate.schedule import Sight, rankings, simulate, since_3_12
from nnmigrate.schedule.sequential import providers
from nnmigrate.schedule.values import Define, Trace

INLINED = sys.version_info >= (3, 12)
HEAD = 'from nnsight import LanguageModel\nlm = LanguageModel("openai-community/gpt2")\n'


def _asked_from(body: str) -> list[Mapping[str, object]]:
    """The local names of each frame that calls `ask`, when it does."""
    seen: list[Mapping[str, object]] = []

    def ask(layer: int) -> int:
        seen.append(dict(sys._getframe(1).f_locals))
        return layer

    source = "def traced():\n    h = 1\n" + "".join(f"    {row}\n" for row in body.splitlines())
    namespace: dict[str, object] = {}
    exec(compile(source, "<nnsight 1>", "exec"), {"ask": ask, "traced": None}, namespace)
    namespace["traced"]()  # type: ignore[operator]
    return seen


@pytest.mark.parametrize(
    "body",
    [
        "r = [ask(l) for l in (2, 3)]",
        "r = {ask(l) for l in (2, 3)}",
        "r = {l: ask(l) for l in (2, 3)}",
        "r = [[ask(l) for l in (2, k)] for k in (3,)]",
    ],
    ids=["list", "set", "dict", "nested"],
)
def test_a_comprehension_asks_from_the_frame_around_it_since_3_12(body: str) -> None:
    for names in _asked_from(body):
        assert names["l"] in (2, 3)
        assert ("h" in names) is INLINED


@pytest.mark.parametrize("body", ["r = list(ask(l) for l in (2, 3))", "r = (lambda l: ask(l))(2)"])
def test_generators_and_lambdas_ask_from_their_own_frames(body: str) -> None:
    for names in _asked_from(body):
        assert names["l"] in (2, 3)
        assert "h" not in names


def test_what_a_frame_was_given_it_keeps() -> None:
    """`Mediator.pull` leaves out what is in `f_locals`: what came first stays, on every Python."""

    def give(frame: FrameType, name: str, value: int) -> None:
        frame.f_locals[name] = value
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))

    def traced() -> bool:
        give(sys._getframe(), "h", 1)
        return "h" in sys._getframe().f_locals

    assert traced()


REBOUND = """\
with lm.trace() as tracer:
    barrier = tracer.barrier(2)
    with tracer.invoke("a b c"):
        h = lm.transformer.h[0].output[0]
        r = {collected}
        h = h * 2
        barrier()
    with tracer.invoke("d e f"):
        y = lm.transformer.h[2].input
        barrier()
        lm.transformer.h[4].output[0][:] = h
"""


@pytest.mark.parametrize(
    ("collected", "differs"),
    [
        ("[lm.transformer.h[l].output[0] for l in (1, 2)]", True),
        ("{l: lm.transformer.h[l].output[0] for l in (1, 2)}", True),
        ("list(lm.transformer.h[l].output[0] for l in (1, 2))", False),
        ("[one for one in (lm.transformer.h[l].output[0] for l in (1, 2))]", False),
        ("[1, 2]", False),
    ],
)
def test_only_comprehensions_make_a_difference(collected: str, differs: bool) -> None:
    program = build(HEAD + REBOUND.format(collected=collected))
    [trace] = program.traces
    [unrolled] = unroll(trace, outer_names(program, trace), frozenset())
    inlined = since_3_12(unrolled.trace)

    assert (inlined is not None) is differs
    if inlined is not None:
        first, second = _bindings_of_h(inlined)
        assert _seen_at_last(unrolled.trace) == {second}
        assert _seen_at_last(inlined) == {first}, "it is shared in time, and stays"


def _bindings_of_h(trace: Trace) -> list[int]:
    operations = (op for invoke in trace.invokes for op in invoke.operations)
    return [op.site for op in operations if isinstance(op, Define) and op.name == "h"]


def _seen_at_last(trace: Trace) -> set[Sight]:
    """What the last use of a name sees, over all orders of the modules."""
    outcomes = (simulate(trace, rank).uses for rank in rankings(providers(trace)))
    return {uses[max(uses)] for uses in outcomes}
