"""Segments of a slot as a heat table: a row for each value, a column for each variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from nudge.pages.screens.slots.variant_names import Names, VariantName

Json = Mapping[str, Any]
STEPS: Final = 5
ENOUGH: Final = 100
"""Exposures from which on a cell is coloured: below, chance alone makes it light or dark."""
ALWAYS: Final = ("channel", "page", "weekday", "hour")
"""Dimensions that every slot has."""


@dataclass(frozen=True)
class HeatCell:
    """A variant's figures in a segment.

    Attributes:
        variant: its name.
        exposures: there.
        value: rate, or yuan an exposure; None where it is not told.
        low: end of its interval.
        high: end of its interval.
        hidden: shown to too few people for figures.
        missing: exposures that are missing for a colour; 0 where there is one.
        shade: class of its colour, from `h0` to `h4`; "" where it is too thin.
        leads: it is the winner of the segment's verdict.
    """

    variant: VariantName
    exposures: int
    value: float | None
    low: float | None
    high: float | None
    hidden: bool
    missing: int
    shade: str = ""
    leads: bool = False


@dataclass(frozen=True)
class HeatRow:
    """A segment with its cells.

    Attributes:
        value: of the dimension; None where it is unknown.
        other: all values that are not told apart.
        exposures: of the policy.
        cells: in the order of the variants.
        verdict: sentence of the segment, by language.
        kind: of the verdict.
        winner: its title; "" without one.
    """

    value: str | None
    other: bool
    exposures: int
    cells: Sequence[HeatCell]
    verdict: Json
    kind: str
    winner: str


def dimensions_of(slot: Json) -> list[str]:
    """Return the dimensions by which a slot can be divided: its own ones, the channel first."""
    own = [one["name"] for one in slot.get("context", ())]
    named = [name if name in ALWAYS else f"context.{name}" for name in own]
    known = list(dict.fromkeys([*named, *ALWAYS]))
    return sorted(known, key=lambda name: name != ALWAYS[0])


def heat_rows(report: Json, by: str, names: Names) -> list[HeatRow]:
    """Return the rows of a report by one dimension, the largest first.

    Args:
        report: of that question.
        by: its dimension.
        names: of the variants.
    """
    found = [_row(one, by, names) for one in report["segments"]]
    known = [c.value for row in found for c in row.cells if c.value is not None and not c.missing]
    if known:
        least, most = min(known), max(known)
        found = [
            replace(row, cells=[_coloured(one, least, most) for one in row.cells]) for row in found
        ]
    return sorted(found, key=lambda one: (one.other, -one.exposures))


def _row(segment: Json, by: str, names: Names) -> HeatRow:
    verdict = segment["verdict"]
    winner = verdict["winner"] or ""
    told = {one["variant"]: one for one in segment.get("variants", ())}
    cells = [_cell(one, told.get(one.name), winner) for one in names.values()]
    title = names[winner].title if winner in names else ""
    value, rows = segment["segment"].get(by), segment["exposures"]
    return HeatRow(value, segment["other"], rows, cells, verdict, verdict["kind"], title)


def _cell(variant: VariantName, told: Json | None, winner: str) -> HeatCell:
    rows = 0 if told is None else int(told["exposures"])
    empty = HeatCell(variant, rows, None, None, None, hidden=False, missing=ENOUGH - min(rows, 99))
    if told is None:
        return empty
    if told["hidden"]:
        return replace(empty, hidden=True)
    estimate = told.get("estimate")
    if not estimate:
        return empty
    return HeatCell(
        variant,
        rows,
        estimate["value"],
        estimate["low"],
        estimate["high"],
        hidden=False,
        missing=max(0, ENOUGH - rows),
        leads=variant.name == winner,
    )


def _coloured(cell: HeatCell, least: float, most: float) -> HeatCell:
    if cell.value is None or cell.missing:
        return cell
    span = most - least
    step = 0 if span <= 0 else min(STEPS - 1, int((cell.value - least) / span * STEPS))
    return replace(cell, shade=f"h{step}")
