"""The model of 0.4's graph held against real nnsight 0.4, on random programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nnmigrate.schedule import ignored, providers, rankings

from .programs import run_all
from .programs_04 import Writer04

SEEDS = range(80)


def test_random_programs(environment_04: Any, tmp_path: Path) -> None:
    """Interventions arrive at the next module unless the model says that they come late."""
    writers = [Writer04(seed) for seed in SEEDS]
    traces = [writer.trace() for writer in writers]
    results = run_all(environment_04.python, tmp_path, [writer.source() for writer in writers])
    late = arrived = 0
    for writer, trace, ran in zip(writers, traces, results, strict=True):
        (rank,) = rankings(providers(trace))
        missed = {each.site for each in ignored(trace, rank)}
        assert ran.error is None, writer.source()
        said = [[change.site, change.site not in missed] for change in writer.changes]
        assert ran.log == said, writer.source()
        late += len(missed)
        arrived += len(said) - len(missed)
    assert late > 20
    assert arrived > 20
