"""Numbers that no index has, literals that stand for nothing, loops that turn without an end."""

import pytest

from nnmigrate.engine import check, fix
from nnmigrate.program import NotPython

MODEL = "from nnsight import LanguageModel\n\nmodel = LanguageModel('gpt2')\n"
TRACE = f"{MODEL}with model.trace('a') as tracer:\n"
HUGE = "0x" + "f" * 10_000


@pytest.mark.parametrize(
    "lines",
    [
        "    for i in range(10**30):\n        a = model.h[i].output.save()\n",
        f"    for i in range({'9' * 30}):\n        a = model.h[i].output.save()\n",
        f"    for i in range(-{HUGE}, {HUGE}):\n        a = model.h[i].output.save()\n",
        f"    a = model.h[{HUGE}].output.save()\n",
        f"    a = model.h[-{HUGE}].output.save()\n",
        f"    for i in range(9):\n        a = model.h[i * {HUGE}].output.save()\n",
        f"    for i in range(9):\n        if i{' * 999999999' * 200} > 3:\n"
        "            a = model.h[i].output.save()\n",
        f"    got = {{}}\n    got[{HUGE}] = model.h[0].output\n    got[{HUGE}].save()\n",
        "    a = model.h[1 << 10**10].output * ([0] * 10**11)\n",
    ],
    ids=["power", "digits", "both ends", "index", "negative", "product", "chain", "key", "shift"],
)
def test_a_number_that_no_index_has_is_one_that_is_not_known(lines: str) -> None:
    assert check(TRACE + lines).failures == ()
    assert fix(TRACE + lines, unsafe=True).failures == ()


@pytest.mark.parametrize(
    "literal", ["'\\N{no such sign}'", "b'\\xz'", "'\\ud8'"], ids=["name", "bytes", "short"]
)
def test_a_literal_that_stands_for_nothing_is_said_in_pythons_words(literal: str) -> None:
    with pytest.raises(NotPython) as caught:
        check(f"{TRACE}    a = model.h[{literal}].output.save()\n")
    assert caught.value.line == 5
    assert "error" in caught.value.message


@pytest.mark.parametrize("header", ["while c:", "for i in range(256):", "for i in unknown:"])
def test_loops_within_loops_are_not_followed_without_an_end(header: str) -> None:
    """Two turns of each of sixty loops would be more than there are grains of sand."""
    nested = "".join(f"{'    ' + ' ' * level}{header}\n" for level in range(60))
    assert check(f"{TRACE}{nested}{' ' * 70}pass\n").failures == ()


@pytest.mark.parametrize(
    "line",
    ["x = (x, x)", "x = [x, x, x]", "x = {'a': x, 'b': x}", "x = dict(a=x, b=x)", "x = zip(x, x)"],
)
def test_collections_of_collections_do_not_double_without_an_end(line: str) -> None:
    rows = f"    {line}\n" * 60
    grown = f"    x = [model.output]\n{rows}    y = x.save()\n"
    assert check(TRACE + grown).failures == ()


def test_collections_within_one_another_do_not_exceed_calls() -> None:
    """What is put around it 2,000 times is nested deeper than what is written so may be."""
    rows = "    x = (x,)\n" * 2000
    assert check(f"{TRACE}    x = model.output\n{rows}").failures == ()


def test_lists_that_are_put_into_one_another_take_no_longer_each_time() -> None:
    """Asked anew for each, what 2,000 of them stand for would take more time than there is."""
    rows = "    outer = []\n    outer.append(x)\n    x = outer\n" * 2000
    found = check(f"{TRACE}    x = [model.output]\n{rows}    x.save()\n")
    assert (found.findings, found.failures) == ((), ())
