"""What a script left behind in its working directory."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import torch

from .observe import Description, describe

_LARGEST = 50_000_000


def describe_files(directory: str, given: set[str]) -> dict[str, Description]:
    """Describe the files below a directory, by their path from there.

    Args:
        directory: The working directory of the run.
        given: The paths, from there, of what was there before.
    """
    return {
        name: _guarded(os.path.join(directory, name), directory)
        for name in sorted(_files(directory))
        if name not in given
    }


def files_of(directory: str) -> set[str]:
    """Give the paths of what is there; links, which lead to the user's own files, are not."""
    return set(_files(directory))


def _files(directory: str) -> Iterator[str]:
    """Walk a directory; what is hidden, a cache or a link is no result of a script's."""
    for folder, below, names in os.walk(directory):
        below[:] = [one for one in below if not one.startswith(".") and one != "__pycache__"]
        for name in names:
            path = os.path.join(folder, name)
            if not name.startswith(".") and not os.path.islink(path):
                yield os.path.relpath(path, directory)


def _guarded(path: str, directory: str) -> Description:
    if os.path.getsize(path) > _LARGEST:
        return {"kind": "opaque", "type": "file"}
    load = _LOADERS.get(os.path.splitext(path)[1].lower())
    if load is not None:
        # Whatever carries that name without being one is described as text, or not at all.
        try:
            return describe(load(path))
        except Exception:
            pass
    with open(path, "rb") as stream:
        data = stream.read()
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return {"kind": "opaque", "type": "file"}
    # The working directory is another one in every run.
    return {"kind": "text", "value": text.replace(directory, ".")}


def _torch(path: str) -> Any:
    return torch.load(path, map_location="cpu", weights_only=False)


def _numpy(path: str) -> Any:
    loaded: Any = numpy.load(path, allow_pickle=True)
    return dict(loaded) if isinstance(loaded, numpy.lib.npyio.NpzFile) else loaded


def _pickle(path: str) -> Any:
    with open(path, "rb") as stream:
        return pickle.load(stream)


# The script's own files, read where the script ran: they can do no more than it did.
_LOADERS: dict[str, Callable[[str], Any]] = {
    ".pt": _torch,
    ".pth": _torch,
    ".npy": _numpy,
    ".npz": _numpy,
    ".pkl": _pickle,
    ".pickle": _pickle,
}
