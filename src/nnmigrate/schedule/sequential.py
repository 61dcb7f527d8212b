"""What the names and containers of a trace hold when it runs in the order in which it is written.

That is how 0.4 ran a trace's Python: every line once, in order, in the program's own frame, while
the model ran later. What a trace means is therefore what `expected` says, and what 0.5 makes of it
differs from that (`differences`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum

from nnmigrate.classes import dataclass
from nnmigrate.schedule.orders import rankings
from nnmigrate.schedule.scheduler import Fault, Outcome, Seen, Sight, found, simulate
from nnmigrate.schedule.values import Define, Get, Provider, Put, Swap, Take, Trace, Use


class Effect(IntEnum):
    """What 0.5 makes of an operation, the worst last."""

    SAME = 0
    UNREACHED = 1
    RAISES = 2
    SILENT = 3


@dataclass(frozen=True)
class Difference:
    """How one operation fares on 0.5.

    Args:
        effect: the worst over all orders of the modules.
        certain: whether every order gives something else than what is written.
        fault: the failure, where the effect is that it raises.
        expected: what the operation saw in the order of the text: definitions or items.
        seen: what it sees instead, in an order of the worst effect.
    """

    site: int
    effect: Effect
    certain: bool
    fault: Fault | None = None
    expected: tuple[Sight, ...] = ()
    seen: tuple[Sight, ...] = ()


def expected(trace: Trace) -> Outcome:
    """What every use and take sees when the invokes run one after the other."""
    return _Reading(trace).outcome()


def differences(
    trace: Trace, orders: Sequence[Mapping[Provider, int]] | None = None
) -> Mapping[int, Difference]:
    """Compare what 0.5 does with the order of the text, for every operation that can differ.

    Args:
        trace: the trace as it is written.
        orders: the orders of the modules to look at; all possible ones if not given.

    Returns:
        A difference for every site of a use, take, access or barrier that does not fare the same.
        A name that the text leaves undefined (such as one that only a later invoke binds) means
        nothing that could be missed.

    Raises:
        TooManyOrders: see `orders.rankings`.
    """
    written = expected(trace)
    cases = [_compare(written, simulate(trace, rank)) for rank in every_order(trace, orders)]
    sites = sorted({site for case in cases for site in case})
    return {site: _worst(site, cases) for site in sites}


def every_order(
    trace: Trace, orders: Sequence[Mapping[Provider, int]] | None = None
) -> Sequence[Mapping[Provider, int]]:
    """The given orders, or all that the trace's providers can have."""
    return rankings(providers(trace)) if orders is None else orders


def providers(trace: Trace) -> list[Provider]:
    """The providers that a trace waits for, in the order of the text."""
    steps = (operation for invoke in trace.invokes for operation in invoke.operations)
    return [operation.provider for operation in steps if isinstance(operation, Get | Swap)]


def instances(trace: Trace) -> Mapping[int, int]:
    """Which invoke at run time each operation of a trace belongs to, by site."""
    return {
        operation.site: number
        for number, invoke in enumerate(trace.invokes)
        for operation in invoke.operations
    }


class _Reading:
    """Reads a trace from top to bottom."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.names: dict[str, Sight] = dict.fromkeys(trace.outer, Seen.OUTER)
        self.bound: set[int] = set()
        self.items: dict[str, list[Put]] = {}
        self.uses: dict[int, Sight] = {}
        self.takes: dict[int, tuple[int, ...]] = {}

    def outcome(self) -> Outcome:
        for invoke in self.trace.invokes:
            for name, site in invoke.captured:
                self._capture(name, site)
            for operation in invoke.operations:
                self._read(operation)
        return Outcome(self.uses, self.takes, shared=self.names)

    def _capture(self, name: str, site: int) -> None:
        """Apply a binding of the trace's body when the first invoke that has it is reached."""
        if site not in self.bound:
            self.bound.add(site)
            self.names[name] = site

    def _read(self, operation: object) -> None:
        if isinstance(operation, Define):
            self.names[operation.name] = operation.site
        elif isinstance(operation, Use):
            self.uses[operation.site] = self.names.get(operation.name, Seen.UNDEFINED)
        elif isinstance(operation, Put):
            self.items.setdefault(operation.container, []).append(operation)
        elif isinstance(operation, Take):
            self.takes[operation.site] = found(operation, self.items.get(operation.container, []))


def _compare(written: Outcome, run: Outcome) -> dict[int, Difference]:
    result = {
        f.site: Difference(f.site, Effect.RAISES, True, f.fault, *_both(written, run, f.site))
        for f in run.failures
    }
    for site in (*written.uses, *written.takes):
        before, after = _sights(written, site), _sights(run, site)
        if before in ((Seen.UNDEFINED,), after):
            result.pop(site, None)
        elif site not in result and set(before) != set(after):
            effect = Effect.UNREACHED if after == (Seen.UNREACHED,) else Effect.SILENT
            result[site] = Difference(site, effect, True, None, before, after)
    return result


def _both(written: Outcome, run: Outcome, site: int) -> tuple[tuple[Sight, ...], ...]:
    """What was meant and what was seen at a failure; accesses and barriers see nothing."""
    if site not in written.uses and site not in written.takes:
        return (), ()
    return _sights(written, site), _sights(run, site)


def _sights(outcome: Outcome, site: int) -> tuple[Sight, ...]:
    """What a use or a take saw."""
    if site in outcome.uses:
        return (outcome.uses[site],)
    return outcome.takes.get(site, (Seen.UNREACHED,))


def _worst(site: int, cases: Sequence[Mapping[int, Difference]]) -> Difference:
    found_here = [case[site] for case in cases if site in case]
    worst = max(found_here, key=lambda difference: difference.effect)
    certain = len(found_here) == len(cases)
    return Difference(site, worst.effect, certain, worst.fault, worst.expected, worst.seen)
