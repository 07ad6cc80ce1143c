"""Segments: who belongs together, how many over time, what may be offered and what it brought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from flask import Blueprint, Response, abort, render_template, request

from nudge.pages.access import door, may
from nudge.pages.api_door import api_path
from nudge.pages.csv_file import csv_answer
from nudge.pages.formats import day, exact, iso
from nudge.pages.translation import gettext as _
from nudge.pages.translation import ngettext, spoken

blueprint = Blueprint("segments", __name__)

NOT_FOUND: Final = 404
MEMBERS: Final = 50


@blueprint.get("/segments")
def show() -> str | Response:
    """Return all segments; `format=csv` their file."""
    told = door().get("/v1/segments").body
    found = [titled(one) for one in told["segments"]]
    if request.args.get("format") == "csv":
        head = [_("Segment"), _("Segment name"), _("Rule"), _("Members now")]
        return csv_answer("segments", head, [_cells(one) for one in found])
    largest = max(found, key=lambda one: one["count"], default=None)
    return render_template(
        "segments/list.html",
        as_of=told["as_of"],
        kinds=by_kind(found),
        segments=found,
        most=max((one["count"] for one in found), default=0),
        title_of=kind_title,
        verdict=_list_verdict(found, largest),
    )


@blueprint.get("/segments/<name>")
def one(name: str) -> str | Response:
    """Return one segment with its days, offers and, where the role may see them, members."""
    answer = door().get(api_path("/v1/segments/{}", name), expect={NOT_FOUND})
    if answer.status == NOT_FOUND:
        abort(NOT_FOUND)
    segment = titled(answer.body)
    table, wants = request.args.get("table", ""), request.args.get("format") == "csv"
    offers = door().get(api_path("/v1/segments/{}/offers", name)).body
    if wants and table == "offers":
        return csv_answer("offers", _offer_head(), [_offer_cells(x) for x in offers["offers"]])
    if wants:
        head, keys = (
            [_("Day"), _("Members"), _("Joined"), _("Left the segment")],
            ("count", "joined", "left"),
        )
        rows = [[x["date"], *(x[key] for key in keys)] for x in segment["days"]]
        return csv_answer("segment-days", head, rows)
    return render_template(
        "segments/one.html",
        segment=segment,
        offers=offers,
        members=_members(name) if may("listSegmentMembers") else None,
        chart=day_chart(segment),
        verdict=_verdict(segment),
    )


def titled(segment: Mapping[str, Any]) -> dict[str, Any]:
    """Return a segment with its title in the reader's language."""
    return {**segment, "label": spoken(segment["title"]) or segment["name"]}


def by_kind(segments: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Return segments by their kind, in the order in which they are asked."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one_ in segments:
        found.setdefault(one_["kind"], []).append(one_)
    return found


def kind_title(kind: str) -> str:
    """Return the name of a kind of segments; the operator's own kinds go by their names."""
    words = {"stage": _("Lifecycle stage"), "tier": _("Value tier")}
    return words.get(kind, kind)


def day_chart(segment: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members at the end of each day, of the operator's calendar, as data of a chart."""
    days = segment["days"]
    series = [{"name": segment["label"], "values": [x["count"] for x in days], "colour": 0}]
    return {"x": [iso(x["date"]) for x in days], "series": series, "unit": "count"}


def _list_verdict(found: list[dict[str, Any]], largest: Mapping[str, Any] | None) -> str:
    if largest is None:
        return _("There are no segments yet: config/segments.toml says who belongs together.")
    if not largest["count"]:
        return _("Nobody is in a segment yet: they fill as servers report payments.")
    return ngettext(
        "There is %(num)s segment; the largest is “%(name)s” with %(count)s people.",
        "There are %(num)s segments; the largest is “%(name)s” with %(count)s people.",
        len(found),
        name=largest["label"],
        count=exact(largest["count"]),
    )


def _verdict(segment: Mapping[str, Any]) -> str:
    days, count = segment["days"], exact(segment["count"])
    if len(days) < 2 or days[0]["count"] == segment["count"]:  # noqa: PLR2004 (two days to compare)
        return _("%(count)s people are in this segment now.", count=count)
    told = {"count": count, "change": exact(abs(segment["count"] - days[0]["count"]))}
    if segment["count"] > days[0]["count"]:
        text = _("%(count)s people are in this segment now, %(change)s more than on %(day)s.")
    else:
        text = _("%(count)s people are in this segment now, %(change)s fewer than on %(day)s.")
    return text % (told | {"day": day(days[0]["date"])})


def _members(name: str) -> Mapping[str, Any]:
    path = api_path("/v1/segments/{}/members", name)
    found: Mapping[str, Any] = (
        door().get(path, limit=MEMBERS, after=request.args.get("after", "")).body
    )
    return found


def _cells(segment: Mapping[str, Any]) -> list[object]:
    return [segment["segment"], segment["label"], spoken(segment["words"]), segment["count"]]


def _offer_head() -> list[str]:
    return [
        *(_("Slot"), _("Benefit"), _("Who may get it"), _("Channels"), _("Exposures")),
        *(_("Conversions"), _("Rate"), _("Lower end"), _("Upper end"), _("Revenue (yuan)")),
    ]


def _offer_cells(offer: Mapping[str, Any]) -> list[object]:
    brought = offer["brought"] or {}
    low, high = brought.get("interval") or (None, None)
    channels = ", ".join(one_["channel"] for one_ in offer["channels"])
    return [
        *(offer["slot"], spoken(offer["title"]) or offer["variant"], spoken(offer["sentence"])),
        *(channels, brought.get("exposures"), brought.get("conversions"), brought.get("rate")),
        *(low, high, brought.get("revenue")),
    ]
