"""What survives a trace, row by row: fixed, and run on both versions.

Each program runs locally and under simulated remote execution, and locally twice: in a fresh
process, and in one in which much has been saved before. 0.5.15 never forgets the ids of saved
objects (intervention/tracing/globals.py), so there an unsaved value may come back by chance.
"""

from __future__ import annotations

import textwrap

import pytest

from nnmigrate import engine
from nnmigrate.executor import Executors, Outcome
from nnmigrate.executor.compare import compare
from nnmigrate.findings import Severity
from survival.programs import CONTROLS, HEAD, ROWS

USED = """
import nnsight as _nnsight

for _number in range(20):
    _nnsight.save(_number)
    with lm.trace("used"):
        _used = [lm.transformer.h[0].output[0].sum().save(), lm.lm_head.output.save()]
_nnsight.save(True), _nnsight.save(False)

"""


def program(code: str) -> str:
    return HEAD + textwrap.dedent(code).lstrip()


def fixed(code: str) -> str:
    """What `fix` makes of a program, which leaves nothing and is stable."""
    result = engine.fix(code)
    assert [each for each in result.remaining if each.severity is not Severity.NOTE] == []
    assert engine.fix(result.code).code == result.code
    return result.code


def agrees(executors: Executors, before: str, after: str, *, remote: bool) -> None:
    baseline = executors.baseline.run(before, remote=remote)
    assert baseline.completed, baseline.error
    verdict = compare(baseline, executors.migrated.run(after, remote=remote))
    assert verdict.outcome is Outcome.SAME, f"{verdict}\n\n{after}"


@pytest.mark.parametrize("row", ROWS)
def test_remotely(row: str, executors: Executors) -> None:
    before = program(ROWS[row])
    agrees(executors, before, fixed(before), remote="remote" in before)


@pytest.mark.parametrize("row", ROWS)
def test_locally(row: str, executors: Executors) -> None:
    before = program(ROWS[row].replace(", remote=True", "").replace("remote=True", ""))
    after = fixed(before)
    agrees(executors, before, after, remote=False)
    agrees(executors, before, after.replace(HEAD, HEAD + USED), remote=False)


@pytest.mark.parametrize("row", ROWS)
def test_prepared_for_a_server(row: str, executors: Executors) -> None:
    """What is fixed for a server gives the same where there is none."""
    before = program(ROWS[row])
    agrees(executors, before, fixed(before), remote=False)


@pytest.mark.parametrize("row", CONTROLS)
def test_control(row: str, executors: Executors) -> None:
    before = program(CONTROLS[row])
    assert engine.check(before).findings == ()
    assert engine.fix(before).code == before
    agrees(executors, before, before, remote=True)
    agrees(executors, before, before, remote=False)
