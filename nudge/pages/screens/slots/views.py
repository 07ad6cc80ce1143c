"""The list of slots, a slot's page, and the parts of it that a worker computes."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import gettext as _

from nudge.pages.access import door
from nudge.pages.formats import date_of
from nudge.pages.screens.slots.actions import offered_modes
from nudge.pages.screens.slots.estimates import common_scale, price_of_floor
from nudge.pages.screens.slots.segments import dimensions_of, heat_rows
from nudge.pages.screens.slots.slot_data import SlotData
from nudge.pages.screens.slots.tables import days_table, segments_table, slot_table
from nudge.pages.screens.slots.timeline import (
    allocation_chart,
    day_rates,
    drawn_buckets,
    rate_chart,
)
from nudge.pages.screens.slots.variant_names import variant_names
from nudge.pages.slot_words import dimension_word, mode_pill, slot_title, value_word

blueprint = Blueprint("slots", __name__)

CSV: Final = "csv"


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    """Return the words for slots that templates use."""
    return {
        "slot_title": slot_title,
        "mode_pill": mode_pill,
        "dimension_word": dimension_word,
        "value_word": value_word,
    }


@blueprint.get("/slots")
def every() -> str:
    """Return the list of slots."""
    slots = door().get("/v1/slots").body["slots"]
    rows = [(one, variant_names(one)) for one in slots]
    return render_template("slots/list.html", rows=rows)


@blueprint.get("/slots/<slot>")
def page(slot: str) -> str | Response:
    """Return the page of a slot, or one of its tables as a file."""
    data = SlotData.read(slot)
    if request.args.get("format") == CSV:
        return slot_table(data, request.args.get("table", ""))
    report, rows = data.report, data.rows
    chart = None if report is None else allocation_chart(report, data.names, data.marks)
    return render_template(
        "slots/slot.html",
        data=data,
        slot=data.slot,
        report=report,
        rows=rows,
        scale=common_scale(rows),
        price=price_of_floor(data.slot, rows),
        chart=chart,
        drawn=chart is not None and drawn_buckets(chart) > 1,
        modes=offered_modes(data.slot),
    )


@blueprint.get("/slots/<slot>/days")
def days(slot: str) -> str | Response:
    """Return the daily and the cumulative rate of a slot, as a page whose part others take."""
    data = SlotData.read(slot)
    answer = data.api.get(f"{data.path}/performance", by="day")
    report = answer.body["report"]
    found = [] if report is None else day_rates(report["segments"])
    if request.args.get("format") == CSV:
        return days_table(slot, found)
    labels = [date_of(one.day) for one in found]
    chart = rate_chart(found, labels, _("Daily"), _("Cumulative"))
    return render_template(
        "slots/days.html", slot=data.slot, pending=report is None, days=found, chart=chart
    )


@blueprint.get("/slots/<slot>/segments")
def segments(slot: str) -> str | Response:
    """Return a slot's figures by a dimension, as a page whose part others take."""
    data = SlotData.read(slot)
    known = dimensions_of(data.slot)
    by = request.args.get("by") or known[0]
    if by not in known:
        abort(404)
    report = data.api.get(f"{data.path}/performance", by=by).body["report"]
    rows = [] if report is None else heat_rows(report, by, data.names)
    if request.args.get("format") == CSV:
        return segments_table(slot, by, rows)
    return render_template(
        "slots/segments.html",
        slot=data.slot,
        names=data.names,
        pending=report is None,
        rows=rows,
        by=by,
        known=known,
    )
