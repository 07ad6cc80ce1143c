"""Estimates of a slot's variants as rows of a page, each with its doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nudge.pages.screens.slots.variant_names import Names, VariantName

Json = Mapping[str, Any]
MARGIN: Final = 0.05
"""Room at both ends of the rows' common scale, as a share of it."""


@dataclass(frozen=True)
class EstimateRow:
    """A variant with what it brought.

    Attributes:
        variant: its name and colour.
        enabled: false once it was stopped.
        fallback: it is what pages show when nothing else can be.
        exposures: of all time.
        conversions: of all time.
        value: estimate of the objective; None while there is none.
        low: end of its interval.
        high: end of its interval.
        chance: to be the best.
        share: of all visitors who see it now.
        immature: share of its exposures whose window is open.
        hidden: it was shown to too few people for figures.
    """

    variant: VariantName
    enabled: bool
    fallback: bool
    exposures: int
    conversions: int
    value: float | None
    low: float | None
    high: float | None
    chance: float | None
    share: float
    immature: float
    hidden: bool

    @property
    def known(self) -> bool:
        """True where there is an estimate with an interval."""
        return None not in {self.value, self.low, self.high}


def estimate_rows(
    slot: Json, performance: Json, shares: Mapping[str, float], names: Names
) -> list[EstimateRow]:
    """Return a row for each variant that has figures or may be shown.

    Args:
        slot: as the API answers it.
        performance: the answer without a question: totals, and the newest report.
        shares: variant -> share of all visitors now.
        names: of the variants.
    """
    report = performance.get("report") or {}
    told = {one["variant"]: one for one in report.get("whole", {}).get("variants", ())}
    enabled = {one["name"]: one.get("enabled", True) for one in slot["variants"]}
    fallbacks = set(slot["fallback"].values())
    rows = []
    for one in performance["variants"]:
        name, more = one["variant"], told.get(one["variant"], {})
        low, high = one["interval"] or (None, None)
        exposures, waiting = one["exposures"], more.get("open") or 0
        rows.append(
            EstimateRow(
                names[name],
                enabled.get(name, False),
                name in fallbacks,
                exposures,
                one["conversions"],
                one["estimate"],
                low,
                high,
                one["chance_to_be_best"],
                shares.get(name, 0.0),
                min(1.0, waiting / max(more.get("exposures") or 0, 1)),
                bool(more.get("hidden")),
            )
        )
    return rows


def common_scale(rows: Sequence[EstimateRow]) -> tuple[float, float]:
    """Return the least and the most of all intervals, with some room beside them."""
    ends = [end for row in rows if row.known for end in (row.low, row.high) if end is not None]
    if not ends:
        return 0.0, 1.0
    room = (max(ends) - min(ends)) * MARGIN or MARGIN
    return max(0.0, min(ends) - room), max(ends) + room


def price_of_floor(slot: Json, rows: Sequence[EstimateRow]) -> float | None:
    """Return what the floor costs: the objective's loss an exposure; None while it is not known.

    Each variant that may be shown keeps the floor, and brings less than the best one.
    """
    known = [row.value for row in rows if row.enabled and row.known and row.value is not None]
    if len(known) < 2 or slot.get("mode", "live") != "live":  # noqa: PLR2004 - nothing to lose
        return None
    return float(slot["serving"]["floor"]) * sum(max(known) - one for one in known)
