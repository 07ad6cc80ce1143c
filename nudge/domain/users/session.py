"""A session of a user: from signing in until it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

IDLE: Final = 8 * 3600.0
"""Seconds without a call after which a session ends: a working day."""
LONGEST: Final = 7 * 86_400.0
"""Seconds after which a session ends in any case."""


@dataclass(frozen=True)
class Session:
    """A session at rest: everything but its secret.

    Attributes:
        user: name.
        epoch: that of the user when the session began; it ends when the user's rises.
        created: seconds.
        seen: seconds, of the last call; up to a minute old.
        by_link: it began by a link: the user may choose a password without telling the old one.
    """

    user: str
    epoch: int
    created: float
    seen: float
    by_link: bool = False

    @property
    def plain(self) -> dict[str, Any]:
        """The session as JSON."""
        return asdict(self)

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> Session:
        """Read a session from JSON."""
        return cls(**table)

    def is_over(self, epoch: int, now: float) -> bool:
        """Return whether the session has ended, by the user's epoch and the time."""
        idle, age = now - self.seen, now - self.created
        return self.epoch != epoch or idle > IDLE or age > LONGEST
