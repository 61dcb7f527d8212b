"""What pictures say of traces of which it is known what 0.5.15 does with them."""

from __future__ import annotations

import pytest

from nnmigrate.picture import Document, Picture
from nnmigrate.picture.model import Axis, Crossing, Kind, RowKind, State

from .traces import (
    BACKWARD,
    BESIDE,
    HANDLE_FIRST,
    HEAD,
    LATE_BARRIER,
    OUT_OF_ORDER,
    PARKED,
    RIGHT_BARRIER,
    STALE,
    SWAP,
    arrows,
    marks,
    moments,
    shown,
    stop,
    trace_of,
)

LAYER = "h[1].output"


def reached(picture: Picture) -> list[str]:
    return [mark.text for mark in picture.marks if mark.reached]


class TestMissed:
    def test_a_value_that_is_needed_too_early_ends_the_trace_there(self) -> None:
        picture = shown(SWAP).before

        assert stop(picture) == "NameError: name 'clean' is not defined"
        assert marks(picture) == [
            ("invoke 2", "lm.transformer.h[1].output = clean", "fails"),
            ("invoke 1", "clean = lm.transformer.h[1].output", "fine"),
            ("invoke 2", "lm.transformer.h[1].output", "fine"),
            ("invoke 2", "out = lm.lm_head.output.save()", "fine"),
        ]
        assert reached(picture) == ["lm.transformer.h[1].output = clean"]

    def test_its_arrow_goes_back_in_time(self) -> None:
        picture = shown(SWAP).before

        assert arrows(picture) == [("clean", "invoke 1", "invoke 2", Crossing.MISSED)]
        (arrow,) = picture.arrows
        assert picture.marks[arrow.source].row > picture.marks[arrow.target].row

    def test_it_is_said_when_it_is_needed_and_when_it_is_made(self) -> None:
        (problem,) = shown(SWAP).before.problems

        assert problem.says == f"needed before the model runs; invoke 1 makes it at {LAYER}"
        assert problem.codes == ("NNS101",)
        assert problem.number == 1

    def test_a_module_that_has_passed_is_drawn_where_it_goes_by(self) -> None:
        picture = shown(OUT_OF_ORDER).before

        assert stop(picture) == "OutOfOrderError: Value was missed for `lm.transformer.h[2].output`"
        passed, late, early = picture.marks
        assert passed.kinds == (Kind.PASSED,)
        assert picture.rows[passed.row].label == "h[2].output"
        assert (late.line, early.line) == ("6", "7")
        assert passed.row < late.row < early.row
        assert passed.number == early.number == 1
        assert arrows(picture) == [("", "the trace", "the trace", Crossing.PASSED)]

    def test_a_statement_beside_the_invokes_comes_before_all_of_them(self) -> None:
        picture = shown(BESIDE).before

        assert [lane.title for lane in picture.lanes] == ["trace body", "invoke 1"]
        assert stop(picture) == "UnboundLocalError: cannot access local variable 'logits'"
        assert reached(picture) == ["total = logits.sum().save()"]
        (end,) = [row for row in picture.rows if row.kind is RowKind.STOP]
        assert end.axis is Axis.TEXT

    def test_only_the_first_failure_is_reached(self) -> None:
        early = "early = lm.transformer.h[2].output.save()"
        code = OUT_OF_ORDER + f"    {early.replace('early', 'again').replace('2', '1')}\n"

        picture = shown(code).before

        first, second = picture.problems
        assert (first.reached, second.reached) == (True, False)
        passed = [mark for mark in picture.marks if mark.kinds == (Kind.PASSED,)]
        assert [mark.number for mark in passed] == [1]


