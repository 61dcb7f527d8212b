"""The small values that the schedule is computed from.

A trace is a few invokes, an invoke is a list of operations in the order in which Python evaluates
them. Loops are already unrolled and branches already chosen: whoever builds these values does that.
Nothing here knows source code: an operation carries a `site`, a number by which its builder finds
the piece of code again, and the number of the `statement` of the invoke's body that it belongs to.
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum, IntEnum

from nnmigrate.classes import dataclass


class Point(IntEnum):
    """What of a module is read or set; a module's input is there before its output."""

    INPUT = 0
    OUTPUT = 1


@dataclass(frozen=True)
class Index:
    """An index into a list of modules, as in `model.layers[layer]`.

    Args:
        key: equal keys mean the same index at run time (the builder folds the binding of a name
            into it).
        value: the number, where it is known; negative as written.
        sequence: `(loop, turn)` for a variable that a loop counts up: of two indexes of one loop,
            the one of the later turn is the greater. Of a loop that counts down the turns are
            negative, and the loop's key begins with a minus.
    """

    key: str
    value: int | None = None
    sequence: tuple[str, int] | None = None


Path = tuple["str | Index", ...]


@dataclass(frozen=True)
class Provider:
    """One thing that a running model hands out: a module's input or output, in one forward pass.

    Args:
        path: from the model's root, such as `("transformer", "h", Index("1", 1), "mlp")`; `()` is
            the root.
        point: input or output.
        iteration: which call of the module is meant (`tracer.iter[k]`); 0 outside iteration
            contexts.
    """

    path: Path
    point: Point
    iteration: int = 0


class Order(Enum):
    """How two providers follow each other in a forward pass."""

    BEFORE = "before"
    SAME = "same"
    AFTER = "after"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Operation:
    """One step of an invoke's body.

    Args:
        site: names the step; unique in a trace (an unrolled loop's turns have sites of their own).
        statement: number of the statement of the invoke's body, counted from 0, that the step is
            part of. A loop's steps all belong to the loop statement.
        step: within a loop statement, the number of the simple statement of the turn; each turn's
            have numbers of their own, counted up in the order in which they run. None outside
            loops.
        needs: the sites of the operations whose values this one takes: the right-hand side of a
            `Swap`, `Write`, `Define` or `Put`, the operands of a `Compute`. Where a value comes by
            a name or out of a container, that is the `Use` or `Take`. Only `graph04` looks at it.
    """

    site: int
    statement: int
    step: int | None = field(default=None, kw_only=True)
    needs: tuple[int, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class Get(Operation):
    """Reads `provider` and waits for it.

    Args:
        foreign: set where another frame than the invoke's own does it: a helper's, or (before
            Python 3.12) a comprehension's; that frame's local names and the sites that defined
            them, which nnsight then shares instead of the invoke's names.
        comprehension: whether that frame is a comprehension's, which looks names up where the
            invoke does: what it pulls the invoke sees too, and not frozen.
        inlined: whether since Python 3.12 it has no frame of its own (PEP 709).
    """

    provider: Provider
    foreign: tuple[tuple[str, int], ...] | None = None
    comprehension: bool = False
    inlined: bool = False


@dataclass(frozen=True)
class Swap(Operation):
    """Sets `provider` (`X.output = value`).

    Setting `.input` reads the inputs first on 0.5 (nnsight 0.5.15, intervention/envoy.py): it is a
    `Get` and then a `Swap`. `foreign` is that of `Get`.
    """

    provider: Provider
    foreign: tuple[tuple[str, int], ...] | None = None


@dataclass(frozen=True)
class Compute(Operation):
    """An operation on traced values (`h * 2`, `h[:, 1]`, `torch.ones(...)` in a trace).

    On 0.4 it is a node of the graph, as is `.save()`.
    """


@dataclass(frozen=True)
class Write(Operation):
    """Changes in place (`x[:] = v`) a value of `provider`.

    Args:
        got: the site of the `Get` or `Swap` that the value came from.
    """

    provider: Provider
    got: int


@dataclass(frozen=True)
class Define(Operation):
    """Binds `name`.

    Args:
        nothing: to None, which 0.5 never shares (nnsight 0.5.15, intervention/interleaver.py).
    """

    name: str
    nothing: bool = False


@dataclass(frozen=True)
class Use(Operation):
    """Reads `name`."""

    name: str


@dataclass(frozen=True)
class Put(Operation):
    """Puts an item into an object made outside the invoke.

    Such as `xs.append(h)`, `d["h"] = h` or `self.h = h`.

    Args:
        container: names the object, such as `"xs"` or `"self"`.
        key: the item's key where it is known (an index counted by the builder, a constant, an
            attribute).
    """

    container: str
    key: str | int | None


@dataclass(frozen=True)
class Take(Operation):
    """Reads an item of such an object; `key` None stands for any of them (all must be there).

    Args:
        one: whether only one item is read, whichever it is.
    """

    container: str
    key: str | int | None
    one: bool = False


@dataclass(frozen=True)
class Wait(Operation):
    """Calls a barrier."""

    barrier: str


@dataclass(frozen=True)
class Invoke:
    """One invoke at run time (an invoke in a loop is as many of these as the loop has turns).

    Args:
        operations: in evaluation order.
        captured: the names that the trace's body has bound when this invoke is made, with the site
            of each binding; they hide the same names bound by other invokes (nnsight 0.5.6 and
            later).
    """

    operations: tuple[Operation, ...]
    captured: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Trace:
    """One trace at run time.

    Args:
        invokes: in the order in which they are made.
        outer: names bound in any scope that the trace sees when it starts.
        barriers: the number of participants of each barrier.
    """

    invokes: tuple[Invoke, ...]
    outer: frozenset[str] = frozenset()
    barriers: tuple[tuple[str, int], ...] = field(default=())
