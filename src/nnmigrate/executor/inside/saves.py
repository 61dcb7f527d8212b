"""What a script saves, in the order in which it does.

On 0.5 the saved objects are held besides, to keep nnsight's marks from falling on others: it
remembers what was saved by its address and never forgets it (`Globals.saves` in
`intervention/tracing/globals.py`, 0.5.15). Once a saved object is gone, another one may get its
address, and a name that nobody saved survives its trace: in this run, and not in the next. Objects
that are held keep their address to themselves.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator
from typing import Any

import nnsight

from .versions import is_old, is_pipelined

_PACKAGE: Any = nnsight


class Saves:
    """The objects that were saved in this process; on 0.4 the nodes that stand for them."""

    def __init__(self) -> None:
        self._held: list[Any] = []

    def add(self, saved: Any) -> None:
        """Note one more."""
        self._held.append(saved)

    def values(self) -> Iterator[Any]:
        """Give what they are now; a node of 0.4 that never ran has no value."""
        for held in self._held:
            if not is_old():
                yield held
            elif held.done:
                yield held.value


def watch() -> Saves:
    """Note, from now on, every object that is saved in this process."""
    saves = Saves()
    if is_old():
        _watch_proxies(saves)
        return saves
    if is_pipelined():
        _watch_08(saves)
        return saves
    tracing: Any = importlib.import_module("nnsight.intervention.tracing.globals")
    if not hasattr(tracing, "save"):
        _watch_050(tracing.Object, saves)
        return saves
    original = tracing.save

    # Named as the original: cloudpickle then sends it by its name, without what it holds.
    @functools.wraps(original)
    def save(object: Any) -> Any:  # the original's parameter
        saves.add(object)
        return original(object)

    tracing.save = save
    if getattr(_PACKAGE, "save", None) is original:
        _PACKAGE.save = save
    return saves


def _watch_proxies(saves: Saves) -> None:
    proxy: Any = importlib.import_module("nnsight.tracing.graph").Proxy
    original = proxy.save

    @functools.wraps(original)
    def save(self: Any) -> Any:
        saves.add(self.node)
        return original(self)

    proxy.save = save


def _watch_08(saves: Saves) -> None:
    """Watch 0.8, which forgets its marks, but only at the end of a trace."""
    tracing: Any = importlib.import_module("nnsight.tracing.tracer")
    original = tracing.mark

    # `save` calls it by name, and is itself mounted on every object already.
    def mark(value: Any) -> Any:
        saves.add(value)
        return original(value)

    tracing.mark = mark


def _watch_050(mounted: Any, saves: Saves) -> None:
    """Watch `.save()` where it is the only way: nnsight 0.5.0 has no function for it."""
    original = mounted.save

    @functools.wraps(original)
    def save(self: Any, *rest: Any) -> Any:
        saves.add(self)
        return original(self, *rest)

    mounted.save = save
