"""Remote execution on nnsight 0.4, as its server performs it.

The graph goes to the server as JSON, is executed there, and the values of the nodes that still
have one come back by their index (`intervention/backends/remote.py`, 0.4.11).
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Any

import torch
from nnsight.intervention.backends.remote import preprocess
from nnsight.schema.request import RequestModel
from nnsight.schema.result import ResultModel
from nnsight.tracing.backends import Backend
from nnsight.tracing.backends.base import frame_injection
from nnsight.tracing.protocols import StopProtocol

from .saves import Saves
from .server import Answer, ask, load_own_model

_FORMAT = "json"


class SimulatedBackend(Backend):  # type: ignore[misc]  # nnsight is not typed here
    """Stands where nnsight's ``RemoteBackend`` would.

    Args:
        model: The client's model.
        blocking: Whether the trace waits for its result.
        hidden: Directories whose modules the server does not have.
        requests: Where each request is noted.
        _saves: Not needed: the client's own nodes are given the server's values.
    """

    def __init__(
        self,
        model: Any,
        blocking: bool,
        hidden: Sequence[str],
        requests: list[dict[str, Any]],
        _saves: Saves,
    ) -> None:
        self.model = model
        self.blocking = blocking
        self.hidden = hidden
        self.requests = requests
        self.pending: dict[int, Any] | None = None

    def __call__(self, graph: Any) -> None:
        """Send a graph, or fetch the result of one that was sent without waiting."""
        result = self.pending
        if result is None:
            result = self._request(RequestModel.serialize(preprocess(graph), _FORMAT, True))
            if not self.blocking:
                self.pending = result
                return
        ResultModel.inject(graph, result)
        # It looks for the first caller whose `self` is no backend: this must be called from here.
        frame_injection()

    def _request(self, payload: bytes) -> dict[int, Any]:
        answer = ask(lambda: _handle(self.model, payload), self.hidden)
        self.requests.append({"sent": len(payload), "received": len(answer.result), "names": []})
        if answer.error:
            # What 0.4 does on an error of the server's.
            raise SystemExit(f"{answer.error}\nRemote exception.")
        stream = io.BytesIO(answer.result)
        result: dict[int, Any] = torch.load(stream, map_location="cpu", weights_only=False)
        return result


def _handle(model: Any, payload: bytes) -> Answer:
    load_own_model(model)
    graph = RequestModel.deserialize(model, payload, _FORMAT, True)
    try:
        graph.nodes[-1].execute()
    except StopProtocol.StopException:
        # `tracer.stop()` is how it was asked to end.
        sys.stdout.flush()
    stream = io.BytesIO()
    torch.save(ResultModel.from_graph(graph), stream)
    return Answer(result=stream.getvalue())
