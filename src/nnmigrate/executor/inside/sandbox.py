"""What a script under test must not reach, and what it may rely on in every run."""

from __future__ import annotations

import importlib
import os
import random
import socket
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import torch

from . import jail


class NetworkRefused(ConnectionError):
    """The script reached for the network."""


def install(directory: str, nnsight: Any, memory: int) -> None:
    """Shut this process in, for good.

    Args:
        directory: The working directory of the run; all that it may leave behind.
        nnsight: The nnsight package.
        memory: Bytes that the run may take.
    """
    os.chdir(directory)
    os.environ["HF_HOME"] = os.path.join(directory, ".hub")
    tempfile.tempdir = os.environ["TMPDIR"] = os.path.join(directory, ".tmp")
    os.mkdir(tempfile.tempdir)
    # The report of the run is written beside its working directory.
    jail.install(os.path.dirname(directory), memory)
    _refuse_network()
    _keep_on_cpu()
    _seed()
    # `set_default_api_key` writes into the package, which all runs of the environment share.
    type(nnsight.CONFIG).save = lambda self: None


def _refuse_network() -> None:
    plain: Any = socket.socket
    connect, make = plain.connect, plain.__init__

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise NetworkRefused("the network cannot be reached from here")

    def make_local(self: socket.socket, family: int = -1, *args: Any, **kwargs: Any) -> None:
        if family in (-1, socket.AF_INET, socket.AF_INET6) and not kwargs.get("fileno"):
            refuse()
        make(self, family, *args, **kwargs)

    def connect_locally(self: socket.socket, address: Any) -> Any:
        return connect(self, address) if self.family == socket.AF_UNIX else refuse()

    plain.__init__ = make_local
    plain.connect = plain.connect_ex = connect_locally
    socket.getaddrinfo = refuse


def _keep_on_cpu() -> None:
    """Let ``.cuda()`` and ``.to("cuda")`` succeed without doing anything."""
    for owner in (torch.Tensor, torch.nn.Module):
        owner.cuda = lambda self, *args, **kwargs: self
        owner.to = _without_cuda(owner.to)


def _without_cuda(to: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        return to(self, *map(_on_cpu, args), **{k: _on_cpu(v) for k, v in kwargs.items()})

    return wrapper


def _on_cpu(value: Any) -> Any:
    if isinstance(value, (str, torch.device)) and str(value).startswith("cuda"):
        return "cpu"
    return value


def _seed() -> None:
    random.seed(0)
    torch.manual_seed(0)
    if "numpy" in sys.modules:
        importlib.import_module("numpy").random.seed(0)
