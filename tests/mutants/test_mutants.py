"""The mutation tester itself: which faults there are, and that a fork has them and nobody else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from nnmigrate.schedule import timeline

from .__main__ import sampled
from .mutations import Mutation, mutations
from .warm import Verdict, try_out

ROOT = Path(__file__).parents[2]


def changes(body: str) -> list[str]:
    source = f"def f(a, b):\n    {body}\n"
    return [mutation.change for mutation in mutations(source)]


def test_comparisons_are_swapped() -> None:
    assert changes("x = a < b") == ["`a < b` -> `a <= b`"]
    assert changes("x = a is b") == ["`a is b` -> `a is not b`"]


def test_operands_are_left_out_one_at_a_time() -> None:
    assert changes("x = a and b") == ["`a and b` -> `b`", "`a and b` -> `a`"]


def test_conditions_are_always_and_never_true() -> None:
    assert changes("if a: pass") == ["`if a:` -> `if True:`", "`if a:` -> `if False:`"]
    assert changes("while a: pass") == ["`while a:` -> `while False:`"]
    assert changes("x = {y for y in a if b}") == ["`{y for y in a if b}` -> `{y for y in a}`"]


def test_constants_are_changed_but_prose_is_not() -> None:
    assert changes("x = 1, True, 'h', 'it is wrong'") == [
        "`1` -> `2`",
        "`True` -> `False`",
        "`'h'` -> `'h~'`",
    ]


def test_statements_are_left_out_and_values_are_not_returned() -> None:
    assert changes("a(b)") == ["`a(b)` -> `pass`"]
    assert changes("return a") == ["`return a` -> `return`"]
    assert changes("return False") == ["`False` -> `True`"]


def test_a_generator_without_its_yield_stays_a_generator() -> None:
    source = "def f(a):\n    yield a\n"
    (mutation,) = mutations(source)
    names: dict[str, object] = {}
    exec(compile(mutation.module(), "f.py", "exec"), names)

    assert list(names["f"](1)) == []  # type: ignore[operator]


def test_the_same_change_at_two_places_has_two_names() -> None:
    names = [each.name for each in mutations("def f(a):\n    return a(1, 1)\n")]

    assert names[1:] == ["f: `1` -> `2`", "f: `1` -> `2` (2)"]


def test_a_sample_is_the_same_on_each_run_and_outlives_edits_elsewhere() -> None:
    source = "def f(a, b):\n    return [a + b, a < b, 1, 2, 3, a(4), 'five']\n"
    before = list(mutations(source))
    after = list(mutations("def other(a):\n    return a\n\n\n" + source))
    names = [each.name for each in sampled(before, 4)]

    assert len(names) == 4
    assert [each.name for each in sampled(after[1:], 4)] == names
    assert {each.name for each in sampled(before, 3)} < set(names)
    assert sampled(before, None) == before


def test_messages_types_and_tables_are_left_alone() -> None:
    source = """
LEAST = 1

class C:
    size: int = 2

    @order(3)
    def f(self, a: Literal[4] = 5):
        assert a < 6
        raise ValueError(f"{a} of 7")
"""
    assert list(mutations(source)) == []


def test_the_tree_without_the_fault_stays_as_it_is() -> None:
    source = "def f(a, b):\n    return [a + b, a < b]\n"
    names = [each.name for each in mutations(source)]
    for mutation in mutations(source):
        mutation.module()

    assert [each.name for each in mutations(source)] == names


PATH = Path(timeline.__file__)


def fault(name: str) -> Mutation:
    return next(each for each in mutations(PATH.read_text()) if each.name == name)


def reached() -> list[int]:
    return list(timeline._running([3, 1]))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a fault lives in a fork")
def test_a_fork_has_the_fault_and_the_process_itself_has_not() -> None:
    before = reached()
    verdict = try_out(
        PATH, fault("_running: `max` -> `min`"), lambda: 7 if reached() != before else None, 20
    )

    assert verdict == (Verdict.KILLED, 7)
    assert reached() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a fault lives in a fork")
def test_a_fault_that_nobody_notices_survives_and_one_that_hangs_is_stopped() -> None:
    harmless = fault("_running: `max` -> `min`")

    assert try_out(PATH, harmless, lambda: None, 20) == (Verdict.SURVIVED, 0)
    assert try_out(PATH, harmless, forever, 1) == (Verdict.TIMED_OUT, 0)


def forever() -> None:
    while True:
        pass


def test_the_files_of_the_faults_that_were_looked_at_are_there() -> None:
    looked_at = json.loads((Path(__file__).parent / "looked_at.json").read_text())

    assert [file for file in looked_at if not (ROOT / file).is_file()] == []
    assert all(reason for reasons in looked_at.values() for reason in reasons.values())
