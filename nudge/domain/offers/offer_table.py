"""The table of a segment's offers for spreadsheets: a row for each offer and channel. Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Any, Final

from nudge.domain.reports.report_table import BOM, spreadsheet_text

FIGURES: Final = ("exposures", "conversions", "rate", "revenue", "revenue_per_exposure")
COLUMNS: Final = (
    *("segment", "slot", "variant", "zh", "en", "eligible", "reason", "channel", "consent"),
    *("capacity", *FIGURES, "low", "high"),
)


def offers_csv(segment: str, offers: Iterable[Mapping[str, Any]]) -> str:
    """Return the rows of `list_segment_offers` as CSV; an offer without a channel has one row."""
    target = StringIO()
    target.write(BOM)
    writer = csv.DictWriter(target, COLUMNS, restval="", extrasaction="ignore")
    writer.writeheader()
    for one in offers:
        brought = one["brought"] or {}
        low, high = brought.get("interval") or (None, None)
        head = {**one, **brought, **one["title"], "segment": segment, "low": low, "high": high}
        channels: list[Mapping[str, Any]] = one["channels"] or [{}]
        for channel in channels:
            row = head | dict(channel)
            writer.writerow({name: spreadsheet_text(row.get(name)) for name in COLUMNS})
    return target.getvalue()
