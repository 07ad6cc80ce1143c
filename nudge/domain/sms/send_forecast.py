"""Forecast of sends: what is planned for the next days, hour by hour, against the capacity. Pure.

Hours are those in which capacity is counted: whole hours of UTC. Each is told in the day and by the
clock of the policy's zone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bandits.units import HOUR
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.basics.intervals import without
from nudge.domain.basics.local_time import date_of
from nudge.domain.contact.contact_calendar import calendar_blocks, closed_reason
from nudge.domain.contact.contact_capacity import limit
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.reports.sentences import Said
from nudge.domain.sms.spoken_times import spoken_moment

DAYS: Final = 7
MOST_DAYS: Final = 31
_HALF: Final = HOUR / 2
"""An hour that two days share is in the one of its middle: some zones are half an hour off."""


@dataclass(frozen=True)
class ForecastHour:
    """An hour of the forecast.

    Attributes:
        at: seconds, its start.
        planned: contacts that are planned in it; 0 where nobody counts them.
        closed: reason for which nothing goes out in all of it; None where some of it is open.
    """

    at: float
    planned: int
    closed: str | None


@dataclass(frozen=True)
class ForecastDay:
    """A day of the forecast.

    Attributes:
        date: ISO 8601.
        closed: reason for which the whole day is closed; None where it is open.
        hours: that begin in it.
    """

    date: str
    closed: str | None
    hours: tuple[ForecastHour, ...]

    @property
    def planned(self) -> int:
        """Contacts that are planned in the day."""
        return sum(one.planned for one in self.hours)

    @property
    def open_hours(self) -> int:
        """Hours in which something may go out."""
        return sum(one.closed is None for one in self.hours)


@dataclass(frozen=True)
class SendForecast:
    """The plans of some days for one channel.

    Attributes:
        policy: of contacts, which knows the channel.
        channel: of the contacts.
        days: in order.
    """

    policy: ContactPolicy
    channel: str
    days: tuple[ForecastDay, ...]

    @property
    def capacity(self) -> int | None:
        """Contacts that the gateway takes in an hour; None for no limit: then none are counted."""
        return self.policy.channels[self.channel].capacity

    @property
    def planned(self) -> int:
        """Contacts that are planned in all days."""
        return sum(day.planned for day in self.days)

    @property
    def fullest(self) -> ForecastHour | None:
        """The hour with most plans; None without a plan."""
        hours = [hour for day in self.days for hour in day.hours if hour.planned]
        return max(hours, key=lambda hour: hour.planned, default=None)


def forecast_hours(policy: ContactPolicy, at: float, days: int) -> range:
    """Return the hours since the epoch of some days, from the start of today on."""
    calendar = OperatorCalendar(policy.zone)
    today = calendar.day_of(at)
    ends = (calendar.start_of_day(day) for day in (today, today + days))
    return range(*(math.ceil((end - _HALF) / HOUR) for end in ends))


def send_forecast(
    policy: ContactPolicy, channel: str, hours: Iterable[int], planned: Mapping[int, int]
) -> SendForecast:
    """Return the forecast of one channel.

    Args:
        policy: of contacts, which knows the channel.
        channel: of the contacts.
        hours: of `forecast_hours`.
        planned: hour -> contacts.
    """
    calendar = OperatorCalendar(policy.zone)
    days: dict[int, list[ForecastHour]] = {}
    for hour in hours:
        start = float(hour * HOUR)
        found = ForecastHour(start, planned.get(hour, 0), _closed(policy, channel, start))
        days.setdefault(calendar.day_of(start + _HALF), []).append(found)
    told = (
        ForecastDay(date_of(day).isoformat(), closed_reason(policy, day), tuple(those))
        for day, those in days.items()
    )
    return SendForecast(policy, channel, tuple(told))


def _closed(policy: ContactPolicy, channel: str, start: float) -> str | None:
    end = start + HOUR
    blocks = list(calendar_blocks(policy, policy.zone, policy.channels[channel], start, end))
    if without(((start, end),), ((low, high) for _, low, high in blocks)):
        return None
    return blocks[0][0]


def forecast_view(found: SendForecast, calendar: OperatorCalendar, now: float) -> dict[str, object]:
    """Return the forecast as plain JSON; labels are by the operator's calendar."""
    return {
        "channel": found.channel,
        "zone": found.policy.zone.key,
        "capacity": found.capacity,
        "planned": found.planned if found.capacity is not None else None,
        "purposes": _purposes(found),
        "days": [_day(found, one, calendar) for one in found.days],
        "headline": _headline(found, now),
    }


def _purposes(found: SendForecast) -> Sequence[dict[str, object]]:
    """Return from how many contacts in an hour on each purpose finds no room."""
    return [
        {"name": one.name, "most": limit(found.policy, one.name, found.channel)}
        for one in found.policy.purposes.values()
    ]


def _day(found: SendForecast, day: ForecastDay, calendar: OperatorCalendar) -> dict[str, object]:
    most = found.capacity
    return {
        "date": day.date,
        "closed": day.closed,
        "planned": None if most is None else day.planned,
        "capacity": None if most is None else most * day.open_hours,
        "hours": [
            {
                "at": calendar.label(one.at),
                "planned": None if most is None else one.planned,
                "closed": one.closed,
            }
            for one in day.hours
        ],
    }


def _headline(found: SendForecast, now: float) -> Said:
    days, most, fullest = len(found.days), found.capacity, found.fullest
    if most is None:
        return {
            "zh": f"{found.channel} 没有设置通道容量，排期不按小时计数。",
            "en": f"The channel {found.channel} has no capacity set: its plans are not counted.",
        }
    if fullest is None:
        return {
            "zh": f"未来 {days} 天还没有排期。",
            "en": f"Nothing is planned for the next {days} days.",
        }
    room = most * sum(day.open_hours for day in found.days)
    share, peak = _percent(found.planned, room), _percent(fullest.planned, most)
    when = spoken_moment(found.policy.zone, fullest.at, now)
    return {
        "zh": f"未来 {days} 天已排期 {found.planned:,} 条，占通道容量{share['zh']}；"
        f"最满的一小时是 {when['zh']}，占{peak['zh']}。",
        "en": f"{found.planned:,} sends are planned for the next {days} days, {share['en']} of the "
        f"capacity; the fullest hour is that of {when['en']}, with {peak['en']}.",
    }


def _percent(part: int, whole: int) -> Said:
    share = 100.0 * part / whole if whole else 100.0
    if 0.0 < share < 1.0:
        return {"zh": "不到 1%", "en": "less than 1 %"}
    return {"zh": f" {share:.0f}%", "en": f"{share:.0f} %"}
