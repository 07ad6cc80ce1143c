"""Alarms: what needs a person, on a line of time, and one alarm with its cause and history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import Blueprint, Response, render_template, request

from nudge import clock
from nudge.pages.access import door
from nudge.pages.api_door import api_path
from nudge.pages.csv_file import csv_answer
from nudge.pages.translation import spoken

blueprint = Blueprint("alarms", __name__)

DAYS: Final = 30
"""Days that the line of time shows."""
RESOLVED: Final = "resolved"
STATUSES: Final = ("", "unresolved", "open", "acknowledged", "silenced", RESOLVED)
LEVELS: Final = ("", "critical", "warning", "info")
RANKS: Final = {"critical": 0, "warning": 1, "info": 2}
NOT_FOUND: Final = 404
Row = Mapping[str, Any]


@dataclass(frozen=True)
class AlarmSpan:
    """An alarm on the line of time.

    Attributes:
        start: share of the line at which it began.
        width: share of the line that it lasted.
        lane: place below the first one, so that those of one time do not cover each other.
    """

    alarm: Row
    start: float
    width: float
    lane: int


@dataclass(frozen=True)
class PartGroup:
    """The values of one attribute: what fell, and what did not.

    Attributes:
        attribute: its name.
        fell: true where the cause names the attribute.
        parts: its values; those of the cause first.
    """

    attribute: str
    fell: bool
    parts: tuple[Row, ...]


@blueprint.get("/alarms")
def every() -> str | Response:
    """Return the alarms on a line of time, and one by one."""
    status, level = request.args.get("status", ""), request.args.get("level", "")
    found = door().get("/v1/alarms", status=status, level=level).body["alarms"]
    if request.args.get("format") == "csv":
        return _file(found)
    still = door().get("/v1/alarms", status="unresolved").body["alarms"]
    spans = shape_spans(found, _now())
    return render_template(
        "alarms.html",
        alarms=found,
        first=min(still, key=lambda one: RANKS[one["level"]], default=None),
        unresolved=len(still),
        spans=spans,
        lanes=max((one.lane for one in spans), default=-1) + 1,
        days=DAYS,
        status=status,
        level=level,
        statuses=STATUSES,
        levels=LEVELS,
        quarantines=_quarantines(),
    )


@blueprint.get("/alarms/<name>")
def one(name: str) -> str | Response:
    """Return one alarm: its sentence, what fell and what did not, its history and notices."""
    alarm = door().get(api_path("/v1/alarms/{}", name)).body
    kept = _quarantines().get(alarm["quarantine"])
    if request.args.get("format") == "csv":
        return _steps_file(alarm)
    return render_template(
        "alarm.html",
        alarm=alarm,
        groups=shape_parts(alarm),
        quarantine=kept,
        held=held_exposures(kept),
        ended=end_of(alarm),
    )


def held_exposures(quarantine: Row | None) -> Any:  # noqa: ANN401 (JSON)
    """Return the answer about the exposures in a quarantine; None without one."""
    if quarantine is None:
        return None
    path = api_path("/v1/quarantines/{}/exposures", quarantine["id"])
    return door().get(path, expect={NOT_FOUND, 429, 503})


def shape_spans(alarms: Iterable[Row], now: datetime) -> tuple[AlarmSpan, ...]:
    """Return the alarms of the last days on a line of time, each in the first free lane."""
    first, length = now - timedelta(days=DAYS), timedelta(days=DAYS).total_seconds()
    ends: list[float] = []
    spans = []
    for alarm in sorted(alarms, key=lambda one: str(one["began"])):
        start = (datetime.fromisoformat(alarm["began"]) - first).total_seconds() / length
        end = (datetime.fromisoformat(end_of(alarm) or now.isoformat()) - first).total_seconds()
        last = min(end / length, 1.0)
        if last < 0.0:
            continue
        begin = max(start, 0.0)
        lane = next((n for n, taken in enumerate(ends) if taken < begin), len(ends))
        ends[lane : lane + 1] = [max(last, begin + 0.02)]
        spans.append(AlarmSpan(alarm, begin, max(last - begin, 0.0), lane))
    return tuple(spans)


def end_of(alarm: Row) -> str | None:
    """Return when an alarm was resolved last; None while it needs somebody."""
    if alarm["status"] != RESOLVED:
        return None
    return next((str(s["at"]) for s in reversed(alarm["steps"]) if s["action"] == "resolve"), None)


def shape_parts(alarm: Row) -> tuple[PartGroup, ...]:
    """Return the searched attributes of an alarm: those that its cause names come first."""
    cause: Mapping[str, str] = alarm["cause"]
    names = dict.fromkeys(part["attribute"] for part in alarm["parts"])
    groups = []
    for name in sorted(names, key=lambda one: one not in cause):
        inside = cause.get(name, "").split(", ")
        mine = [part for part in alarm["parts"] if part["attribute"] == name]
        ordered = sorted(mine, key=lambda part: part["value"] not in inside)
        marked = tuple({**part, "fell": part["value"] in inside} for part in ordered)
        groups.append(PartGroup(name, name in cause, marked))
    return tuple(groups)


def _quarantines() -> dict[str, Row]:
    found = door().get("/v1/quarantines").body["quarantines"]
    return {one["id"]: one for one in found}


def _now() -> datetime:
    return datetime.fromtimestamp(clock.now(), UTC)


def _file(alarms: Sequence[Row]) -> Response:
    names = ("id", "monitor", "level", "status", "began", "opened", "quarantine")
    rows = [[*(one[name] for name in names), spoken(one["sentence"])] for one in alarms]
    return csv_answer("alarms", (*names, "sentence"), rows)


def _steps_file(alarm: Row) -> Response:
    names = ("at", "action", "who", "note", "until")
    return csv_answer(
        f"alarm-{alarm['id']}", names, [[s.get(name) for name in names] for s in alarm["steps"]]
    )
