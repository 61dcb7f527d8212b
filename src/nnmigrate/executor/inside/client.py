"""The near side of a simulated remote execution: what its three kinds have in common."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from .saves import Saves
from .server import Answer, NotSimulated, ask


@dataclass(frozen=True)
class Ledger:
    """What is known of the requests of a run.

    Args:
        hidden: Directories whose modules a server does not have.
        requests: What was sent and came back: bytes, and names where they are known.
        saves: Where what a server saved is noted.
    """

    hidden: Sequence[str]
    requests: list[dict[str, Any]]
    saves: Saves


class Client:
    """Stands, with nnsight's own base class of backends, where its ``RemoteBackend`` would.

    Args:
        model: The client's model.
        blocking: Whether the trace waits for its result.
        ledger: Where requests are noted.
    """

    # Set in the process of a server, which does not send requests itself.
    serving = False

    def __init__(self, model: Any, blocking: bool, ledger: Ledger) -> None:
        if Client.serving:
            raise NotSimulated("a remote trace inside what already runs remotely")
        self.model = model
        self.blocking = blocking
        self.ledger = ledger
        self.pending: Any = None

    def send(self, payload: bytes, handle: Callable[[], Answer]) -> tuple[Answer, dict[Any, Any]]:
        """Have a request handled, and give the answer and the result in it.

        Args:
            payload: What is sent.
            handle: Handles it, in the process of a server.
        """

        def serve() -> Answer:
            Client.serving = True
            return handle()

        answer = ask(serve, self.ledger.hidden)
        note: dict[str, Any] = {"sent": len(payload), "received": len(answer.result), "names": []}
        self.ledger.requests.append(note)
        if answer.error:
            return answer, {}
        stream = io.BytesIO(answer.result)
        result: dict[Any, Any] = torch.load(stream, map_location="cpu", weights_only=False)
        return answer, result

    def send_for_names(
        self, payload: bytes, handle: Callable[[], Answer], error: type[Exception]
    ) -> dict[str, Any]:
        """The same, where the result is values by name.

        Args:
            payload: What is sent.
            handle: Handles it, in the process of a server.
            error: What nnsight raises for an error on its server.
        """
        answer, result = self.send(payload, handle)
        if answer.error:
            raised: Any = error(f"{answer.error}\nRemote exception.")
            raised.source = answer.source
            raise raised
        self.ledger.requests[-1]["names"] = sorted(result)
        for value in result.values():
            self.ledger.saves.add(value)
        return result


def answer_with(saved: Any) -> Answer:
    """Serialise a result."""
    stream = io.BytesIO()
    torch.save(saved, stream)
    return Answer(result=stream.getvalue())
