"""The values that go from one invoke to another, and how they fare."""

from __future__ import annotations

from collections.abc import Iterator

from nnmigrate.classes import dataclass
from nnmigrate.picture.course import Course
from nnmigrate.picture.model import Crossing
from nnmigrate.schedule import Outcome, Seen, Sight, instances


@dataclass(frozen=True)
class Value:
    """A value that crosses.

    Args:
        source: the site where it is made.
        target: the site where it is used.
    """

    source: int
    target: int
    crossing: Crossing


def crossing_values(course: Course) -> tuple[Value, ...]:
    """What crosses between the invokes of a trace, or is meant to, in the order of its uses."""
    where = instances(course.unrolled.trace)
    found = []
    for site in (*course.meant.uses, *course.meant.takes):
        if site in course.outcome.times:
            found += [
                value
                for value in _of_use(course, site)
                if value.source in where and where[value.source] != where[site]
            ]
    return tuple(dict.fromkeys(found))


def _of_use(course: Course, site: int) -> Iterator[Value]:
    meant, seen = _sights(course.meant, site), _sights(course.outcome, site)
    fine = meant == seen or Seen.UNDEFINED in meant
    raises = any(failure.site == site for failure in course.outcome.failures)
    for source in seen:
        if isinstance(source, int):
            right = fine or source in meant
            yield Value(source, site, Crossing.ARRIVES if right else Crossing.STALE)
    for source in meant - seen:
        if isinstance(source, int):
            yield Value(source, site, Crossing.MISSED if raises else Crossing.MEANT)


def _sights(outcome: Outcome, site: int) -> frozenset[Sight]:
    if site in outcome.uses:
        return frozenset([outcome.uses[site]])
    return frozenset(outcome.takes.get(site, ()))
