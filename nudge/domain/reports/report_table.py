"""A report as a table: one row a segment and variant, for spreadsheets and notebooks."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from typing import Any, Final

from nudge.domain.reports.sentences import LANGUAGES

FIGURES: Final = (
    *("exposures", "conversions", "expected_conversions", "rate", "revenue"),
    *("revenue_per_exposure", "open", "share"),
)
CHANCES: Final = ("chance_to_be_best", "expected_loss")
WHOLE: Final = frozenset({"exposures", "conversions", "open"})
BOM: Final = "\ufeff"
"""The byte-order mark, without which spreadsheets take UTF-8 for a local encoding."""
RISKY: Final = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")
"""Beginnings of text that a spreadsheet would run as a formula."""


def rows(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a report's rows: those of the whole slot first, then those of each segment.

    All rows have the same columns: slot, as_of, one column a dimension (text), variant and its
    titles, figures, the verdict. A dimension is empty in the rows of the whole slot; hidden cells
    have no figures but exposures. The verdict is in a block's own row, whose variant is empty.
    """
    by: Sequence[str] = report["by"]
    head = {"slot": report["slot"], "as_of": report["as_of"]}
    whole = _block(head | dict.fromkeys(by, ""), report["whole"])
    found = list(whole)
    for block in report["segments"]:
        told = {name: _text(block, name) for name in by}
        found += _block(head | told, block)
    return found


def as_csv(report: Mapping[str, Any]) -> str:
    """Return a report as CSV, for spreadsheets; text that looks like a formula is quoted."""
    found = rows(report)
    target = StringIO()
    target.write(BOM)
    writer = csv.writer(target)
    writer.writerow(_columns(report))
    for row in found:
        writer.writerow([_cell(value) for value in row.values()])
    return target.getvalue()


def _columns(report: Mapping[str, Any]) -> list[str]:
    blank = {"variant": "", "hidden": False}
    return list(_row(dict.fromkeys(("slot", "as_of", *report["by"]), ""), blank))


def _block(head: Mapping[str, Any], block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    own = {"variant": "", "hidden": block["hidden"], "verdict": block.get("verdict")}
    every = own | {
        name: block.get(name) for name in ("exposures", "conversions", "expected_conversions")
    }
    more = ("rate", "revenue", "revenue_per_exposure", "open", "lift")
    yield _row(head, every | {name: block.get(name) for name in more})
    for variant in block.get("variants", ()):
        yield _row(head, variant)


def _row(head: Mapping[str, Any], cell: Mapping[str, Any]) -> dict[str, Any]:
    figures = {name: _figure(name, cell.get(name)) for name in FIGURES}
    ends = {
        f"{name}_{end}": _real((cell.get(name) or {}).get(end))
        for name in ("estimate", "lift")
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
    judged = {"verdict": verdict.get("kind", ""), "reason": verdict.get("reason", ""), **said}
    return {**head, **told, **figures, **ends, **chances, **judged}


def _figure(name: str, value: object) -> int | float | None:
    return _real(value) if name not in WHOLE or not isinstance(value, int) else value


def _real(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _text(block: Mapping[str, Any], name: str) -> str:
    return "(other)" if block["other"] else block["segment"][name] or "(unknown)"


def _cell(value: object) -> object:
    if value is None:
        return ""
    # Spreadsheets skip blanks before a sign.
    risky = isinstance(value, str) and (value.startswith(RISKY) or value.strip().startswith(RISKY))
    return f"'{value}" if risky else value
