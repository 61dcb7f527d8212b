"""How long to look: `NNMIGRATE_FUZZ=20` looks twenty times as long, at other inputs each time."""

from __future__ import annotations

import os

import hypothesis

TIMES = int(os.environ.get("NNMIGRATE_FUZZ", "0"))

_ALL = list(hypothesis.HealthCheck)
# Without the variable the same inputs come each time: CI must not fail for what was there before.
hypothesis.settings.register_profile(
    "fuzz",
    deadline=None,
    derandomize=not TIMES,
    database=None,
    suppress_health_check=[one for one in _ALL if one.name not in ("return_value",)],
)


def often(examples: int) -> hypothesis.settings:
    """So many examples, times what the variable says."""
    profile = hypothesis.settings.get_profile("fuzz")
    return hypothesis.settings(profile, max_examples=examples * max(TIMES, 1))
