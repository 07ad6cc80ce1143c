"""The overview: how the channel does now, from one answer of the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from nudge.pages.access import door, may
from nudge.pages.csv_file import csv_answer
from nudge.pages.slot_words import slot_title
from nudge.pages.translation import gettext as _
from nudge.pages.translation import spoken

blueprint = Blueprint("overview", __name__)

Json = Mapping[str, Any]
COLOURS: Final = 8
MARKS: Final = {"alarm_open": "alarm", "slot_changed": "revision", "policy_held": "revision"}
"""Action of a change -> kind of its mark in the chart."""


@dataclass(frozen=True)
class SlotRow:
    """A slot's row of the table.

    Attributes:
        line: of the API.
        pill: state and words.
        shares: title, share and colour of each variant.
    """

    line: Json
    pill: tuple[str, str]
    shares: Sequence[tuple[str, float, str]]


@blueprint.get("/")
def overview() -> str | Answer | Response:
    """Return the overview, or a table of it as CSV; who sees work lists alone gets those."""
    if not may("getOverview"):
        return redirect("/work", 303)
    found: Json = door().get("/v1/overview").body
    if request.args.get("format") == "csv":
        return _file(found, request.args.get("table", "slots"))
    conversion = found["conversion"]
    return render_template(
        "overview.html",
        found=found,
        rows=[_row(one) for one in found["slots"]],
        chart=None if conversion is None else hour_chart(conversion, found["changes"]),
        drawn=conversion is not None and has_line(conversion),
        scale=lift_scale(found["slots"]),
        nothing=is_empty(found),
        slot_title=slot_title,
    )


def is_empty(found: Json) -> bool:
    """Return whether nothing was ever decided, so that the page says what to do."""
    known = found["conversion"] is not None
    return known and not any(one["exposures"] for one in found["slots"])


def hour_chart(conversion: Json, changes: Sequence[Json]) -> dict[str, Any]:
    """Return the data of the chart of 24 hours: the rate, those still open, the usual band."""
    hours = conversion["hours"]
    first_open = next((i for i, one in enumerate(hours) if one["open"]), len(hours))
    rates = [None if one["rate"] is None else one["rate"]["value"] for one in hours]
    usual = [one["usual"] or {} for one in hours]
    series = [
        {
            "name": _("Now"),
            "colour": 0,
            "values": [one if i < first_open else None for i, one in enumerate(rates)],
        }
    ]
    if any(one is not None for one in rates[first_open:]):
        # From the last hour that is over, so that the line does not break.
        still = [one if i >= first_open - 1 else None for i, one in enumerate(rates)]
        series.append({"name": _("May still rise"), "colour": 7, "values": still})
    return {
        "x": [one["from"] for one in hours],
        "unit": "rate",
        "series": series,
        "band": {
            "name": _("On usual days"),
            "low": [one.get("low") for one in usual],
            "high": [one.get("high") for one in usual],
        },
        "marks": list(_marks(changes, hours[0]["from"])),
    }


def has_line(conversion: Json) -> bool:
    """Return whether two hours have a rate: of one alone there is nothing to draw."""
    return sum(one["rate"] is not None for one in conversion["hours"]) > 1


def lift_scale(slots: Sequence[Json]) -> tuple[float, float]:
    """Return the scale of all whiskers of the lift, 0 within; a wild end does not stretch it."""
    known = [one["lift"] for one in slots if one["lift"]]
    ends = [one[name] for one in known for name in ("low", "high") if one[name] is not None]
    return max(min([*ends, -0.05]), -1.0), min(max([*ends, 0.05]), 1.0)


def _marks(changes: Sequence[Json], since: str) -> Iterator[dict[str, Any]]:
    for one in changes:
        kind = MARKS.get(one["action"])
        if kind and one["at"] >= since:
            yield {"at": one["at"], "kind": kind, "label": spoken(one)}


def _row(line: Json) -> SlotRow:
    shares = [
        (spoken(one["title"]), one["share"], f"c{place % COLOURS}")
        for place, one in enumerate(line["shares"])
    ]
    return SlotRow(line, _pill(line["state"]), shares)


def _pill(state: str) -> tuple[str, str]:
    """Return the state and the words of a slot."""
    words = {
        "winner": ("ok", _("Settled")),
        "too_early": ("quiet", _("Too little data")),
        "cannot_tell": ("quiet", _("Cannot be told apart")),
        "no_report": ("quiet", _("No report yet")),
        "mismatch": ("attention", _("Shares do not fit")),
        "failing": ("attention", _("Learner fails")),
        "frozen": ("attention", _("Frozen")),
        "shadow": ("attention", _("Shadow: only logged")),
        "off": ("attention", _("Paused: fallback for all")),
    }
    return words[state]


def _file(found: Json, table: str) -> Response:
    tables = {"slots": _slots, "hours": _hours, "usual": _usual, "changes": _changes}
    if table not in tables:
        abort(404)
    header, rows = tables[table](found)
    return csv_answer(f"overview-{table}", header, rows)


Table = tuple[Sequence[str], list[Sequence[object]]]


def _slots(found: Json) -> Table:
    header = (
        _("Slots"),
        _("Verdict"),
        _("Current state"),
        _("Lift"),
        _("Interval from"),
        _("Interval to"),
    )
    rows: list[Sequence[object]] = [
        (one["slot"], spoken(one), _pill(one["state"])[1], *_ends(one["lift"]))
        for one in found["slots"]
    ]
    return header, rows


def _hours(found: Json) -> Table:
    header = (
        _("Hour from"),
        _("Visits in the hour"),
        _("Of these, paid"),
        _("Rate"),
        _("On usual days"),
    )
    hours = (found["conversion"] or {}).get("hours", ())
    rows: list[Sequence[object]] = [
        (one["from"], one["visits"], one["paid"], _ends(one["rate"])[0], _ends(one["usual"])[0])
        for one in hours
    ]
    return header, rows


def _usual(found: Json) -> Table:
    header = (_("Slots"), _("Verdict"), _("Money"), *_interval())
    every = (found["lift"] or {}).get("usual", ())
    rows: list[Sequence[object]] = [
        (one["slot"], spoken(one), *_ends(one["money"])) for one in every
    ]
    return header, rows


def _changes(found: Json) -> Table:
    header = (_("Time"), _("Object"), _("Change made"), _("Who"), _("Reason given"))
    rows: list[Sequence[object]] = [
        (one["at"], one["object"], spoken(one), one["who"], one["why"]) for one in found["changes"]
    ]
    return header, rows


def _interval() -> tuple[str, str]:
    return _("Interval from"), _("Interval to")


def _ends(estimate: Json | None) -> tuple[object, object, object]:
    if estimate is None:
        return None, None, None
    return estimate["value"], estimate["low"], estimate["high"]
