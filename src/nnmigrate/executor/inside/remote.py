"""What ``remote=True`` means in a run: ordinary local execution, or a simulated server.

``trace``, ``generate`` and ``session`` themselves are left alone: 0.5 finds the ``with`` block by
counting frames, and a wrapper around them makes it fail. What they build is replaced instead.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from . import proxies
from .saves import Saves
from .server import ModelKey


def install(
    simulate: bool, hidden: Sequence[str], requests: list[dict[str, Any]], saves: Saves
) -> None:
    """Decide what ``remote=True`` does in this process.

    Args:
        simulate: Whether requests are sent to a simulated server.
        hidden: Directories whose modules a server does not have.
        requests: Where each request is noted: bytes sent and received, names returned.
        saves: Where what a server saved is noted.
    """
    remoteable: Any = importlib.import_module("nnsight.modeling.mixins.remoteable")
    if not simulate:
        # A backend of None is what these methods pass on when nothing is asked for.
        remoteable.RemoteBackend = lambda *args, **kwargs: None
        return
    _remember_model(remoteable.RemoteableMixin)
    make = _backend()

    def backend(key: ModelKey, *args: Any, blocking: bool = True, **kwargs: Any) -> Any:
        return make(key.model, blocking, hidden, requests, saves)

    remoteable.RemoteBackend = backend


def _remember_model(mixin: Any) -> None:
    to_model_key: Callable[[Any], str] = mixin.to_model_key
    mixin.to_model_key = lambda self: ModelKey.of(to_model_key(self), self)


def _backend() -> Callable[..., Any]:
    # Each of the two imports modules that the other's nnsight has not.
    if proxies.is_old():
        from .remote04 import SimulatedBackend as Old

        return Old
    from .remote05 import SimulatedBackend as New

    return New
