"""Terms of a week: how long it is, who comes when, and when a snapshot is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

from bandits.arrays import FloatArray
from bandits.units import DAY

FIRST: Final = 20
"""Visitors before the first snapshot, and fewest between two."""
GROWTH: Final = 1 / 6
"""Visitors between two snapshots, as a share of those before.

The service publishes oftener: what is lost by it here makes the answer a little too careful.
"""
Number = TypeVar("Number", float, FloatArray)


@dataclass(frozen=True)
class WeekTerms:
    """The terms on which a week is played.

    Attributes:
        days: length in days.
        per_day: visitors a day.
        holdout: share of the visitors who get their page's fallback.
        usual: share of the others who get the operator's own rule.
        begins: seconds; the start.
    """

    days: int
    per_day: float
    holdout: float
    usual: float
    begins: float

    @property
    def visitors(self) -> int:
        """Visitors of the week."""
        return max(round(self.days * self.per_day), 1)

    @property
    def points(self) -> list[int]:
        """Numbers of visitors at which a snapshot is published or a day ends, from 0 on."""
        ends = {round(day * self.per_day) for day in range(1, self.days + 1)}
        found, size = {0, *ends, self.visitors}, 0
        while size < self.visitors:
            size += max(FIRST, int(size * GROWTH))
            found.add(min(size, self.visitors))
        return sorted(one for one in found if one <= self.visitors)

    def time_of(self, visitor: Number) -> Number:
        """Return the seconds at which a visitor comes: they come evenly."""
        return self.begins + visitor / self.per_day * DAY
