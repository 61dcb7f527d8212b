"""Running scripts on real nnsight, in isolation, and saying whether two of them compute the same.

Needs the standard library only, and uv where it is there; nothing else of nnmigrate imports it.
"""

from __future__ import annotations

from .channel import ExecutorFailure
from .compare import Outcome, Verdict, compare
from .environments import Environment, EnvironmentFailure, ensure, given
from .observation import Failure, Observation, Request, Value
from .running import Executor
from .scripts import Hints, Script, hints_of
from .verification import Executors, executors, verify

__all__ = [
    "Environment",
    "EnvironmentFailure",
    "Executor",
    "ExecutorFailure",
    "Executors",
    "Failure",
    "Hints",
    "Observation",
    "Outcome",
    "Request",
    "Script",
    "Value",
    "Verdict",
    "compare",
    "ensure",
    "executors",
    "given",
    "hints_of",
    "verify",
]
