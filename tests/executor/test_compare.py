from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nnmigrate.executor import Failure, Observation, Outcome, Value, compare


def tensor(shape: tuple[int, ...] = (1, 3), sha256: str = "aa", **rest: Any) -> Value:
    return Value("tensor", dtype="float32", shape=shape, sha256=sha256, **rest)


def number(text: str, **rest: Any) -> Value:
    return Value("int", text=text, **rest)


def ran(stdout: str = "", leftovers: frozenset[str] = frozenset(), **values: Value) -> Observation:
    return Observation(values=values, stdout=stdout, traces=1, leftovers=leftovers)


def difference(before: Observation, after: Observation) -> str:
    verdict = compare(before, after)
    assert verdict.outcome is Outcome.DIFFERENT
    return verdict.reason


def test_equal_values_are_the_same():
    before = ran("1\n", h=tensor(), n=number("3"))
    assert compare(before, before).outcome is Outcome.SAME


def test_further_names_do_not_matter():
    verdict = compare(ran(h=tensor()), ran(h=tensor(), _results=tensor()))
    assert str(verdict) == "same"


def test_another_shape():
    after = ran(patched_logits=tensor((1, 4)))
    reason = difference(ran(patched_logits=tensor()), after)
    assert reason == "`patched_logits`: shape (1, 3) became (1, 4)"


def test_another_type_of_number():
    after = ran(h=replace(tensor(), dtype="bfloat16"))
    assert difference(ran(h=tensor()), after) == "`h`: float32 became bfloat16"


def test_another_value_is_named_with_its_place():
    before = ran(h=tensor((2,), values=("1.0", "2.0")))
    after = ran(h=tensor((2,), "bb", values=("1.0", "2.5")))
    assert difference(before, after) == "`h`: 2.0 became 2.5 (element 1 of shape (2,))"


def test_the_last_bit_counts():
    before, after = ran(h=tensor(total="1.0")), ran(h=tensor(sha256="bb", total="1.0"))
    assert difference(before, after) == "`h`: values differ (shape (1, 3))"


def test_another_scalar():
    reason = difference(ran(n=number("0")), ran(n=number("1")))
    assert reason == "`n`: 0 became 1"


def test_another_kind():
    after = ran(h=Value("float", text="1.5"))
    reason = difference(ran(h=tensor(())), after)
    assert reason == "`h`: was a float32 tensor of shape (), became 1.5"


def test_an_item_that_is_lost_is_named():
    before = ran(results=Value("mapping", type="dict", items=(("'a'", tensor()),)))
    after = ran(results=Value("mapping", type="dict"))
    reason = difference(before, after)
    assert reason == "`results`['a']: was a float32 tensor of shape (1, 3), is missing"


def test_an_item_that_came_is_named():
    before = ran(results=Value("mapping", type="dict"))
    after = ran(results=Value("mapping", type="dict", items=(("0", number("1")),)))
    assert difference(before, after) == "`results`[0]: is new"


def test_the_length_of_a_list():
    before = ran(rows=Value("sequence", type="list", items=(("0", number("1")),)))
    after = ran(rows=Value("sequence", type="list"))
    assert difference(before, after) == "`rows`: 1 items became 0"


def test_a_value_of_a_trace_must_not_be_missing():
    before = ran(leftovers=frozenset({"n"}), n=number("3", traced=True))
    assert difference(before, ran()) == "`n`: was 3, is missing"


def test_neither_must_a_list_made_in_a_trace_of_such_values():
    rows = Value("sequence", type="list", items=(("0", tensor(traced=True)),))
    before = ran(leftovers=frozenset({"rows"}), rows=rows)
    assert difference(before, ran()) == "`rows`: was a list of 1, is missing"


def test_what_python_leaves_over_from_a_trace_is_a_note():
    positions = Value("sequence", type="list", items=(("0", number("119")),))
    before = ran(leftovers=frozenset({"i", "positions"}), i=number("2"), positions=positions)
    verdict = compare(before, ran())
    assert verdict.outcome is Outcome.SAME
    assert verdict.notes == (
        "`i` does not outlive the trace",
        "`positions` does not outlive the trace",
    )


def test_a_container_from_outside_must_not_be_missing():
    assert difference(ran(rows=Value("sequence", type="list")), ran()).endswith("is missing")


def test_what_had_no_value_is_not_asked_for():
    before = ran(h=Value("unset"), rows=Value("sequence", items=(("0", Value("unset")),)))
    after = ran(rows=Value("sequence", items=(("0", tensor()),)))
    assert str(compare(before, after)) == "same"


def test_printed_text():
    reason = difference(ran("a\n1.5\n"), ran("a\n1.6\n"))
    assert reason == "printed line 2: '1.5' became '1.6'"


def test_printed_text_that_is_lost():
    assert difference(ran("a\nb\n"), ran("a\n")) == "printed text: 2 lines became 1"


def test_addresses_in_printed_text_do_not_matter():
    before, after = ran("<Thing at 0x7f01aa>"), ran("<Thing at 0x55e200>")
    assert compare(before, after).outcome is Outcome.SAME


def test_a_placeholder_that_is_a_value_now_is_a_note():
    verdict = compare(ran("h = InterventionProxy (output): \n"), ran("h = tensor(1.)\n"))
    assert verdict.outcome is Outcome.SAME
    assert len(verdict.notes) == 1


def test_a_failure_afterwards():
    after = replace(ran(), error=Failure("UnboundLocalError", "h\nmore", 47))
    assert difference(ran(), after) == "fails: UnboundLocalError: h (line 47)"


def test_a_hang_afterwards():
    after = replace(ran(), hung=True, seconds=20.2)
    assert difference(ran(), after) == "hangs: not finished after 20 s"


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (Observation(error=Failure("IndexError", "x", 3)), ran(), "the original itself fails"),
        (Observation(hung=True), ran(), "the original was not finished"),
        (Observation(), ran(), "the original neither runs a trace nor prints"),
        (ran(h=Value("unknown", type="RuntimeError: x")), ran(), "`h` cannot be compared"),
        (ran(), replace(ran(), error=Failure("NoTwin", "x")), "cannot be run here"),
        (
            ran(),
            replace(ran(), error=Failure("RemoteException", "NotSimulated: x\nRemote exception.")),
            "cannot be run here",
        ),
    ],
)
def test_what_proves_nothing(before: Observation, after: Observation, reason: str):
    verdict = compare(before, after)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert reason in verdict.reason


@pytest.mark.parametrize("name", ["scan", "validate"])
def test_options_that_0_5_does_not_take_may_go(name: str):
    option = (f"'{name}'", Value("bool", text="False"))
    before = ran(h=tensor(), options=Value("mapping", type="dict", items=(option,)))
    after = ran(h=tensor(), options=Value("mapping", type="dict"))
    assert compare(before, after).outcome is Outcome.SAME
    assert compare(after, before).outcome is Outcome.DIFFERENT


def test_other_items_may_not_go():
    for key, value in (("'seen'", Value("bool", text="False")), ("'scan'", tensor())):
        before = ran(found=Value("mapping", type="dict", items=((key, value),)))
        assert difference(before, ran(found=Value("mapping", type="dict"))).startswith("`found`[")


def test_a_checkpoint_that_has_no_twin_says_nothing_of_the_migration():
    error = Failure("OSError", "We couldn't connect to 'https://x' to load the files", 4)
    verdict = compare(ran(h=tensor()), Observation(error=error))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "cannot be run here" in verdict.reason
    other = Observation(error=Failure("OSError", "no such file: x.pt", 4))
    assert compare(ran(h=tensor()), other).outcome is Outcome.DIFFERENT
