"""Remote execution on nnsight 0.5, as its server performs it.

The server runs the traced code against its own model in a fresh frame, so the only names that
exist there are those that were pickled along; it returns what is bound to a name in that frame
and was saved. The client writes each returned name into the frame of the ``with`` statement
(`intervention/backends/remote.py` and `intervention/tracing/base.py`, 0.5.15).
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from nnsight.intervention.backends import remote as remoting
from nnsight.intervention.backends.base import Backend
from nnsight.intervention.tracing.globals import Globals
from nnsight.intervention.tracing.util import wrap_exception
from nnsight.schema.request import RequestModel

from .client import Client, answer_with
from .server import Answer, NotSimulated, load_own_model

# From 0.6 on a tracer gives what was saved, by name (0.6.3, intervention/tracing/tracer.py).
_GIVES_NAMES = "model" not in inspect.signature(RequestModel.deserialize).parameters
# From 0.6 on the user's own modules are sent by value (0.6.3, intervention/backends/remote.py).
_SENDS_MODULES = hasattr(remoting, "pull_env")
# Whether saving needs a trace that is under way; 0.7 does not count them.
_COUNTS = hasattr(Globals, "enter")
_GENERATED = re.compile(r'File "[^"]*", line \d+, in .*\n    (.*)')


class SimulatedBackend(Client, Backend):  # type: ignore[misc]  # nnsight is not typed here
    """See `Client`."""

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
        handle = partial(_handle, self.model, payload)
        result = self.send_for_names(payload, handle, remoting.RemoteException)
        if self.blocking:
            # 0.7 puts only what is marked into the user's frame (intervention/tracing/base.py).
            if not _COUNTS:
                Globals.saves.update(map(id, result.values()))
            tracer.push(result)
            return result
        self.pending = result
        return None


def _handle(model: Any, payload: bytes) -> Answer:
    load_own_model(model)
    request = _received(model, payload)
    # 0.5 never clears these marks; the server's process has none of the client's.
    Globals.saves.clear()
    Globals.stack = 0
    try:
        saved = _saved_by(request.tracer, request.interventions)
    except Exception as error:
        return _failed(wrap_exception(error, request.tracer.info))
    return answer_with(saved)


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
