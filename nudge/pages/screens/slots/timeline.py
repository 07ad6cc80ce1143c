"""Time of a slot on its page: allocation, daily rates, and the marks of what was changed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nudge.pages.screens.slots.variant_names import Names

Json = Mapping[str, Any]
NORMAL: Final = 1.959964
"""Quantile of the normal distribution for an interval of 95 %."""
FREEZING: Final = ("frozen", "off", "shadow")
MOST_MARKS: Final = 40


@dataclass(frozen=True)
class TimeMark:
    """Something that happened to a slot.

    Attributes:
        at: time with its zone.
        kind: `revision`, `alarm` or `freeze`.
        number: of the revision; None for an alarm.
        who: changed it.
        why: reason, or the sentence of the alarm by language.
        href: page that tells more.
    """

    at: str
    kind: str
    number: int | None
    who: str
    why: Any
    href: str = ""


@dataclass(frozen=True)
class DayRate:
    """The exposures of a day whose window has closed.

    Attributes:
        day: of the operator's calendar.
        exposures: whose reward is final.
        conversions: among them.
        waiting: exposures whose window is open.
        rate: with its interval; None without exposures.
        total: the same of all days up to this one.
    """

    day: str
    exposures: int
    conversions: int
    waiting: int
    rate: tuple[float, float, float] | None
    total: tuple[float, float, float] | None


def time_marks(slot: str, revisions: Iterable[Json], alarms: Iterable[Json]) -> list[TimeMark]:
    """Return what happened to a slot, the newest first.

    Args:
        slot: its name.
        revisions: of the audit.
        alarms: of the service; those that name another slot are left out.
    """
    found = [
        TimeMark(one["at"], _kind(one["diff"]), one["revision"], one["who"], one["why"])
        for one in revisions
    ]
    for one in alarms:
        if one["cause"].get("slot", slot) == slot:
            href = f"/alarms/{one['id']}"
            found.append(TimeMark(one["began"], "alarm", None, "", one["sentence"], href))
    return sorted(found, key=lambda one: one.at, reverse=True)


def allocation_chart(report: Json, names: Names, marks: Sequence[TimeMark]) -> dict[str, Any]:
    """Return the shares of exposures over time as a chart; a bucket of few people has none."""
    buckets = report["allocation"]["buckets"]
    shown = {name for one in buckets for name in one["variants"]}
    x = [one["at"] for one in buckets]
    series = [
        {"name": one.title, "colour": one.place, "values": [_share(b, one.name) for b in buckets]}
        for one in names.values()
        if one.name in shown
    ]
    return {"x": x, "series": series, "unit": "rate", "marks": _inside(x, marks)}


def drawn_buckets(chart: Json) -> int:
    """Return how many points of a chart have a value: fewer than two make no area."""
    values = zip(*(one["values"] for one in chart["series"]), strict=True)
    return sum(any(one is not None for one in point) for point in values)


def day_rates(segments: Sequence[Json]) -> list[DayRate]:
    """Return the rate of each day with its interval, and that of all days up to it."""
    found, hits, rows = [], 0, 0
    for one in sorted(segments, key=lambda one: str(one["segment"].get("day") or "")):
        day = one["segment"].get("day")
        if day is None or one["hidden"]:
            continue
        final = one["matured"]
        mine, paid = final["exposures"], final.get("conversions") or 0
        hits, rows = hits + paid, rows + mine
        waiting = one.get("open") or 0
        told = DayRate(day, mine, paid, waiting, wilson(paid, mine), wilson(hits, rows))
        found.append(told)
    return found


def rate_chart(
    days: Sequence[DayRate], labels: Sequence[str], daily: str, total: str
) -> dict[str, Any]:
    """Return the daily and the cumulative rate as a chart with their intervals.

    Args:
        days: of `day_rates`.
        labels: of the days.
        daily: name of the first series.
        total: name of the second one.
    """
    return {
        "x": list(labels),
        "times": False,
        "unit": "rate",
        "series": [
            {"name": daily, "colour": 0, **_band([one.rate for one in days])},
            {"name": total, "colour": 7, **_band([one.total for one in days])},
        ],
    }


def wilson(hits: int, rows: int) -> tuple[float, float, float] | None:
    """Return a rate with its interval of 95 % (Wilson 1927); None without rows."""
    if rows <= 0:
        return None
    rate, square = hits / rows, NORMAL * NORMAL
    middle = (rate + square / (2 * rows)) / (1 + square / rows)
    half = NORMAL / (1 + square / rows)
    half *= math.sqrt(rate * (1 - rate) / rows + square / (4 * rows * rows))
    return rate, min(rate, max(0.0, middle - half)), max(rate, min(1.0, middle + half))


def _kind(diff: Iterable[str]) -> str:
    changed = [one.partition(": ")[2] for one in diff if one.startswith("mode: ")]
    return "freeze" if any(one.endswith(FREEZING) for one in changed) else "revision"


def _share(bucket: Json, name: str) -> float | None:
    if bucket["hidden"] or not bucket["exposures"]:
        return None
    return float(bucket["variants"].get(name, 0)) / float(bucket["exposures"])


def _inside(x: Sequence[str], marks: Sequence[TimeMark]) -> list[dict[str, str]]:
    if not x:
        return []
    inside = [one for one in marks if one.at >= x[0]][:MOST_MARKS]
    return [{"at": one.at, "kind": one.kind, "label": str(one.number or "")} for one in inside]


def _band(values: Sequence[tuple[float, float, float] | None]) -> dict[str, list[float | None]]:
    parts = ("values", "low", "high")
    return {
        part: [None if one is None else one[i] for one in values] for i, part in enumerate(parts)
    }
