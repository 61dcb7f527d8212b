"""Which of a script's names hold values that a trace of nnsight 0.4 computed.

At the end of a trace 0.4 rebinds every name of the user's frame from a proxy to its value
(`tracing/backends/base.py`, 0.4.11), so afterwards such a name looks like any other.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .versions import is_old


@dataclass
class Traces:
    """What the traces of a script did.

    Args:
        names: The global names that a trace gave a saved value to.
        count: How many traces ran.
    """

    names: set[str] = field(default_factory=set)
    count: int = 0


def watch(script: dict[str, Any]) -> Traces:
    """Note what every trace of this process does to a script's globals, on 0.4.

    Args:
        script: The globals.
    """
    traces = Traces()
    if is_old():
        base: Any = importlib.import_module("nnsight.tracing.backends.base")
        # What it prints of an error before it raises it (0.4.11) is no output of the script's.
        base.print = lambda *args, **kwargs: None
        remote = importlib.import_module(".remote04", __package__)
        for backend in (base.ExecutionBackend, remote.SimulatedBackend):
            backend.__call__ = _noting(backend.__call__, script, traces)
    return traces


def _noting(
    original: Callable[[Any, Any], None], script: dict[str, Any], traces: Traces
) -> Callable[[Any, Any], None]:
    # The rebinding looks for the first frame whose `self` is no backend: this must be a method.
    def __call__(self: Any, graph: Any) -> None:
        nodes = {name: node for name, node in _nodes(script) if _is_saved(node)}
        traces.count += 1
        try:
            original(self, graph)
        finally:
            traces.names.update(name for name, node in nodes.items() if node.done)

    return __call__


def _nodes(script: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    proxy = importlib.import_module("nnsight.tracing.graph").Proxy
    return ((name, value.node) for name, value in script.items() if isinstance(value, proxy))


def _is_saved(node: Any) -> bool:
    # Others may have a value as well: the last item of `session.iter` has.
    lock = importlib.import_module("nnsight.tracing.protocols").LockProtocol
    return any(listener.target is lock for listener in node.listeners)
