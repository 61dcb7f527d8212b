"""The executor on other releases than the one that it was made on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nnmigrate.executor import Executor, Executors, Outcome, Script, ensure, verify

HEAD = "from nnsight import LanguageModel\n\nlm = LanguageModel('openai-community/gpt2')\n"
LOCAL = HEAD + "with lm.trace('a b c'):\n    out = lm.lm_head.output.save()\n"
REMOTELY = LOCAL.replace("'a b c'", "'a b c', remote=True")


@pytest.fixture(scope="module", params=["0.5.0", "0.6.3", "0.7.0"])
def sides(request: pytest.FixtureRequest, executor_04: Executor) -> Iterator[Executors]:
    with Executor(ensure(request.param)) as executor:
        yield Executors(executor_04, executor)


@pytest.mark.parametrize("program", [LOCAL, REMOTELY], ids=["locally", "remotely"])
def test_the_same_is_the_same(sides: Executors, program: str) -> None:
    script = Script(program.encode())
    assert verify(script, script, executors=sides).outcome is Outcome.SAME


@pytest.mark.parametrize("program", [LOCAL, REMOTELY], ids=["locally", "remotely"])
def test_what_differs_differs(sides: Executors, program: str) -> None:
    other = program.replace("output.save()", "output.mul(2).save()")
    verdict = verify(Script(program.encode()), Script(other.encode()), executors=sides)
    assert verdict.outcome is Outcome.DIFFERENT
    assert "`out`" in verdict.reason


def test_what_a_server_has_not_does_not_come_back(sides: Executors) -> None:
    before = HEAD + "with lm.trace('a', remote=True):\n    n = lm.lm_head.output.sum().save()\n"
    after = before.replace("    n =", "    box.append(0)\n    n =").replace(
        "with", "box = []\nwith"
    )
    after += "print(len(box))\n"
    before += "print(1)\n"
    verdict = verify(Script(before.encode()), Script(after.encode()), executors=sides)
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.reason.startswith("remotely, ")
