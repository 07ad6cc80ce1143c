"""Parameters of a query as a question about the funnel."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from typing import Final, cast, get_args

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.slot_values import ATTRIBUTE_FORM
from nudge.domain.funnel.funnel import UNKNOWN, VARIANT, WEEK, Compare, FunnelQuestion, VisitPeriod
from nudge.domain.reports.questions import period_of
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import InvalidRequestError

PARAMETERS: Final = ("from", "to", "by", "slot", "compare")
USUAL: Final = "channel"
WHOLE: Final = "none"
STEP: Final = 300
"""Seconds: without `to` a period ends on a multiple, so that equal questions share one answer."""
DIMENSIONS: Final = "channel, page, city, segment, day, week, month, variant:SLOT"


def funnel_question(
    texts: Mapping[str, str], now: float, slots: Collection[str], calendar: OperatorCalendar
) -> FunnelQuestion:
    """Read a question about the funnel from the parameters of a query.

    Args:
        texts: parameter -> text.
        now: seconds.
        slots: names of the slots in service.
        calendar: of dates, periods and labels.

    Raises:
        InvalidRequestError: a parameter is unknown or makes no sense; each by name, with the cure.
    """
    for name in texts:
        if name not in PARAMETERS:
            raise _wrong(name, f"unknown parameter; use {', '.join(PARAMETERS)}")
    compare = texts.get("compare")
    if compare is not None and compare not in get_args(Compare):
        raise _wrong("compare", f"unknown period {compare!r}; use {', '.join(get_args(Compare))}")
    by = _dimension(texts.get("by"), texts.get("slot"), slots)
    period = _period(texts.get("from"), texts.get("to"), now, calendar)
    return FunnelQuestion(period, by, cast("Compare | None", compare), calendar.zone.key)


def _period(
    start: str | None, end: str | None, now: float, calendar: OperatorCalendar
) -> VisitPeriod:
    asked = period_of(start, end, calendar)
    until = math.ceil(now / STEP) * STEP if asked.end is None else asked.end
    since = until - WEEK.total_seconds() if asked.start is None else asked.start
    if not since < until:
        raise _wrong("from", "lies ahead; give an earlier time")
    return VisitPeriod(since, until)


def _dimension(by: str | None, slot: str | None, slots: Collection[str]) -> str:
    variant = VARIANT.removesuffix(":")
    if slot is not None:
        if by not in {None, variant}:
            raise _wrong("slot", "goes with by=variant; leave it out")
        by = VARIANT + slot
    if by is None:
        return USUAL
    if by == WHOLE:
        return UNKNOWN
    if by == variant:
        raise _wrong("slot", "is missing; by=variant needs the slot whose variants are meant")
    if by.startswith(VARIANT):
        if by.removeprefix(VARIANT) not in slots:
            raise _wrong("slot" if slot else "by", f"unknown slot {by.removeprefix(VARIANT)!r}")
        return by
    if not re.fullmatch(ATTRIBUTE_FORM, by):
        raise _wrong("by", f"is not a dimension; use {DIMENSIONS}, a context attribute, or none")
    return mask_numbers(by)


def _wrong(name: str, what: str) -> InvalidRequestError:
    return InvalidRequestError(f"{name}: {what}", {name: [what]})
