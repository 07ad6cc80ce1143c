"""Questions about the experience of visitors: a period, dimensions, a filter. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from bandits.units import DAY
from nudge.domain.basics.calendar import ZONE, OperatorCalendar, Unit
from nudge.domain.basics.slot_values import ATTRIBUTE_FORM
from nudge.domain.care.experience.leaving import LEAVING
from nudge.domain.funnel.funnel import MONTHS, VARIANT
from nudge.domain.reports.filters import (
    NameReader,
    Where,
    filter_of,
    plain_where,
    read_where,
    wrong_filter,
)
from nudge.domain.reports.questions import CLOCK, CONTEXT, UNITS, period_of
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import InvalidRequestError

PARAMETERS: Final = ("from", "to", "by", "where", "compare", "format")
SCENE: Final = "scene"
TOUCH_POINT: Final = "touch_point"
LEAVING_SOURCE: Final = "leaving_source"
OF_FEEDBACK: Final = (SCENE, TOUCH_POINT, "source")
"""Dimensions of the event itself."""
OF_LEAVING: Final = (LEAVING, LEAVING_SOURCE)
OF_DECISION: Final = ("channel", "page")
OWN: Final = (*OF_FEEDBACK, *OF_DECISION, *OF_LEAVING, *UNITS, *CLOCK)
"""Dimensions of every score."""
DIMENSIONS: Final = f"{', '.join(OWN)}, city, segment, variant:SLOT"
WHOLE: Final = "none"
MOST: Final = 3
"""Dimensions of one question."""
WEEKS: Final = 4
"""Weeks of the period where no `from` is given."""
STEP: Final = 300
"""Seconds: without `to` a period ends on a multiple, so that equal questions share one answer."""
BEFORE: Final = "before"
COMPARES: Final = (BEFORE, "week", *MONTHS, WHOLE)
_WEEK: Final = 7.0 * DAY
_NEAR: Final = 1e-3


class FeedbackPeriod(NamedTuple):
    """A period of scores.

    Attributes:
        start: seconds since the epoch, included.
        end: seconds since the epoch, excluded.
    """

    start: float
    end: float


@dataclass(frozen=True)
class ExperienceQuestion:
    """A question about scores.

    Attributes:
        period: in which the scores were given.
        by: dimensions, at most `MOST`; none for no cells.
        compare: `before` for the time of the same length right before; `week`, `month`, `quarter`
            for the same time so much earlier; empty for none.
        zone: IANA name of the zone of days, weeks, months, hours and labels.
        where: dimensions with the values that the scores have; none for all scores.
    """

    period: FeedbackPeriod
    by: tuple[str, ...] = (SCENE,)
    compare: str = BEFORE
    zone: str = ZONE
    where: Where = ()

    @property
    def calendar(self) -> OperatorCalendar:
        """The calendar of the question's days and labels."""
        return OperatorCalendar.named(self.zone)

    @property
    def unit(self) -> Unit | None:
        """The unit of time among the dimensions; None without one."""
        return next((unit for unit in UNITS if unit in self.by), None)

    @property
    def plain(self) -> dict[str, object]:
        """The question as JSON."""
        ends = {"from": self.period.start, "to": self.period.end}
        more = {"where": plain_where(self.where)} if self.where else {}
        return {**ends, "by": list(self.by), "compare": self.compare, "zone": self.zone, **more}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> ExperienceQuestion:
        """Read a question from its `plain` form."""
        period = FeedbackPeriod(float(plain["from"]), float(plain["to"]))
        by = tuple(map(str, plain["by"]))
        return cls(
            period, by, str(plain["compare"]), str(plain["zone"]), read_where(plain.get("where"))
        )

    @property
    def before(self) -> FeedbackPeriod | None:
        """The period to compare with; None where nothing is compared."""
        start, end = self.period
        if not self.compare:
            return None
        if self.compare == BEFORE:
            return FeedbackPeriod(self._start_before(), start)
        back = {"weeks": 1} if self.compare == "week" else {"months": MONTHS[self.compare]}
        until = min(self.calendar.earlier_end(end, **back), start)
        return FeedbackPeriod(self.calendar.earlier(start, **back), until)

    def _start_before(self) -> float:
        """Return the start of the time of the same length: of whole weeks, by the calendar."""
        start, end = self.period
        weeks = round((end - start) / _WEEK)
        if weeks and abs(self.calendar.earlier(end, weeks=weeks) - start) < _NEAR:
            return self.calendar.earlier(start, weeks=weeks)
        return start - (end - start)

    @property
    def first(self) -> float:
        """The moment from which scores are read, for the period, and for what it is compared with.

        The first day, week or month of a period is compared with the one before it.
        """
        earliest = self.period.start if self.before is None else self.before.start
        if self.unit is None or not self.compare:
            return earliest
        calendar, start = self.calendar, self.period.start
        # A day more than a unit, and the longest month, so that the unit before is whole.
        days = {"day": 2, "week": 14, "month": 62}[self.unit]
        return min(earliest, calendar.start_of_day(calendar.day_of(start) - days))


