from __future__ import annotations

from array import array
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
    assert difference(ran("a\nb\n"), ran("a\n")) == "printed lines: 2 became 1"


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


def floats(*numbers: float) -> tuple[Value, dict[str, bytes]]:
    data = array("f", numbers).tobytes()
    value = tensor((len(numbers),), data.hex(), values=tuple(map(str, numbers)))
    return value, {data.hex(): data}


def test_only_rounding_is_a_verdict_of_its_own():
    (one, here), (other, there) = floats(1.0, 2.0), floats(1.0, 2.000001)
    verdict = compare(replace(ran(h=one), tensors=here), replace(ran(h=other), tensors=there))
    assert (verdict.outcome, verdict.holds) == (Outcome.CLOSE, True)
    assert verdict.reason == "`h`: differs by at most 9.54e-07 (shape (2,))"


def test_a_real_difference_behind_rounding_counts():
    (one, here), (other, there) = floats(1.0, 2.0), floats(1.0, 2.000001)
    before = replace(ran(h=one, n=number("1")), tensors=here)
    after = replace(ran(h=other, n=number("2")), tensors=there)
    assert difference(before, after) == "`n`: 1 became 2"


def test_rounding_cannot_be_told_without_the_bytes():
    (one, here), (other, _) = floats(1.0), floats(1.000001)
    assert difference(replace(ran(h=one), tensors=here), ran(h=other)).startswith("`h`: 1.0 became")


@pytest.mark.parametrize(
    ("was", "now", "outcome"),
    [
        ("loss 1.2345678\n", "loss 1.2345679\n", Outcome.CLOSE),
        ("loss 1.2345678\n", "loss 1.24\n", Outcome.DIFFERENT),
        ("a 1.2345678\nb\n", "a 1.2345679\nc\n", Outcome.DIFFERENT),
    ],
)
def test_rounding_of_what_is_printed(was: str, now: str, outcome: Outcome):
    assert compare(ran(was), ran(now)).outcome is outcome


def test_a_python_number_may_be_rounded():
    before, after = ran(x=Value("float", text="0.1")), ran(x=Value("float", text="0.1000001"))
    assert compare(before, after).outcome is Outcome.CLOSE
    assert compare(ran(x=number("1000001")), ran(x=number("1000000"))).outcome is Outcome.DIFFERENT


def saving(*saved: Value, **values: Value) -> Observation:
    return replace(ran(**values), saved=saved)


def test_what_was_saved_without_a_name_must_be_there():
    after = saving(tensor(sha256="bb"))
    reason = difference(saving(tensor(), tensor(sha256="cc")), after)
    assert reason == "saved value 1, a float32 tensor of shape (1, 3): is nowhere now"


@pytest.mark.parametrize(
    "after",
    [
        saving(tensor(sha256="bb"), tensor()),
        saving(Value("sequence", type="list", items=(("0", tensor()),))),
        saving(h=tensor()),
        saving(d=Value("mapping", type="dict", items=(("'a'", tensor()),))),
    ],
)
def test_it_may_be_saved_otherwise(after: Observation):
    assert compare(saving(tensor()), after).outcome is Outcome.SAME


def test_a_saved_number_is_the_same_with_a_tensor_around_it():
    after = saving(tensor((), values=("0.5",)))
    assert compare(saving(Value("float", text="0.5")), after).outcome is Outcome.SAME
    assert "0.25" in difference(saving(Value("float", text="0.25")), after)


def test_a_saved_value_that_is_only_rounded():
    (one, here), (other, there) = floats(1.0, 2.0), floats(1.0, 2.000001)
    before, after = replace(saving(one), tensors=here), replace(saving(other), tensors=there)
    assert compare(before, after).outcome is Outcome.CLOSE


@pytest.mark.parametrize("kind", ["unset", "opaque", "str", "none"])
def test_what_says_nothing_need_not_be_there(kind: str):
    assert compare(saving(Value(kind, text="x")), saving()).outcome is Outcome.SAME


def leaving(**files: Value) -> Observation:
    return replace(ran(), files={name.replace("_", "."): file for name, file in files.items()})


def test_files_must_be_there_again():
    text = Value("text", text="a\nb 1.5\n")
    assert compare(leaving(x_txt=text), leaving(x_txt=text, y_txt=text)).outcome is Outcome.SAME
    assert difference(leaving(x_txt=text), leaving()) == "the file `x.txt`: is missing"
    other = replace(text, text="a\nc 1.5\n")
    reason = difference(leaving(x_txt=text), leaving(x_txt=other))
    assert reason == "the file `x.txt`, line 2: 'b 1.5' became 'c 1.5'"
    longer = replace(text, text="a\nb 1.5\nc\n")
    reason = difference(leaving(x_txt=text), leaving(x_txt=longer))
    assert reason == "the file `x.txt`, lines: 2 became 3"
    rounded = replace(text, text="a\nb 1.500001\n")
    assert compare(leaving(x_txt=text), leaving(x_txt=rounded)).outcome is Outcome.CLOSE


def test_a_file_with_tensors_in_it():
    reason = difference(leaving(x_pt=tensor()), leaving(x_pt=tensor((2, 2))))
    assert reason == "the file `x.pt`: shape (1, 3) became (2, 2)"


def test_a_program_that_writes_a_file_can_be_compared():
    before = replace(leaving(x_txt=Value("text", text="a")), traces=0)
    assert compare(before, before).outcome is Outcome.SAME
    assert compare(ran(), ran()).outcome is Outcome.SAME
    nothing = replace(ran(), traces=0)
    assert compare(nothing, nothing).empty


def test_what_cannot_be_run_here_is_no_failure_of_the_original():
    before = replace(ran(), error=Failure("WriteRefused", "'/x' is outside", 3))
    verdict = compare(before, before)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert (
        verdict.reason == "the original cannot be run here: WriteRefused: '/x' is outside (line 3)"
    )


@pytest.mark.parametrize(
    "results",
    [
        {"values": {"out": tensor(sha256="rr", traced=True)}},
        {"stdout": "1\n"},
        {"files": {"x.txt": Value("text", text="a")}},
    ],
)
def test_where_there_are_results_what_else_was_saved_is_a_note(results: dict[str, Any]):
    """A loop saves a value in every turn under one name: the last one is the result."""
    verdict = compare(replace(saving(tensor()), **results), replace(ran(), **results))
    assert verdict.outcome is Outcome.SAME
    said = "saved value 1, a float32 tensor of shape (1, 3): is nowhere now"
    assert verdict.notes == (said,)
