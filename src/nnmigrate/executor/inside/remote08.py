"""Remote execution on nnsight 0.8, as its server performs it.

A trace goes to the server as source, with the names that it reads. The server runs it in a frame
that has nothing else, and returns what is bound to a name there and was saved
(`intervention/backends/remote.py` and `schema/request.py`, 0.8.1).
"""

from __future__ import annotations

import io
import linecache
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import torch
from nnsight import ndif
from nnsight.intervention.backends.remote import RemoteError
from nnsight.schema.request import RequestModel
from nnsight.tracing import tracer as tracing
from nnsight.tracing.backend import Backend
from nnsight.tracing.globals import BLOCKS, SOURCES
from nnsight.tracing.util import push

from .saves import Saves
from .server import Answer, NotSimulated, ask, load_own_model


class SimulatedBackend(Backend):  # type: ignore[misc]  # nnsight is not typed here
    """Stands where nnsight's ``RemoteBackend`` would.

    Args:
        model: The client's model.
        blocking: Whether the trace waits for its result.
        hidden: Directories whose modules the server does not have.
        requests: Where each request is noted.
        saves: Where what the server saved is noted.
    """

    # Set in the process of a server, which does not send requests itself.
    serving = False

    def __init__(
        self,
        model: Any,
        blocking: bool,
        hidden: Sequence[str],
        requests: list[dict[str, Any]],
        saves: Saves,
    ) -> None:
        if SimulatedBackend.serving:
            raise NotSimulated("a remote trace inside what already runs remotely")
        self.model = model
        self.blocking = blocking
        self.hidden = hidden
        self.requests = requests
        self.saves = saves
        self.pending: Any = None

    def __call__(self, tracer: Any = None) -> Any:
        """Send a trace, or give the result of the one that was sent without waiting."""
        if tracer is None:
            return self.pending
        # Modules of the user's are sent by value.
        ndif.pull_env()
        result = self._request(RequestModel.serialize(tracer, True))
        if not self.blocking:
            self.pending = result
            return None
        for value in result.values():
            # A session around it passes on only what is marked.
            tracing.save(value)
        push(tracer.info.frame, result)
        return result

    def _request(self, payload: bytes) -> dict[str, Any]:
        environment = self.model._remoteable_get_env()
        answer = ask(lambda: _handle(self.model, payload, environment), self.hidden)
        note: dict[str, Any] = {"sent": len(payload), "received": len(answer.result), "names": []}
        self.requests.append(note)
        if answer.error:
            error = RemoteError(f"{answer.error}\nRemote exception.")
            error.source = answer.source
            raise error
        stream = io.BytesIO(answer.result)
        result: dict[str, Any] = torch.load(stream, map_location="cpu", weights_only=False)
        note["names"] = sorted(result)
        for value in result.values():
            self.saves.add(value)
        return result


def _handle(model: Any, payload: bytes, environment: dict[str, Any]) -> Answer:
    SimulatedBackend.serving = True
    load_own_model(model)
    model._remoteable_set_env(environment)
    _forget_client()
    tracer = RequestModel.deserialize(payload, model._remoteable_persistent_objects(), True)
    frame = tracer.info.frame
    tracing.inc()
    try:
        tracer.execute(tracer.info.code)
    except Exception as error:
        return _failed(error, frame.f_code.co_filename)
    saved = {name: it for name, it in frame.f_locals.items() if id(it) in tracing._saves()}
    stream = io.BytesIO()
    torch.save(saved, stream)
    return Answer(result=stream.getvalue())


def _forget_client() -> None:
    """Forget the trace that the client is in, and its file.

    The server gets the text of a trace without comments: its lines are numbered otherwise.
    """
    tracing._local.__dict__.clear()
    SOURCES.clear()
    BLOCKS.clear()


def _failed(error: Exception, script: str) -> Answer:
    # Kept from before the model's own frames were added (intervention/interleaver.py).
    traceback = getattr(error, "__intervention_tb__", error.__traceback__)
    return Answer(
        error=f"{type(error).__name__}: {error}",
        source=linecache.getline(script, _line_of(traceback, script)).strip(),
    )


def _line_of(traceback: TracebackType | None, script: str) -> int:
    line = 0
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == script:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
