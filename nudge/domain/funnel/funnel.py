"""The funnel: the path of visitors in stages, the events that reach them, questions about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from bandits.units import DAY
from nudge.domain.alarms.watch_plan import WatchedStage
from nudge.domain.basics.calendar import ZONE, OperatorCalendar
from nudge.domain.reports.filters import Where, plain_where, read_where
from nudge.errors import InvalidRequestError

Needs = Literal["any", "all"]
Compare = Literal["week", "month", "quarter"]

UNKNOWN: Final = ""
"""The value of a dimension that the log lacks, and the reason of a loss without one."""
PERIODS: Final = ("day", "week", "month")
"""Dimensions by the time at which a visit began."""
MONTHS: Final[Mapping[str, int]] = {"month": 1, "quarter": 3}
VARIANT: Final = "variant:"
"""Prefix of a slot's name: the dimension of the variants that it showed."""


@dataclass(frozen=True)
class Match:
    """An event pattern that reaches a stage.

    Attributes:
        step: name of the step, for the type `step`.
        source: `page` or `server`; empty for both.
    """

    type: str
    step: str = ""
    source: str = ""


@dataclass(frozen=True)
class FunnelStage:
    """A stage of the funnel.

    Attributes:
        name: for reports.
        events: patterns of the events that reach it.
        needs: one of the events, or all of them.
    """

    name: str
    events: tuple[Match, ...]
    needs: Needs = "any"


@dataclass(frozen=True)
class Funnel:
    """The configured funnel.

    Attributes:
        stages: in order; the last one is the aim.
        gap: seconds without an act of the visitor after which a new visit begins.
        late: seconds after a visitor's last act in which a server's report belongs to the visit.
        dimensions: name -> its context attribute.
    """

    stages: tuple[FunnelStage, ...]
    gap: float = 1800.0
    late: float = 21_600.0
    dimensions: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The stages' names, in order."""
        return tuple(stage.name for stage in self.stages)

    @property
    def watched(self) -> tuple[WatchedStage, ...]:
        """The stages as folds follow them."""
        return tuple(
            WatchedStage(
                stage.name,
                tuple((one.type, one.step, one.source) for one in stage.events),
                stage.needs == "all",
            )
            for stage in self.stages
        )


@dataclass(frozen=True)
class VisitPeriod:
    """A period in which visits begin.

    Attributes:
        start: seconds since the epoch, included.
        end: seconds since the epoch, excluded.
    """

    start: float
    end: float


@dataclass(frozen=True)
class FunnelQuestion:
    """A question about the funnel.

    Attributes:
        period: in which the visits began.
        by: `channel`, `page`, `day`, `week`, `month`, `hour`, `weekday`, `variant:SLOT`, one of
            the funnel's dimensions or a context attribute; empty for no cut.
        compare: with the period one week, month or quarter earlier.
        zone: IANA name of the zone of days, weeks, months, hours and labels.
        where: dimensions with the values that the visits have; none for all visits.
    """

    period: VisitPeriod
    by: str = "channel"
    compare: Compare | None = None
    zone: str = ZONE
    where: Where = ()

    @property
    def calendar(self) -> OperatorCalendar:
        """The calendar of the question's days and labels."""
        return OperatorCalendar.named(self.zone)

    @property
    def plain(self) -> dict[str, object]:
        """The question as JSON."""
        ends = {"from": self.period.start, "to": self.period.end}
        more = {"where": plain_where(self.where)} if self.where else {}
        return {**ends, "by": self.by, "compare": self.compare, "zone": self.zone, **more}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> FunnelQuestion:
        """Read a question from its `plain` form."""
        period = VisitPeriod(float(plain["from"]), float(plain["to"]))
        zone = str(plain.get("zone", ZONE))
        where = read_where(plain.get("where"))
        return cls(period, str(plain["by"]), plain["compare"], zone, where)

    def before(self) -> VisitPeriod | None:
        """Return the earlier period to compare with, or None."""
        return self.before_part(self.period.end)

    def before_part(self, until: float) -> VisitPeriod | None:
        """Return the counterpart of the period's part up to a moment, or None.

        It ends where the period begins at the latest: a month may be longer than the one before.
        """
        if self.compare is None:
            return None
        start = self.period.start
        end = min(self.calendar.earlier_end(until, **self._back), start)
        return VisitPeriod(self.calendar.earlier(start, **self._back), end)

    def overlaps(self, now: float) -> bool:
        """Return True where the period is longer than what it is compared with."""
        if self.compare is None:
            return False
        end = self.calendar.earlier_end(min(self.period.end, now), **self._back)
        return end > self.period.start

    @property
    def _back(self) -> dict[str, int]:
        return {"weeks": 1} if self.compare == "week" else {"months": MONTHS[self.compare or ""]}


def period_of(start: float | None, end: float | None, now: float, days: float = 7.0) -> VisitPeriod:
    """Return the period between two times; without them, the last `days` up to now.

    Raises:
        InvalidRequestError: it ends before it begins.
    """
    end = now if end is None else end
    start = end - days * DAY if start is None else start
    if not start < end:
        what = "is not before the period's end; give an earlier time"
        raise InvalidRequestError(f"from: {what}", {"from": [what]})
    return VisitPeriod(start, end)
