"""Parameters of a query as a question about the funnel."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from typing import Final, cast, get_args

from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.slot_values import ATTRIBUTE_FORM
from nudge.domain.funnel.funnel import UNKNOWN, VARIANT, Compare, FunnelQuestion, VisitPeriod
from nudge.domain.funnel.funnel import period_of as visit_period
from nudge.domain.reports import questions
from nudge.domain.reports.filters import NameReader, filter_of, wrong_filter
from nudge.domain.reports.questions import CLOCK, CONTEXT, UNITS, period_of
from nudge.domain.values.number_words import mask_numbers
from nudge.errors import InvalidRequestError

PARAMETERS: Final = ("from", "to", "by", "slot", "where", "compare")
USUAL: Final = "channel"
WHOLE: Final = "none"
STEP: Final = 300
"""Seconds: without `to` a period ends on a multiple, so that equal questions share one answer."""
OWN: Final = ("channel", "page", *UNITS, *CLOCK)
"""Dimensions of every visit."""
DIMENSIONS: Final = f"channel, page, city, segment, {', '.join((*UNITS, *CLOCK))}, variant:SLOT"
FOREIGN: Final = frozenset(questions.DIMENSIONS) - frozenset(OWN)
"""Dimensions of an exposure that no visit has."""
REVISION: Final = "revision"


def funnel_question(
    texts: Mapping[str, str],
    now: float,
    slots: Collection[str] | None,
    calendar: OperatorCalendar,
    step: int = STEP,
) -> FunnelQuestion:
    """Read a question about the funnel from the parameters of a query.

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
    compare = _compare(texts.get("compare"))
    by = _dimension(texts.get("by"), texts.get("slot"), slots)
    where = filter_of(texts.get("where"), _names(slots))
    period = _period(texts.get("from"), texts.get("to"), math.ceil(now / step) * step, calendar)
    found = FunnelQuestion(period, by, compare, calendar.zone.key, where)
    # The last week never does; where a clock goes back, it might seem to.
    if texts.get("from") is not None and found.overlaps(now):
        cure = "give a later `from`, or an earlier `to`"
        long = f"the period is longer than a {compare}, so that the one before overlaps it"
        raise _wrong("compare", f"{long}; {cure}")
    return found


def _compare(text: str | None) -> Compare | None:
    words = get_args(Compare)
    if text == REVISION:
        why = "a revision is of one slot, and visits belong to none"
        raise _wrong("compare", f"{why}; use {', '.join(words)}, or compare=revision of a slot")
    if text is not None and text not in words:
        raise _wrong("compare", f"unknown period {text!r}; use {', '.join(words)}")
    return cast("Compare | None", text)


def _period(
    start: str | None, end: str | None, now: float, calendar: OperatorCalendar
) -> VisitPeriod:
    asked = period_of(start, end, calendar)
    until = now if asked.end is None else asked.end
    # By the calendar: where the clock changes a week is an hour longer or shorter.
    since = calendar.earlier(until, weeks=1) if asked.start is None else asked.start
    return visit_period(since, until, now)


def _dimension(by: str | None, slot: str | None, slots: Collection[str] | None) -> str:
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
        if slots is not None and by.removeprefix(VARIANT) not in slots:
            raise _wrong("slot" if slot else "by", f"unknown slot {by.removeprefix(VARIANT)!r}")
        return by
    problem = _unknown(by)
    if problem:
        raise _wrong("by", f"{problem}, or none")
    return mask_numbers(by)


def _names(slots: Collection[str] | None) -> NameReader:
    def named(name: str, value: str) -> tuple[str, str]:
        if name != VARIANT.removesuffix(":"):
            problem = _unknown(name)
            if problem:
                raise wrong_filter(problem)
            return name, value
        slot, colon, variant = value.partition(":")
        if not (slot and colon):
            raise wrong_filter("variant does not fit; write slot and variant: variant:banner:data")
        if slots is not None and slot not in slots:
            raise wrong_filter(f"unknown slot {slot!r}")
        return VARIANT + slot, variant

    return named


def _unknown(name: str) -> str:
    """Return the problem of a dimension; empty for one that visits have."""
    attribute = name.removeprefix(CONTEXT)
    right = f"use {DIMENSIONS}, or a context attribute"
    if not re.fullmatch(ATTRIBUTE_FORM, attribute):
        return f"{name!r} is not a dimension; {right}"
    if name in FOREIGN:
        own = f"context.{name} for an attribute of that name"
        return f"{name!r} is of a slot's exposures, not of visits; {right}: {own}"
    return ""


def _wrong(name: str, what: str) -> InvalidRequestError:
    return InvalidRequestError(f"{name}: {what}", {name: [what]})
