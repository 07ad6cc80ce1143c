"""The experience report as a table for spreadsheets: one row a cell, then one a phrase. Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any, Final

from nudge.domain.reports.report_table import BOM, spreadsheet_text

FIGURES: Final = ("scores", "people", "mean", "low_share")
CHANGED: Final = ("score", "low_share")
_HEAD: Final = ("row", "hidden", *FIGURES, "mean_low", "mean_high")
_SHARES: Final = ("low_share_low", "low_share_high")
_BEFORE: Final = tuple(f"{name}_before" for name in FIGURES)
_CHANGE: Final = tuple(
    f"{name}_change{end}" for name in CHANGED for end in ("", "_low", "_high", "_level", "_verdict")
)
_PHRASE: Final = ("phrase", "share_low", "share_other", "log_odds", "log_odds_low", "log_odds_high")
COLUMNS: Final = (*_HEAD, *_SHARES, *_BEFORE, *_CHANGE, *_PHRASE, "verdict", "zh", "en")
"""Columns of the table, beside one for each dimension; `row`: `whole`, `cell` or `phrase`."""


def experience_csv(report: Mapping[str, Any]) -> str:
    """Return the report as CSV.

    Args:
        report: as plain JSON.
    """
    dimensions = [f"by_{name}" for name in report["by"]]
    target = StringIO()
    target.write(BOM)
    row, *rest = COLUMNS
    writer = csv.DictWriter(target, [row, *dimensions, *rest], restval="")
    writer.writeheader()
    for one in _rows(report):
        writer.writerow({name: spreadsheet_text(value) for name, value in one.items()})
    return target.getvalue()


def _rows(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield _cell("whole", report["whole"])
    for cell in report["cells"]:
        yield _cell("cell", cell)
    for one in report["words"]["phrases"]:
        low, high = one["interval"]
        names = ("phrase", "people", "share_low", "share_other", "log_odds")
        ends = {"log_odds_low": low, "log_odds_high": high}
        yield {"row": "phrase", **{name: one[name] for name in names}, **ends}


def _cell(row: str, cell: Mapping[str, Any]) -> dict[str, Any]:
    values = {f"by_{name}": value for name, value in cell["values"].items()}
    found = {"row": row, **values, "hidden": cell["hidden"]}
    if cell["hidden"]:
        return found
    found |= {name: cell[name] for name in FIGURES}
    found |= dict(zip(("mean_low", "mean_high"), cell["interval"], strict=True))
    found |= dict(zip(_SHARES, cell["low_interval"], strict=True))
    if cell["before"] is not None:
        found |= {f"{name}_before": cell["before"][name] for name in FIGURES}
    return found | _change(cell["change"])


def _change(change: Mapping[str, Any] | None) -> dict[str, Any]:
    if change is None:
        return {}
    found = {name: change[name] for name in ("verdict", "zh", "en")}
    for name in CHANGED:
        one = change[name]
        low, high = one["interval"] or (None, None)
        figures = (one["value"], low, high, one["level"], one["verdict"])
        ends = ("", "_low", "_high", "_level", "_verdict")
        found |= {f"{name}_change{end}": x for end, x in zip(ends, figures, strict=True)}
    return found
