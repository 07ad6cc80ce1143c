"""Sums of a group's visitors in a period, and what one group brought beyond another. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from bandits.inference import interval
from bandits.inference.interval import Estimate, mean_interval
from nudge.domain.basics.money import FEN
from nudge.domain.reports.section_estimates import interval_of

LEVEL: Final = 0.95
FEWEST: Final = 20
"""Visitors of a group below which no figure of it is told."""


@dataclass(frozen=True)
class GroupSums:
    """The sums of a group of visitors, whom chance put into it.

    Attributes:
        visitors: for whom something was decided in the period.
        payers: of these, who paid.
        fen: that they paid in the period.
        square: sum of the squares of what each paid.
    """

    visitors: int = 0
    payers: int = 0
    fen: int = 0
    square: float = 0.0

    @property
    def rate(self) -> Estimate:
        """Share of the visitors who paid."""
        share = self.payers / self.visitors
        error = math.sqrt(share * (1.0 - share) / self.visitors)
        effective = float(self.visitors)
        return mean_interval(share, error, level=LEVEL, effective=effective, kind="share")

    @property
    def spent(self) -> Estimate:
        """Yuan that a visitor paid."""
        several = float(self.visitors)
        mean = self.fen / several
        variance = max(self.square / several - mean * mean, 0.0) * several / (several - 1.0)
        error = math.sqrt(variance / several) / FEN
        return mean_interval(mean / FEN, error, level=LEVEL, effective=several, kind="positive")


@dataclass(frozen=True)
class GroupLift:
    """The lift of a group over another one.

    Attributes:
        group: that was personalised.
        other: that was not.
    """

    group: GroupSums
    other: GroupSums

    @property
    def hidden(self) -> bool:
        """Whether a group is too small to be told."""
        return min(self.group.visitors, self.other.visitors) < FEWEST

    @property
    def money(self) -> Estimate:
        """Yuan beyond what the group's visitors would have paid as the other one's."""
        found = interval.difference(self.group.spent, self.other.spent)
        several = self.group.visitors
        return Estimate(found.value * several, found.low * several, found.high * several)

    @property
    def rate(self) -> Estimate:
        """Lift of the share of visitors who paid, as a share."""
        return interval.lift(self.group.rate, self.other.rate)

    @property
    def plain(self) -> dict[str, Any]:
        """The lift as JSON, without figures where it is hidden."""
        visitors = {"visitors": self.group.visitors, "compared_visitors": self.other.visitors}
        if self.hidden:
            return {"hidden": True, **visitors, "money": None, "rate": None}
        told = {"money": interval_of(self.money), "rate": interval_of(self.rate)}
        return {"hidden": False, **visitors, **told}
