"""``python -m nnmigrate.verify BEFORE AFTER``: exit 0 the same, 1 different, 2 inconclusive."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .channel import ExecutorFailure
from .compare import Outcome
from .environments import Environment, EnvironmentFailure, ensure, given
from .executor import LIMIT
from .verification import BASELINE, TARGET, executors, verify

_CODES = {Outcome.SAME: 0, Outcome.DIFFERENT: 1, Outcome.INCONCLUSIVE: 2}


def main() -> int:
    """Compare two programs and print the verdict."""
    options = _parser().parse_args()
    try:
        baseline = _environment(options.before_python, BASELINE)
        migrated = _environment(options.after_python, options.target)
        with executors(baseline, migrated) as sides:
            verdict = verify(options.before, options.after, executors=sides, limit=options.limit)
    except (EnvironmentFailure, ExecutorFailure, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(verdict)
    return _CODES[verdict.outcome]


def _environment(python: Path | None, nnsight: str) -> Environment:
    return given(python) if python else ensure(nnsight)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nnmigrate.verify",
        description="Run a program on nnsight 0.4 and its migration on 0.5, and compare.",
    )
    parser.add_argument("before", type=Path, help="the program as it was on 0.4")
    parser.add_argument("after", type=Path, help="the migrated program")
    parser.add_argument("--target", default=TARGET, help="nnsight's version for AFTER")
    parser.add_argument("--before-python", type=Path, help="an interpreter that has nnsight 0.4")
    parser.add_argument("--after-python", type=Path, help="an interpreter that has the target")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for each run")
    return parser


if __name__ == "__main__":
    sys.exit(main())
