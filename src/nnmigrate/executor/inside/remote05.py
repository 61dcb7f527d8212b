"""Remote execution on nnsight 0.5, as its server performs it.

The server runs the traced code against its own model in a fresh frame, so the only names that
exist there are those that were pickled along; it returns what is bound to a name in that frame
and was saved. The client writes each returned name into the frame of the ``with`` statement
(`intervention/backends/remote.py` and `intervention/tracing/base.py`, 0.5.15).
"""

from __future__ import annotations

import inspect
import io
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from nnsight.intervention.backends import remote as remoting
from nnsight.intervention.backends.base import Backend
from nnsight.intervention.tracing.globals import Globals
from nnsight.intervention.tracing.util import wrap_exception
from nnsight.schema.request import RequestModel

from .saves import Saves
from .server import Answer, NotSimulated, ask, load_own_model

# From 0.6 on a tracer gives what was saved, by name (0.6.3, intervention/tracing/tracer.py).
_GIVES_NAMES = "model" not in inspect.signature(RequestModel.deserialize).parameters
# From 0.6 on the user's own modules are sent by value (0.6.3, intervention/backends/remote.py).
_SENDS_MODULES = hasattr(remoting, "pull_env")
# Whether saving needs a trace that is under way; 0.7 does not count them.
_COUNTS = hasattr(Globals, "enter")
_GENERATED = re.compile(r'File "[^"]*", line \d+, in .*\n    (.*)')


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
        if getattr(tracer, "asynchronous", False):  # 0.5.0 has no such traces
            raise NotSimulated("an asynchronous remote trace")
        interventions = super().__call__(tracer)
        if _SENDS_MODULES:
            remoting.pull_env()
        payload = RequestModel(interventions=interventions, tracer=tracer).serialize(True)
        result = self._request(payload)
        if self.blocking:
            # 0.7 puts only what is marked into the user's frame (intervention/tracing/base.py).
            if not _COUNTS:
                Globals.saves.update(map(id, result.values()))
            tracer.push(result)
            return result
        self.pending = result
        return None

    def _request(self, payload: bytes) -> dict[str, Any]:
        answer = ask(lambda: _handle(self.model, payload), self.hidden)
        note: dict[str, Any] = {"sent": len(payload), "received": len(answer.result), "names": []}
        self.requests.append(note)
        if answer.error:
            error = remoting.RemoteException(f"{answer.error}\nRemote exception.")
            error.source = answer.source
            raise error
        stream = io.BytesIO(answer.result)
        result: dict[str, Any] = torch.load(stream, map_location="cpu", weights_only=False)
        note["names"] = sorted(result)
        for value in result.values():
            self.saves.add(value)
        return result


def _handle(model: Any, payload: bytes) -> Answer:
    SimulatedBackend.serving = True
    load_own_model(model)
    request = _received(model, payload)
    # 0.5 never clears these marks; the server's process has none of the client's.
    Globals.saves.clear()
    Globals.stack = 0
    try:
        saved = _saved_by(request.tracer, request.interventions)
    except Exception as error:
        return _failed(wrap_exception(error, request.tracer.info))
    stream = io.BytesIO()
    torch.save(saved, stream)
    return Answer(result=stream.getvalue())


def _received(model: Any, payload: bytes) -> Any:
    if _GIVES_NAMES:
        return RequestModel.deserialize(payload, model._remoteable_persistent_objects(), True)
    return RequestModel.deserialize(model, payload, True)


@contextmanager
def _entered() -> Iterator[None]:
    """As inside of one trace: what is saved there is kept."""
    if not _COUNTS:
        yield
        return
    Globals.enter()
    try:
        yield
    finally:
        Globals.exit()


def _saved_by(tracer: Any, interventions: Any) -> dict[str, Any]:
    """What a trace saves, by name: 0.5 leaves it in its frame, beside all else."""
    with _entered():
        if _GIVES_NAMES:
            return tracer.execute(interventions) or {}
        names = _perform(tracer, interventions)
    return {name: value for name, value in names.items() if id(value) in Globals.saves}


def _perform(__nnsight_tracer__: Any, __nnsight_interventions__: Any) -> dict[str, Any]:
    """Run the traced code with this very frame in the place of the user's.

    nnsight hides names that begin with ``__nnsight`` from the code, which therefore finds the
    frame empty; a local variable of any other name here would be visible to it.
    """
    __nnsight_tracer__.info.frame = sys._getframe()
    for __nnsight_mediator__ in getattr(__nnsight_tracer__, "mediators", ()):
        __nnsight_mediator__.info.frame = sys._getframe()
    __nnsight_tracer__.execute(__nnsight_interventions__)
    return dict(sys._getframe().f_locals)


def _failed(wrapped: Any) -> Answer:
    original = getattr(wrapped, "original", wrapped)
    sources = _GENERATED.findall(str(wrapped))
    return Answer(
        error=f"{type(original).__name__}: {original}", source=sources[-1] if sources else ""
    )
