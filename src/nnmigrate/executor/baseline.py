"""What an original gave on 0.4: what every migration of it is measured by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from .compare import Outcome, compare
from .observation import Observation
from .running import Conditions, Executor
from .scripts import Hints, Script, uses_remote

_STRETCHES = (1, 2, 3)
_OUT_OF_BOUNDS = re.compile(r"ind(ex|ices).* (is|are) out of bounds|index out of range")


class Baseline(Protocol):
    """What an original gave."""

    @property
    def hints(self) -> Hints:
        """What its models cover; those of the migration must be the same."""

    @property
    def local(self) -> Observation:
        """What it gave with ``remote=True`` meaning ordinary local execution."""

    @property
    def remote(self) -> Observation | None:
        """What it gave under the simulated server; None if it does not ask for one."""

    @property
    def repeats(self) -> bool:
        """Whether it gives the same in every run."""


class Original:
    """An original that is run when it is asked for, and each way once.

    Args:
        script: The program.
        executor: Runs it, on 0.4.
        conditions: What a run may take, and what its models are.
        hints: What its models must cover, for itself and its migrations.
    """

    def __init__(
        self, script: Script, executor: Executor, conditions: Conditions, hints: Hints
    ) -> None:
        self._script = script
        self._executor = executor
        self._conditions = conditions
        self._hints = hints

    @property
    def hints(self) -> Hints:
        """What its models cover, stretched if its indices demand it."""
        return self._first[0]

    @property
    def local(self) -> Observation:
        """See `Baseline`."""
        return self._first[1]

    @cached_property
    def remote(self) -> Observation | None:
        """See `Baseline`."""
        if not self.local.completed or not uses_remote(self._script.source):
            return None
        return self._run(self.hints, remote=True)

    @cached_property
    def repeats(self) -> bool:
        """See `Baseline`."""
        return compare(self.local, self._run(self.hints)).outcome is Outcome.SAME

    @cached_property
    def _first(self) -> tuple[Hints, Observation]:
        """Run with longer and longer prompts until the program's indices fit into them.

        Token positions in a program are those of the real tokenizer, and a twin's is coarser.
        """
        for stretch in _STRETCHES if self._conditions.twins else (1,):
            hints = self._hints.stretched(stretch)
            observed = self._run(hints)
            if not _is_out_of_bounds(observed):
                break
        else:
            hints = self._hints
        return hints.configured(observed.data["configs"]), observed

    def _run(self, hints: Hints, remote: bool = False) -> Observation:
        return self._executor.run(
            self._script, remote=remote, conditions=self._conditions, hints=hints
        )


@dataclass(frozen=True)
class Recorded:
    """What an original gave when it was recorded; see `Baseline`.

    Args:
        hints: What its models covered.
        local: What it gave locally.
        remote: What it gave under the simulated server, if it asks for one.
        repeats: Whether it gave the same twice.
    """

    hints: Hints
    local: Observation
    remote: Observation | None
    repeats: bool

    @classmethod
    def of(cls, original: Original) -> Recorded:
        """Run an original in every way in which it may be needed."""
        repeats = not original.local.completed or original.repeats
        return cls(original.hints, original.local, original.remote, repeats)


def _is_out_of_bounds(observed: Observation) -> bool:
    return observed.error is not None and bool(_OUT_OF_BOUNDS.search(observed.error.message))
