"""Funnel: where visitors leave the recharge path, for which reasons, and the changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, render_template, request

from nudge.pages.access import door
from nudge.pages.csv_file import csv_answer
from nudge.pages.translation import gettext as _
from nudge.pages.words import N_, named, titled

blueprint = Blueprint("funnel", __name__)

CHANNELS: Final = ("web", "wap", "app", "miniprogram")
DIMENSIONS: Final = (
    "channel",
    "page",
    "city",
    "segment",
    "day",
    "week",
    "month",
    "hour",
    "weekday",
)
WHOLE: Final = "none"
COMPARED: Final = {
    "": N_("Nothing"),
    "week": N_("The week before"),
    "month": N_("The month before"),
    "quarter": N_("The quarter before"),
}
UNFIT: Final = 422
TOO_MANY: Final = 429
Row = Mapping[str, Any]


@dataclass(frozen=True)
class FunnelStage:
    """A stage of the path as the page shows it.

    Attributes:
        width: share of all visits that reached it.
        kept: share of all visits that went on.
        before: share of all visits that would have gone on at the loss of the compared period.
        reasons: reasons of losses with their numbers, the most frequent first.
    """

    row: Row
    width: float
    kept: float
    before: float | None
    reasons: tuple[tuple[str, int], ...]


@blueprint.get("/funnel")
def funnel() -> str | Response:
    """Return the funnel of the visits that the filters in the address let pass."""
    asked = {name: request.args.get(name, "").strip() for name in ("channel", "from", "to")}
    by, compare = request.args.get("by") or "channel", request.args.get("compare", "week")
    channel = asked["channel"]
    found = door().get(
        "/v1/funnel",
        expect={UNFIT, TOO_MANY},
        by=by,
        from_=asked["from"],
        to=asked["to"],
        where=f"channel:{channel}" if channel else None,
        compare=compare,
    )
    problem = found.body.get("message", "") if found.status >= UNFIT else ""
    report = None if problem or found.pending else found.body
    if report and request.args.get("format") == "csv":
        return _file(report, request.args.get("table", "stages"))
    stages = shape_stages(report) if report else ()
    return render_template(
        "funnel.html",
        **asked,
        by=by,
        compare=compare,
        report=report,
        problem=problem,
        stages=stages,
        changed=any(one.before is not None for one in stages),
        disagreements=disagreements(report) if report else (),
        channels=[("", _("All channels")), *((one, named(one, "channel")) for one in CHANNELS)],
        dimensions=[*((one, titled(one)) for one in DIMENSIONS), (WHOLE, _("No dimension"))],
        compared=[(name, _(text)) for name, text in COMPARED.items()],
        winback=winback,
    )


def shape_stages(report: Row) -> tuple[FunnelStage, ...]:
    """Return the stages of a report, with the reasons for which visitors left each."""
    reasons: dict[str, dict[str, int]] = {}
    for leak in report["leaks"]["ranked"]:
        counts = reasons.setdefault(leak["stage"], {})
        if leak["reason"]:
            counts[leak["reason"]] = counts.get(leak["reason"], 0) + leak["lost"]
    return tuple(_stage(row, report["visits"], reasons) for row in report["stages"])


def disagreements(report: Row) -> list[Row]:
    """Return the kinds of payment on which two sources do not agree, if there are any."""
    return [one for one in report["disagreements"] if one.get("visits") or one.get("payments")]


def _stage(row: Row, visits: int, reasons: Mapping[str, Mapping[str, int]]) -> FunnelStage:
    width = row["share_of_all"] or 0.0
    change = (row.get("change") or {}).get("loss_rate")
    before = None if change is None else width * min(max(1.0 - row["loss_rate"] + change, 0), 1)
    found = sorted(reasons.get(row["stage"], {}).items(), key=lambda one: (-one[1], one[0]))
    return FunnelStage(row, width, row["went_on"] / max(visits, 1), before, tuple(found[:3]))


def winback(stage: str, reason: str | None = None, channel: str = "") -> str:
    """Return the address of the win-back list of those who left at a stage."""
    told = {"stage": stage, "reason": reason, "channel": channel}
    return f"/winback?{urlencode({name: text for name, text in told.items() if text})}"


def _file(report: Row, table: str) -> Response:
    made = {"stages": _stage_rows, "leaks": _leak_rows, "paths": _path_rows, "groups": _group_rows}
    if table not in made:
        abort(404)
    header, rows = made[table](report)
    return csv_answer(f"funnel-{table}", header, rows)


Table = tuple[Sequence[str], Sequence[Sequence[object]]]
_STAGE: Final = ("visits", "went_on", "lost", "loss_rate", "seconds_to_next")


def _stage_rows(report: Row) -> Table:
    rows = [[one["stage"], *(one[name] for name in _STAGE)] for one in report["stages"]]
    return ("stage", *_STAGE), rows


def _group_rows(report: Row) -> Table:
    rows = [
        [group["group"], one["stage"], *(one[name] for name in _STAGE)]
        for group in report["groups"]
        for one in group.get("stages", ())
    ]
    return ("group", "stage", *_STAGE), rows


def _leak_rows(report: Row) -> Table:
    names = ("group", "stage", "reason", "lost", "of_visits", "rate", "usual_rate", "payments_lost")
    return names, [[one[name] for name in names] for one in report["leaks"]["ranked"]]


def _path_rows(report: Row) -> Table:
    rows = [
        [" > ".join(one["path"]), one["kind"], one["visits"], one["share"]]
        for one in report["paths"]
    ]
    return ("path", "kind", "visits", "share"), rows
