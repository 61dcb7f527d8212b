"""When what is open is looked at, and by whom: one worker, a moment after the last change.

What is asked of an `Examiner` is asked in the thread of the event loop. The engine runs in the one
worker, since it takes the whole process's settings (the size of stacks) into its hands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from pathlib import Path
from typing import TypeVar

from nnmigrate.classes import dataclass
from nnmigrate.faults import described
from nnmigrate.server.analysis import Analysis, analysed
from nnmigrate.server.opened import Opened, Unit
from nnmigrate.server.settings import Wishes

DELAY = 0.2
"""How long nobody has to type before code is looked at, in seconds."""

_T = TypeVar("_T")


@dataclass
class Examiner:
    """Looks at what is open.

    Args:
        opened: what is open.
        path_of: where a file or a notebook lies, or would lie, by its address.
        say: is told what was found in what is open, in the event loop's thread.
        log: is told what went wrong in nnmigrate itself.
        wishes: what the editor asks for.
    """

    opened: Opened
    path_of: Callable[[str], Path]
    say: Callable[[Unit, Analysis], None]
    log: Callable[[str], None]
    wishes: Wishes = field(default_factory=Wishes)
    _worker: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _waiting: dict[str, asyncio.TimerHandle] = field(default_factory=dict)
    _known: dict[str, tuple[Unit, asyncio.Task[Analysis | None]]] = field(default_factory=dict)
    _last: dict[str, Analysis] = field(default_factory=dict)
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    def look(self, uri: str, delay: float = 0) -> None:
        """Looks at a file or notebook, and says what was found if it is still as it was then.

        Args:
            uri: its address.
            delay: seconds; whoever asks again before they are over begins anew.
        """
        self._stop_waiting(uri)
        self._waiting[uri] = asyncio.get_running_loop().call_later(delay, self._begin, uri)

    def look_again(self) -> None:
        """Looks at everything once more: what the findings hang on has changed."""
        self._known.clear()
        self._last.clear()
        for uri in self.opened.units:
            self.look(uri)

    async def analysis(self, uri: str) -> tuple[Unit, Analysis] | None:
        """What is to be said of a file or notebook as it is now.

        None where it is not open, is no Python, or was changed in the meantime.
        """
        unit = self.opened.unit(uri)
        if unit is None:
            return None
        known = self._known.get(uri)
        if known is None or known[0] is not unit:
            known = unit, asyncio.ensure_future(self._examined(unit))
            self._known[uri] = known
        # Shielded: one who no longer wants to know must not take it from the others.
        analysis = await asyncio.shield(known[1])
        return (unit, analysis) if analysis and self.opened.is_current(unit) else None

    async def work(self, function: Callable[[], _T]) -> _T:
        """What a function gives that takes its time, out of the event loop's way."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, function)

    def forget(self, uri: str) -> None:
        """Looks no more at what was closed."""
        self._stop_waiting(uri)
        self._known.pop(uri, None)
        self._last.pop(uri, None)

    def stop(self) -> None:
        """Begins nothing new."""
        for uri in [*self._waiting]:
            self._stop_waiting(uri)
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _stop_waiting(self, uri: str) -> None:
        waiting = self._waiting.pop(uri, None)
        if waiting is not None:
            waiting.cancel()

    def _begin(self, uri: str) -> None:
        self._waiting.pop(uri, None)
        task = asyncio.ensure_future(self._look(uri))
        self._running.add(task)  # the event loop itself does not hold on to it
        task.add_done_callback(self._running.discard)

    async def _look(self, uri: str) -> None:
        try:
            found = await self.analysis(uri)
            if found is not None:
                self.say(*found)
        except Exception as error:  # our fault; nobody waits for this who could be told
            self.log(f"internal error, please report it: {described(error)}")

    async def _examined(self, unit: Unit) -> Analysis | None:
        wishes, before, path = self.wishes, self._last.get(unit.uri), self.path_of(unit.uri)

        def examine() -> Analysis | None:
            # While it waited for the worker somebody may have typed on.
            if not self.opened.is_current(unit):
                return None
            return analysed(unit.program, path, wishes, before)

        analysis = await self.work(examine)
        if analysis is not None and self.opened.is_current(unit):
            self._last[unit.uri] = analysis
        return analysis
