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
    "only the last one is saved": program(f"o = {DEEP}", f"o = {SHALLOW}.save()"),
    "names of their own": program(f"o = {DEEP}.save()", f"p = {SHALLOW}.save()", "print(o, p)\n"),
}


@pytest.mark.parametrize("code", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_left_alone(code: str) -> None:
    assert own(code) == 0
