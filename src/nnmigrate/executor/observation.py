"""What came back from a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Value:
    """A description of one value that a script left behind.

    Args:
        kind: ``none``, ``bool``, ``int``, ``float``, ``complex``, ``str``, ``bytes``, ``tensor``,
            ``sequence``, ``set``, ``mapping``, ``object``, ``text`` (of a file), ``opaque``
            (nothing but its type is known), ``unset``: a proxy of 0.4 that has no value, or
            ``unknown``: not describable.
        type: The name of the class, for containers and objects; what went wrong if ``unknown``.
        text: The ``repr`` of a scalar, or the text of a file.
        dtype: Of a tensor.
        shape: Of a tensor.
        sha256: Of a tensor's bytes; empty for one without data.
        values: The ``repr`` of each element of a small tensor, or of a set.
        total: The sum of a tensor too large for ``values``, as a ``repr``.
        items: The parts of a container, by index, key or attribute.
        traced: Whether it is known to come out of a trace.
    """

    kind: str
    type: str = ""
    text: str = ""
    dtype: str = ""
    shape: tuple[int, ...] = ()
    sha256: str = ""
    values: tuple[str, ...] = ()
    total: str = ""
    items: tuple[tuple[str, Value], ...] = ()
    traced: bool = False

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Value:
        """Read a description from JSON (see `nnmigrate.executor.inside.observe`)."""
        kind = data["kind"]
        members = [str(item) for item in data["items"]] if kind == "set" else data.get("values", ())
        return cls(
            kind=kind,
            type=data.get("type", ""),
            text=data.get("value", ""),
            dtype=data.get("dtype", ""),
            shape=tuple(data.get("shape", ())),
            sha256=data.get("sha256", ""),
            values=tuple(members),
            total=data.get("sum", ""),
            items=() if kind == "set" else tuple(_items(kind, data.get("items", ()))),
            traced=data.get("traced", False),
        )

    @property
    def computed(self) -> bool:
        """Whether it, or a part of it, is known to come out of a trace."""
        return self.traced or any(item.computed for _, item in self.items)


def _items(kind: str, data: Iterable[Any]) -> Iterable[tuple[str, Value]]:
    pairs = ((str(n), item) for n, item in enumerate(data)) if kind == "sequence" else data
    return ((key, Value.parse(item)) for key, item in pairs)


@dataclass(frozen=True)
class Failure:
    """The exception that ended a script.

    Args:
        type: The exception's class; the true one, not nnsight's wrapper.
        message: Its message.
        line: The line of the script that raised it, where that is known.
        cell: The cell of a notebook in which that line stands, counted from 1 among all cells.
    """

    type: str
    message: str
    line: int | None = None
    cell: int | None = None

    def __str__(self) -> str:
        """Show it in one line."""
        first = (self.message.splitlines() or [""])[0]
        cell = f"cell {self.cell}, " if self.cell else ""
        place = f" ({cell}line {self.line})" if self.line else ""
        return f"{self.type}: {first}{place}"


@dataclass(frozen=True)
class Request:
    """One request to the simulated server.

    Args:
        sent: Bytes of the request.
        received: Bytes of the result.
        names: The names that came back; not known on 0.4, which returns values by node.
    """

    sent: int
    received: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Observation:
    """What one run of a script yielded.

    Args:
        values: The script's globals at its end, without imports and definitions.
        saved: What it saved in its traces, in that order, as it was at its end.
        files: What it left in its working directory, by path.
        tensors: The bytes of all tensors in these, by their ``sha256``.
        stdout: What it printed.
        stderr: The end of what it wrote to standard error; never compared.
        error: The exception that ended it.
        hung: Whether it was ended at its time limit.
        seconds: How long it took.
        requests: What went to the simulated server and back.
        traces: How many traces ran; counted on 0.4 only.
        leftovers: Names that the script binds inside of traces only.
        data: All of this as JSON has it; empty for what no run gave.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    saved: tuple[Value, ...] = ()
    files: Mapping[str, Value] = field(default_factory=dict)
    tensors: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    stdout: str = ""
    stderr: str = ""
    error: Failure | None = None
    hung: bool = False
    seconds: float = 0.0
    requests: tuple[Request, ...] = ()
    traces: int = 0
    leftovers: frozenset[str] = frozenset()
    data: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def completed(self) -> bool:
        """Whether the script came to its end."""
        return self.error is None and not self.hung


def parse(data: Mapping[str, Any], tensors: Mapping[str, bytes]) -> Observation:
    """Read what is known of a run.

    Args:
        data: The report that the run wrote itself (see `nnmigrate.executor.inside.job`), and what
            was seen from outside.
        tensors: The bytes of its tensors, by their ``sha256``.
    """
    error = data["error"]
    return Observation(
        values={name: Value.parse(value) for name, value in data["values"].items()},
        saved=tuple(map(Value.parse, data["saved"])),
        files={name: Value.parse(value) for name, value in data["files"].items()},
        tensors=tensors,
        stdout=data["stdout"],
        stderr=data["stderr"],
        error=Failure(**error) if error else None,
        hung=data["hung"],
        seconds=data["seconds"],
        requests=tuple(
            Request(item["sent"], item["received"], tuple(item["names"]))
            for item in data["requests"]
        ),
        traces=data["traces"],
        leftovers=frozenset(data["leftovers"]),
        data=data,
    )
