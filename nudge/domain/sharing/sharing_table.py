"""The report of shared payments as a table for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any, Final

from nudge.domain.reports.report_table import BOM

COLUMNS: Final = (
    *("row", "slot", "other_slot", "number_of_slots", "hidden", "conversions", "payments"),
    *("revenue", "shared_payments", "shared_share", "zh", "en"),
)
"""Columns of the table. `row`: `slot`, `pair`, `number_of_slots`, `sum`, `credited` or `total`."""


def sharing_csv(report: Mapping[str, Any]) -> str:
    """Return the report as CSV: slots, pairs, numbers of slots, the sum and the true total.

    The sentence that they must not be added stands in the row of the sum.
    """
    target = StringIO()
    target.write(BOM)
    writer = csv.DictWriter(target, COLUMNS, restval="", extrasaction="ignore")
    writer.writeheader()
    for row in _rows(report):
        writer.writerow({name: "" if value is None else value for name, value in row.items()})
    return target.getvalue()


def _rows(report: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for one in report["slots"]:
        yield {"row": "slot", **one}
    for one in report["pairs"]:
        slot, other = one["slots"]
        # Of each of the two: the share of its payments that the other one has, too.
        for mine, its in ((slot, other), (other, slot)):
            share = one["share_of"][mine]
            yield {"row": "pair", **one, "slot": mine, "other_slot": its, "shared_share": share}
    for one in report["by_number_of_slots"]:
        yield {"row": "number_of_slots", **one, "number_of_slots": one["slots"]}
    yield {"row": "sum", **report["sum"], **report["headline"]}
    for name in ("credited", "total"):
        yield {"row": name, **report[name]}
