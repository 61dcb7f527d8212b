"""Running scripts on real nnsight, in isolation, and saying whether two of them compute the same.

Needs the standard library only, and uv where it is there; nothing else of nnmigrate imports it.
"""

from __future__ import annotations

from .baseline import Baseline, Original, Recorded
from .channel import ExecutorFailure
from .compare import Outcome, Verdict, compare
from .environments import Environment, EnvironmentFailure, ensure, given
from .observation import Failure, Observation, Request, Value
from .running import Conditions, Executor
from .scripts import Hints, Script, hints_of, without_barriers
from .verification import Executors, executors, judge, verify

__all__ = [
    "Baseline",
    "Conditions",
    "Environment",
    "EnvironmentFailure",
    "Executor",
    "ExecutorFailure",
    "Executors",
    "Failure",
    "Hints",
    "Observation",
    "Original",
    "Outcome",
    "Recorded",
    "Request",
    "Script",
    "Value",
    "Verdict",
    "compare",
    "ensure",
    "executors",
    "given",
    "hints_of",
    "judge",
    "verify",
    "without_barriers",
]
