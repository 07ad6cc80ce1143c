"""Heat maps of sends: effect and number by day and hour, shaped from the API's answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from nudge.pages.api_door import ApiAnswer
from nudge.pages.formats import exact, number, rate, rate_interval
from nudge.pages.translation import gettext as _
from nudge.pages.translation import ngettext

HOURS: Final = range(24)
MONTH: Final = range(1, 32)
BEFORE: Final = range(21, -8, -1)
"""Days before the expected recharge, from the left: time runs to the right."""
REFUSED: Final = 400
Cell = Mapping[str, Any]


@dataclass(frozen=True)
class HeatMaps:
    """The two maps of a question, or why there are none.

    Attributes:
        report: body of the answer; None while a worker makes it, and where it could not.
        pending: a worker still makes it.
        refusal: why it could not be made.
        effect: data of the chart of rates.
        sample: data of the chart of numbers.
        days: data of the chart of rates by day, over all hours.
        hours: data of the chart of rates by hour, over all days.
        cells: rows of the table, by day and hour.
    """

    report: Mapping[str, Any] | None = None
    pending: bool = False
    refusal: str = ""
    effect: Mapping[str, Any] = field(default_factory=dict)
    sample: Mapping[str, Any] = field(default_factory=dict)
    days: Mapping[str, Any] = field(default_factory=dict)
    hours: Mapping[str, Any] = field(default_factory=dict)
    cells: Sequence[Cell] = ()

    @property
    def compares_cells(self) -> bool:
        """True where some cell has enough sends to be compared."""
        return any(not one["thin"] for one in self.cells)

    @property
    def is_empty(self) -> bool:
        """True where no send has matured."""
        return self.report is not None and not self.report["total"]["exposures"]


def heat_maps(answer: ApiAnswer, policy: Mapping[str, Any]) -> HeatMaps:
    """Return the maps of an answer.

    Args:
        answer: of `GET /v1/sms/effects`.
        policy: answer of `GET /v1/contact-policy`, for quiet hours and closed days.
    """
    if answer.status >= REFUSED:
        return HeatMaps(refusal=str((answer.body or {}).get("message", "")))
    if answer.pending:
        return HeatMaps(pending=True)
    report = answer.body
    days = MONTH if report["by"] == "month_day" else BEFORE
    frame = {
        "x": [str(day) for day in days],
        "y": [f"{hour:02d}:00" for hour in HOURS],
        "hatched": [{"x": x, "y": hour} for hour in quiet_hours(policy) for x in range(len(days))],
    }
    if report["by"] == "month_day":
        frame["marks_x"] = closed_days(policy, report["as_of"][:7])
    place = {day: x for x, day in enumerate(days)}
    cells = [
        {**one, "name": day_name(one["day"], report["by"])}
        for one in report["cells"]
        if one["day"] in place
    ]
    return HeatMaps(
        report,
        effect=frame | {"unit": "rate", "cells": [_effect(one, place) for one in cells]},
        sample=frame | {"unit": "count", "cells": [_sample(one, place) for one in cells]},
        days=_line(report["days"], "day", days),
        hours=_line(report["hours"], "hour", HOURS),
        cells=cells,
    )


def _line(groups: Sequence[Cell], name: str, places: Iterable[int]) -> dict[str, Any]:
    """Return the chart of rates with their intervals; a thin place is a gap."""
    known = {one[name]: one for one in groups if not one["thin"] and one["interval"]}
    told = [known.get(place) for place in places]
    return {
        "x": [str(place) for place in places],
        "unit": "rate",
        "times": False,
        "series": [
            {
                "name": _("Rate"),
                "values": [one and one["rate"] for one in told],
                "low": [one and one["interval"][0] for one in told],
                "high": [one and one["interval"][1] for one in told],
                "colour": 0,
            }
        ],
    }


def quiet_hours(policy: Mapping[str, Any], channel: str = "sms") -> list[int]:
    """Return the hours of the day of which every minute is quiet for a channel."""
    spans = [one["quiet"] for one in policy["channels"] if one["name"] == channel]
    minutes: set[int] = set()
    for span in spans[0] if spans else []:
        start, end = (int(one[:2]) * 60 + int(one[3:]) for one in span.split("-"))
        own = range(start, end) if start < end else (*range(start, 1440), *range(end))
        minutes.update(own)
    return [hour for hour in HOURS if all(hour * 60 + n in minutes for n in range(60))]


def closed_days(policy: Mapping[str, Any], month: str) -> list[int]:
    """Return the places on the axis of the month's days on which no contact is made.

    `month` is such as 2026-11.
    """
    dates = [one["date"] for one in policy["closed_days"]]
    return [int(one[8:]) - 1 for one in dates if one.startswith(month)]


def _effect(one: Cell, place: Mapping[int, int]) -> dict[str, Any]:
    thin = one["thin"] or one["rate"] is None
    text = _thin_text(one) if thin else _rate_text(one)
    return _placed(one, place) | {"value": one["rate"], "thin": thin, "text": text}


def _sample(one: Cell, place: Mapping[int, int]) -> dict[str, Any]:
    text = _("%(exposures)s sends, %(where)s", exposures=exact(one["exposures"]), where=_where(one))
    return _placed(one, place) | {"value": one["exposures"], "thin": False, "text": text}


def _placed(one: Cell, place: Mapping[int, int]) -> dict[str, Any]:
    return {"x": place[one["day"]], "y": one["hour"]}


def _rate_text(one: Cell) -> str:
    ends = one["interval"] or (None, None)
    return _(
        "%(where)s: %(rate)s (%(interval)s) of %(exposures)s sends led to a recharge",
        where=_where(one),
        rate=rate(one["rate"]),
        interval=rate_interval(*ends),
        exposures=exact(one["exposures"]),
    )


def _thin_text(one: Cell) -> str:
    return _(
        "%(where)s: too few sends (%(exposures)s); %(missing)s more like these would do",
        where=_where(one),
        exposures=exact(one["exposures"]),
        missing=number(one["missing"]),
    )


def _where(one: Cell) -> str:
    hour = f"{one['hour']:02d}:00"
    return _("%(day)s, %(hour)s", day=one["name"], hour=hour)


def day_name(day: int, by: str) -> str:
    """Return a day of the maps in the reader's words."""
    if by == "month_day":
        return _("Day %(day)s of the month", day=day)
    if day == 0:
        return _("Expected day")
    if day > 0:
        return ngettext("%(num)s day before", "%(num)s days before", day)
    return ngettext("%(num)s day after", "%(num)s days after", -day)


def map_rows(maps: HeatMaps) -> tuple[Sequence[str], list[Sequence[object]]]:
    """Return header and rows of the table of cells, for a file; a hidden figure is empty."""
    header = (
        *(_("Day"), _("Hour"), _("Sends"), _("People"), _("Recharges"), _("Rate")),
        *(_("Low end"), _("High end"), _("Effective sends"), _("Missing")),
    )
    return header, [_row(one) for one in maps.cells]


def _row(one: Cell) -> Sequence[object]:
    low, high = one["interval"] or (None, None)
    return (
        *(one["day"], one["hour"], one["exposures"], one["people"], one["conversions"]),
        *(one["rate"], low, high, one["effective"], one["missing"]),
    )