class TestBarriers:
    def test_all_go_on_where_the_last_one_comes(self) -> None:
        picture = shown(RIGHT_BARRIER).before

        (meeting,) = picture.meetings
        assert meeting.lanes == (0, 1)
        assert meeting.lines == ("8", "10")
        arrived = meeting.came[1]
        assert picture.rows[arrived].axis is Axis.START
        assert arrived < meeting.row
        assert meeting.came[0] == meeting.row  # the last one waits for nobody
        assert picture.verdict == "nothing is missed"
        assert arrows(picture) == [("clean", "invoke 1", "invoke 2", Crossing.ARRIVES)]

    def test_a_barrier_behind_the_last_module_lets_the_other_invoke_miss_its_module(self) -> None:
        picture = shown(LATE_BARRIER).before

        wanted = "lm.transformer.h[1].output"
        assert stop(picture) == f"ValueError: Execution complete but `{wanted}` was not provided"
        assert moments(picture) == [LAYER, "lm_head.output"]
        (meeting,) = picture.meetings
        passed = next(mark for mark in picture.marks if mark.kinds == (Kind.PASSED,))
        asked = next(mark for mark in picture.marks if mark.headline)
        assert passed.lane == asked.lane == 1
        assert meeting.came[1] < passed.row < meeting.row < asked.row
        assert "held at the barrier" in asked.says

    def test_what_is_never_reached_stands_below_the_end(self) -> None:
        picture = shown(LATE_BARRIER).before

        last = picture.marks[-1]
        assert last.text == "out = lm.lm_head.output.save()"
        assert not last.reached
        assert [row.kind for row in picture.rows].index(RowKind.STOP) < last.row

    def test_a_barrier_that_too_few_call_holds_them_for_good(self) -> None:
        picture = shown(PARKED).before

        assert stop(picture) == "TypeError: cannot unpack non-iterable NoneType object"
        assert sorted(held.lane for held in picture.held) == [0, 1]
        assert picture.meetings == ()
        assert "waits for 3 invokes and 2 call it" in picture.problems[0].says

    def test_the_fix_makes_them_meet_at_the_module(self) -> None:
        (after,) = shown(LATE_BARRIER).after

        (meeting,) = after.meetings
        assert after.verdict == "nothing is missed"
        assert after.rows[meeting.row - 1].label == LAYER
        assert not any(mark.kinds == (Kind.PASSED,) for mark in after.marks)


class TestStale:
    def test_an_older_value_is_told_and_the_trace_runs_on(self) -> None:
        picture = shown(STALE).before

        assert stop(picture) is None
        assert picture.verdict == "runs, and is silently wrong (line 10)"
        (mark,) = [mark for mark in picture.marks if mark.state is State.STALE]
        assert mark.headline == "`clean` is stale: the value from before the trace"
        assert arrows(picture) == [("clean", "invoke 1", "invoke 2", Crossing.MEANT)]

    def test_of_two_values_the_one_that_arrives_is_told_from_the_one_that_is_meant(self) -> None:
        picture = shown(
            trace_of(
                "h = lm.transformer.h[2].output\n",
                "h = lm.transformer.h[0].output\n",
                "x = lm.transformer.h[3].output\nx[:] = h\nout = lm.lm_head.output.save()\n",
            )
        ).before

        assert arrows(picture) == [
            ("h", "invoke 1", "invoke 3", Crossing.STALE),
            ("h", "invoke 2", "invoke 3", Crossing.MEANT),
        ]

    def test_after_the_fix_it_arrives_in_a_dictionary(self) -> None:
        (after,) = shown(STALE).after

        assert arrows(after) == [('shared["clean"]', "invoke 1", "invoke 2", Crossing.ARRIVES)]
        assert after.verdict == "nothing is missed"


class TestAfter:
    def test_the_barrier_that_the_fix_adds_is_drawn(self) -> None:
        result = shown(SWAP)

        (after,) = result.after
        assert result.outcome == "Add a barrier"
        assert [mark for mark in marks(after) if mark[1] == "barrier()"] == [
            ("invoke 2", "barrier()", "fine")
        ]
        assert len(after.meetings) == 1
        assert arrows(after) == [("clean", "invoke 1", "invoke 2", Crossing.ARRIVES)]

    def test_where_nothing_is_found_nothing_comes_after(self) -> None:
        result = shown(HANDLE_FIRST)

        assert result.before.verdict == "nothing is missed"
        assert result.after == ()
        assert result.outcome == "Nothing is found here, and nothing is changed."

    def test_what_only_an_unsafe_fix_can_do_is_said(self) -> None:
        result = shown(BACKWARD)

        assert result.after == ()
        assert result.outcome.startswith("No safe fix. With --unsafe-fixes: Run the invokes one")

    def test_a_trace_that_is_taken_apart_is_several_pictures(self) -> None:
        result = shown(BACKWARD, unsafe=True)

        assert [moments(each) for each in result.after] == [
            ["h[5].output"],
            [LAYER, "lm_head.output"],
        ]

    def test_the_other_traces_of_a_session_that_the_fix_makes_are_not_taken_for_it(self) -> None:
        code = BACKWARD + "\nwith lm.trace('a b c'):\n    last = lm.lm_head.output.save()\n"
        document = Document(code, unsafe=True)
        first, second = map(document.shown, document.traces())

        assert len(first.after) == 2
        assert second.after == ()