def experience_question(
    texts: Mapping[str, str],
    now: float,
    slots: Collection[str] | None,
    calendar: OperatorCalendar,
    step: int = STEP,
) -> ExperienceQuestion:
    """Read a question about scores from the parameters of a query.

    Args:
        texts: parameter -> text.
        now: seconds.
        slots: names of the slots in service; None where they are not known.
        calendar: of dates, periods and labels.
        step: seconds; see `STEP`.

    Raises:
        InvalidRequestError: a parameter is unknown or makes no sense; each by name, with the cure.
    """
    for name in texts:
        if name not in PARAMETERS:
            raise _wrong(name, f"unknown parameter; use {', '.join(PARAMETERS)}")
    by = _dimensions(texts.get("by"), slots)
    where = filter_of(texts.get("where"), _names(slots))
    ends = texts.get("from"), texts.get("to")
    period = _period(*ends, math.ceil(now / step) * step, calendar)
    found = ExperienceQuestion(period, by, BEFORE, calendar.zone.key, where)
    return _compared(found, texts.get("compare"))


def _compared(found: ExperienceQuestion, text: str | None) -> ExperienceQuestion:
    if text is None:
        return found
    if text not in COMPARES:
        raise _wrong("compare", f"unknown period {text!r}; use {', '.join(COMPARES)}")
    if text == WHOLE:
        return replace(found, compare="")
    if text != BEFORE and found.unit is not None:
        unit = found.unit
        raise _wrong("compare", f"each {unit} is compared with the {unit} before; leave it out")
    found = replace(found, compare=text)
    if found.before is not None and found.before.start >= found.before.end:
        cure = "use compare=before, or a shorter period"
        raise _wrong("compare", f"the {text} before has no such days; {cure}")
    return found


def _period(
    start: str | None, end: str | None, now: float, calendar: OperatorCalendar
) -> FeedbackPeriod:
    asked = period_of(start, end, calendar)
    until = now if asked.end is None else asked.end
    since = calendar.earlier(until, weeks=WEEKS) if asked.start is None else asked.start
    if not since < until:
        raise _wrong("from", "is not before the period's end; give an earlier time")
    return FeedbackPeriod(since, until)


def _dimensions(text: str | None, slots: Collection[str] | None) -> tuple[str, ...]:
    if text is None:
        return (SCENE,)
    if text == WHOLE:
        return ()
    names = [mask_numbers(name.strip()) for name in text.split(",")]
    for name in names:
        problem = _unknown(name, slots)
        if problem:
            raise _wrong("by", f"{problem}, or none")
    if len(names) > MOST or len(set(names)) < len(names):
        raise _wrong("by", f"give at most {MOST} different dimensions")
    if sum(name in UNITS for name in names) > 1:
        raise _wrong("by", f"give one of {', '.join(UNITS)}")
    return tuple(names)


def _names(slots: Collection[str] | None) -> NameReader:
    def named(name: str, value: str) -> tuple[str, str]:
        if name == VARIANT.removesuffix(":"):
            slot, colon, variant = value.partition(":")
            if not (slot and colon):
                right = "write slot and variant: variant:banner:data"
                raise wrong_filter(f"variant does not fit; {right}")
            name, value = VARIANT + slot, variant
        problem = _unknown(name, slots)
        if problem:
            raise wrong_filter(problem)
        return name, value

    return named


def _unknown(name: str, slots: Collection[str] | None) -> str:
    """Return the problem of a dimension; empty for one that scores have."""
    right = f"use {DIMENSIONS}, or a context attribute"
    if name.startswith(VARIANT):
        slot = name.removeprefix(VARIANT)
        known = slots is None or slot in slots
        return "" if slot and known else f"unknown slot {slot!r}; {right}"
    if not re.fullmatch(ATTRIBUTE_FORM, name.removeprefix(CONTEXT)):
        return f"{name!r} is not a dimension; {right}"
    return ""


def _wrong(name: str, what: str) -> InvalidRequestError:
    return InvalidRequestError(f"{name}: {what}", {name: [what]})
