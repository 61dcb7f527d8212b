"""Remote execution on nnsight 0.4, as its server performs it.

The graph goes to the server as JSON, is executed there, and the values of the nodes that still
have one come back by their index (`intervention/backends/remote.py`, 0.4.11).
"""

from __future__ import annotations

import sys
from typing import Any

from nnsight.intervention.backends.remote import preprocess
from nnsight.schema.request import RequestModel
from nnsight.schema.result import ResultModel
from nnsight.tracing.backends import Backend
from nnsight.tracing.backends.base import frame_injection
from nnsight.tracing.protocols import StopProtocol

from .client import Client, answer_with
from .server import Answer, load_own_model

_FORMAT = "json"


class SimulatedBackend(Client, Backend):  # type: ignore[misc]  # nnsight is not typed here
    """See `Client`."""

    def __call__(self, graph: Any) -> None:
        """Send a graph, or fetch the result of one that was sent without waiting."""
        result: dict[int, Any] | None = self.pending
        if result is None:
            result = self._request(RequestModel.serialize(preprocess(graph), _FORMAT, True))
            if not self.blocking:
                self.pending = result
                return
        ResultModel.inject(graph, result)
        # It looks for the first caller whose `self` is no backend: this must be called from here.
        frame_injection()

    def _request(self, payload: bytes) -> dict[int, Any]:
        answer, result = self.send(payload, lambda: _handle(self.model, payload))
        if answer.error:
            # What 0.4 does on an error of the server's.
            raise SystemExit(f"{answer.error}\nRemote exception.")
        return result


def _handle(model: Any, payload: bytes) -> Answer:
    load_own_model(model)
    graph = RequestModel.deserialize(model, payload, _FORMAT, True)
    try:
        graph.nodes[-1].execute()
    except StopProtocol.StopException:
        # `tracer.stop()` is how it was asked to end.
        sys.stdout.flush()
    return answer_with(ResultModel.from_graph(graph))
