"""The funnel: the path of visitors in stages, the events that reach them, questions about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal

from nudge.domain.basics.calendar import ZONE, OperatorCalendar
from nudge.errors import InvalidRequestError

Needs = Literal["any", "all"]
Compare = Literal["week", "month", "quarter"]

UNKNOWN: Final = ""
"""The value of a dimension that the log lacks, and the reason of a loss without one."""
PERIODS: Final = ("day", "week", "month")
"""Dimensions by the time at which a visit began."""
MONTHS: Final[Mapping[str, int]] = {"month": 1, "quarter": 3}
WEEK: Final = timedelta(days=7)
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
        by: `channel`, `page`, `day`, `week`, `month`, `variant:SLOT`, one of the funnel's
            dimensions or a context attribute; empty for no cut.
        compare: with the period one week, month or quarter earlier.
        zone: IANA name of the zone of days, weeks, months and labels.
    """

    period: VisitPeriod
    by: str = "channel"
    compare: Compare | None = None
    zone: str = ZONE

    @property
    def calendar(self) -> OperatorCalendar:
        """The calendar of the question's days and labels."""
        return OperatorCalendar.named(self.zone)

    @property
    def plain(self) -> dict[str, object]:
        """The question as JSON."""
        ends = {"from": self.period.start, "to": self.period.end}
        return {**ends, "by": self.by, "compare": self.compare, "zone": self.zone}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> FunnelQuestion:
        """Read a question from its `plain` form."""
        period = VisitPeriod(float(plain["from"]), float(plain["to"]))
        zone = str(plain.get("zone", ZONE))
        return cls(period, str(plain["by"]), plain["compare"], zone)

    def before(self) -> VisitPeriod | None:
        """Return the earlier period to compare with, or None."""
        if self.compare is None:
            return None
        back = {"weeks": 1} if self.compare == "week" else {"months": MONTHS[self.compare]}
        start, end = self.period.start, self.period.end
        return VisitPeriod(*(self.calendar.earlier(at, **back) for at in (start, end)))


def period_of(start: float | None, end: float | None, now: float, days: float = 7.0) -> VisitPeriod:
    """Return the period between two times; without them, the last `days` up to now.

    Raises:
        InvalidRequestError: it ends before it begins.
    """
    end = now if end is None else end
    start = end - days * WEEK.total_seconds() / 7 if start is None else start
    if not start < end:
        raise InvalidRequestError("the period ends before it begins; give an earlier `from`")
    return VisitPeriod(start, end)