class TestTime:
    def test_modules_stand_in_the_order_of_the_forward_pass(self) -> None:
        code = trace_of(
            "a = lm.transformer.h[4].output.save()\nb = lm.lm_head.output.save()\n",
            "c = lm.transformer.h[2].mlp.output.save()\nd = lm.transformer.h[4].input.save()\n",
        )

        picture = shown(code).before

        expected = ["h[2].mlp.output", "h[4].input", "h[4].output", "lm_head.output"]
        assert moments(picture) == expected

    def test_layers_that_are_left_out_are_a_gap(self) -> None:
        code = trace_of("a = lm.transformer.h[1].output.save()\nb = lm.transformer.h[2].output\n")
        far = code.replace("h[2]", "h[7]")

        gaps = [
            sum(row.kind is RowKind.GAP for row in shown(each).before.rows) for each in (code, far)
        ]

        assert gaps == [0, 1]

    def test_invokes_of_one_module_come_in_the_order_of_the_text(self) -> None:
        suite = "x = lm.lm_head.output\n"
        picture = shown(trace_of(suite, f"{suite}y = x\n", suite)).before

        assert [lane for lane, _, _ in marks(picture)] == ["invoke 1", "invoke 2", "invoke 3"]


class TestLongTraces:
    def test_the_turns_in_the_middle_of_a_loop_are_left_out(self) -> None:
        code = (
            f"{HEAD}\nwith lm.trace('a'):\n    hs = []\n    for l in range(12):\n"
            "        hs.append(lm.transformer.h[l].output)\n"
        )

        picture = shown(code).before

        assert [mark.turn for mark in picture.marks] == [1, 2, 12]
        assert [row.text for row in picture.rows if row.text] == ["9 more turns"]

    def test_of_many_invokes_the_first_ones_and_the_last_have_columns(self) -> None:
        words = "'a', " * 20
        code = (
            f"{HEAD}\nwith lm.trace() as tracer:\n    for word in [{words}]:\n"
            "        with tracer.invoke(word):\n            x = lm.lm_head.output.sum().save()\n"
        )

        picture = shown(code).before

        assert [lane.title for lane in picture.lanes][-1] == "invoke 1, turn 20"
        assert [lane.hidden for lane in picture.lanes] == [0, 0, 0, 0, 15]

    def test_the_invoke_that_fails_has_a_column_wherever_it_stands(self) -> None:
        fine, late = (
            "x = lm.lm_head.output\n",
            "y = lm.lm_head.output\nz = lm.transformer.wte.output\n",
        )

        picture = shown(trace_of(*[fine] * 7, late, *[fine] * 4)).before

        assert "invoke 8" in [lane.title for lane in picture.lanes]
        assert stop(picture) is not None


class TestNotSimulated:
    def test_a_generation_that_iterates_is_drawn_in_the_order_of_the_text(self) -> None:
        code = (
            f"{HEAD}\nwith lm.generate('a', max_new_tokens=3) as tracer:\n"
            "    with tracer.iter[:]:\n        x = lm.transformer.h[3].output.save()\n"
            "    tokens = lm.generator.output.save()\n"
        )

        picture = shown(code).before

        assert not picture.simulated
        assert picture.verdict == "not simulated"
        assert "goes over the tokens of a generation" in picture.notes[0]
        assert [mark.kinds[0] for mark in picture.marks] == [Kind.STEPS, Kind.READ, Kind.READ]

    def test_findings_stand_at_their_statements(self) -> None:
        code = (
            f"{HEAD}\nwith lm.trace('a'):\n    h = lm.transformer.h[1].output[0]\n"
            "    grad = h.grad.save()\n    lm.lm_head.output.sum().backward()\n"
        )

        (mark,) = [mark for mark in shown(code).before.marks if mark.headline]

        assert mark.text == "grad = h.grad.save()"
        assert mark.kinds[0] is Kind.GRADIENT


@pytest.mark.parametrize("kind", ["scan('a')", "edit()"])
def test_a_scan_and_an_edit_go_as_a_trace_does(kind: str) -> None:
    code = (
        f"{HEAD}\nwith lm.{kind}:\n    y = lm.transformer.h[5].output\n"
        "    x = lm.transformer.h[3].output\n"
    )

    assert stop(shown(code).before) is not None


@pytest.mark.parametrize("body", ["pass\n", "x = 1\n"])
def test_a_trace_that_does_nothing_is_an_empty_picture(body: str) -> None:
    picture = shown(trace_of(body)).before

    assert picture.marks == ()
    assert picture.verdict == "nothing is missed"
