"""Manifest entry for a range whose rows were removed by age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class RemovedRows:
    """Counts of rows that were removed by age, and the paths of their closing balance.

    Attributes:
        until: seconds, the largest stamp among them: all that was logged later is in the lake.
        rows: table -> number of removed rows.
        lost: number of their positions that had no row.
        sums: path within the lake of the state of `learn` behind them.
        visitors: path within the lake of the state of `attribute` behind them.
        beside: number of removed rows that share the position of another.
        imports: path within the lake of what is known of imports; empty without any.
    """

    until: float
    rows: Mapping[str, int]
    lost: int
    sums: str
    visitors: str
    beside: int = 0
    imports: str = ""

    @classmethod
    def read(cls, plain: Mapping[str, Any] | None) -> RemovedRows | None:
        """Read the entry from a manifest's JSON; None stays None.

        Raises:
            TypeError: a field is missing or unknown.
        """
        return None if plain is None else cls(**plain)

    @property
    def plain(self) -> dict[str, object]:
        """The entry as JSON for a manifest."""
        return asdict(self)

    @property
    def positions(self) -> int:
        """Number of positions that the entry accounts for."""
        return sum(self.rows.values()) - self.beside + self.lost

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of the balance's files, within the lake."""
        return (self.sums, self.visitors, *([self.imports] if self.imports else []))
