"""The report of the closed loop as a table for spreadsheets: steps, holdout and agents. Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any, Final

from nudge.domain.reports.report_table import BOM, spreadsheet_text

Plain = Mapping[str, Any]
_STEP: Final = (
    *("step", "cases", "of", "share", "low", "high"),
    *("seconds_from_before", "seconds_from_opening", "cost"),
)
_MONEY: Final = ("contacts", "contact_cost", "time_cost", "grant_cost", "revenue")
_HOLDOUT: Final = ("people", "people_held", "difference", "difference_low", "difference_high")
COLUMNS: Final = (
    *("row", "group", *_STEP, *_MONEY, *_HOLDOUT),
    *("more_kept", "more_yuan", "rank", "verdict", "zh", "en"),
)
"""Columns of the table; `row`: `step`, `money`, `holdout` or `result` (of an agent or a team)."""


def loop_csv(report: Plain) -> str:
    """Return the report as CSV.

    Args:
        report: as plain JSON.
    """
    target = StringIO()
    target.write(BOM)
    writer = csv.DictWriter(target, COLUMNS, restval="")
    writer.writeheader()
    for one in _rows(report):
        known = {name: value for name, value in one.items() if name in COLUMNS}
        writer.writerow({name: spreadsheet_text(value) for name, value in known.items()})
    return target.getvalue()


def _rows(report: Plain) -> Iterator[dict[str, Any]]:
    for one in (report["whole"], *report["groups"]):
        name = {"group": one["name"]["en"]}
        for step in one["steps"]:
            yield {"row": "step", **name, **step, **_ends("", step["interval"]), **step["name"]}
        yield {"row": "money", **name, **one["money"]}
        if one["holdout"] is not None:
            yield {"row": "holdout", **name, **_compared(one["holdout"])}
    for one in report["results"]:
        yield {"row": "result", "group": one["name"], **_result(one)}


def _compared(effect: Plain) -> dict[str, Any]:
    difference = effect["difference"] or {"value": "", "interval": None}
    return {
        **effect,
        "difference": difference["value"],
        **_ends("difference_", difference["interval"]),
        "more_kept": _value(effect["more_kept"]),
        "more_yuan": _value(effect["more_yuan"]),
    }


def _result(one: Plain) -> dict[str, Any]:
    held = one["against_held"] or {"value": "", "interval": None, "verdict": "cannot_answer"}
    kept = one["kept"] or {"value": "", "interval": None}
    return {
        **{name: one[name] for name in ("people", "cases", "zh", "en")},
        "rank": "" if one["rank"] is None else one["rank"],
        "share": kept["value"],
        **_ends("", kept["interval"]),
        "difference": held["value"],
        **_ends("difference_", held["interval"]),
        "verdict": held["verdict"],
    }


def _value(one: Plain | None) -> Any:  # noqa: ANN401 - a figure, or nothing
    return "" if one is None else one["value"]


def _ends(prefix: str, ends: list[float | None] | None) -> dict[str, Any]:
    low, high = ends or (None, None)
    return {f"{prefix}low": low, f"{prefix}high": high}
