"""Revenue that is cut at the cap where variants or groups are compared by yuan, and told."""

from __future__ import annotations

from dataclasses import dataclass

from nudge.domain.basics.money import FEN
from nudge.domain.reports.cube import Cube, Groups


@dataclass(frozen=True)
class CappedRevenue:
    """The revenue of some exposures that a comparison leaves out.

    Attributes:
        cap: yuan; the most that counts of one exposure.
        exposures: whose revenue was above it.
        yuan: above it in all.
    """

    cap: float
    exposures: int
    yuan: float

    @classmethod
    def of(cls, cube: Cube, groups: Groups) -> CappedRevenue | None:
        """Return what is cut of some groups' revenue; None without a cap."""
        if cube.cap is None:
            return None
        yuan = groups.total("value") / FEN - float(groups.reward.sum())
        return cls(cube.cap, groups.total("capped"), round(yuan, 2) + 0.0)

    @property
    def plain(self) -> dict[str, object]:
        """The figures as JSON."""
        return {"cap": self.cap, "exposures": self.exposures, "yuan": self.yuan}
