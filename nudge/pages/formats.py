"""Formats of numbers, money and times in the reader's habit, as filters of the templates.

Chinese readers have tens of thousands (1.2 万), English ones commas (12,000). An absent value is an
en dash: it is never a zero.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal, format_percent
from flask import Flask, current_app
from markupsafe import Markup, escape

from nudge.pages.translation import TAGS, language, spoken

NOTHING: Final = "–"
FEN: Final = 100
_WAN: Final = 10_000
_YI: Final = 100_000_000
_MOMENT: Final[Mapping[str, str]] = {"zh": "y年M月d日 HH:mm", "en": "d MMM y, HH:mm"}
_DAY: Final[Mapping[str, str]] = {"zh": "M月d日", "en": "d MMM"}
_CLOCK: Final = "HH:mm"
Number = float | int
Time = float | str


def number(value: Number | None) -> str:
    """Format a count or an amount: 1.2 万 or 12,000."""
    if value is None:
        return NOTHING
    if language() == "zh" and abs(value) >= _WAN:
        unit, name = (_YI, "亿") if abs(value) >= _YI else (_WAN, "万")
        return f"{format_decimal(value / unit, '#,##0.#', locale='zh')} {name}"
    return format_decimal(value, "#,##0.##", locale=_locale())


def exact(value: Number | None) -> str:
    """Format a count with all of its digits: 12,000 in both languages."""
    return NOTHING if value is None else format_decimal(value, "#,##0.####", locale=_locale())


def rate(value: Number | None, digits: int = 1) -> str:
    """Format a share in [0, 1] as a percentage: 4.2%."""
    return NOTHING if value is None else format_percent(value, _places(digits), locale=_locale())


def signed_rate(value: Number | None, digits: int = 1) -> str:
    """Format a change of a share or a lift with its sign: +7.4%."""
    if value is None:
        return NOTHING
    pattern = _places(digits)
    return format_percent(value, f"+{pattern};-{pattern}", locale=_locale())


def rate_interval(low: Number | None, high: Number | None, digits: int = 1) -> str:
    """Format the two ends of an interval of shares: 3.9%–4.6%."""
    return NOTHING if low is None or high is None else f"{rate(low, digits)}–{rate(high, digits)}"


def money_of_yuan(value: Number | None, digits: int = 0) -> str:
    """Format an amount in yuan: ¥182,400."""
    if value is None:
        return NOTHING
    places = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return format_decimal(value, f"¥{places};-¥{places}", locale=_locale())


def money_of_fen(value: Number | None, digits: int = 0) -> str:
    """Format an amount in fen, in yuan."""
    return NOTHING if value is None else money_of_yuan(value / FEN, digits)


def moment(value: Time | None) -> str:
    """Format a time: 2026年11月28日 10:24 or 28 Nov 2026, 10:24, in the operator's zone."""
    return _dated(value, _MOMENT[language()])


def day(value: Time | None) -> str:
    """Format the day of a time: 11月28日 or 28 Nov."""
    return _dated(value, _DAY[language()])


def date_of(value: str | None) -> str:
    """Format a day of the operator's calendar, as the API names it: 11月28日 or 28 Nov."""
    if value is None:
        return NOTHING
    return format_date(date.fromisoformat(value), _DAY[language()], locale=_locale())


def clock(value: Time | None) -> str:
    """Format the time of day: 10:24."""
    return _dated(value, _CLOCK)


def iso(value: Time | None) -> str:
    """Format a time for machines, such as the attribute of `<time>`."""
    return "" if value is None else _local(value).isoformat(timespec="seconds")


def duration(seconds: Number | None) -> str:
    """Format a span of time in its largest unit: 3 小时 or 3 hours."""
    if seconds is None:
        return NOTHING
    return format_timedelta(timedelta(seconds=float(seconds)), locale=_locale())


def ago(seconds: Number | None) -> str:
    """Format how long ago something was: 3小时前 or 3 hours ago."""
    if seconds is None:
        return NOTHING
    span = timedelta(seconds=-float(seconds))
    return format_timedelta(span, add_direction=True, locale=_locale())


def naming(sentence: str, name: str) -> Markup:
    """Mark a name within a sentence as data, so that it is read as it is and never translated."""
    pattern = rf"(?<![\w.-]){re.escape(str(escape(name)))}(?![\w.-])"
    told = Markup('<bdi class="data">{}</bdi>').format(name)
    return Markup(re.sub(pattern, lambda _: told, str(escape(sentence))))  # noqa: S704 - both are escaped


FILTERS: Final = (
    number,
    exact,
    rate,
    signed_rate,
    rate_interval,
    money_of_yuan,
    money_of_fen,
    moment,
    day,
    date_of,
    clock,
    iso,
    duration,
    ago,
    spoken,
    naming,
)


def register_formats(app: Flask) -> None:
    """Add the filters to the templates of an app."""
    for one in FILTERS:
        app.add_template_filter(one)


def _locale() -> str:
    return TAGS[language()].replace("-", "_")


def _places(digits: int) -> str:
    return f"#,##0.{'0' * digits}%" if digits else "#,##0%"


def _dated(value: Time | None, pattern: str) -> str:
    return NOTHING if value is None else format_datetime(_local(value), pattern, locale=_locale())


def _local(value: Time) -> datetime:
    zone: ZoneInfo = current_app.extensions["nudge.pages"].zone
    if isinstance(value, str):
        found = datetime.fromisoformat(value)  # a day has no zone: it is the operator's
        return found.astimezone(zone) if found.tzinfo else found.replace(tzinfo=zone)
    return datetime.fromtimestamp(value, zone)
