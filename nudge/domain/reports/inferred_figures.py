"""Inferred figures of a slot, as its newest report has them: the only source of such numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

LEVEL: Final = 0.95
"""Of the intervals of a report for one look."""
Plain = dict[str, object]


@dataclass(frozen=True)
class InferredFigures:
    """The figures that a slot's newest report has inferred.

    A figure is None where the report has none: there is no report yet, the variant was not
    compared, or fewer than 20 people are behind it.

    Attributes:
        report: as JSON values; empty until there is one.
    """

    report: Mapping[str, Any] = field(default_factory=dict)

    @property
    def level(self) -> float:
        """The level of the intervals: the report's, or that of the next one."""
        return float(self.report.get("interval_level", LEVEL))

    def of_slot(self) -> Plain:
        """Return the rates of all that the policy drew."""
        return _rates(self._whole)

    def of_reason(self, reason: str) -> Plain:
        """Return the rates of the exposures of a reason."""
        return _rates(self._whole.get("by_reason", {}).get(reason, {}))

    def of_variant(self, name: str) -> Plain:
        """Return the rates and the estimates of a variant."""
        found = self._variants.get(name, {})
        estimate = found.get("estimate")
        return {
            **_rates(found),
            "estimate": None if estimate is None else estimate["value"],
            "interval": None if estimate is None else [estimate["low"], estimate["high"]],
            "chance_to_be_best": found.get("chance_to_be_best"),
            "expected_loss": found.get("expected_loss"),
        }

    @property
    def _whole(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.report.get("whole", {})
        return found

    @cached_property
    def _variants(self) -> Mapping[str, Mapping[str, Any]]:
        return {one["variant"]: one for one in self._whole.get("variants", ())}


def _rates(section: Mapping[str, Any]) -> Plain:
    return {name: section.get(name) for name in ("rate", "revenue_per_exposure")}
