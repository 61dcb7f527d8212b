"""The simulator and its plans held against real nnsight 0.5, on random programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from nnmigrate.schedule import (
    Fault,
    Outcome,
    Plan,
    Seen,
    expected,
    plan,
    providers,
    rankings,
    simulate,
    with_plan,
)
from nnmigrate.schedule.values import Define, Trace

from .programs import Ran, Writer, run_all, source

SEEDS = range(80)
MESSAGES = {
    "Value was missed": Fault.OUT_OF_ORDER_GET,
    "is out of scope": Fault.OUT_OF_ORDER_SWAP,
    "was not provided": Fault.NOT_PROVIDED,
    "cannot unpack": Fault.PARKED_BARRIER,
}
CAUGHT = (Fault.UNDEFINED_NAME, Fault.MISSING_ITEM)


@dataclass(frozen=True)
class Batch:
    """Traces, plans for some of them, and what all gave."""

    wild: list[Trace]
    tame: list[Trace]
    plans: list[Plan]
    planned: list[Trace]
    results: list[Ran]


def simulated(trace: Trace) -> Outcome:
    (rank,) = rankings(providers(trace))
    return simulate(trace, rank)


def fault(outcome: Outcome) -> Fault | None:
    """What ends a program that catches what is undefined and asks for items that may be missing."""
    raised = (f.fault for f in outcome.failures if f.fault not in CAUGHT)
    return next(raised, None)


def ended(ran: Ran) -> Fault | str | None:
    if ran.error is None:
        return None
    return next((fault for text, fault in MESSAGES.items() if text in ran.error), ran.error)


def shown(trace: Trace, outcome: Outcome, site: int) -> object:
    """What a program logs where the simulator says that a use or a take sees something."""
    if site in outcome.takes:
        return outcome.takes[site][-1] if outcome.takes[site] else None
    seen = outcome.uses[site]
    return seen.value if isinstance(seen, Seen) else None if seen in nothing(trace) else seen


def nothing(trace: Trace) -> set[int]:
    steps = (operation for invoke in trace.invokes for operation in invoke.operations)
    return {each.site for each in steps if isinstance(each, Define) and each.nothing}


def reached(outcome: Outcome) -> int:
    return len(outcome.takes) + sum(seen is not Seen.UNREACHED for seen in outcome.uses.values())


def hold(trace: Trace, ran: Ran) -> None:
    outcome = simulated(trace)
    assert ended(ran) == fault(outcome), source(trace)
    for site, seen in ran.log:
        assert isinstance(site, int)
        assert seen == shown(trace, outcome, site), (site, source(trace))
    if ran.error is None:
        assert len(ran.log) == reached(outcome)


@pytest.fixture(scope="module")
def batch(environment_05: Any, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    """Wild programs as they are, and tame ones with their plans carried out; all in one go."""
    wild = [Writer(seed).trace() for seed in SEEDS]
    tame = [Writer(seed, wild=False).trace() for seed in SEEDS]
    plans = [plan(trace) for trace in tame]
    planned = [with_plan(*pair) for pair in zip(tame, plans, strict=True)]
    folder = tmp_path_factory.mktemp("programs")
    sources = [source(trace) for trace in (*wild, *planned)]
    results = run_all(environment_05.python, folder, sources)
    assert len(results) == len(sources)
    return Batch(wild, tame, plans, planned, results)


def test_random_programs(batch: Batch) -> None:
    results = batch.results[: len(batch.wild)]
    for trace, ran in zip(batch.wild, results, strict=True):
        hold(trace, ran)
    assert {ended(ran) for ran in results} >= {None, Fault.OUT_OF_ORDER_GET, Fault.PARKED_BARRIER}


def test_planned_programs(batch: Batch) -> None:
    """What runs has the text's meaning, wherever the plan does not say that it cannot be had."""
    barriers = containers = 0
    results = batch.results[len(batch.wild) :]
    for trace, planned, changed, ran in zip(
        batch.tame, batch.plans, batch.planned, results, strict=True
    ):
        hold(changed, ran)
        meant = wanted(trace, planned)
        for site, seen in ran.log:
            assert seen == meant.get(site, seen), source(changed)
        barriers += len(planned.barriers)
        containers += len(planned.containers)
    assert barriers > 5
    assert containers > 5


def wanted(trace: Trace, planned: Plan) -> dict[object, object]:
    """What the uses log that see a value by its name, and that the plan does not give up."""
    meant = expected(trace)
    others = {each.use for each in (*planned.infeasible, *planned.containers)}
    return {
        site: shown(trace, meant, site)
        for site, seen in meant.uses.items()
        if site not in others and seen is not Seen.UNDEFINED
    }
