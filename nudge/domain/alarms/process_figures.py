"""Figures of one web process that only it knows: its spool, and the policies that it serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ProcessFigures:
    """The figures of a web process at one moment.

    Attributes:
        spool_used: largest share of its spool that was used since it told its figures last.
        served: slot -> version of the policy that it serves.
    """

    spool_used: float = 0.0
    served: Mapping[str, str] = field(default_factory=dict)

    @property
    def plain(self) -> dict[str, Any]:
        """The figures as JSON."""
        return {"spool_used": self.spool_used, "served": dict(self.served)}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> ProcessFigures:
        """Read figures from their `plain` form."""
        return cls(float(plain["spool_used"]), plain["served"])
