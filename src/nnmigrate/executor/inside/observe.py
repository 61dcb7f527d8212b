"""What a script computed, as plain JSON.

A description is a dictionary with a ``kind``: ``none``, ``bool``, ``int``, ``float``, ``complex``,
``str``, ``bytes``, ``tensor``, ``sequence``, ``set``, ``mapping``, ``object``, ``opaque`` (only its
type is known), ``unset`` for a proxy of nnsight 0.4 that has no value, or ``unknown`` for what
could not be described. ``traced`` marks what came out of a trace.

The bytes of tensors are kept beside, by their hash: see `keep`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
from collections import deque
from collections.abc import Iterable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import nnsight
import torch

# Below it the values themselves are sent, so that a difference can be shown.
_SMALL = 64
_DEEPEST = 12
_DEFINITIONS = (ModuleType, FunctionType, BuiltinFunctionType, MethodType, type)
_SCALARS: tuple[Any, ...] = (bool, int, float, complex, str, bytes)
_ADDRESS = re.compile(r"0x[0-9a-f]{4,}")

Description = dict[str, Any]

# Of one run; what does not find room can be told to differ, but not by how much.
_ROOM = 512 * 2**20


@dataclasses.dataclass
class _Kept:
    """The bytes of the tensors that were described, by their hash."""

    tensors: dict[str, bytes] = dataclasses.field(default_factory=dict)
    size: int = 0

    def add(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self.tensors and self.size + len(data) <= _ROOM:
            self.tensors[digest] = data
            self.size += len(data)
        return digest


_kept = _Kept()


def keep(directory: str) -> None:
    """Write the bytes of every tensor that was described into a directory, named by their hash."""
    for digest, data in _kept.tensors.items():
        with open(os.path.join(directory, digest), "wb") as stream:
            stream.write(data)


def describe_globals(names: Mapping[str, Any], traced: set[str]) -> dict[str, Description]:
    """Describe the values that a script left behind, without its imports and definitions.

    Args:
        names: The script's globals.
        traced: Names known to hold values of a trace.
    """
    described = {}
    for name, value in names.items():
        if name.startswith("__") or isinstance(value, _DEFINITIONS):
            continue
        if value is not None and vars(nnsight).get(name) is value:  # `from nnsight import *`
            continue
        description = _guarded(value)
        if name in traced:
            description["traced"] = True
        described[name] = description
    return described


def describe_saved(values: Iterable[Any]) -> list[Description]:
    """Describe what was saved, in that order."""
    return [_guarded(value) for value in values]


def _guarded(value: Any) -> Description:
    # Any object of the script's may have a `__repr__` or an `items` that fails.
    try:
        return describe(value)
    except Exception as error:
        return {"kind": "unknown", "type": f"{type(error).__name__}: {error}"}


def describe(value: Any, path: tuple[int, ...] = ()) -> Description:
    """Describe one value, recursively.

    Args:
        value: Anything.
        path: The identities of the containers it stands in.
    """
    if id(value) in path or len(path) > _DEEPEST:
        return {"kind": "opaque", "type": "cycle"}
    if _is_proxy(value):
        return _proxy(value, path)
    if value is None:
        return {"kind": "none"}
    for scalar in _SCALARS:
        if isinstance(value, scalar):
            # A subclass may show itself differently.
            return {"kind": scalar.__name__, "value": scalar.__repr__(value)}
    if isinstance(value, torch.Tensor):
        return _tensor(value)
    if type(value).__module__ == "numpy" and hasattr(value, "tobytes"):
        return _array(value)
    path = (*path, id(value))
    return _container(value, path) or _instance(value, path)


def _is_proxy(value: Any) -> bool:
    # A proxy of 0.4 answers every attribute with another proxy, so only its class tells.
    return any(base.__module__ == "nnsight.tracing.graph.proxy" for base in type(value).__mro__)


def _proxy(proxy: Any, path: tuple[int, ...]) -> Description:
    if not proxy.node.done:
        return {"kind": "unset"}
    return {**describe(proxy.node.value, path), "traced": True}


def _tensor(tensor: torch.Tensor) -> Description:
    described: Description = {
        "kind": "tensor",
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "shape": list(tensor.shape),
    }
    plain = tensor.detach()
    if plain.device.type == "meta" or type(plain).__name__ == "FakeTensor":
        return described
    plain = torch.empty(plain.shape, dtype=plain.dtype).copy_(plain)
    described["sha256"] = _digest(plain)
    if plain.numel() <= _SMALL:
        described["values"] = [repr(item) for item in plain.flatten().tolist()]
    elif plain.is_floating_point():
        described["sum"] = repr(plain.double().sum().item())
    return described


def _digest(tensor: torch.Tensor) -> str:
    # As plain bytes: not every dtype (bfloat16) has a counterpart in numpy.
    return _kept.add(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())


def _array(array: Any) -> Description:
    described: Description = {
        "kind": "tensor",
        "dtype": f"numpy.{array.dtype}",
        "shape": list(array.shape),
        "sha256": _kept.add(array.tobytes()),
    }
    if array.size <= _SMALL:
        described["values"] = [repr(item) for item in array.flatten().tolist()]
    return described


def _container(value: Any, path: tuple[int, ...]) -> Description | None:
    kind = type(value).__name__
    if isinstance(value, Mapping):
        pairs = [[_key(key), describe(item, path)] for key, item in value.items()]
        return {"kind": "mapping", "type": kind, "items": pairs}
    if isinstance(value, (list, tuple, deque)):
        items = [describe(item, path) for item in value]
        return {"kind": "sequence", "type": kind, "items": items}
    if isinstance(value, (set, frozenset)):
        return {"kind": "set", "type": kind, "items": sorted(_key(item) for item in value)}
    return None


def _key(key: Any) -> str:
    return _ADDRESS.sub("0x", repr(key))


def _instance(value: Any, path: tuple[int, ...]) -> Description:
    """Describe an instance, by its attributes where the script itself defines the class."""
    kind = type(value)
    attributes: Mapping[str, Any]
    if isinstance(value, torch.nn.Module):
        attributes = value.state_dict()
    elif any(base.__module__.startswith("nnsight.") for base in kind.__mro__):
        return {"kind": "opaque", "type": kind.__name__}
    elif kind.__module__ == "__main__" or dataclasses.is_dataclass(value):
        attributes = getattr(value, "__dict__", {})
    else:
        return {"kind": "opaque", "type": kind.__name__}
    pairs = [
        [name, describe(item, path)]
        for name, item in attributes.items()
        if not isinstance(item, _DEFINITIONS)
    ]
    return {"kind": "object", "type": kind.__name__, "items": pairs}
