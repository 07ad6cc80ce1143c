"""The plan of the next days against the capacity, shaped from the API's answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import current_app

from nudge.pages.access import EXTENSION
from nudge.pages.translation import gettext as _

NEAR: Final = 0.1
"""Share of the capacity from which on its line is drawn: below, the plans would be a flat line."""


@dataclass(frozen=True)
class PlanDay:
    """A day of the plan.

    Attributes:
        date: ISO 8601.
        closed: code of the reason for which nothing goes out; None for an open day.
        planned: contacts; None where nobody counts them.
        capacity: of its open hours; None without a limit.
        peak: share of the capacity that its fullest hour takes; None where nobody counts.
    """

    date: str
    closed: str | None
    planned: int | None
    capacity: int | None
    peak: float | None

    @property
    def share(self) -> float | None:
        """Share of the day's capacity that is planned."""
        if self.planned is None or not self.capacity:
            return None
        return self.planned / self.capacity


@dataclass(frozen=True)
class SendPlan:
    """The plan of the next days.

    Attributes:
        headline: by language.
        capacity: contacts in an hour; None without a limit.
        planned: contacts in all; None where nobody counts them.
        days: in order.
        chart: data of the chart of hours.
        purposes: (name, contacts in an hour from which on it finds no room or None).
    """

    headline: Mapping[str, str]
    capacity: int | None
    planned: int | None
    days: Sequence[PlanDay]
    chart: Mapping[str, Any]
    purposes: Sequence[tuple[str, int | None]]

    @property
    def limited(self) -> list[tuple[str, int]]:
        """The purposes that find no room before an hour is full, each with its most contacts."""
        whole = self.capacity or 0
        return [(name, most) for name, most in self.purposes if most is not None and most < whole]


def send_plan(body: Mapping[str, Any]) -> SendPlan:
    """Return the plan of an answer of `GET /v1/sms/forecast`."""
    return SendPlan(
        body["headline"],
        body["capacity"],
        body["planned"],
        [_day(one, body["capacity"]) for one in body["days"]],
        _chart(body),
        [(one["name"], one["most"]) for one in body["purposes"]],
    )


def _day(one: Mapping[str, Any], most: int | None) -> PlanDay:
    hours = [hour["planned"] for hour in one["hours"] if hour["planned"] is not None]
    peak = max(hours, default=0) / most if most and hours else None
    return PlanDay(one["date"], one["closed"], one["planned"], one["capacity"], peak)


def _chart(body: Mapping[str, Any]) -> dict[str, Any]:
    hours = [hour for day in body["days"] for hour in day["hours"]]
    values, most = [hour["planned"] or 0 for hour in hours], body["capacity"]
    data: dict[str, Any] = {
        "x": [hour["at"] for hour in hours],
        "unit": "count",
        "series": [{"name": _("Planned"), "values": values, "colour": 0}],
    }
    if most and max(values, default=0) >= NEAR * most:
        room = [0 if hour["closed"] else most for hour in hours]
        data["limit"] = {"name": _("Capacity"), "values": room}
    return data


def noon(date: str) -> str:
    """Return the noon of a date in the operator's zone: the formats take moments."""
    zone = current_app.extensions[EXTENSION].zone
    return datetime.fromisoformat(f"{date}T12:00:00").replace(tzinfo=zone).isoformat()


def plan_rows(plan: SendPlan) -> tuple[Sequence[str], list[Sequence[object]]]:
    """Return header and rows of the table of days, for a file."""
    header = (_("Date"), _("Planned"), _("Capacity"), _("Fullest hour"), _("Closed hours"))
    rows = [(one.date, one.planned, one.capacity, one.peak, one.closed) for one in plan.days]
    return header, list(rows)
