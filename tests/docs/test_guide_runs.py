"""The guide's examples do on nnsight 0.4.11 and 0.5.15 what the guide says that they do."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from nnmigrate.executor import Conditions, Executors, Observation, Outcome, Script, compare, verify
from nnmigrate.guides import guide

from .guide import Example, examples

EXAMPLES = examples()
BROKEN = [example for example in EXAMPLES if example.claim]
RIGHT = [example for example in EXAMPLES if example.on_both and not example.printed]
REPLACED = [example for example in EXAMPLES if example.after]
PRINTING = [example for example in EXAMPLES if example.printed]
# Seconds; a program that is said to hang is not waited for as long.
USUAL, HANGS = Conditions(), Conditions(limit=5.0)


def _line(example: Example) -> str:
    return f"line-{example.line}"


def _run(executors: Executors, example: Example) -> tuple[Observation, Observation]:
    """The example as it stands, on both versions at the same time."""
    program, remote = example.before, "remote=True" in example.before
    how = HANGS if example.claim == "hangs" else USUAL
    with ThreadPoolExecutor() as pool:
        old = pool.submit(executors.baseline.run, program, remote=remote)
        new = pool.submit(executors.migrated.run, program, remote=remote, conditions=how)
        return old.result(), new.result()


@pytest.mark.parametrize("example", BROKEN, ids=_line)
def test_as_it_stands_it_goes_wrong_in_the_way_that_is_told(
    example: Example, executors: Executors
) -> None:
    old, new = _run(executors, example)

    assert old.completed, old.error
    if example.claim == "hangs":
        assert new.hung
    elif example.error:
        assert new.error is not None
        assert new.error.type == example.error
    else:
        assert new.completed, new.error
        assert compare(old, new).outcome is Outcome.DIFFERENT


@pytest.mark.parametrize("example", REPLACED, ids=_line)
def test_what_is_used_instead_computes_the_same(example: Example, executors: Executors) -> None:
    before, after = Script.of(example.before), Script.of(example.after)

    verdict = verify(before, after, executors=executors)

    assert verdict.outcome is Outcome.SAME, verdict


@pytest.mark.parametrize("example", RIGHT, ids=_line)
def test_what_is_right_on_both_computes_the_same(example: Example, executors: Executors) -> None:
    program = Script.of(example.before)

    verdict = verify(program, program, executors=executors)

    assert verdict.outcome is Outcome.SAME, verdict


@pytest.mark.parametrize("example", PRINTING, ids=_line)
def test_each_version_prints_what_is_shown(example: Example, executors: Executors) -> None:
    old, new = _run(executors, example)

    assert {"0.4": old.stdout, "0.5": new.stdout} == example.printed


def test_the_probe_of_the_contributors_page_does_what_is_shown(executors: Executors) -> None:
    text = guide("contributing").text
    found = re.search(r"^In `probe.py`:\n\n```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    probe = Script.of(found[1])
    instead = Script.of(found[1].replace('"The Eiffel Tower is in", inplace', "inplace"))

    unchanged = verify(probe, probe, executors=executors)

    assert f"\nprobe.py: differs: {unchanged.reason}\n" in text
    assert verify(probe, instead, executors=executors).outcome is Outcome.SAME
