"""What ``remote=True`` means in a run: ordinary local execution, or a simulated server.

``trace``, ``generate`` and ``session`` themselves are left alone: 0.5 finds the ``with`` block by
counting frames, and a wrapper around them makes it fail. What they build is replaced instead.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from .client import Ledger
from .server import ModelKey
from .versions import is_old, is_pipelined


def install(simulate: bool, ledger: Ledger) -> None:
    """Decide what ``remote=True`` does in this process.

    Args:
        simulate: Whether requests are sent to a simulated server.
        ledger: Where requests are noted, and what is saved.
    """
    mixin, user = _places()
    if not simulate:
        # A backend of None is what these methods pass on when nothing is asked for.
        user.RemoteBackend = lambda *args, **kwargs: None
        return
    _remember_model(mixin)
    make = _backend()

    def backend(key: ModelKey, *args: Any, blocking: bool = True, **kwargs: Any) -> Any:
        return make(key.model, blocking, ledger)

    user.RemoteBackend = backend


def _places() -> tuple[Any, Any]:
    """The class that makes the key of a model, and the module where it finds the backend."""
    if is_pipelined():
        # It imports the backend only when it needs one (0.8.1, modeling/mixins/remotable.py).
        mixins: Any = importlib.import_module("nnsight.modeling.mixins.remotable")
        return mixins.Remotable, importlib.import_module("nnsight.intervention.backends.remote")
    mixins = importlib.import_module("nnsight.modeling.mixins.remoteable")
    return mixins.RemoteableMixin, mixins


def _remember_model(mixin: Any) -> None:
    to_model_key: Callable[[Any], str] = mixin.to_model_key
    mixin.to_model_key = lambda self: ModelKey.of(to_model_key(self), self)


def _backend() -> Callable[..., Any]:
    # Each of them imports modules that the nnsight of the others has not.
    name = "04" if is_old() else "08" if is_pipelined() else "05"
    adapter: Any = importlib.import_module(f".remote{name}", __package__)
    make: Callable[..., Any] = adapter.SimulatedBackend
    return make
