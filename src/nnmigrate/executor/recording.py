"""Keeping what originals gave, for when there is no nnsight 0.4 to run them on.

A recording is a readable file and, beside it, a NumPy archive (``.npz``) with every tensor under
its ``sha256``; a tensor whose dtype NumPy has not is there as its plain bytes.
"""

from __future__ import annotations

import io
import json
import os
import struct
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .baseline import Recorded
from .environments import Environment
from .observation import Observation, Value, parse
from .scripts import Hints

_FORMAT = 1
_MAGIC = b"\x93NUMPY\x01\x00"
_CODES = {
    "bool": "|b1",
    "uint8": "|u1",
    "int8": "|i1",
    "int16": "<i2",
    "int32": "<i4",
    "int64": "<i8",
    "float16": "<f2",
    "float32": "<f4",
    "float64": "<f8",
    "complex64": "<c8",
    "complex128": "<c16",
}


class BadRecording(ValueError):
    """A file is no recording, or one that cannot be used here."""


@dataclass(frozen=True)
class Recording:
    """What originals gave.

    Args:
        nnsight: The version that they ran on.
        transformers: The version that they ran on; that of a migration must be the same.
        programs: What each of them gave, by its path.
    """

    nnsight: str
    transformers: str
    programs: Mapping[str, Recorded]

    @classmethod
    def on(cls, environment: Environment, programs: Mapping[str, Recorded]) -> Recording:
        """Make one of what originals gave in an environment."""
        return cls(environment.nnsight, environment.transformers, programs)


def archive_of(path: Path) -> Path:
    """Give the place of the tensors that belong to a recording."""
    return path.with_suffix(".npz")


def write(recording: Recording, path: Path) -> None:
    """Write a recording, whole or not at all.

    Args:
        recording: What to write.
        path: The readable file; the tensors go beside it, see `archive_of`.

    Raises:
        OSError: It cannot be written.
    """
    programs = {name: _as_json(one) for name, one in recording.programs.items()}
    data = {
        "format": _FORMAT,
        "nnsight": recording.nnsight,
        "transformers": recording.transformers,
        "programs": programs,
    }
    # The tensors first: a readable file without its tensors would say less than it seems to.
    _replace(archive_of(path), _archive(recording))
    _replace(path, json.dumps(data, indent=1).encode() + b"\n")


def read(path: Path) -> Recording:
    """Read a recording.

    Args:
        path: The readable file.

    Raises:
        BadRecording: It is none, or its tensors are missing.
        OSError: It cannot be read.
    """
    try:
        data = json.loads(path.read_bytes())
        if data["format"] != _FORMAT:
            raise BadRecording(f"{path} has format {data['format']}, which is not known here")
        tensors = _tensors(archive_of(path))
        programs = {name: _of_json(one, tensors) for name, one in data["programs"].items()}
        return Recording(data["nnsight"], data["transformers"], programs)
    except (ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        if isinstance(error, BadRecording):
            raise
        raise BadRecording(f"{path} is no recording of `nnmigrate verify --record`") from error


def _as_json(one: Recorded) -> dict[str, Any]:
    return {
        "hints": one.hints.as_json(),
        "repeats": one.repeats,
        "local": one.local.data,
        "remote": one.remote.data if one.remote is not None else None,
    }


def _of_json(data: Mapping[str, Any], tensors: Mapping[str, bytes]) -> Recorded:
    remote = data["remote"]
    return Recorded(
        Hints.of_json(data["hints"]),
        parse(data["local"], tensors),
        parse(remote, tensors) if remote is not None else None,
        data["repeats"],
    )


def _observations(recording: Recording) -> Iterator[Observation]:
    for one in recording.programs.values():
        yield from filter(None, (one.local, one.remote))


def _archive(recording: Recording) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        written: set[str] = set()
        for observation in _observations(recording):
            for value in _all_values(observation):
                data = observation.tensors.get(value.sha256)
                if data is not None and value.sha256 not in written:
                    written.add(value.sha256)
                    # A fixed time: the same values give the same file.
                    entry = zipfile.ZipInfo(f"{value.sha256}.npy")
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    archive.writestr(entry, _npy(value, data))
    return stream.getvalue()


def _all_values(observation: Observation) -> Iterator[Value]:
    pending = [*observation.values.values(), *observation.saved, *observation.files.values()]
    while pending:
        value = pending.pop()
        yield value
        pending += [item for _, item in value.items]


def _npy(value: Value, data: bytes) -> bytes:
    """A tensor in NumPy's own format, version 1.0 (numpy.lib.format)."""
    code = _CODES.get(value.dtype.removeprefix("numpy."))
    shape = value.shape if code else (len(data),)
    header = repr({"descr": code or "|u1", "fortran_order": False, "shape": shape}).encode()
    padded = header + b" " * (-(len(_MAGIC) + 2 + len(header) + 1) % 64) + b"\n"
    return _MAGIC + struct.pack("<H", len(padded)) + padded + data


def _tensors(path: Path) -> dict[str, bytes]:
    if not path.is_file():
        raise BadRecording(f"the tensors of the recording, {path}, are missing")
    with zipfile.ZipFile(path) as archive:
        return {name.removesuffix(".npy"): _data(archive.read(name)) for name in archive.namelist()}


def _data(npy: bytes) -> bytes:
    start = len(_MAGIC) + 2
    (length,) = struct.unpack("<H", npy[len(_MAGIC) : start])
    return npy[start + length :]


def _replace(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
