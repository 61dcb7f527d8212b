"""One name for the values of several invokes."""

from __future__ import annotations

import pytest

from nnmigrate.engine import check, fix

HEAD = 'from nnsight import LanguageModel\nlm = LanguageModel("gpt2")\n'


def program(first: str, second: str, after: str = "print(o)\n") -> str:
    return (
        f'{HEAD}with lm.trace() as tracer:\n    with tracer.invoke("a"):\n        {first}\n'
        f'    with tracer.invoke("b"):\n        {second}\n{after}'
    )


def own(code: str) -> int:
    return sum(finding.code == "NNS205" for finding in check(code).findings)


DEEP, SHALLOW = "lm.transformer.h[2].output", "lm.transformer.h[0].output"


def test_the_earlier_one_is_renamed() -> None:
    code = program(f"o = {DEEP}\n        o = (o + 1).save()", f"o = {SHALLOW}.save()")
    assert own(code) == 1
    renamed = program(f"o_1 = {DEEP}\n        o_1 = (o_1 + 1).save()", f"o = {SHALLOW}.save()")
    assert fix(code).code == renamed


def test_three_invokes_get_names_of_their_own() -> None:
    code = program(f"o = {DEEP}.save()", f"o = {SHALLOW}.save()")
    third = f'    with tracer.invoke("c"):\n        o = {SHALLOW}.save()\n'
    code = code.replace("print(o)", f"{third}print(o)").replace(
        f"o = {SHALLOW}.save()\n    with", f"o = {DEEP}.save()\n    with"
    )
    done = fix(code).code
    assert done.count("o_1 = ") == done.count("o_2 = ") == 1
    assert own(done) == 0


LEFT_ALONE = {
    "in the order of the text": program(f"o = {SHALLOW}.save()", f"o = {DEEP}.save()"),
    "the same module": program(f"o = {DEEP}.save()", f"o = {DEEP}.save()"),
    "nobody reads it": program(f"o = {DEEP}.save()", f"o = {SHALLOW}.save()", "print(1)\n"),
    "an earlier one that is over before the last begins": program(
        f"o = {SHALLOW}", f"o = {DEEP}.save()"
    ),
    "nobody has taken it when it is bound anew": program(
        f"o = {SHALLOW}\n        o = (o + 1).save()", f"p = {DEEP}"
    ),
    "names of their own": program(f"o = {DEEP}.save()", f"p = {SHALLOW}.save()", "print(o, p)\n"),
}


@pytest.mark.parametrize("code", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_left_alone(code: str) -> None:
    assert own(code) == 0


def test_an_invoke_that_finishes_later_gives_back_what_it_has_not_saved() -> None:
    """0.5.15 raises NameError: the unsaved value wins, and is dropped."""
    code = program(f"o = {DEEP}", f"o = {SHALLOW}.save()")
    assert own(code) == 1
    done = fix(code).code
    assert done == program(
        f"o = {DEEP}", f"o = {SHALLOW}.save()\n        _o = o", "o = _o\nprint(o)\n"
    )
    assert own(done) == 0


def test_an_invoke_gives_back_what_it_has_taken_and_never_used() -> None:
    """The second invoke takes the first `o` at layer 1 and shares it when it ends."""
    first = f"o = {SHALLOW}\n        o = (o + {DEEP}).save()"
    code = program(first, "p = lm.transformer.h[1].output\n        q = lm.lm_head.output.save()")
    assert own(code) == 1
    done = fix(code).code
    assert own(done) == 0
    assert "        _o = o\n" in done
    assert "\no = _o\nprint(o)\n" in done


def test_what_a_loop_binds_anew_is_said() -> None:
    """0.5.15 gives the value of the turn at which the second invoke took it."""
    first = "for n in range(3):\n            o = lm.transformer.h[n].output.save()"
    code = program(first, "p = lm.transformer.h[1].output\n        q = lm.lm_head.output.save()")
    assert own(code) == 1
    assert own(fix(code).code) == 1
