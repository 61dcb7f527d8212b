"""When things happen: nnsight 0.4's order, the 0.5 scheduler, and where barriers can stand."""

from __future__ import annotations

from nnmigrate.schedule.graph04 import Ignored, Late, carried_out, ignored
from nnmigrate.schedule.modules import compare
from nnmigrate.schedule.orders import MOST_ORDERS, TooManyOrders, rankings
from nnmigrate.schedule.placement import plan
from nnmigrate.schedule.plans import (
    Barrier,
    Infeasible,
    NeedsContainer,
    Place,
    Plan,
    Reason,
    Unsafe,
    with_plan,
)
from nnmigrate.schedule.pythons import since_3_12
from nnmigrate.schedule.repair import Repair, repaired, without_barriers
from nnmigrate.schedule.scheduler import (
    START,
    Failure,
    Fault,
    Meeting,
    Outcome,
    Seen,
    Sight,
    simulate,
)
from nnmigrate.schedule.sequential import (
    Difference,
    Effect,
    differences,
    expected,
    instances,
    providers,
)

__all__ = [
    "MOST_ORDERS",
    "START",
    "Barrier",
    "Difference",
    "Effect",
    "Failure",
    "Fault",
    "Ignored",
    "Infeasible",
    "Late",
    "Meeting",
    "NeedsContainer",
    "Outcome",
    "Place",
    "Plan",
    "Reason",
    "Repair",
    "Seen",
    "Sight",
    "TooManyOrders",
    "Unsafe",
    "carried_out",
    "compare",
    "differences",
    "expected",
    "ignored",
    "instances",
    "plan",
    "providers",
    "rankings",
    "repaired",
    "simulate",
    "since_3_12",
    "with_plan",
    "without_barriers",
]
