"""The two parts of a funnel's comparison: of the period asked for, and of the one before. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nudge.domain.funnel.funnel import FunnelQuestion, VisitPeriod
from nudge.domain.funnel.funnel_counts import FunnelCounts


@dataclass(frozen=True)
class ComparedPeriods:
    """The parts of two periods that are compared.

    Attributes:
        now: of the period asked for.
        before: its counterpart; None where no visit of the period is final, or where the period
            before has no such days.
        until: seconds; visits from then on are not compared, as their payments may still be
            reported; None where all are compared.
    """

    now: VisitPeriod
    before: VisitPeriod | None
    until: float | None = None


@dataclass(frozen=True)
class ComparedCounts:
    """The counts of what is compared.

    Attributes:
        periods: whose visits were counted.
        now: counts of the part of the period asked for; None with nothing to compare.
        before: counts of its counterpart; the same.
    """

    periods: ComparedPeriods
    now: FunnelCounts | None = None
    before: FunnelCounts | None = None


def compared_periods(asked: FunnelQuestion, newest: float, late: float) -> ComparedPeriods | None:
    """Return the periods that a question compares; None where it compares nothing.

    Like is compared with like: of a period that is not over, or whose payments may still be
    reported, only the same part of the one before is its counterpart.

    Args:
        asked: the question.
        newest: seconds; time of the newest record that is known.
        late: seconds after a visit in which its payment may be reported.
    """
    if asked.compare is None:
        return None
    start, end = asked.period.start, asked.period.end
    until = min(end, (newest - late) // 1.0)
    told = until if until < end else None
    if until <= start:
        return ComparedPeriods(asked.period, None, until)
    before = asked.before_part(until)
    if before is None or before.start >= before.end:
        return ComparedPeriods(asked.period, None, told)
    return ComparedPeriods(replace(asked.period, end=until), before, told)
