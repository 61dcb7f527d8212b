"""The far side of a simulated remote execution: another process, which has what was sent to it."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any


class NotSimulated(RuntimeError):
    """The script uses a part of remote execution that is not simulated."""


class ServerCrashed(RuntimeError):
    """The server's process died without an answer."""


class ModelKey(str):
    """The key that names a model to the server, and the client's model that it was made for."""

    model: Any

    @classmethod
    def of(cls, text: str, model: Any) -> ModelKey:
        """Make a key."""
        key = cls(text)
        key.model = model
        return key


@dataclass(frozen=True)
class Answer:
    """What the server sends back.

    Args:
        result: The serialised result, if there is one.
        error: Type and message of the exception, if there was one.
        source: The line of the traced code that raised it, as text.
    """

    result: bytes = b""
    error: str = ""
    source: str = ""


def ask(handle: Callable[[], Answer], hidden: Sequence[str]) -> Answer:
    """Let a process of its own handle a request.

    Nothing that happens there can be seen here but the answer. What it prints is printed: a
    server relays it.

    Args:
        handle: Answers the request.
        hidden: Directories whose modules the client has and the server has not.

    Raises:
        ServerCrashed: The process died.
    """
    reader, writer = os.pipe()
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        os.close(reader)
        _answer(handle, hidden, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        data = stream.read()
    os.waitpid(process, 0)
    if not data:
        raise ServerCrashed("the simulated server died")
    answer: Answer = pickle.loads(data)
    return answer


def _answer(handle: Callable[[], Answer], hidden: Sequence[str], writer: int) -> None:
    try:
        _forget_client(hidden)
        answer = handle()
    except BaseException as error:
        answer = Answer(error=f"{type(error).__name__}: {error}")
    sys.stdout.flush()
    with os.fdopen(writer, "wb") as stream:
        pickle.dump(answer, stream)
    os._exit(0)


def _forget_client(hidden: Sequence[str]) -> None:
    sys.path[:] = [entry for entry in sys.path if entry not in hidden]
    users = tuple(os.path.join(folder, "") for folder in hidden)
    # A project's environments often lie in its own folder: what is installed is no module of it.
    installed = os.path.join(sys.prefix, "")
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None) or ""
        is_ours = name.partition(".")[0] == __name__.partition(".")[0]
        if path.startswith(users) and not path.startswith(installed) and not is_ours:
            del sys.modules[name]
    sys.modules["__main__"] = ModuleType("__main__")


def load_own_model(model: Any) -> None:
    """Give the server's model weights of its own, if it is one that the server can load.

    A client's model has none, or has some that the script changed.
    """
    if isinstance(model.args[0], str):
        # From 0.7 on a model that has weights loads none (0.7.0, modeling/mixins/meta.py).
        model.dispatched = False
        model.dispatch()
