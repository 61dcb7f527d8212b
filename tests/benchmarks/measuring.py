"""Times commands side by side: in turns, so that a busy machine is busy for all of them."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Time:
    """What a command took, in seconds: by the clock, and of the processors, its children's too."""

    wall: float
    cpu: float


def times(commands: Mapping[str, Sequence[str]], runs: int, folder: Path) -> dict[str, Time]:
    """The medians of each command's times.

    Args:
        commands: by name; each may exit with 0 or 1.
        runs: how often each one runs; once more, first, for the file system's cache.
        folder: where.

    Raises:
        RuntimeError: a command failed.
    """
    taken: dict[str, list[Time]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            one = _once(command, folder)
            if turn:
                taken[name].append(one)
    return {
        name: Time(
            statistics.median(one.wall for one in found),
            statistics.median(one.cpu for one in found),
        )
        for name, found in taken.items()
    }


def _once(command: Sequence[str], folder: Path) -> Time:
    before, began = os.times(), time.perf_counter()
    ran = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    wall, after = time.perf_counter() - began, os.times()
    if ran.returncode not in (0, 1):
        raise RuntimeError(f"{command} exits with {ran.returncode}: {ran.stderr.decode()[-500:]}")
    user = after.children_user - before.children_user
    return Time(wall, user + after.children_system - before.children_system)


def told(title: str, found: Mapping[str, Time]) -> str:
    """The times, each with its ratio to the first one's: how many times as long it took."""
    first = next(iter(found.values()))
    rows = [title]
    for name, one in found.items():
        ratio = f"{one.wall / first.wall:6.2f} {one.cpu / max(first.cpu, 1e-9):6.2f}"
        rows.append(f"  {one.wall:8.3f} s wall {one.cpu:8.3f} s cpu {ratio} x  {name}")
    return "\n".join(rows)
