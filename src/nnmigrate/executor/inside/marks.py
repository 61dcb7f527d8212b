"""Keeping nnsight 0.5's marks of saved objects from falling on others.

0.5 remembers what was saved by its address and never forgets it (`Globals.saves` in
`intervention/tracing/globals.py`, 0.5.15). Once a saved object is gone, another one may get its
address, and a name that nobody saved survives its trace: in this run, and not in the next. Objects
that are held keep their address to themselves.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any

import nnsight

from .twins08 import is_pipelined

_PACKAGE: Any = nnsight


def hold() -> None:
    """Keep every object that is saved in this process alive, on nnsight 0.5 and later."""
    held: list[Any] = []
    if is_pipelined():
        _hold_on_08(held)
        return
    try:
        tracing: Any = importlib.import_module("nnsight.intervention.tracing.globals")
    except ModuleNotFoundError:
        return
    if not hasattr(tracing, "save"):
        _hold_on_050(tracing.Object, held)
        return
    original = tracing.save

    # Named as the original: cloudpickle then sends it by its name, without what it holds.
    @functools.wraps(original)
    def save(object: Any) -> Any:  # the original's parameter
        held.append(object)
        return original(object)

    tracing.save = save
    if getattr(_PACKAGE, "save", None) is original:
        _PACKAGE.save = save


def _hold_on_08(held: list[Any]) -> None:
    """Keep what is saved on 0.8, which forgets its marks, but only at the end of a trace."""
    tracing: Any = importlib.import_module("nnsight.tracing.tracer")
    original = tracing.mark

    # `save` calls it by name, and is itself mounted on every object already.
    def mark(value: Any) -> Any:
        held.append(value)
        return original(value)

    tracing.mark = mark


def _hold_on_050(mounted: Any, held: list[Any]) -> None:
    """Keep what is saved where `.save()` alone does it: nnsight 0.5.0 has no function for it."""
    original = mounted.save

    @functools.wraps(original)
    def save(self: Any, *rest: Any) -> Any:
        held.append(self)
        return original(self, *rest)

    mounted.save = save
