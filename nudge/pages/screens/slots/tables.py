"""CSV files of a slot's tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from flask import Response, abort
from flask_babel import gettext as _

from nudge.pages.csv_file import csv_answer
from nudge.pages.screens.slots.segments import HeatRow
from nudge.pages.screens.slots.slot_data import SlotData
from nudge.pages.screens.slots.timeline import DayRate
from nudge.pages.slot_words import dimension_word
from nudge.pages.translation import spoken


def slot_table(data: SlotData, table: str) -> Response:
    """Return a table of a slot's page as a file; 404 for a table that the page lacks."""
    make = _TABLES.get(table)
    if make is None:
        abort(404)
    return make(data)


def days_table(name: str, days: list[DayRate]) -> Response:
    """Return the daily and the cumulative rates of a slot."""
    head = [_("Day"), _("Exposures"), _("Conversions"), _("Window open"), *_interval(_("Rate"))]
    header = [*head, *_interval(_("Cumulative rate"))]
    none = (None, None, None)
    rows = [
        (
            *(one.day, one.exposures, one.conversions, one.waiting),
            *(one.rate or none),
            *(one.total or none),
        )
        for one in days
    ]
    return csv_answer(f"{name}-days", header, rows)


def segments_table(name: str, by: str, rows: list[HeatRow]) -> Response:
    """Return the figures of each segment and variant."""
    header = [dimension_word(by), _("Variant"), _("Exposures"), *_interval(_("Estimate"))]
    lines = [
        (
            _("Other values") if row.other else row.value,
            cell.variant.title,
            cell.exposures,
            cell.value,
            cell.low,
            cell.high,
        )
        for row in rows
        for cell in row.cells
    ]
    return csv_answer(f"{name}-segments", header, lines)


def _variants(data: SlotData) -> Response:
    header = [_("Variant"), _("Title"), _("Exposures"), _("Conversions"), *_interval(_("Estimate"))]
    header += [_("Chance to be best"), _("Share now"), _("Window open")]
    rows = [
        (
            *(row.variant.name, row.variant.title, row.exposures, row.conversions),
            *(row.value, row.low, row.high, row.chance, row.share, row.immature),
        )
        for row in data.rows
    ]
    return csv_answer(f"{data.slot['slot']}-variants", header, rows)


def _allocation(data: SlotData) -> Response:
    buckets = data.report["allocation"]["buckets"] if data.report else []
    names = data.names
    header = [_("Time"), _("Exposures"), *(one.title for one in names.values())]
    rows = [
        (one["at"], one["exposures"], *(one["variants"].get(name) for name in names))
        for one in buckets
    ]
    return csv_answer(f"{data.slot['slot']}-allocation", header, rows)


def _marks(data: SlotData) -> Response:
    header = [_("Time"), _("Kind"), _("Revision"), _("Who"), _("Reason")]
    rows = [(one.at, one.kind, one.number, one.who, spoken(one.why)) for one in data.marks]
    return csv_answer(f"{data.slot['slot']}-changes", header, rows)


def _interval(name: str) -> list[str]:
    return [name, _("Low end of the interval"), _("High end of the interval")]


_TABLES: Final[Mapping[str, Callable[[SlotData], Response]]] = {
    "variants": _variants,
    "allocation": _allocation,
    "changes": _marks,
}
