"""The date of a call: a date that is known of the visitor moves it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from nudge.domain.basics.calendar import OperatorCalendar, parse_date
from nudge.domain.slots.slot import Scalar
from nudge.domain.winback.winback_policy import KnownDate


class CallDate(NamedTuple):
    """The date that moves a call.

    Attributes:
        due: seconds at which the call is due.
        date: seconds of the date itself.
        known: the date's entry in the policy.
    """

    due: float
    date: float
    known: KnownDate


def call_date(
    dates: Iterable[KnownDate],
    attributes: Mapping[str, Scalar],
    at: float,
    calendar: OperatorCalendar,
) -> CallDate | None:
    """Return the date that moves the call to a visitor: the one whose call is due first.

    A date that has passed, or is too far away, moves nothing.

    Args:
        dates: of the policy.
        attributes: of the visitor.
        at: seconds, now.
        calendar: of the operator, for days without a time.
    """
    found: list[CallDate] = []
    for one in dates:
        date = _moment(attributes.get(one.attribute), calendar)
        if date is not None and at <= date <= at + one.within:
            found.append(CallDate(max(date - one.before, at), date, one))
    return min(found, key=lambda one: (one.due, one.date), default=None)


def _moment(value: Scalar | None, calendar: OperatorCalendar) -> float | None:
    """Return the second that an attribute's value means; None where it means none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value)
    day = parse_date(value[:10])
    return None if day is None else calendar.start_of_day(day)


def date_words(found: CallDate, calendar: OperatorCalendar) -> dict[str, str]:
    """Return in words, by language, which date moves the call."""
    day = calendar.label(found.date)[:10]
    titles, name = found.known.title, found.known.attribute
    zh, en = titles.get("zh", name), titles.get("en", name)
    return {
        "zh": f"{zh}为 {day}，届时联系。",
        "en": f"The {en} is on {day}: the call waits for it.",
    }
