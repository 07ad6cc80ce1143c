"""What a manifest says of a range whose rows were removed by age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class RemovedRows:
    """What is left of removed rows.

    Attributes:
        until: seconds, the largest stamp among them: all that was logged later is in the lake.
        rows: table -> how many were removed.
        lost: positions among theirs that had no row.
        sums: path within the lake of what `learn` would hold behind them.
        visitors: path within the lake of what `attribute` would hold.
        beside: how many of the rows had the position of another one.
    """

    until: float
    rows: Mapping[str, int]
    lost: int
    sums: str
    visitors: str
    beside: int = 0

    @classmethod
    def read(cls, plain: Mapping[str, Any] | None) -> RemovedRows | None:
        """From a manifest.

        Raises:
            TypeError: it is none.
        """
        return None if plain is None else cls(**plain)

    @property
    def plain(self) -> dict[str, object]:
        """For a manifest."""
        return asdict(self)

    @property
    def positions(self) -> int:
        """How many it accounts for."""
        return sum(self.rows.values()) - self.beside + self.lost

    @property
    def paths(self) -> tuple[str, str]:
        """Its files, within the lake."""
        return self.sums, self.visitors
