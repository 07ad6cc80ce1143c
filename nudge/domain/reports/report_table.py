"""A report as a table: one row a segment and variant, for spreadsheets and notebooks."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from typing import Any, Final

from nudge.domain.reports.filters import filter_text, read_where
from nudge.domain.reports.sentences import LANGUAGES

FIGURES: Final = (
    *("exposures", "conversions", "expected_conversions", "rate", "revenue"),
    *("revenue_per_exposure", "open", "share"),
)
LIFTS: Final = ("lift", "lift_usual", "usual_over_holdout")
CHANCES: Final = ("chance_to_be_best", "expected_loss")
BEFORE: Final = ("exposures", "conversions", "rate", "revenue", "revenue_per_exposure")
CHANGED: Final = ("rate", "revenue_per_exposure")
FLOORS: Final = ("lowest", "highest")
WHOLE: Final = frozenset({"exposures", "conversions", "open"})
BOM: Final = "\ufeff"
"""The byte-order mark, without which spreadsheets take UTF-8 for a local encoding."""
RISKY: Final = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")
"""Beginnings of text that a spreadsheet would run as a formula."""


def rows(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a report's rows: those of the whole slot first, then those of each segment.

    All rows have the same columns: slot, as_of, where (with a filter), one column a dimension
    (text), variant and its titles, figures, the verdict, the report's floors. A dimension is empty
    in the rows of the whole slot; hidden cells have no figures but exposures. The verdict is in a
    block's own row, whose variant is empty.
    """
    by: Sequence[str] = report["by"]
    head = {"slot": report["slot"], "as_of": report["as_of"]}
    where = filter_text(read_where(report.get("where")))
    head = head | {"where": where} if where else head
    compared = report.get("compare")
    if compared is not None:
        head = head | {"compare": compared["with"]}
    block = report["whole"] if compared is None else report["whole"] | {"told_change": compared}
    whole = _block(head | dict.fromkeys(by, ""), block, changes=compared is not None)
    found = list(whole)
    for block in report["segments"]:
        told = {name: _text(block, name) for name in by}
        found += _block(head | told, block, changes=compared is not None)
    # A report that the version before made has none.
    told = report.get("floor") or {}
    floors = {f"floor_{end}": _real(told.get(end)) for end in FLOORS}
    return [one | floors for one in found]


def as_csv(report: Mapping[str, Any]) -> str:
    """Return a report as CSV, for spreadsheets; text that looks like a formula is quoted."""
    found = rows(report)
    target = StringIO()
    target.write(BOM)
    writer = csv.writer(target)
    writer.writerow(_columns(report))
    for row in found:
        writer.writerow([cell(value) for value in row.values()])
    return target.getvalue()


def _columns(report: Mapping[str, Any]) -> list[str]:
    return list(rows(report)[0])  # there is always the row of the whole slot


def _block(
    head: Mapping[str, Any], block: Mapping[str, Any], *, changes: bool
) -> Iterator[dict[str, Any]]:
    # All rows of a report that compares have the columns, a segment without counterpart too.
    more_own = {"change": block.get("change"), "told_change": block.get("told_change")}
    own = {"variant": "", "hidden": block["hidden"], "verdict": block.get("verdict")}
    every = own | {
        name: block.get(name) for name in ("exposures", "conversions", "expected_conversions")
    }
    more = ("rate", "revenue", "revenue_per_exposure", "open", *LIFTS)
    yield _row(
        head, every | {name: block.get(name) for name in more} | (more_own if changes else {})
    )
    for variant in block.get("variants", ()):
        yield _row(head, {"change": None} | variant if changes else variant)


def _row(head: Mapping[str, Any], cell: Mapping[str, Any]) -> dict[str, Any]:
    figures = {name: _figure(name, cell.get(name)) for name in FIGURES}
    ends = {
        f"{name}_{end}": _real((cell.get(name) or {}).get(end))
        for name in ("estimate", *LIFTS)
        for end in ("value", "low", "high")
    }
    chances = {name: _real(cell.get(name)) for name in CHANCES}
    title, verdict = cell.get("title") or {}, cell.get("verdict") or {}
    told = {
        "variant": cell["variant"],
        **{f"title_{one}": title.get(one, "") for one in LANGUAGES},
        "hidden": bool(cell["hidden"]),
    }
    said = {f"sentence_{one}": verdict.get(one, "") for one in LANGUAGES}
    judged = {"verdict": verdict.get("kind", ""), "reason": verdict.get("reason", "")}
    judged |= {"since": verdict.get("since") or "", **said}
    return {**head, **told, **figures, **ends, **chances, **judged, **_changes(cell)}


def _changes(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a change; none of them in a report that compares nothing."""
    if "change" not in cell:
        return {}
    change: Mapping[str, Any] = cell["change"] or {}
    before = change.get("before") or {}
    was = {f"before_{name}": before.get(name) for name in BEFORE}
    found = {
        f"change_{name}{tail}": _real((change.get(name) or {}).get(end))
        for name in CHANGED
        for end, tail in (("value", ""), ("low", "_low"), ("high", "_high"))
    }
    verdicts = {
        f"change_{name}_verdict": (change.get(name) or {}).get("verdict", "") for name in CHANGED
    }
    said = {f"change_{one}": (cell.get("told_change") or {}).get(one, "") for one in LANGUAGES}
    return {**was, "change_revenue": _real(change.get("revenue")), **found, **verdicts, **said}


def _figure(name: str, value: object) -> int | float | None:
    return _real(value) if name not in WHOLE or not isinstance(value, int) else value


def _real(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _text(block: Mapping[str, Any], name: str) -> str:
    return "(other)" if block["other"] else block["segment"][name] or "(unknown)"


def cell(value: object) -> object:
    """Return a value as a cell of CSV: text that a spreadsheet would run as a formula is quoted."""
    if value is None:
        return ""
    # Spreadsheets skip blanks before a sign.
    risky = isinstance(value, str) and (value.startswith(RISKY) or value.strip().startswith(RISKY))
    return f"'{value}" if risky else value
