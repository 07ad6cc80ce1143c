"""Monitors: what is watched for a fall or a rise, and how much of one matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from nudge.domain.alarms.alarm import AlarmLevel
from nudge.domain.alarms.watch_plan import CHANNEL, METHOD, REASON, WatchedStage, WatchPlan


class WatchKind(StrEnum):
    """Kind of a monitor: which number it watches, and which way."""

    RATE = "rate"
    FAILURES = "failures"
    SILENCE = "silence"
    SURGE = "surge"
    HOURLY_COUNT = "hourly_count"
    HOURLY_RATE = "hourly_rate"


COUNTS: Final = frozenset({WatchKind.SILENCE, WatchKind.SURGE})
"""Kinds that watch a number of events, not a share of arrivals."""
LIMITS: Final = frozenset({WatchKind.HOURLY_COUNT, WatchKind.HOURLY_RATE})
"""Kinds that are compared with plain limits, hour by hour, and learn nothing."""
RISES: Final = frozenset({WatchKind.FAILURES, WatchKind.SURGE})
"""Kinds that watch for a rise."""
OWN: Final = (CHANNEL, METHOD, REASON)
"""Attributes that are there without being declared."""


@dataclass(frozen=True)
class Monitor:
    """A monitor of some stages, each in total and by the values of attributes.

    Attributes:
        name: of the monitor; part of its alarms' keys.
        kind: which number it watches.
        stages: names; empty for all of the funnel but the last.
        by: attributes whose values are watched by themselves, too.
        change: the fall (or rise) that matters, as a share; of no use for limits.
        level: of its alarms.
        quarantine: whether its alarms mark an interval that teaches nothing.
        least: lowest number or share of an hour that is allowed; None for any.
        most: the highest one; None for any.
    """

    name: str
    kind: WatchKind
    stages: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    change: float = 0.3
    level: AlarmLevel = AlarmLevel.WARNING
    quarantine: bool = False
    least: float | None = None
    most: float | None = None

    def watched(self, plan: WatchPlan) -> tuple[str, ...]:
        """Return the names of the stages that it watches."""
        return self.stages or tuple(stage.name for stage in plan.stages[:-1])


_PAYMENT: Final = (CHANNEL, METHOD, "city", "carrier", "app_version")
DEFAULT: Final = (
    Monitor("conversion", WatchKind.RATE, (), _PAYMENT, 0.3, AlarmLevel.CRITICAL),
    Monitor(
        "failures", WatchKind.FAILURES, ("method",), (CHANNEL, METHOD), 1.0, AlarmLevel.CRITICAL
    ),
)
"""Monitors of an installation without a file of them."""


@dataclass(frozen=True)
class Monitors:
    """The monitors of an installation.

    Attributes:
        each: of them.
        per_year: false alarms a year of all of them together.
        values: the most values of an attribute that are watched by themselves.
        dimensions: name of an attribute -> its context attribute.
        low_score: the highest score that is low.
        promotions: first and last day of each promotion that is known.
    """

    each: tuple[Monitor, ...] = DEFAULT
    per_year: float = 1.0
    values: int = 500
    dimensions: Mapping[str, str] = field(default_factory=dict)
    low_score: float = 5.0
    promotions: tuple[tuple[date, date], ...] = ()

    @property
    def promoted(self) -> frozenset[date]:
        """The days of all promotions."""
        return frozenset(
            first + timedelta(days=number)
            for first, last in self.promotions
            for number in range((last - first).days + 1)
        )

    def plan(self, stages: tuple[WatchedStage, ...], gap: float) -> WatchPlan:
        """Return what is counted for the stages of a funnel."""
        return WatchPlan(stages, gap, self.dimensions, self.low_score)
