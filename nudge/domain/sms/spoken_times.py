"""Moments as sentences name them, Chinese and English, by the clock of a time zone. Pure."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from nudge.domain.basics.local_time import date_of, local
from nudge.domain.contact.contact_words import clock_time
from nudge.domain.reports.sentences import MONTHS, Said

EVENING: Final = 18 * 3600
"""Second of the day from which on today is tonight."""


def spoken_day(zone: ZoneInfo, at: float, now: float) -> Said:
    """Return the date of a moment, with its year where it is not that of `now` (both seconds)."""
    found, this = (date_of(local(zone, moment)[0]) for moment in (at, now))
    zh = f"{found.month} 月 {found.day} 日"
    en = f"{found.day} {MONTHS[found.month - 1]}"
    if found.year == this.year:
        return {"zh": zh, "en": en}
    return {"zh": f"{found.year} 年 {zh}", "en": f"{en} {found.year}"}


def spoken_moment(zone: ZoneInfo, at: float, now: float) -> Said:
    """Return date and clock time of a moment, with its year where it is not that of `now`."""
    day, clock = spoken_day(zone, at, now), clock_time(local(zone, at)[1])
    return {"zh": f"{day['zh']} {clock}", "en": f"{day['en']}, {clock}"}


def is_evening(zone: ZoneInfo, at: float) -> bool:
    """Return whether a moment lies in the evening."""
    return local(zone, at)[1] >= EVENING
