"""Remote execution on nnsight 0.8, as its server performs it.

A trace goes to the server as source, with the names that it reads. The server runs it in a frame
that has nothing else, and returns what is bound to a name there and was saved
(`intervention/backends/remote.py` and `schema/request.py`, 0.8.1).
"""

from __future__ import annotations

import linecache
from functools import partial
from typing import Any

from nnsight import ndif
from nnsight.intervention.backends.remote import RemoteError
from nnsight.schema.request import RequestModel
from nnsight.tracing import tracer as tracing
from nnsight.tracing.backend import Backend
from nnsight.tracing.globals import BLOCKS, SOURCES
from nnsight.tracing.util import push

from .client import Client, answer_with
from .failure import line_of
from .server import Answer, load_own_model


class SimulatedBackend(Client, Backend):  # type: ignore[misc]  # nnsight is not typed here
    """See `Client`."""

    def __call__(self, tracer: Any = None) -> Any:
        """Send a trace, or give the result of the one that was sent without waiting."""
        if tracer is None:
            return self.pending
        # Modules of the user's are sent by value.
        ndif.pull_env()
        payload = RequestModel.serialize(tracer, True)
        handle = partial(_handle, self.model, payload, self.model._remoteable_get_env())
        result = self.send_for_names(payload, handle, RemoteError)
        if not self.blocking:
            self.pending = result
            return None
        for value in result.values():
            # A session around it passes on only what is marked.
            tracing.save(value)
        push(tracer.info.frame, result)
        return result


def _handle(model: Any, payload: bytes, environment: dict[str, Any]) -> Answer:
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
    return answer_with(saved)


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
        source=linecache.getline(script, line_of(traceback, script) or 0).strip(),
    )
